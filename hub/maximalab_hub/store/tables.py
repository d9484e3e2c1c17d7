"""Events as Arrow tables, in order, some ten thousand at a time: of the database, and of the archive beneath it.

Row by row through SQLAlchemy a million events take minutes. Here the same is read in blocks (SQLite: `blocks`), or by
COPY (PostgreSQL), and each column becomes an Arrow array at once.
"""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
from pyarrow import csv
from sqlalchemy import select

from maximalab_hub.store.archive.merging import ORDER, merged
from maximalab_hub.store.archive.reading import archive_of
from maximalab_hub.store.arrow import SCHEMA, TIME
from maximalab_hub.store.blocks import Blocks, spans, within
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.rowwise import driver_values, tables_by_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from maximalab_hub.store.blocks import Span

ROWS_AT_ONCE: Final = 32_768
_TIMES: Final = frozenset(name for name in SCHEMA.names if SCHEMA.field(name).type == TIME)
_COPIED_AT_ONCE: Final = 8_000_000
"""Bytes of CSV that are parsed at a time."""


def event_tables(
    connection: Connection, columns: Sequence[str], conditions: Collection[ColumnElement[bool]] = ()
) -> Iterator[Any]:
    """Stream these columns of the events under the conditions, archived or not, ordered by time and event.

    Times are UTC in microseconds; `detail` is JSON as text. A table has at most `ROWS_AT_ONCE` rows.
    """
    archive = archive_of(connection)
    if archive is None:
        yield from stored_tables(connection, columns, conditions)
        return
    read = [*columns, *(name for name in ("at", "event_id") if name not in columns)]
    archived = archive.ordered(read, conditions)
    for table in merged(archived, stored_tables(connection, read, conditions)):
        for start in range(0, len(table), ROWS_AT_ONCE):
            yield table.slice(start, ROWS_AT_ONCE).select(list(columns)).combine_chunks()


def stored_tables(
    connection: Connection,
    columns: Sequence[str],
    conditions: Collection[ColumnElement[bool]] = (),
    order: Sequence[str] = ("at", "event_id"),
    rows: int = ROWS_AT_ONCE,
) -> Iterator[Any]:
    """Stream the same of the database alone, so many rows in a table at most; in no order where `order` is empty."""
    if connection.dialect.name == "postgresql":
        found = _by_copy(connection, _statement(columns, conditions, order), columns)
    else:
        found = _by_blocks(connection, columns, conditions, order, rows)
    for table in found:
        yield from (table.slice(start, rows) for start in range(0, len(table), rows))


def _by_blocks(
    connection: Connection,
    columns: Sequence[str],
    conditions: Collection[ColumnElement[bool]],
    order: Sequence[str],
    rows: int,
) -> Iterator[Any]:
    """Read span of time after span of time, each as a block; whole tables, though a span may have few rows."""
    read = [*columns, *(name for name in order if name not in columns)]
    blocks = Blocks(connection, read, conditions)
    waiting: list[Any] = []
    for span in spans(connection, conditions, rows):
        block = blocks.of(span)
        found = _by_rows(connection, read, conditions, span) if block is None else block
        waiting.append((_ordered(found) if order else found).select(list(columns)))
        if sum(map(len, waiting)) > rows // 2:
            yield pa.concat_tables(waiting).combine_chunks()
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting).combine_chunks()


def _by_rows(
    connection: Connection, columns: Sequence[str], conditions: Collection[ColumnElement[bool]], span: Span
) -> Any:  # noqa: ANN401  pyarrow has no types
    return pa.concat_tables(tables_by_rows(connection, columns, [*conditions, within(*span)], ROWS_AT_ONCE))


def _ordered(table: Any) -> Any:  # noqa: ANN401
    """Sort by time and event what mostly is in order."""
    at = table.column("at").cast(pa.int64()).to_numpy()
    return table if (np.diff(at) > 0).all() else table.sort_by(list(ORDER))


def _statement(
    columns: Sequence[str], conditions: Collection[ColumnElement[bool]], order: Sequence[str]
) -> Select[Any]:
    every = EventRow.__table__.columns
    chosen = [every[name] for name in columns]
    return select(*chosen).where(*conditions).order_by(*(every[name] for name in order))


def _by_copy(connection: Connection, statement: Select[Any], columns: Sequence[str]) -> Iterator[Any]:
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    rest = b""
    with (
        driver.cursor() as cursor,
        cursor.copy(
            f"COPY ({compiled}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)", driver_values(compiled)
        ) as copy,
    ):
        parts: list[bytes] = []
        size = 0
        for part in copy:
            parts.append(bytes(part))
            size += len(parts[-1])
            if size >= _COPIED_AT_ONCE:
                yield _parsed(b"".join(parts), columns)
                parts, size = [], 0
        rest = b"".join(parts)
    if rest:
        yield _parsed(rest, columns)


def _parsed(text: bytes, columns: Sequence[str]) -> Any:  # noqa: ANN401
    """Read rows of CSV: each part that COPY gives is whole rows."""
    table = csv.read_csv(
        BytesIO(text),
        read_options=csv.ReadOptions(column_names=list(columns), block_size=1 << 22),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types={name: TIME if name in _TIMES else _csv_type(name) for name in columns},
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            timestamp_parsers=[csv.ISO8601],
        ),
    )
    return table.cast(_schema(columns))


def _csv_type(name: str) -> Any:  # noqa: ANN401
    return SCHEMA.field(name).type


def _schema(columns: Sequence[str]) -> Any:  # noqa: ANN401
    return pa.schema([SCHEMA.field(name) for name in columns])


def details(texts: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Read a column of `detail`."""
    return [json.loads(text) for text in texts.to_pylist()]
