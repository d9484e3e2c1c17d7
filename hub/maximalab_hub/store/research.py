"""Queries of the study: the timetable, enrolments, decisions about consent, and counts.

Like `queries`, every function takes a connection of `engine.writing` or `engine.reading`; none commits.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import exists, func, or_, select, text

from maximalab_hub.consent import Decision
from maximalab_hub.store import queries, timetables
from maximalab_hub.store.archive.columns import coded_tables, sorted_tables
from maximalab_hub.store.archive.merging import merged
from maximalab_hub.store.archive.reading import archive_of, everywhere
from maximalab_hub.store.arrow import coded_among
from maximalab_hub.store.base import as_driven, moment_of
from maximalab_hub.store.engine import reading
from maximalab_hub.store.models import ConsentRow, EnrolmentRow, EventRow, StartCountRow
from maximalab_hub.store.startcounting import among
from maximalab_hub.store.tables import stored_tables
from maximalab_hub.store.timetables import How, Made
from maximalab_hub.timetable import edits
from maximalab_hub.timetable.state import Enrolled, ordered

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Engine

    from maximalab_hub.setting import Enrolment
    from maximalab_hub.timetable import Lesson

# From each course to the next one by the index: DISTINCT would read an entry of every event.
_COURSES: Final = text(
    "WITH RECURSIVE each(course) AS (SELECT min(course) FROM event UNION ALL"
    " SELECT (SELECT min(course) FROM event WHERE course > each.course) FROM each WHERE course IS NOT NULL)"
    " SELECT course FROM each WHERE course IS NOT NULL"
)


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events are looked at: `since` <= at < `until`; None leaves nothing out."""

    course: str | None = None
    kinds: tuple[str, ...] | None = None
    since: datetime | None = None
    until: datetime | None = None


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """Give a connection that sees one state of the store, as every one of `reading` does. Raises `StoreAwayError`."""
    with reading(engine) as connection:
        yield connection


def replace_lessons(connection: Connection, lessons: Sequence[Lesson], made: Made | None = None) -> None:
    """Take these lessons for the whole timetable of each course that they name; other courses keep theirs.

    Each course gets a version of its own, made by `made`, or by the lab itself just now.
    """
    for course in sorted({lesson.course for lesson in lessons}):
        mine = tuple(lesson for lesson in lessons if lesson.course == course)
        state = timetables.state_of(connection, course)
        timetables.keep(connection, ordered(replace(state, lessons=mine)), made or _by_the_lab())


def enrol(
    connection: Connection, user: str, enrolments: Sequence[Enrolment], made: Made | None = None
) -> None:
    """Put the person into these groups; what is there already (same group, same start) is left as it is."""
    for course in sorted({one.course for one in enrolments}):
        mine = [Enrolled(user, e.group, e.since, e.until) for e in enrolments if e.course == course]
        state = timetables.state_of(connection, course)
        timetables.keep(connection, edits.enrol(state, mine), made or _by_the_lab())


def _by_the_lab() -> Made:
    return Made("", datetime.now(UTC), How.START)


def decisions(connection: Connection, study: str, *, user: str | None = None) -> list[Decision]:
    """Give the decisions about the study, of one person where asked, in the order of recording."""
    columns = (ConsentRow.user, ConsentRow.agreed, ConsentRow.consent_version, ConsentRow.consent_id)
    asked = select(as_driven(ConsentRow.decided_at), *columns).where(ConsentRow.study == study)
    if user is not None:
        asked = asked.where(ConsentRow.user == user)
    rows = connection.execute(asked.order_by(ConsentRow.consent_id)).all()
    return [Decision(who, agreed, moment_of(at), version, place) for at, who, agreed, version, place in rows]


def events_by_user(connection: Connection, selection: Selection) -> Mapping[str, int]:
    """Count each person's events."""
    counted = select(EventRow.user, func.count()).where(*conditions(selection)).group_by(EventRow.user)
    return _summed(everywhere(connection, counted, selection.since, selection.until))


def last_event(connection: Connection, selection: Selection, users: Collection[str]) -> datetime | None:
    """Say when the last of these people's events happened."""
    newest = select(EventRow.user, func.max(EventRow.at)).where(*conditions(selection))
    rows = everywhere(connection, newest.group_by(EventRow.user), selection.since, selection.until)
    return max((row[1] for row in rows if row[0] in users), default=None)


def events_by_kind(connection: Connection, user: str) -> Mapping[str, int]:
    """Count one person's events of each kind, the most frequent first."""
    counted = select(EventRow.kind, func.count()).where(EventRow.user == user).group_by(EventRow.kind)
    found = _summed(everywhere(connection, counted))
    return dict(sorted(found.items(), key=lambda one: (-one[1], one[0])))


def seen_of(connection: Connection, course: str) -> frozenset[str]:
    """Give those in the course's groups from whom an event came, or of whom the hub told one; archived ones count."""
    there = or_(*(exists().where(user == EnrolmentRow.user) for user in (EventRow.user, StartCountRow.user)))
    asked = select(EnrolmentRow.user, there).where(EnrolmentRow.course == course)
    found = {user: bool(seen) for user, seen in connection.execute(asked)}
    others, archive = [user for user, seen in found.items() if not seen], archive_of(connection)
    if others and archive is not None:  # the hub's starts, which say who signed in, are counted under no name
        rows = archive.rows(select(EventRow.user).where(among(EventRow.user, others)).distinct())
        found |= {user: True for (user,) in rows}
    return frozenset(user for user, seen in found.items() if seen)


def who_looked(connection: Connection) -> frozenset[str]:
    """Name those of whom the store holds a look or an export."""
    statement = select(EventRow.user).where(EventRow.kind.in_(queries.AUDIT)).distinct()
    return frozenset(row[0] for row in everywhere(connection, statement))


def courses(connection: Connection) -> tuple[str, ...]:
    """Give the ids of the courses about which there are events, ordered."""
    archive = archive_of(connection)
    archived = archive.rows(select(EventRow.course).distinct()) if archive else []
    both = {*connection.execute(_COURSES).scalars(), *(course for (course,) in archived)}
    return tuple(sorted(filter(None, both)))


def _summed(rows: Iterable[tuple[Any, ...]]) -> dict[str, int]:
    found: dict[str, int] = defaultdict(int)
    for name, count in rows:
        found[name] += count
    return dict(found)


def unordered_tables(connection: Connection, columns: Sequence[str], selection: Selection) -> Iterator[Any]:
    """Stream these columns of the chosen events as Arrow tables, in no order; of archived ones all kinds come.

    Nobody has to sort millions of events for who sorts them anyway, and reads only whose and what they are.
    """
    yield from stored_tables(connection, columns, conditions(selection), order=())
    archive = archive_of(connection, selection.since, selection.until)
    if archive is not None:
        yield from coded_tables(archive.months, columns, selection)


def ordered_tables(connection: Connection, columns: Sequence[str], selection: Selection) -> Iterator[Any]:
    """Stream these columns of the chosen events, archived or not, as Arrow tables ordered by time and event.

    Texts are places in lists where that is shorter (`store.arrow.coded_among`).
    """
    read = [*columns, *(name for name in ("at", "event_id") if name not in columns)]
    found = stored_tables(connection, read, conditions(selection), coded=coded_among(read))
    archive = archive_of(connection, selection.since, selection.until)
    if archive is not None:
        found = merged(sorted_tables(archive.months, read, selection), found)
    return (table.select(list(columns)) for table in found)


def conditions(selection: Selection) -> list[ColumnElement[bool]]:
    """Say in SQL which events are chosen."""
    found: list[ColumnElement[bool]] = []
    if selection.course is not None:
        found.append(EventRow.course == selection.course)
    if selection.kinds is not None:
        found.append(EventRow.kind.in_(selection.kinds))
    if selection.since is not None:
        found.append(EventRow.at >= selection.since)
    if selection.until is not None:
        found.append(EventRow.at < selection.until)
    return found
