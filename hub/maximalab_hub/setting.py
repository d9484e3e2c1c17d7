"""In class or out of class: what the timetable says about a moment, and about a stretch of time.

Pure. The rule (docs/decisions/0006-setting-and-sessions.md): a lesson is in force for a person who is
enrolled in its group when it starts, unless it is cancelled; 10 minutes before and after still count, cut
in the middle of the pause to the person's neighbouring lesson of whatever course. Where the timetable is
silent, the answer is `unknown`.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    every = sorted(set(lessons))
    mine = [lesson for lesson in every if not lesson.cancelled and any(e.holds(lesson) for e in enrolments)]
    windows = merged(_window(lesson, mine, rule.grace) for lesson in mine if lesson.course == course)
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


def _window(lesson: Lesson, mine: Iterable[Lesson], grace: timedelta) -> Span:
    """Add the grace. The lesson itself is never cut; an overlapping neighbour takes the grace away."""
    before = after = grace
    for other in mine:
        if other == lesson:
            continue
        if other.starts_at < lesson.starts_at:
            before = min(before, max((lesson.starts_at - other.ends_at) / 2, timedelta(0)))
        if other.ends_at > lesson.ends_at:
            after = min(after, max((other.starts_at - lesson.ends_at) / 2, timedelta(0)))
    return Span(lesson.starts_at - before, lesson.ends_at + after)


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
