"""A week of lessons as it is drawn: days, quarters of an hour, lanes for what overlaps. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence
    from zoneinfo import ZoneInfo

    from maximalab_hub.timetable.lesson import Holiday, Lesson
    from maximalab_hub.timetable.state import State

QUARTER: Final = 15
"""Minutes of one row of the drawing."""
EARLIEST: Final = 8
LATEST: Final = 18
"""Hours that are always drawn."""
MOST_LANES: Final = 4
MOST_ROWS: Final = 48
"""Twelve hours."""
SATURDAY: Final = 5


@dataclass(frozen=True, slots=True)
class Placed:
    """A lesson and its place in the drawing."""

    lesson: Lesson
    begins: datetime
    ends: datetime
    """On the clock of the lab's time zone."""
    row: int
    """The first quarter of an hour, from 1 at the drawing's top."""
    rows: int
    lane: int
    """From 1."""
    holiday: Holiday | None
    color: int
    """Of its group, from 1 to 6."""


@dataclass(frozen=True, slots=True)
class Day:
    """One day's column."""

    day: date
    holidays: tuple[Holiday, ...]
    lessons: tuple[Placed, ...]
    lanes: int
    today: bool


@dataclass(frozen=True, slots=True)
class Week:
    """Monday to Saturday, or to Sunday where that has lessons."""

    monday: date
    days: tuple[Day, ...]
    hours: tuple[int, ...]
    """Full hours from the drawing's top to its end."""

    @property
    def count(self) -> int:
        """Number of lessons."""
        return sum(len(day.lessons) for day in self.days)


def monday_of(day: date) -> date:
    """Give the Monday of the day's week."""
    return day - timedelta(days=day.weekday())


def week_of(state: State, monday: date, zone: ZoneInfo, today: date, group: str = "") -> Week:
    """Draw the week that begins on `monday`, of one group where asked."""
    groups = state.groups
    mine = [one for one in state.lessons if not group or one.group == group]
    local = [(one, one.starts_at.astimezone(zone), one.ends_at.astimezone(zone)) for one in mine]
    inside = [one for one in local if monday <= one[1].date() < monday + timedelta(days=7)]
    top = min([EARLIEST, *(begins.hour for _, begins, _ in inside)])
    end = max([LATEST, *(_end_hour(begins, ends) for _, begins, ends in inside)])
    sunday = any(begins.weekday() > SATURDAY for _, begins, _ in inside)
    days = []
    for place in range(7 if sunday else 6):
        day = monday + timedelta(days=place)
        lessons = [one for one in inside if one[1].date() == day]
        placed = _placed(state, lessons, top, groups)
        holidays = tuple(one for one in state.holidays if _touches(one, day, zone))
        lanes = max((one.lane for one in placed), default=1)
        days.append(Day(day, holidays, placed, lanes, day == today))
    return Week(monday, tuple(days), tuple(range(top, end + 1)))


def _placed(
    state: State,
    lessons: Sequence[tuple[Lesson, datetime, datetime]],
    top: int,
    groups: Sequence[str],
) -> tuple[Placed, ...]:
    free: list[datetime] = []
    placed = []
    for lesson, begins, ends in sorted(lessons, key=lambda one: (one[1], one[2], one[0].group)):
        lane = next((place for place, until in enumerate(free) if until <= begins), len(free))
        free[lane : lane + 1] = [ends]
        row = _quarters(begins) - top * 60 // QUARTER
        rows = min(max(round((ends - begins) / timedelta(minutes=QUARTER)), 2), MOST_ROWS)
        color = groups.index(lesson.group) % 6 + 1
        placed.append(
            Placed(
                lesson,
                begins,
                ends,
                row + 1,
                rows,
                min(lane + 1, MOST_LANES),
                state.holiday_of(lesson),
                color,
            )
        )
    return tuple(placed)


def _quarters(clock: datetime) -> int:
    return round((clock.hour * 60 + clock.minute) / QUARTER)


def _end_hour(begins: datetime, ends: datetime) -> int:
    if ends.date() > begins.date():
        return 24
    return ends.hour + (ends.minute > 0)


def _touches(holiday: Holiday, day: date, zone: ZoneInfo) -> bool:
    start = datetime.combine(day, time.min, zone)
    return holiday.starts_at < start + timedelta(days=1) and start < holiday.ends_at
