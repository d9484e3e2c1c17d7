"""Counts the events of senders' starts, one by one, in the table and in the archive."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ARRAY, Select, String, bindparam, case, func, select

from maximalab_hub.events import Kind, Source
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.queries import AUDIT, within

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.orm import InstrumentedAttribute

    from maximalab_hub.store.archive.reading import Archive

# The hub is one sender that speaks of many people; every other one speaks of itself alone.
BY_THE_HUB: Final = EventRow.source == Source.HUB.value
_SENDER: Final = (
    EventRow.boot_id,
    case((BY_THE_HUB, ""), else_=EventRow.user).label("sender"),
    case((BY_THE_HUB, None), else_=EventRow.server).label("sending_server"),
)
KEY: Final = len(_SENDER)
_COUNTED: Final = (
    func.count(EventRow.seq.distinct()),
    func.max(EventRow.seq) + 1,
    func.max(case((EventRow.kind == Kind.RECORDING_END.value, 1), else_=0)),
    *(bound(one) for one in (EventRow.at, EventRow.received_at) for bound in (func.min, func.max)),
    func.sum(case((EventRow.kind.in_(AUDIT), 0), else_=1)),
)
MERGED: Final[tuple[Callable[[Any], Any], ...]] = (sum, max, max, min, max, min, max, sum)
"""How two counts of one start become one; of the first, where both have the same number, see `_both`."""
STARTS: Final = select(*_SENDER, *_COUNTED)
"""A row for each start of each sender; group it by `grouped`."""
COURSES: Final = (
    select(EventRow.boot_id, EventRow.course, func.min(EventRow.at), func.max(EventRow.at))
    .where(~BY_THE_HUB, EventRow.course.is_not(None))
    .group_by(EventRow.boot_id, EventRow.course)
)
"""When the first and the last event of each course came of each start of students' own senders."""


def grouped(statement: Select[Any]) -> Select[Any]:
    """Group `STARTS`."""
    return statement.group_by(*_SENDER)


def boots_within(
    start: datetime | None, end: datetime | None, courses: Collection[str] | None
) -> Select[Any]:
    """Ask for the starts with an event at `start` <= at < `end`; of these courses, by students' own senders, if any."""
    inside = within(select(EventRow.boot_id).distinct(), start, end)
    return inside if courses is None else inside.where(EventRow.course.in_(courses), ~BY_THE_HUB)


def counted_of(
    connection: Connection, statement: Select[Any], inside: Select[Any], archive: Archive | None
) -> list[tuple[Any, ...]]:
    """Count the starts that `inside` asks for."""
    if archive is None:
        only = statement.where(EventRow.boot_id.in_(inside))
        return everywhere_counted(connection, only, only, archive)
    boots = {*connection.execute(inside).scalars(), *(row[0] for row in archive.rows(inside))}
    return counted_among(connection, statement, boots, archive)


def counted_among(
    connection: Connection, statement: Select[Any], boots: Collection[str], archive: Archive | None
) -> list[tuple[Any, ...]]:
    """Count these starts."""
    ids = sorted(boots)
    stored = statement.where(among(EventRow.boot_id, ids, connection.dialect.name))
    return everywhere_counted(connection, stored, statement.where(among(EventRow.boot_id, ids)), archive)


def everywhere_counted(
    connection: Connection, stored: Select[Any], archived: Select[Any], archive: Archive | None
) -> list[tuple[Any, ...]]:
    """Count in the table and in the archive, and put together what lies in both."""
    here = {tuple(row[:KEY]): tuple(row) for row in connection.execute(grouped(stored))}
    if archive is None:
        return list(here.values())
    there = {row[:KEY]: row for row in archive.rows(grouped(archived))}
    double = _double_numbers(connection, archive, {key[0] for key in here.keys() & there.keys()})
    return [_both(key, here.get(key), there.get(key), double) for key in here.keys() | there.keys()]


def added_up(key: tuple[Any, ...], one: tuple[Any, ...], other: tuple[Any, ...]) -> tuple[Any, ...]:
    """Put two counts of one start together that have no number in common."""
    pairs = zip(MERGED, one[KEY:], other[KEY:], strict=True)
    return (*key, *(how(both) for how, *both in pairs))


def _both(
    key: tuple[Any, ...],
    here: tuple[Any, ...] | None,
    there: tuple[Any, ...] | None,
    double: dict[tuple[Any, ...], int],
) -> tuple[Any, ...]:
    if here is None or there is None:
        return here or there or ()
    values = list(added_up(key, here, there))
    values[KEY] -= double.get(key, 0)
    return tuple(values)


def _double_numbers(
    connection: Connection, archive: Archive, boots: Iterable[str]
) -> dict[tuple[Any, ...], int]:
    """Count the numbers that a start gave twice, to an event in the table and to one in the archive."""
    ids = sorted(boots)
    if not ids:
        return {}
    numbers = select(*_SENDER, EventRow.seq).distinct()
    here = connection.execute(numbers.where(among(EventRow.boot_id, ids, connection.dialect.name)))
    there = archive.rows(numbers.where(among(EventRow.boot_id, ids)))
    found: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in {tuple(row) for row in here}.intersection(there):
        found[row[:KEY]] += 1
    return found


def among(
    column: InstrumentedAttribute[str], values: list[str], dialect: str = "postgresql"
) -> ColumnElement[bool]:
    """Say in SQL that the column is one of the values, however many; the archive speaks PostgreSQL's SQL."""
    if dialect == "sqlite":
        each = func.json_each(bindparam(None, json.dumps(values), String, unique=True)).table_valued("value")
        return column.in_(select(each.c.value))
    return column.in_(select(func.unnest(bindparam(None, values, ARRAY(String), unique=True))))
