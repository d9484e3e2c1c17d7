"""What follows from events and timetable: when each person was in class, and their sessions. Pure.

Both are tables of the store that `maximalab usage derive` makes anew; nothing in them is known only there.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Final

from maximalab_hub.compare import FAILED, Happening, Parameters, Timetables, active_time, by_person, ran
from maximalab_hub.sessions import Activity, sessions
from maximalab_hub.setting import RULE_VERSION, Setting, Span
from maximalab_hub.timetable.lesson import version_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from datetime import timedelta

    from maximalab_hub.sessions import Session
    from maximalab_hub.setting import Enrolment, Schedule
    from maximalab_hub.timetable.lesson import Lesson

DERIVED_VERSION: Final = "derived-1"
"""Grows when what is derived, or how, changes."""


@dataclass(frozen=True, slots=True, order=True)
class SettingSpan:
    """A stretch of time in which one person's work for one course has this setting; elsewhere it is unknown."""

    course: str
    span: Span
    setting: Setting


@dataclass(frozen=True, slots=True)
class DerivedSession:
    """One session of one person."""

    span: Span
    events: int
    runs: int
    errors: int
    active: Mapping[Setting, timedelta]


def spans_of(schedule: Schedule) -> list[tuple[Span, Setting]]:
    """Divide what the timetable knows into stretches of one setting each, in order and disjoint."""
    found: list[tuple[Span, Setting]] = []
    inside = list(schedule.in_class)
    for known in schedule.known:
        at = known.start
        while inside and inside[0].start < known.end:
            lesson = inside.pop(0)
            if at < lesson.start:
                found.append((Span(at, lesson.start), Setting.OUT_OF_CLASS))
            found.append((lesson, Setting.IN_CLASS))
            at = lesson.end
        if at < known.end:
            found.append((Span(at, known.end), Setting.OUT_OF_CLASS))
    return found


def setting_spans(user: str, timetables: Timetables) -> list[SettingSpan]:
    """Say when the person is in which setting, course by course."""
    courses = sorted({one.course for one in timetables.enrolments.get(user, ())})
    return [
        SettingSpan(course, span, setting)
        for course in courses
        for span, setting in spans_of(timetables.schedule(user, course))
    ]


def sessions_of_person(
    happenings: Iterable[Happening], timetables: Timetables, parameters: Parameters
) -> list[DerivedSession]:
    """Cut one person's work into sessions, each with its runs and its time on task by setting."""
    mine = next(iter(by_person(happenings).values()), [])
    return [
        DerivedSession(
            session.span,
            session.events,
            runs=sum(map(ran, part)),
            errors=sum(ran(one) and one.outcome in FAILED for one in part),
            active=active_time(part, timetables, parameters.idle_after),
        )
        for session, part in parts_of(mine, parameters)
    ]


def parts_of(
    mine: Sequence[Happening], parameters: Parameters
) -> Iterator[tuple[Session, Sequence[Happening]]]:
    """Give each session of one person's ordered work, and what of the work is in it."""
    cut = sessions((Activity(one.at, one.lasted) for one in mine), parameters.gap, parameters.idle_after)
    begun = 0
    for session in cut:
        yield session, mine[begun : begun + session.events]
        begun += session.events


def key_of(
    lessons: Iterable[Lesson],
    enrolments: Sequence[Enrolment],
    parameters: Parameters,
    seen: tuple[object, ...],
) -> str:
    """Name what a person's derived rows follow from: rules, choices, their own lessons and groups, their events.

    The same name means the same rows, so that they need not be made again. `seen` stands for the events.
    """
    groups = {(one.course, one.group) for one in enrolments}
    own = [one for one in lessons if (one.course, one.group) in groups]
    words = (
        DERIVED_VERSION,
        RULE_VERSION,
        version_of(own),
        *map(str, enrolments),
        parameters.rule,
        parameters.gap,
        parameters.idle_after,
        *seen,
    )
    return sha256("\n".join(map(str, words)).encode()).hexdigest()[:32]
