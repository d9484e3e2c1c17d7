"""The rhythm of a week: when people run cells, by weekday and hour, and when they have lessons. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from maximalab_hub.comparison.suppression import hidden
from maximalab_hub.comparison.work import work_of
from maximalab_hub.zone_arrays import local_hours

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from maximalab_hub.compare import Happening
    from maximalab_hub.comparison.work import Work
    from maximalab_hub.timetable import Lesson

DAYS = range(7)
HOURS = range(24)
WEEK = tuple((day, hour) for day in DAYS for hour in HOURS)


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
    happenings: Iterable[Happening] | Work, lessons: Iterable[Lesson], zone: ZoneInfo, smallest: int
) -> tuple[Hour, ...]:
    """Count the runs of each hour of the week; hours of fewer than `smallest` people hide, and what tells of them.

    Lessons of courses without any work are left out.
    """
    work = work_of(happenings)
    courses = {work.courses[place] for place in np.unique(work.course).tolist()}
    mine = (one for one in lessons if one.course in courses and not one.cancelled)
    return rhythm_of(work.users, work.user[work.ran], work.at[work.ran], mine, zone, smallest)


def rhythm_of(  # noqa: PLR0913, PLR0917  who ran, when, beside what
    users: Sequence[str],
    user: NDArray[Any],
    at: NDArray[np.int64],
    lessons: Iterable[Lesson],
    zone: ZoneInfo,
    smallest: int,
) -> tuple[Hour, ...]:
    """Count runs by weekday and hour, and mark the hours that these lessons touch.

    `user` are places in `users`, `at` microseconds since 1970 in UTC.
    """
    hours = local_hours(at, zone)
    counted = np.bincount(hours, minlength=len(WEEK)).tolist()
    there = np.zeros((len(users) or 1, len(WEEK)), bool)
    there[user, hours] = True
    people = {
        hour: {users[one] for one in np.flatnonzero(there[:, n]).tolist()} for n, hour in enumerate(WEEK)
    }
    return _told(dict(zip(WEEK, counted, strict=True)), people, _hours_of(lessons, zone), smallest)


def _told(
    counted: Mapping[tuple[int, int], int],
    people: Mapping[tuple[int, int], set[str]],
    busy: set[tuple[int, int]],
    smallest: int,
) -> tuple[Hour, ...]:
    unseen = hidden(people, smallest)
    return tuple(Hour(*hour, None if hour in unseen else counted[hour], hour in busy) for hour in WEEK)


def _hours_of(lessons: Iterable[Lesson], zone: ZoneInfo) -> set[tuple[int, int]]:
    found: set[tuple[int, int]] = set()
    for lesson in lessons:
        at = lesson.starts_at
        while at < lesson.ends_at:
            local = at.astimezone(zone)
            found.add((local.weekday(), local.hour))
            at += timedelta(hours=1) - timedelta(minutes=local.minute, seconds=local.second)
    return found
