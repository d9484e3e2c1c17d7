"""The rhythm of a week: when people run cells, by weekday and hour, and when they have lessons. Pure."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from maximalab_hub.compare import Happening, ran
from maximalab_hub.comparison.suppression import hidden

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from maximalab_hub.timetable import Lesson

DAYS = range(7)
HOURS = range(24)


@dataclass(frozen=True, slots=True)
class Hour:
    """One hour of one weekday, over the whole period, in the lab's time zone."""

    day: int
    """0 is Monday."""
    hour: int
    runs: int | None
    """`None` where fewer people worked than may be shown, or it would tell of such an hour; 0 where nobody did."""
    lesson: bool
    """Whether a lesson of one of the courses touches it."""


def rhythm(
    happenings: Iterable[Happening], lessons: Iterable[Lesson], zone: ZoneInfo, smallest: int
) -> tuple[Hour, ...]:
    """Count the runs of each hour of the week; hours of fewer than `smallest` people hide, and what tells of them.

    Lessons of courses in which nothing happened are left out.
    """
    courses, runs = set(), []
    for one in happenings:
        courses.add(one.course)
        if ran(one):
            runs.append((one.user, one.at))
    mine = (one for one in lessons if one.course in courses and not one.cancelled)
    return rhythm_of(runs, mine, zone, smallest)


def rhythm_of(
    runs: Iterable[tuple[str, datetime]], lessons: Iterable[Lesson], zone: ZoneInfo, smallest: int
) -> tuple[Hour, ...]:
    """Count runs (who, when) by weekday and hour, and mark the hours that these lessons touch."""
    counted: dict[tuple[int, int], int] = defaultdict(int)
    people: dict[tuple[int, int], set[str]] = defaultdict(set)
    for user, at in runs:
        local = at.astimezone(zone)
        counted[local.weekday(), local.hour] += 1
        people[local.weekday(), local.hour].add(user)
    unseen = hidden(people, smallest)
    busy = _hours_of(lessons, zone)
    return tuple(
        Hour(day, hour, None if (day, hour) in unseen else counted[day, hour], (day, hour) in busy)
        for day in DAYS
        for hour in HOURS
    )


def _hours_of(lessons: Iterable[Lesson], zone: ZoneInfo) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for lesson in lessons:
        at = lesson.starts_at
        while at < lesson.ends_at:
            local = at.astimezone(zone)
            found.add((local.weekday(), local.hour))
            at += timedelta(hours=1) - timedelta(minutes=local.minute, seconds=local.second)
    return found
