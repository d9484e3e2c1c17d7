"""Lessons and enrolments as they hold now: ten thousand rows at a time, of which few say another moment or group.

A lab of forty courses has as many. To make each moment of each row anew, and to compare lessons field by field while
they are put in order, took most of the time of whoever needs them, so what is the same is made once.
"""

from __future__ import annotations

from collections import defaultdict
from functools import cache
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from maximalab_hub.setting import Enrolment
from maximalab_hub.store.base import as_driven, moment_of
from maximalab_hub.store.models import EnrolmentRow, HolidayRow, LessonRow
from maximalab_hub.store.queries import FEW_PEOPLE
from maximalab_hub.timetable import Holiday, Lesson
from maximalab_hub.timetable.lesson import order_of
from maximalab_hub.timetable.state import in_force

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import Connection


def lessons(connection: Connection, *, courses: Collection[str] | None = None) -> tuple[Lesson, ...]:
    """Give every lesson, of these courses where asked, in order; cancelled ones and those on a holiday are marked."""
    days = defaultdict(list)
    for row in connection.execute(select(HolidayRow.__table__).where(HolidayRow.until_version.is_(None))):
        days[row.course].append(Holiday(row.starts_at, row.ends_at, row.name))
    found: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in _every_lesson(connection, courses):
        found[lesson.course].append(lesson)
    every = (one for course, mine in found.items() for one in in_force(mine, days[course]))
    return tuple(sorted(every, key=order_of))


def _every_lesson(connection: Connection, courses: Collection[str] | None) -> list[Lesson]:
    columns = (
        as_driven(LessonRow.starts_at),
        as_driven(LessonRow.ends_at),
        LessonRow.course,
        LessonRow.group_name,
        LessonRow.cancelled,
        LessonRow.series,
        as_driven(LessonRow.moved_from),
        LessonRow.note,
    )
    asked = select(*columns).where(LessonRow.until_version.is_(None))
    if courses is not None:
        asked = asked.where(LessonRow.course.in_(sorted(courses)))
    # In the order of time mostly, so that little is left to be sorted; what is equal in all of it stays so.
    rows = connection.execute(asked.order_by(LessonRow.starts_at, LessonRow.lesson_id)).all()
    moment = cache(moment_of)
    return [
        Lesson(moment(starts), moment(ends), course, group, cancelled, series, moved and moment(moved), note)
        for starts, ends, course, group, cancelled, series, moved, note in rows
    ]


def enrolments_by_user(
    connection: Connection, users: Collection[str] | None = None
) -> Mapping[str, tuple[Enrolment, ...]]:
    """Give each person's enrolments, ordered; of these people alone where they are few (`queries.FEW_PEOPLE`)."""
    order = (EnrolmentRow.course, EnrolmentRow.user, EnrolmentRow.valid_from, EnrolmentRow.group_name)
    said = (EnrolmentRow.course, EnrolmentRow.group_name)
    moments = (as_driven(EnrolmentRow.valid_from), as_driven(EnrolmentRow.valid_until))
    asked = select(EnrolmentRow.user, *said, *moments).where(EnrolmentRow.until_version.is_(None))
    if users is not None and len(users) <= FEW_PEOPLE:
        asked = asked.where(EnrolmentRow.user.in_(users))
    found: dict[str, list[Enrolment]] = defaultdict(list)
    moment = cache(moment_of)

    @cache
    def enrolment(course: str, group: str, since: Any, until: Any) -> Enrolment:  # noqa: ANN401  see `moment_of`
        return Enrolment(course, group, moment(since), until and moment(until))

    for user, *rest in connection.execute(asked.order_by(*order)).all():
        found[user].append(enrolment(*rest))
    return {user: tuple(enrolments) for user, enrolments in found.items()}
