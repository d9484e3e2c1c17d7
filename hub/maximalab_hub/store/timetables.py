"""The timetable in the store: what a course's held at each version, who made the version, and how it goes on.

Like `queries`, every function takes a connection of `engine.writing` or `engine.reading`; none commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, func, insert, or_, select, update

from maximalab_hub.store.models import EnrolmentRow, HolidayRow, LessonRow, TimetableVersionRow
from maximalab_hub.timetable import Holiday, Lesson
from maximalab_hub.timetable.state import Enrolled, State, ordered, said_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from maximalab_hub.store.base import Base

_ANY = type[LessonRow] | type[EnrolmentRow] | type[HolidayRow]
_BATCH = 500
"""Rows that are closed by one statement."""


class StaleError(Exception):
    """Somebody changed the course's timetable since it was looked at; nothing was kept."""


class How(StrEnum):
    """How a version came about."""

    START = "start"
    FILE = "file"
    TABLE = "table"
    ADDRESS = "address"
    HAND = "hand"
    PEOPLE = "people"
    BACK = "back"
    """An earlier version was taken again."""


@dataclass(frozen=True, slots=True)
class Made:
    """Who makes a version, when and how, and what it comes from."""

    by: str
    at: datetime
    how: How
    words: str = ""


@dataclass(frozen=True, slots=True)
class Version:
    """A version that was made."""

    number: int
    made: Made


def newest(connection: Connection, course: str) -> int:
    """Say how many versions the course's timetable has had; 0 for none."""
    number = select(func.max(TimetableVersionRow.number)).where(TimetableVersionRow.course == course)
    return connection.execute(number).scalar() or 0


def numbers(connection: Connection) -> Mapping[str, int]:
    """Give the newest version of every course that has one, ordered by course."""
    counted = select(TimetableVersionRow.course, func.max(TimetableVersionRow.number))
    rows = connection.execute(
        counted.group_by(TimetableVersionRow.course).order_by(TimetableVersionRow.course)
    )
    return {row[0]: row[1] for row in rows}


def versions(connection: Connection, course: str) -> list[Version]:
    """Give the course's versions, the newest first."""
    statement = select(TimetableVersionRow.__table__).where(TimetableVersionRow.course == course)
    rows = connection.execute(statement.order_by(TimetableVersionRow.number.desc()))
    return [Version(r.number, Made(r.made_by, r.made_at, How(r.how), r.words)) for r in rows]


def courses(connection: Connection) -> frozenset[str]:
    """Give the ids of all courses that have, or had, a timetable."""
    return frozenset(connection.execute(select(TimetableVersionRow.course).distinct()).scalars())


def state_of(connection: Connection, course: str, number: int | None = None) -> State:
    """Give the course's timetable as it is, or as it was in a version."""
    lessons, people, holidays = (
        connection.execute(select(table.__table__).where(table.course == course, alive(table, number))).all()
        for table in (LessonRow, EnrolmentRow, HolidayRow)
    )
    return ordered(
        State(
            course,
            tuple(map(lesson_of, lessons)),
            tuple(Holiday(r.starts_at, r.ends_at, r.name) for r in holidays),
            tuple(Enrolled(r.user, r.group_name, r.valid_from, r.valid_until) for r in people),
        )
    )


def term_of(connection: Connection, course: str) -> tuple[datetime, datetime] | None:
    """Say when the first lesson of the course's timetable begins and the last one ends; `None` without lessons."""
    asked = select(func.min(LessonRow.starts_at), func.max(LessonRow.ends_at))
    first, last = connection.execute(asked.where(LessonRow.course == course, alive(LessonRow))).one()
    return None if first is None else (first, last)


def alive(table: _ANY, number: int | None = None) -> ColumnElement[bool]:
    """Give the condition under which a row holds: now, or in a version."""
    if number is None:
        return table.until_version.is_(None)
    return (table.since_version <= number) & or_(table.until_version.is_(None), table.until_version > number)


def lesson_of(row: Row[Any]) -> Lesson:
    """See a row as the lesson that it is."""
    return Lesson(
        row.starts_at,
        row.ends_at,
        row.course,
        row.group_name,
        row.cancelled,
        series=row.series,
        moved_from=row.moved_from,
        note=row.note,
    )


def keep(connection: Connection, target: State, made: Made, *, based_on: int | None = None) -> int | None:
    """Let the course's timetable be `target` from a new version on, and give its number; None if nothing changes.

    Raises `StaleError` where the newest version is not `based_on` any more.
    """
    number = _taken(connection, target.course)
    if based_on is not None and number != based_on:
        raise StaleError(target.course)
    changes = [
        _change(connection, table, target.course, wanted, number + 1)
        for table, wanted in (
            (LessonRow, {said_of(one): _lesson_values(one) for one in target.lessons}),
            (HolidayRow, {_holiday_key(one): _holiday_values(one) for one in target.holidays}),
            (EnrolmentRow, {_person_key(one): _person_values(one) for one in target.people}),
        )
    ]
    if not any(changes):
        return None
    connection.execute(
        insert(TimetableVersionRow).values(
            course=target.course,
            number=number + 1,
            made_at=made.at,
            made_by=made.by,
            how=made.how.value,
            words=made.words[:200],
        )
    )
    return number + 1


def _taken(connection: Connection, course: str) -> int:
    """Give the newest version, and let nobody else make the next one before this transaction ends.

    SQLite's transactions that write have the lock from their beginning.
    """
    row = (
        select(TimetableVersionRow.number)
        .where(TimetableVersionRow.course == course)
        .order_by(TimetableVersionRow.number.desc())
        .limit(1)
    )
    connection.execute(row.with_for_update()).all()
    # Whoever waited for the row sees it, and not the one that was added meanwhile.
    return newest(connection, course)


def _change(
    connection: Connection, table: _ANY, course: str, wanted: Mapping[tuple[object, ...], Any], number: int
) -> bool:
    """Close the rows that are not wanted any more, add those that are not there; say whether there were any."""
    rows = connection.execute(select(table.__table__).where(table.course == course, alive(table)))
    there = {_row_key(table, row): row.entry_id for row in rows}
    gone = sorted(there[key] for key in there.keys() - wanted.keys())
    for start in range(0, len(gone), _BATCH):
        ids = gone[start : start + _BATCH]
        connection.execute(update(table).where(table.entry_id.in_(ids)).values(until_version=number))
    new = [
        {"course": course, **values, "since_version": number}
        for key, values in wanted.items()
        if key not in there
    ]
    if new:
        connection.execute(insert(table), new)
    return bool(gone or new)


def _row_key(table: type[Base], row: Row[Any]) -> tuple[object, ...]:
    if table is LessonRow:
        return said_of(lesson_of(row))
    if table is HolidayRow:
        return row.starts_at, row.ends_at, row.name
    return row.user, row.group_name, row.valid_from, row.valid_until


def _holiday_key(holiday: Holiday) -> tuple[object, ...]:
    return holiday.starts_at, holiday.ends_at, holiday.name


def _person_key(person: Enrolled) -> tuple[object, ...]:
    return person.user, person.group, person.since, person.until


def _lesson_values(lesson: Lesson) -> dict[str, object]:
    return {
        "lesson_id": lesson.lesson_id,
        "group_name": lesson.group,
        "starts_at": lesson.starts_at,
        "ends_at": lesson.ends_at,
        "cancelled": lesson.cancelled,
        "series": lesson.series,
        "moved_from": lesson.moved_from,
        "note": lesson.note,
    }


def _holiday_values(holiday: Holiday) -> dict[str, object]:
    return {"starts_at": holiday.starts_at, "ends_at": holiday.ends_at, "name": holiday.name}


def _person_values(person: Enrolled) -> dict[str, object]:
    return {
        "user": person.user,
        "group_name": person.group,
        "valid_from": person.since,
        "valid_until": person.until,
    }


def groups_of(connection: Connection, users: Collection[str] | None) -> Iterable[tuple[str, str]]:
    """Give course and group of every enrolment, of these people where asked."""
    statement = select(EnrolmentRow.course, EnrolmentRow.group_name).where(alive(EnrolmentRow)).distinct()
    if users is not None:
        statement = statement.where(EnrolmentRow.user.in_(users))
    return [(row[0], row[1]) for row in connection.execute(statement)]
