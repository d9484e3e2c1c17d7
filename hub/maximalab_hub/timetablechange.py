"""What a change of a course's timetable would do to what the store holds of the past."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from maximalab_hub.compare import Timetables
from maximalab_hub.setting import Enrolment, Span
from maximalab_hub.setting_arrays import Coded
from maximalab_hub.store import schedules
from maximalab_hub.store.runs import joined, runs_of
from maximalab_hub.timetable.impact import Impact, impact_of, whole_change

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from maximalab_hub.setting import Rule
    from maximalab_hub.timetable.state import State

MOST_SPANS: Final = 40
"""Where more stretches of time change, what lies between the first and the last is looked at as a whole."""


def impact(connection: Connection, before: State, after: State, rule: Rule, now: datetime) -> Impact:
    """Count the runs up to `now` whose setting would change, and whose they are."""
    course = before.course
    users = {one.user for one in (*before.people, *after.people)}
    old, new = (timetables_with(connection, state, users, rule) for state in (before, after))
    spans = whole_change(users, course, old, new)
    if len(spans) > MOST_SPANS:
        spans = (Span(spans[0].start, spans[-1].end),)
    past = [Span(span.start, min(span.end, now)) for span in spans if span.start < now]
    runs = joined([runs_of(connection, course, users, span.start, span.end) for span in past])
    return impact_of(Coded(runs.user, runs.users), runs.at, course, old, new)


def timetables_with(connection: Connection, state: State, users: Collection[str], rule: Rule) -> Timetables:
    """Give the schedules of these people as if the course's timetable were `state`."""
    enrolled = schedules.enrolments_by_user(connection, users)
    others = {e.course for user in users for e in enrolled.get(user, ()) if e.course != state.course}
    mine = {user: [e for e in enrolled.get(user, ()) if e.course != state.course] for user in users}
    for one in state.people:
        if one.user in mine:
            mine[one.user].append(Enrolment(state.course, one.group, one.since, one.until))
    ordered = {user: tuple(sorted(found, key=_order)) for user, found in mine.items()}
    lessons = schedules.lessons(connection, courses=others)
    return Timetables((*lessons, *state.in_force()), ordered, rule)


def _order(enrolment: Enrolment) -> tuple[str, str, datetime]:
    return enrolment.course, enrolment.group, enrolment.since
