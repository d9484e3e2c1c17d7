"""Who is in a made-up history: groups with their lessons and students, their habits, and what goes wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from maximalab_hub.timetable import Lesson

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

KYIV: Final = ZoneInfo("Europe/Kyiv")
MATERIALS: Final = ("simplex", "transport")
SLOTS: Final = ((8, 30), (10, 25), (12, 20), (14, 15), (16, 10))
"""When lessons begin, hour and minute; each lasts 95 minutes."""
LESSON: Final = timedelta(minutes=95)


@dataclass(frozen=True, slots=True)
class Faults:
    """How often something goes wrong, each a share from 0 to 1."""

    dead: float = 0.003
    """Of runs: the kernel dies."""
    interrupted: float = 0.01
    """Of runs: the person lost patience."""
    late: float = 0.01
    """Of sittings: the service was away, and the events came hours later."""
    clock: float = 0.002
    """Of sittings: the sender's clock was a year ahead, and not believed."""
    lost: float = 0.0005
    """Of events: never arrived, so that a number is missing."""


HARMLESS: Final = Faults(late=0.0, clock=0.0, lost=0.0)
"""What a lab that works knows: errors, impatience and dead kernels, but nothing is lost or late."""


@dataclass(frozen=True, slots=True)
class Group:
    """Students who have their lessons together, in one course."""

    course: str
    name: str
    students: tuple[str, ...]
    lessons: tuple[Lesson, ...]
    materials: tuple[str, ...] = MATERIALS


@dataclass(frozen=True, slots=True)
class Plan:
    """A history to be told: whose, from when to when, by which seed."""

    groups: tuple[Group, ...]
    begin: datetime
    until: datetime
    """No sitting ends later."""
    seed: int = 0
    faults: Faults = field(default_factory=Faults)
    zone: ZoneInfo = KYIV
    detail: str = "{}"
    """What stands in `detail` of every event, as JSON."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How the students of a group are; one number a student in each array."""

    error_share: NDArray[np.float64]
    """Of runs, at the beginning of the term."""
    attends: NDArray[np.float64]
    """Share of the lessons."""
    practises: NDArray[np.float64]
    """Chance of working at home after a lesson."""
    at_home: NDArray[np.float64]
    """Errors at home, as a multiple of those in class."""
    evening: NDArray[np.float64]
    """Hour of the day around which they work at home."""
    puts_off: NDArray[np.float64]
    """0: the next day; 1: just before the next lesson."""
    pace: NDArray[np.float64]
    """Seconds between runs, as a multiple of the usual."""


def habits_of(students: int, chance: np.random.Generator) -> Habits:
    """Draw the habits of so many students."""
    return Habits(
        error_share=0.24 * chance.uniform(0.6, 1.4, students),
        attends=chance.beta(12, 2, students),
        practises=chance.beta(5, 3, students),
        at_home=chance.uniform(0.5, 1.3, students),
        evening=chance.normal(19.5, 1.6, students).clip(15.0, 23.0),
        puts_off=chance.beta(2, 2, students),
        pace=chance.uniform(0.75, 1.3, students),
    )


def faculty(
    courses: int, students: int, begin: datetime, weeks: int, *, group: int = 30
) -> tuple[Group, ...]:
    """Make up courses of so many students each, in groups of `group`, with two lessons a week.

    Course `course-03` has the students `c03-001` … and groups `G-1` …. `begin` is aware.
    """
    first = begin.astimezone(KYIV).date()
    made = []
    for number in range(1, courses + 1):
        names = tuple(f"c{number:02}-{one:03}" for one in range(1, students + 1))
        for place, start in enumerate(range(0, students, group)):
            lessons = tuple(
                _lesson(
                    f"course-{number:02}", f"G-{place + 1}", first + timedelta(weeks=week, days=day), slot
                )
                for week in range(weeks)
                for day, slot in _slots(number, place)
            )
            made.append(Group(f"course-{number:02}", f"G-{place + 1}", names[start : start + group], lessons))
    return tuple(made)


def _slots(course: int, place: int) -> tuple[tuple[int, int], tuple[int, int]]:
    day, slot = (course + place) % 3, (course * 2 + place) % len(SLOTS)
    return (day, slot), (day + 2, (slot + 1) % len(SLOTS))


def _lesson(course: str, group: str, day: date, slot: int) -> Lesson:
    at = datetime.combine(day, time(*SLOTS[slot]), KYIV).astimezone(UTC)
    return Lesson(at, at + LESSON, course, group)
