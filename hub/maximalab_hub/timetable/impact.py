"""What a change of the timetable does to what already happened: which runs change their setting. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from maximalab_hub.setting import Schedule, Setting, Span, merged
from maximalab_hub.setting_arrays import CODES, Coded, ScheduleArrays

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from numpy.typing import NDArray

    from maximalab_hub.compare import Timetables


@dataclass(frozen=True, slots=True)
class Impact:
    """How many runs change from one setting to another, and how many people's they are."""

    runs: Mapping[tuple[Setting, Setting], int] = field(default_factory=dict)
    """By what they were and what they become."""
    people: int = 0

    @property
    def total(self) -> int:
        """Runs that change at all."""
        return sum(self.runs.values())


def changed_spans(before: Schedule, after: Schedule) -> tuple[Span, ...]:
    """Say between which moments the two schedules may give different settings, in order and disjoint."""
    edges = sorted(
        {edge for one in (before, after) for span in (*one.in_class, *one.known) for edge in _edges(span)}
    )
    return merged(
        Span(start, end)
        for start, end in pairwise(edges)
        if before.setting_of(start) is not after.setting_of(start)
    )


def whole_change(
    users: Iterable[str], course: str, before: Timetables, after: Timetables
) -> tuple[Span, ...]:
    """Say between which moments the setting of anybody's work changes."""
    pairs = {
        (id(old), id(new)): (old, new)
        for old, new in ((before.schedule(user, course), after.schedule(user, course)) for user in users)
    }
    return merged(span for old, new in pairs.values() for span in changed_spans(old, new))


def impact_of(
    people: Coded, at: NDArray[np.int64], course: str, before: Timetables, after: Timetables
) -> Impact:
    """Count the runs of a course that change their setting: whose each is, and when, in microseconds since 1970."""
    courses = Coded(np.zeros(len(at), np.int64), [course])
    then, now = (_settings(ScheduleArrays(one), people, courses, at) for one in (before, after))
    changes, counts = np.unique((then * len(CODES) + now)[then != now], return_counts=True)
    each = (divmod(change, len(CODES)) for change in changes.tolist())
    runs = {(CODES[old], CODES[new]): count for (old, new), count in zip(each, counts.tolist(), strict=True)}
    return Impact(dict(sorted(runs.items())), len(np.unique(people.places[then != now])))


def _settings(
    schedules: ScheduleArrays, people: Coded, courses: Coded, at: NDArray[np.int64]
) -> NDArray[np.int64]:
    return schedules.settings(schedules.schedules(people, courses), at).astype(np.int64)


def _edges(span: Span) -> tuple[datetime, datetime]:
    return span.start, span.end
