"""What a change of the timetable does to what already happened: which runs change their setting. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from maximalab_hub.setting import Schedule, Setting, Span, merged

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

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
    runs: Iterable[tuple[str, datetime]], course: str, before: Timetables, after: Timetables
) -> Impact:
    """Count the runs (who, when) of a course that change their setting."""
    counted: Counter[tuple[Setting, Setting]] = Counter()
    people = set()
    for user, at in runs:
        change = before.setting_of(user, course, at), after.setting_of(user, course, at)
        if change[0] is not change[1]:
            counted[change] += 1
            people.add(user)
    return Impact(dict(sorted(counted.items())), len(people))


def _edges(span: Span) -> tuple[datetime, datetime]:
    return span.start, span.end
