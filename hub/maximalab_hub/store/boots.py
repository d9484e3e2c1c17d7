"""How many events of each start of each sender are here, out of how many that it numbered.

Like `queries`, every function takes a connection of `engine.writing` or `engine.reading`; none commits.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import ARRAY, Select, String, bindparam, case, func, select

from maximalab_hub.events import Kind, Source
from maximalab_hub.store.archive.reading import Archive, archive_of
from maximalab_hub.store.models import EventRow, RemovedNumberRow
from maximalab_hub.store.queries import AUDIT, within

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection
    from sqlalchemy.orm import InstrumentedAttribute


class BootCount(NamedTuple):
    """How many events of one start of one sender are here, out of how many that it numbered.

    `user` is empty where the sender is the hub.
    """

    boot_id: str
    user: str
    server: str | None
    stored: int
    """Different numbers, so that a sender that gives a number twice hides no gap."""
    numbered: int
    """As the sender says: the largest number that came, and one."""
    ended: bool
    """Whether the sender said, as the last thing before it ended, that it numbered no more."""
    first_at: datetime
    last_at: datetime
    first_received: datetime
    last_received: datetime
    removed: int = 0
    """Numbers of events that were here, and were erased or grew too old."""

    @property
    def missing(self) -> int:
        """How many numbers never came. A number that came twice may have been removed once."""
        return max(0, self.numbered - self.stored - self.removed)


# The hub is one sender that speaks of many people; every other one speaks of itself alone.
_BY_THE_HUB: Final = EventRow.source == Source.HUB.value
_SENDER: Final = (
    EventRow.boot_id,
    case((_BY_THE_HUB, ""), else_=EventRow.user).label("sender"),
    case((_BY_THE_HUB, None), else_=EventRow.server).label("sending_server"),
)
_KEY: Final = len(_SENDER)
_COUNTED: Final = (
    func.count(EventRow.seq.distinct()),
    func.max(EventRow.seq) + 1,
    func.max(case((EventRow.kind == Kind.RECORDING_END.value, 1), else_=0)),
    *(bound(one) for one in (EventRow.at, EventRow.received_at) for bound in (func.min, func.max)),
    func.sum(case((EventRow.kind.in_(AUDIT), 0), else_=1)),
)
_MERGED: Final[tuple[Callable[[Any], Any], ...]] = (sum, max, max, min, max, min, max, sum)
"""How two counts of one start become one; of the first, where both have the same number, see `_both`."""


def boot_counts(
    connection: Connection,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    courses: Collection[str] | None = None,
) -> list[BootCount]:
    """Say of each sender's start how many of its events are here and how many it numbered (from 0).

    Of starts with an event at `start` <= at < `end` only; these are counted whole. A difference is a gap: events
    on their way, refused, or lost. What a start lost after its last event that is here cannot be seen; that it may
    have lost some can, where it did not say that it `ended`. Starts that told of looks and exports alone are not
    counted: looking at a study must not change it. With `courses`, starts of students' own senders alone, with an
    event of one of these courses.
    """
    archive = archive_of(connection)
    inside = within(select(EventRow.boot_id).distinct(), start, end)
    statement = select(*_SENDER, *_COUNTED)
    if courses is not None:
        inside = inside.where(EventRow.course.in_(courses), ~_BY_THE_HUB)
        statement = statement.where(~_BY_THE_HUB)
    if courses is not None or start is not None or end is not None:
        counted = _of_these(connection, statement, inside, archive)
    else:
        counted = _everywhere(connection, statement, statement, archive)
    removed = _removed(connection)
    return [
        _with_removed(BootCount(*row[:-1]), *removed.get(row[0], (0, 0)))
        for row in sorted(counted, key=lambda row: (row[0], row[1], row[2] or ""))
        if row[-1] > 0  # it told of more than looks
    ]


def boots_among(
    connection: Connection, boot_ids: Collection[str], *, of_the_hub: bool = False
) -> frozenset[str]:
    """Say of which of these starts there is an event, archived or not; with `of_the_hub`, one that the hub told."""
    ids = sorted(boot_ids)
    asked = select(EventRow.boot_id).distinct()
    if of_the_hub:
        asked = asked.where(_BY_THE_HUB)
    archive = archive_of(connection)
    found = connection.execute(asked.where(_among(EventRow.boot_id, ids, connection.dialect.name))).scalars()
    more = archive.rows(asked.where(_among(EventRow.boot_id, ids))) if archive and ids else []
    return frozenset(found) | {row[0] for row in more}


def _of_these(
    connection: Connection, statement: Select[Any], inside: Select[Any], archive: Archive | None
) -> list[tuple[Any, ...]]:
    if archive is None:
        only = statement.where(EventRow.boot_id.in_(inside))
        return _everywhere(connection, only, only, archive)
    boots = sorted({*connection.execute(inside).scalars(), *(row[0] for row in archive.rows(inside))})
    stored = statement.where(_among(EventRow.boot_id, boots, connection.dialect.name))
    return _everywhere(connection, stored, statement.where(_among(EventRow.boot_id, boots)), archive)


def _everywhere(
    connection: Connection, stored: Select[Any], archived: Select[Any], archive: Archive | None
) -> list[tuple[Any, ...]]:
    """Count in the table and in the archive, and put together what lies in both."""
    here = {tuple(row[:_KEY]): tuple(row) for row in connection.execute(stored.group_by(*_SENDER))}
    if archive is None:
        return list(here.values())
    there = {row[:_KEY]: row for row in archive.rows(archived.group_by(*_SENDER))}
    double = _double_numbers(connection, archive, {key[0] for key in here.keys() & there.keys()})
    return [_both(key, here.get(key), there.get(key), double) for key in here.keys() | there.keys()]


def _both(
    key: tuple[Any, ...],
    here: tuple[Any, ...] | None,
    there: tuple[Any, ...] | None,
    double: dict[tuple[Any, ...], int],
) -> tuple[Any, ...]:
    if here is None or there is None:
        return here or there or ()
    pairs = zip(_MERGED, here[_KEY:], there[_KEY:], strict=True)
    values = [how((one, other)) for how, one, other in pairs]
    values[0] -= double.get(key, 0)
    return (*key, *values)


def _double_numbers(
    connection: Connection, archive: Archive, boots: Iterable[str]
) -> dict[tuple[Any, ...], int]:
    """Count the numbers that a start gave twice, to an event in the table and to one in the archive."""
    ids = sorted(boots)
    if not ids:
        return {}
    numbers = select(*_SENDER, EventRow.seq).distinct()
    here = connection.execute(numbers.where(_among(EventRow.boot_id, ids, connection.dialect.name)))
    there = archive.rows(numbers.where(_among(EventRow.boot_id, ids)))
    found: dict[tuple[Any, ...], int] = defaultdict(int)
    for row in {tuple(row) for row in here}.intersection(there):
        found[row[:_KEY]] += 1
    return found


def _among(
    column: InstrumentedAttribute[str], values: list[str], dialect: str = "postgresql"
) -> ColumnElement[bool]:
    """Say in SQL that the column is one of the values, however many; the archive speaks PostgreSQL's SQL."""
    if dialect == "sqlite":
        each = func.json_each(bindparam(None, json.dumps(values), String, unique=True)).table_valued("value")
        return column.in_(select(each.c.value))
    return column.in_(select(func.unnest(bindparam(None, values, ARRAY(String), unique=True))))


def _removed(connection: Connection) -> dict[str, tuple[int, int]]:
    """Say of each start whose events were removed in part how many, and the largest number of them and one."""
    counts = (func.count(), func.max(RemovedNumberRow.seq) + 1)
    rows = connection.execute(select(RemovedNumberRow.boot_id, *counts).group_by(RemovedNumberRow.boot_id))
    return {boot_id: (count, numbered) for boot_id, count, numbered in rows}


def _with_removed(one: BootCount, removed: int, numbered: int) -> BootCount:
    return one._replace(removed=removed, numbered=max(one.numbered, numbered))
