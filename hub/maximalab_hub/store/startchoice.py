"""Chooses starts by period and course out of what is known of them (`store.startcounts`).

A start belongs to a period where one of its events happened in it. Its first and its last event tell that, nearly
always; only of one that began before the period and went on after it the events themselves are asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, any_, func, literal_column, or_, select, true

from maximalab_hub.store.archive.reading import archive_of
from maximalab_hub.store.base import UtcTime, as_driven, moment_of
from maximalab_hub.store.models import EventRow, StartChangeRow, StartCountRow, StartCourseRow
from maximalab_hub.store.startcounting import among, boots_within
from maximalab_hub.store.startcounts import COLUMNS, counted_now

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

    from maximalab_hub.store.startcounts import Counted

_UNCHANGED: Final = StartCountRow.boot_id.not_in(select(StartChangeRow.boot_id))
# The number is no parameter, for only so does a database know that the index of shared starts has them all; and the
# user, which is never missing, keeps SQLite from reading half a million entries of the key, which has no users.
SHARED: Final = select(StartCountRow.boot_id).where(
    StartCountRow.place > literal_column("0"), StartCountRow.user.is_not(None)
)
"""The ids of starts that several senders named."""
_FIRST: Final = [column.name for column in COLUMNS].index("first_at")
"""The place of the first moment in a count; the last one's follows."""
_AFTER: Final = _FIRST + sum(isinstance(column.type, UtcTime) for column in COLUMNS)


@dataclass(frozen=True, slots=True)
class Choice:
    """Starts with an event at `start` <= at < `end`; with `courses`, of students' own senders, in one of these."""

    start: datetime | None = None
    end: datetime | None = None
    courses: frozenset[str] | None = None

    @property
    def is_all(self) -> bool:
        """Whether it leaves nothing out."""
        return self.courses is None and self.start is None and self.end is None

    def holds(self, first: datetime, last: datetime) -> bool | None:
        """Say whether an event of what happened from `first` to `last` lies in the period; `None` in doubt."""
        if self._within(first) or self._within(last):
            return True
        before, after = (
            self.start is not None and first < self.start,
            self.end is not None and last >= self.end,
        )
        return None if before and after else False

    def _within(self, moment: datetime) -> bool:
        return (self.start is None or moment >= self.start) and (self.end is None or moment < self.end)

    def surely(self, table: type[Any]) -> ColumnElement[bool]:
        """Say in SQL that it does; `doubtfully`, that nobody knows."""
        first: ColumnElement[datetime] = table.first_at
        last: ColumnElement[datetime] = table.last_at
        if self.start is None:
            return true() if self.end is None else first < self.end
        if self.end is None:
            return last >= self.start
        return or_(and_(first >= self.start, first < self.end), and_(last >= self.start, last < self.end))

    def doubtfully(self, table: type[Any]) -> ColumnElement[bool] | None:
        """Say in SQL that nobody knows; `None` where that cannot be."""
        if self.start is None or self.end is None:
            return None
        return and_(table.first_at < self.start, table.last_at >= self.end)


def chosen(
    connection: Connection,
    choice: Choice,
    changed: Mapping[str, int],
    only: ColumnElement[bool] | None = None,
) -> list[tuple[Any, ...]]:
    """Give the chosen starts as `startcounting.STARTS` does; `changed` of them are counted as they are now.

    `only` says in SQL which of those that did not change are meant.
    """
    now = counted_now(connection, changed)
    kept = and_(_UNCHANGED, true() if choice.courses is None else StartCountRow.user != "")
    kept = kept if only is None else and_(kept, only)
    if choice.is_all:
        return [*counts_under(connection, kept), *now.starts]
    sure, doubtful = _sorted_out(choice, _spans(choice, now))
    told = _told(connection, choice, doubtful | _doubtful(connection, choice))
    inside = _inside(choice, connection.dialect.name)
    if told:
        inside = or_(inside, among(StartCountRow.boot_id, sorted(told), connection.dialect.name))
    mine = [row for row in now.starts if row[0] in sure | told and (choice.courses is None or row[1])]
    return [*counts_under(connection, and_(kept, inside)), *mine]


def counts_under(
    connection: Connection,
    condition: ColumnElement[bool],
    order: Sequence[Any] = (),
    most: int | None = None,
) -> Iterator[tuple[Any, ...]]:
    """Give kept counts under a condition, of which a course has ten thousand in a term, with four moments each."""
    columns = [as_driven(one) if isinstance(one.type, UtcTime) else one for one in COLUMNS]
    asked = select(*columns).where(condition).order_by(*order).limit(most)
    for row in connection.execute(asked).all():
        yield *row[:_FIRST], *map(moment_of, row[_FIRST:_AFTER]), *row[_AFTER:]


def _spans(choice: Choice, now: Counted) -> Iterator[tuple[str, datetime, datetime]]:
    """Give from when to when what decides happened, of each start; a start may be named twice."""
    if choice.courses is None:
        return ((row[0], row[_FIRST], row[_FIRST + 1]) for row in now.starts)
    return ((boot, first, last) for boot, course, first, last in now.courses if course in choice.courses)


def _sorted_out(
    choice: Choice, spans: Iterable[tuple[str, datetime, datetime]]
) -> tuple[frozenset[str], frozenset[str]]:
    """Name those that are surely inside, and those in doubt."""
    each = [(boot, choice.holds(first, last)) for boot, first, last in spans]
    sure = frozenset(boot for boot, holds in each if holds)
    return sure, frozenset(boot for boot, holds in each if holds is None) - sure


def _inside(choice: Choice, dialect: str) -> ColumnElement[bool]:
    if choice.courses is not None:
        return of_courses(choice, dialect)
    named = StartCountRow.boot_id.in_(surely_inside(choice))
    # A start is nearly always one sender's, whose own times tell: to list half a million of them first takes longer.
    return or_(choice.surely(StartCountRow), and_(StartCountRow.boot_id.in_(SHARED), named))


def of_courses(choice: Choice, dialect: str) -> ColumnElement[bool]:
    """Say in SQL that of a start something happened in the period in one of the choice's courses.

    PostgreSQL takes their ids as an array, and looks each up: of a join it expects so few that it reads all starts of
    the lab first, and sorts them into files.
    """
    mine = surely_inside(choice)
    if dialect == "sqlite":
        return StartCountRow.boot_id.in_(mine)
    return StartCountRow.boot_id == any_(func.array(mine.scalar_subquery()))


def surely_inside(choice: Choice) -> Select[Any]:
    """Ask for the ids of starts of which something happened in the period, in the choice's courses where it has any."""
    if choice.courses is None:
        return select(StartCountRow.boot_id).where(choice.surely(StartCountRow))
    mine = StartCourseRow.course.in_(sorted(choice.courses))
    return select(StartCourseRow.boot_id).where(mine, choice.surely(StartCourseRow))


def _doubtful(connection: Connection, choice: Choice) -> frozenset[str]:
    table: Any = StartCountRow if choice.courses is None else StartCourseRow
    condition = choice.doubtfully(table)
    if condition is None:
        return frozenset()
    asked = select(table.boot_id).where(condition)
    if choice.courses is not None:
        asked = asked.where(StartCourseRow.course.in_(sorted(choice.courses)))
    return frozenset(connection.execute(asked).scalars())


def _told(connection: Connection, choice: Choice, doubtful: Collection[str]) -> frozenset[str]:
    """Ask the events of which of these starts one happened in the period."""
    if not doubtful:
        return frozenset()
    inside = boots_within(choice.start, choice.end, choice.courses)
    ids, name = sorted(doubtful), connection.dialect.name
    found = set(connection.execute(inside.where(among(EventRow.boot_id, ids, name))).scalars())
    archive = archive_of(connection, choice.start, choice.end)
    if archive is not None:
        found.update(row[0] for row in archive.rows(inside.where(among(EventRow.boot_id, ids))))
    return frozenset(found)
