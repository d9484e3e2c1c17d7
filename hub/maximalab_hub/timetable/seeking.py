"""How far whoever looks for the days of a repetition has to look, before anybody does. Pure.

A rule may name days that never come, such as each 30 February or, from a Monday on, each seventh day that is a Tuesday.
Whoever expands it looks on until the last year that there is, for seconds. The calendar is the same after 400 years: so
the rule is tried where that last year is near, with its start moved by as many centuries.
"""

from __future__ import annotations

from datetime import MAXYEAR, date, datetime, time
from typing import TYPE_CHECKING, Any, Final

from dateutil.rrule import rrulestr  # type: ignore[import-untyped]
from icalendar import vRecur

from maximalab_hub.timetable.lesson import TimetableError, Trouble
from maximalab_hub.timetable.repetition import rules_of, said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maximalab_hub.timetable.repetition import Entry

MOST_STEPS: Final = 1_000_000
"""Of all rules of a file, some microseconds each: of 2,400 weekly series the lessons of four years."""
_MOST_IN_VAIN: Final = 20_000
"""Steps that one rule may be sought for without a day being found."""
_AGAIN: Final = 400
"""Years after which each date has the same day of the week and of the year again."""
_ROOM: Final = 100
"""Years that are left at least between a moved rule and the last year."""
_DAYS: Final = {"WEEKLY": 7, "MONTHLY": 30, "YEARLY": 365}
_STEPS: Final = {"MONTHLY": 8, "YEARLY": 90}
"""What it costs to go through a period, as days gone through one by one: a year is no 365 of them."""


def steps_of(event: Entry, until: datetime, most: int = MOST_STEPS) -> int:
    """Say how many steps it takes to find the event's days up to `until`; after `most` nobody goes on to count.

    Its start is there and its rules can be read (`repetition.rules_of`). Raises `TimetableError` for a rule whose days
    do not come, and would be sought for long.
    """
    start, end = _naive(event["DTSTART"].dt), _naive(until)
    return sum(_steps(rule, start, end, most) for rule in rules_of(event))


def _steps(rule: vRecur, start: datetime, until: datetime, most: int) -> int:
    later = min([until, *map(_naive, rule.get("UNTIL", []))])
    found, last = 0, start
    for last in occurrences(rule, start, later):
        found += 1
        if last > later or found > most:
            return found + _between(rule, start, last)
    if [found] == rule.get("COUNT"):
        return found + _between(rule, start, last)
    in_vain = _between(rule, last, _naive(date.max))
    if in_vain > _MOST_IN_VAIN:
        words = said(rule)
        msg = f"{words} names no day that there is: choose its days anew"
        raise TimetableError(msg, Trouble.NEVER, words)
    return found + in_vain


def _between(rule: vRecur, start: datetime, end: datetime) -> int:
    """Give the steps through a rule's periods between two moments."""
    frequency, every = str(rule["FREQ"][0]).upper(), int(rule.get("INTERVAL", [1])[0])
    return max((end - start).days, 0) // (_DAYS.get(frequency, 1) * every) * _STEPS.get(frequency, 1)


def occurrences(rule: vRecur, start: datetime, later: datetime) -> Iterator[datetime]:
    """Give a rule's days, whatever UNTIL says, for at least a century after both moments.

    They end before only where COUNT is reached, or where no more come. Raises `TimetableError`.
    """
    centuries = _AGAIN * max((MAXYEAR - _ROOM - max(start, later).year) // _AGAIN, 0)
    endless: Any = vRecur({part: values for part, values in rule.items() if part != "UNTIL"})
    try:
        for one in rrulestr(endless.to_ical().decode(), dtstart=start.replace(year=start.year + centuries)):
            yield one.replace(year=one.year - centuries)
    except (ValueError, IndexError) as error:  # the second of ordinals that no year has
        raise TimetableError(f"RRULE cannot be read: {str(error)[:100]}", Trouble.NO_RULE) from error


def _naive(at: date | datetime) -> datetime:
    """Give the moment by the clock of its own place."""
    if isinstance(at, datetime):
        return at.replace(tzinfo=None)
    return datetime.combine(at, time.min)
