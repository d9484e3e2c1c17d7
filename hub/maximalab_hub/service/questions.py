"""What the reader of the study page asks for: course, kind and days, from the page's address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from maximalab_hub.period import YEARS, check_period
from maximalab_hub.service.errors import problem
from maximalab_hub.store.research import Selection
from maximalab_hub.study import STUDIED, start_of_day

if TYPE_CHECKING:
    from collections.abc import Mapping

USUAL_PERIOD: Final = timedelta(weeks=26)
"""What a page shows where no first day is asked for: about a term."""
LONGEST_COURSE: Final = 64
FIELDS: Final = ("since", "until")
"""What the two days are called in an address."""


@dataclass(frozen=True, slots=True)
class Question:
    """A checked question. Days are of the lab's time zone; `until` is the last day, itself included."""

    course: str | None
    kind: str | None
    since: date | None
    until: date | None

    def selection(self, time_zone: str) -> Selection:
        """Say which events are meant."""
        return Selection(
            course=self.course,
            kinds=(self.kind,) if self.kind else None,
            since=start_of_day(self.since, time_zone) if self.since else None,
            until=start_of_day(self.until + timedelta(days=1), time_zone) if self.until else None,
        )

    @property
    def values(self) -> Mapping[str, str]:
        """Give the form's values back."""
        return {
            "course": self.course or "",
            "kind": self.kind or "",
            "since": self.since.isoformat() if self.since else "",
            "until": self.until.isoformat() if self.until else "",
        }

    @property
    def query(self) -> str:
        """Write the question as a query, so that an export asks the same."""
        return urlencode(self.values)


def read_question(asked: Mapping[str, str], today: date) -> Question:
    """Read a question.

    Raises an error 400 that names the field where a value is none of ours, and `PeriodError`.
    """
    kind, course = asked.get("kind") or None, asked.get("course") or None
    if kind is not None and kind not in STUDIED:
        raise problem(400, "kind", "there is no such kind of event in the study")
    if course is not None and len(course) > LONGEST_COURSE:
        raise problem(400, "course", "a course's id has at most 64 characters")
    until = _day(asked, "until")
    since = _day(asked, "since") if "since" in asked else (until or today) - USUAL_PERIOD
    check_period(since, until, FIELDS)
    return Question(course, kind, since, until)


def _day(asked: Mapping[str, str], field: str) -> date | None:
    text = asked.get(field, "")
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise problem(400, field, "a day is written as 2026-11-22") from error
    check_year(field, day)
    return day


def check_year(field: str, day: date | None) -> None:
    """Raise an error 400 that names the field where a day is beyond a lab's lifetime."""
    if day is not None and day.year not in YEARS:
        raise problem(400, field, "a day lies between the years 2000 and 2200")
