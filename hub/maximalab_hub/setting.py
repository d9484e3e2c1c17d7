"""In class or out of class: what the timetable says about a moment, and about a stretch of time.

Pure. The rule (docs/decisions/0006-setting-and-sessions.md): a lesson is in force for a person who is
enrolled in its group when it starts, unless it is cancelled; 10 minutes before and after still count, cut
in the middle of the pause to the person's neighbouring lesson of whatever course. Where the timetable is
silent, the answer is `unknown`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from itertools import accumulate
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from maximalab_hub.timetable.lesson import order_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from maximalab_hub.timetable import Lesson

RULE_VERSION = "setting-1"
"""Goes into every result; grows when the rule changes."""
FOREVER = datetime.max.replace(tzinfo=UTC)


class Setting(StrEnum):
    """Circumstances of an event."""

    IN_CLASS = "in_class"
    OUT_OF_CLASS = "out_of_class"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Rule:
    """The parameters of the rule."""

    grace: timedelta = timedelta(minutes=10)
    """How long before and after a lesson still counts as class. Studies agree on no value."""
    reach: timedelta = timedelta(days=7)
    """How long before its first and after its last lesson a timetable still speaks; a new term's may be
    missing.
    """


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Aware moments from `start` up to, without, `end`."""

    start: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        """Zero or more."""
        return max(self.end - self.start, timedelta(0))

    def meet(self, other: Span) -> Span:
        """Give what both share; of length zero where they share nothing."""
        start = max(self.start, other.start)
        return Span(start, max(start, min(self.end, other.end)))


@dataclass(frozen=True, slots=True)
class Enrolment:
    """A person in a group of a course, from `since` up to, without, `until`."""

    course: str
    group: str
    since: datetime
    until: datetime | None = None

    def holds(self, lesson: Lesson) -> bool:
        """Whether the lesson is one of this group, and starts while enrolled."""
        mine = (lesson.course, lesson.group) == (self.course, self.group)
        return mine and self.since <= lesson.starts_at < (self.until or FOREVER)


@dataclass(frozen=True, slots=True)
class Schedule:
    """What the timetable says about one person in one course. Both tuples are ordered and disjoint."""

    in_class: tuple[Span, ...] = ()
    known: tuple[Span, ...] = ()
    """Where the timetable speaks at all; holds every span of `in_class`."""

    def setting_of(self, at: datetime) -> Setting:
        """Say in which setting an event that starts at this aware moment happened."""
        if _within(self.in_class, at):
            return Setting.IN_CLASS
        return Setting.OUT_OF_CLASS if _within(self.known, at) else Setting.UNKNOWN

    def split(self, span: Span) -> dict[Setting, timedelta]:
        """Share out a stretch of time at the borders. The parts add up to its length exactly."""
        inside, known = _shared(self.in_class, span), _shared(self.known, span)
        return {
            Setting.IN_CLASS: inside,
            Setting.OUT_OF_CLASS: known - inside,
            Setting.UNKNOWN: span.length - known,
        }


def schedule_of(
    course: str, lessons: Iterable[Lesson], enrolments: Sequence[Enrolment], rule: Rule | None = None
) -> Schedule:
    """Say when the person with these enrolments is in class of `course`.

    `lessons` may hold other courses and groups: those of the person's other groups cut the grace, the rest
    is ignored.
    """
    rule = rule or Rule()
    every = sorted(set(lessons), key=order_of)
    mine = [lesson for lesson in every if not lesson.cancelled and any(e.holds(lesson) for e in enrolments)]
    windows = merged(_windows(course, mine, rule.grace))
    known = [span for e in enrolments if e.course == course for span in _covered(e, every, rule.reach)]
    return Schedule(windows, merged([*known, *windows]))


def setting_of(
    at: datetime,
    course: str,
    lessons: Iterable[Lesson],
    enrolments: Sequence[Enrolment],
    rule: Rule | None = None,
) -> Setting:
    """Say in which setting one event happened; for many events of a person ask `schedule_of` once."""
    return schedule_of(course, lessons, enrolments, rule).setting_of(at)


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Order the spans and unite those that touch or overlap, so that no moment counts twice."""
    result: list[Span] = []
    for span in sorted(spans):
        if result and span.start <= result[-1].end:
            result[-1] = Span(result[-1].start, max(result[-1].end, span.end))
        else:
            result.append(span)
    return tuple(result)


def _windows(course: str, mine: Sequence[Lesson], grace: timedelta) -> Iterator[Span]:
    """Add the grace. A lesson itself is never cut; an overlapping neighbour takes the grace away."""
    starts, ends = sorted(one.starts_at for one in mine), sorted(one.ends_at for one in mine)
    # Of all that begin before a lesson the one that ends last is nearest, however they overlap; so on the other side.
    latest = list(accumulate((one.ends_at for one in sorted(mine, key=_start)), max))
    earliest = list(accumulate((one.starts_at for one in sorted(mine, key=_end, reverse=True)), min))[::-1]
    nothing = timedelta(0)
    for lesson in mine:
        if lesson.course != course:
            continue
        earlier, later = bisect_left(starts, lesson.starts_at), bisect_right(ends, lesson.ends_at)
        before = after = grace
        if earlier:
            before = min(grace, max((lesson.starts_at - latest[earlier - 1]) / 2, nothing))
        if later < len(ends):
            after = min(grace, max((earliest[later] - lesson.ends_at) / 2, nothing))
        yield Span(lesson.starts_at - before, lesson.ends_at + after)


_start: Final = attrgetter("starts_at")
_end: Final = attrgetter("ends_at")


def _covered(enrolment: Enrolment, lessons: Sequence[Lesson], reach: timedelta) -> list[Span]:
    """Say where the group's timetable speaks while enrolled; a cancelled lesson is a word of it, too."""
    group = [le for le in lessons if (le.course, le.group) == (enrolment.course, enrolment.group)]
    if not group:
        return []
    whole = Span(min(le.starts_at for le in group) - reach, max(le.ends_at for le in group) + reach)
    shared = whole.meet(Span(enrolment.since, enrolment.until or FOREVER))
    return [shared] if shared.length else []


def _within(spans: Sequence[Span], at: datetime) -> bool:
    place = bisect_right(spans, at, key=lambda span: span.start) - 1
    return place >= 0 and at < spans[place].end


def _shared(spans: Sequence[Span], span: Span) -> timedelta:
    first = max(bisect_right(spans, span.start, key=lambda one: one.start) - 1, 0)
    total = timedelta(0)
    for one in spans[first:]:
        if one.start >= span.end:
            break
        total += one.meet(span).length
    return total
