"""When each student of a group sits down to work in one week: at lessons, and at home after them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from maximalab_hub.histories.cast import Group, Habits, Plan
    from maximalab_hub.timetable import Lesson

MICRO: Final = 1_000_000
"""Microseconds in a second; moments are whole microseconds since 1970."""
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_PRACTICE: Final = 0.05
"""By how much of the first week's share errors grow fewer each week, down to a third."""


@dataclass(frozen=True, slots=True)
class Sittings:
    """People at work, one place an array each."""

    student: NDArray[np.int64]
    """Their place in the group."""
    begins: NDArray[np.int64]
    ends: NDArray[np.int64]
    error_share: NDArray[np.float64]
    material: NDArray[np.int64]
    pace: NDArray[np.float64]

    def __len__(self) -> int:
        """How many there are."""
        return len(self.student)

    def only(self, those: NDArray[np.bool_]) -> Sittings:
        """Leave the others out."""
        return Sittings(*(one[those] for one in _columns(self)))


def micros(at: datetime) -> int:
    """Give an aware moment in whole microseconds since 1970."""
    return (at - _EPOCH) // timedelta(microseconds=1)


def sittings_of(plan: Plan, group: Group, habits: Habits, week: int, chance: np.random.Generator) -> Sittings:
    """Draw who works when in the week that begins `week` weeks after the plan, in order of student and time."""
    first = plan.begin + timedelta(weeks=week)
    last = min(first + timedelta(weeks=1), plan.until)
    lessons = [one for one in group.lessons if first <= one.starts_at < last and not one.cancelled]
    if not lessons or not group.students:
        nobody, none = np.empty(0, np.int64), np.empty(0)
        return Sittings(nobody, nobody, nobody, none, nobody, none)
    parts = [part for lesson in lessons for part in _around(plan, group, habits, lesson, week, chance)]
    joined = Sittings(*(np.concatenate(columns) for columns in zip(*map(_columns, parts), strict=True)))
    kept = joined.only(joined.ends < micros(plan.until))
    order = np.lexsort((kept.begins, kept.student))
    return Sittings(*(column[order] for column in _columns(kept)))


def _around(  # noqa: PLR0913, PLR0917  one lesson of one group of one plan
    plan: Plan, group: Group, habits: Habits, lesson: Lesson, week: int, chance: np.random.Generator
) -> Sequence[Sittings]:
    students = len(group.students)
    practice = max(1 - _PRACTICE * week, 1 / 3)
    material = np.full(students, _material(plan, group, week), np.int64)
    share = habits.error_share * practice
    late = chance.uniform(30, 12 * 60, students) * MICRO
    begins = micros(lesson.starts_at) + late.astype(np.int64)
    length = chance.uniform(60, 80, students) * 60 * MICRO
    in_class = Sittings(
        np.arange(students), begins, begins + length.astype(np.int64), share, material, habits.pace
    )
    at = _evenings(plan, habits, lesson, chance)
    for_long = (np.exp(chance.normal(3.5, 0.45, students)).clip(8, 150) * 60 * MICRO).astype(np.int64)
    at_home = Sittings(
        np.arange(students), at, at + for_long, (share * habits.at_home).clip(0, 0.9), material, habits.pace
    )
    return (
        in_class.only(chance.random(students) < habits.attends),
        at_home.only(chance.random(students) < habits.practises),
    )


def _evenings(plan: Plan, habits: Habits, lesson: Lesson, chance: np.random.Generator) -> NDArray[np.int64]:
    """Say when each would work at home: the later, the more somebody puts off."""
    students = len(habits.evening)
    days = 1 + np.floor(6 * chance.beta(1 + 3 * habits.puts_off, 3, students)).astype(np.int64).clip(0, 5)
    day = lesson.starts_at.astimezone(plan.zone).date()
    midnights = np.array(
        [
            micros(datetime.combine(day + timedelta(days=n), time.min, plan.zone).astimezone(UTC))
            for n in range(7)
        ]
    )
    hour = chance.normal(habits.evening, 0.8).clip(7.0, 23.5)
    return np.asarray(midnights[days] + (hour * 3600 * MICRO).astype(np.int64))


def _material(plan: Plan, group: Group, week: int) -> int:
    """Say which material the week is about: a course goes through its materials in order."""
    weeks = max((plan.until - plan.begin) // timedelta(weeks=1), 1)
    return min(week * len(group.materials) // weeks, len(group.materials) - 1)


def _columns(some: Sittings) -> tuple[NDArray[Any], ...]:
    return some.student, some.begins, some.ends, some.error_share, some.material, some.pace
