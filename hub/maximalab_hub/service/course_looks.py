"""Looks at the figures of one course: of which days a teacher asks for them, and the record of each look."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BeforeValidator

from maximalab_hub.period import check_period
from maximalab_hub.service import PREFIX
from maximalab_hub.service.questions import FIELDS, check_year
from maximalab_hub.service.teaching import today, zone_of
from maximalab_hub.setting import Span
from maximalab_hub.store import timetables
from maximalab_hub.store.engine import reading
from maximalab_hub.study import start_of_day

if TYPE_CHECKING:
    from fastapi import Request
    from maximalab_spawner.tiers import Person

    from maximalab_hub.events import Kind
    from maximalab_hub.export_log import Entry
    from maximalab_hub.service.own_events import OwnEvents

USUAL: Final = timedelta(weeks=4)
"""Up to today, where an address names no days."""
MOST_WEEKS: Final = 30
LONGEST: Final = timedelta(weeks=MOST_WEEKS)
"""More days than that are cut, from the front."""


@dataclass(frozen=True, slots=True)
class Days:
    """From which day to which of the lab, both included."""

    since: date
    until: date
    cut: bool = field(default=False, compare=False)
    """Whether there were more days before these, of what was asked for, or of the timetable."""

    def span(self, zone: str) -> Span:
        """Give the moments between which they lie in this time zone."""
        return Span(start_of_day(self.since, zone), start_of_day(self.until + timedelta(days=1), zone))


def day_or_none(typed: object) -> object:
    """Take an empty field of a form for a day that nobody chose."""
    return typed or None


AskedDay = Annotated[date | None, BeforeValidator(day_or_none)]
"""Type of a day in an address, which may be left empty."""


def days_asked(request: Request, since: date | None, until: date | None) -> Days:
    """Give the days that are asked for: the `USUAL` ones where none are.

    Raises an error 400 where a year is none of a lab's, and `PeriodError`.
    """
    for name, day in zip(FIELDS, (since, until), strict=True):
        check_year(name, day)
    check_period(since, until, FIELDS)
    last = until or max(today(request), since or date.min)
    # Nothing has happened yet in days to come, so they take no place among the most that are shown.
    first = min(last, max(today(request), since or date.min)) - LONGEST
    return Days(max(since or last - USUAL, first), last, cut=since is not None and since < first)


def term(request: Request, course: str) -> Days | None:
    """Give the timetable's days up to today; `None` where the usual days have all of them."""
    with reading(request.app.state.engine) as connection:
        lessons = timetables.term_of(connection, course)
    if lessons is None:
        return None
    first, last = (at.astimezone(zone_of(request)).date() for at in lessons)
    until = min(last, today(request))
    since = max(first, until - LONGEST)
    return Days(since, until, cut=since > first) if first < today(request) - USUAL else None


def record(request: Request, kind: Kind, person: Person, course: str, days: Days, **asked: str) -> Entry:
    """Write down who looks at which page of the course, or takes a file of it away, before anything is shown."""
    own: OwnEvents = request.app.state.own_events
    of = {"since": days.since.isoformat(), "until": days.until.isoformat()}
    detail = {"page": request.url.path.removeprefix(PREFIX), **of, **asked}
    return own.record(kind, person.name, course=course, detail=detail)
