"""How far whoever looks for the days of a repetition has to look, before anybody does. Pure.

A rule may name days that never come, such as each 30 February or, from a Monday on, each seventh day that is a Tuesday.
Whoever expands it looks on until the last year that there is, for seconds. The calendar is the same after 400 years: so
the rule is tried where that last year is near, with its start moved by as many centuries.
"""

from __future__ import annotations

from datetime import MAXYEAR, UTC, date, datetime, time, timedelta
from typing import Any, Final, TypeAlias

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]
from icalendar import vRecur

from maximalab_hub.timetable.lesson import TimetableError, Trouble
from maximalab_hub.timetable.repetition import rules_of, said

Entry: TypeAlias = Any
"""A VEVENT; the library types a property as any of thirty classes."""

MOST_STEPS: Final = 1_000_000
"""Days, weeks, months or years of all rules of a file: of 2,400 weekly series the weeks of 8 years."""
_AGAIN: Final = 400
"""Years after which each date has the same day of the week and of the year again."""
_ROOM: Final = 100
"""Years that are left at least between a moved rule and the last year."""
_IN_SIGHT: Final = timedelta(days=60 * 366)
"""A rule that does not come again in that time is taken for a mistake; 29 February as a Monday does, every 28 years."""
_DAYS: Final = {"WEEKLY": 7, "MONTHLY": 30, "YEARLY": 365}
_ENDS: Final = ("COUNT", "UNTIL")


def check_steps(steps: int) -> int:
    """Give the steps of a file back; raises `TimetableError` where they are too many to be gone."""
    if steps > MOST_STEPS:
        msg = f"the repetitions go on over more than {MOST_STEPS} days, weeks or months: split the file"
        raise TimetableError(msg, Trouble.TOO_MANY)
    return steps


def steps_to(event: Entry, until: datetime) -> int:
    """Say through how many days, weeks, months or years one goes at least to find the event's days up to `until`.

    Its start is there and its rules can be read (`repetition.rules_of`).
    """
    start = _naive(event["DTSTART"].dt)
    return sum(max((_naive(until) - start).days, 0) // _step(rule) for rule in rules_of(event))


def steps_of(event: Entry, until: datetime) -> int:
    """Say the same exactly: the search ends with the first day that lies behind `until`, and is gone for that.

    Raises `TimetableError` for a rule that does not come again, whatever its end or number may be.
    """
    start, end = _naive(event["DTSTART"].dt), _naive(until)
    return sum(_steps(rule, start, max(start, end)) for rule in rules_of(event))


def _steps(rule: vRecur, start: datetime, later: datetime) -> int:
    following = next_after(rule, start, later)
    if following is None or following - later > _IN_SIGHT:
        raise _never(rule)
    return (following - start).days // _step(rule) + 1


def _step(rule: vRecur) -> int:
    """Give the days from one period of a rule to its next."""
    days = _DAYS.get(str(rule["FREQ"][0]).upper(), 1) * int(rule.get("INTERVAL", [1])[0])
    if days < 1:
        raise _never(rule)
    return days


def next_after(rule: vRecur, start: datetime, later: datetime) -> datetime | None:
    """Give the rule's first day after `later`, as if it had no end; `None` where none comes for centuries."""
    centuries = _AGAIN * max((MAXYEAR - _ROOM - later.year) // _AGAIN, 0)
    endless: Any = vRecur({part: values for part, values in rule.items() if part not in _ENDS})
    try:
        moved = rrulestr(endless.to_ical().decode(), dtstart=start.replace(year=start.year + centuries))
        found: datetime | None = moved.after(later.replace(year=later.year + centuries))
    except ValueError as error:
        raise TimetableError(f"RRULE cannot be read: {str(error)[:100]}", Trouble.NO_RULE) from error
    return found.replace(year=found.year - centuries) if found else None


def _never(rule: vRecur) -> TimetableError:
    words = said(rule)
    return TimetableError(f"{words} names no day that there is: choose its days anew", Trouble.NEVER, words)


def _naive(at: date | datetime) -> datetime:
    """Give the moment by the clock of its own place."""
    if isinstance(at, datetime):
        return at.replace(tzinfo=None)
    return datetime.combine(at, time.min, UTC).replace(tzinfo=None)
