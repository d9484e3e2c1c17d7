"""The export log in the store: entries are added at its end, one writer after another, and read in order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from maximalab_hub.export_log import Entry, Head, Point, entry_after
from maximalab_hub.store.models import LogEntryRow, LogHeadRow
from maximalab_hub.store.queries import STREAM_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from maximalab_hub.export_log import LogKind

THE_HEAD = 1


def append(  # noqa: PLR0913  one argument for each thing that an entry says
    connection: Connection,
    *,
    at: datetime,
    kind: LogKind,
    who: str,
    study: str | None,
    detail: Mapping[str, Any],
) -> Entry:
    """Add an entry, in a connection of `engine.writing`; others who add one wait until this one is committed.

    Call it last in a transaction: until its end nobody else can look at or export anything.
    """
    entry = entry_after(hold(connection).last, at=at, kind=kind, who=who, study=study, detail=detail)
    values = {name: getattr(entry, name) for name in Entry.__slots__}
    connection.execute(insert(LogEntryRow).values(**values))
    moved = update(LogHeadRow).where(LogHeadRow.head_id == THE_HEAD)
    connection.execute(moved.values(position=entry.position, hash=entry.hash))
    return entry


def head(connection: Connection) -> Head:
    """Say where the log begins and ends."""
    row = connection.execute(select(LogHeadRow.__table__)).one_or_none()
    return Head() if row is None else _head(row)


def entries(
    connection: Connection, *, study: str | None = None, newest: int | None = None
) -> Iterator[Entry]:
    """Stream the entries in order, or the `newest` ones, the newest first; of one study where asked."""
    asked = select(LogEntryRow.__table__)
    if study is not None:
        asked = asked.where(LogEntryRow.study == study)
    if newest is None:
        asked = asked.order_by(LogEntryRow.position)
    else:
        asked = asked.order_by(LogEntryRow.position.desc()).limit(newest)
    with connection.execution_options(yield_per=STREAM_ROWS).execute(asked) as rows:
        for row in rows:
            yield Entry(**row._mapping)  # noqa: SLF001  SQLAlchemy's public name for values by column


def hold(connection: Connection) -> Head:
    """Hold the head until the transaction's end. SQLite's transactions that write are alone anyway."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    first = {"head_id": THE_HEAD, "base_position": 0, "base_hash": Point().hash}
    first |= {"position": 0, "hash": Point().hash}
    connection.execute(dialect.insert(LogHeadRow).values(**first).on_conflict_do_nothing())
    return _head(connection.execute(select(LogHeadRow.__table__).with_for_update()).one())


def _head(row: Row[Any]) -> Head:
    return Head(Point(row.base_position, row.base_hash), Point(row.position, row.hash))
