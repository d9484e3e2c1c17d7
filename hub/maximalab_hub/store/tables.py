"""Events as Arrow tables, in order, some ten thousand at a time: of the database, and of the archive beneath it.

Row by row through SQLAlchemy a million events take minutes. Here the same statements are read as the driver gives
their rows (SQLite), or by COPY (PostgreSQL), and each column becomes an Arrow array at once.
"""

from __future__ import annotations

import json
from contextlib import closing
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv
from sqlalchemy import String, select, type_coerce

from maximalab_hub.store.archive.merging import merged
from maximalab_hub.store.archive.reading import archive_of
from maximalab_hub.store.arrow import SCHEMA, TIME
from maximalab_hub.store.fixed import driver_of
from maximalab_hub.store.models import EventRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

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
) -> Iterator[Any]:
    """Stream the same of the database alone."""
    if connection.dialect.name == "postgresql":
        return _by_copy(connection, _statement(columns, conditions, order), columns)
    return _by_rows(connection, _statement(columns, conditions, order, plain=True), columns)


def _statement(
    columns: Sequence[str],
    conditions: Collection[ColumnElement[bool]],
    order: Sequence[str],
    *,
    plain: bool = False,
) -> Select[Any]:
    """Ask for columns; `plain`: as text where SQLAlchemy would make an object of each value."""
    every = EventRow.__table__.columns
    raw = {*_TIMES, "detail"} if plain else set()
    chosen = [
        type_coerce(every[name], String).label(name) if name in raw else every[name] for name in columns
    ]
    return select(*chosen).where(*conditions).order_by(*(every[name] for name in order))


def _by_rows(connection: Connection, statement: Select[Any], columns: Sequence[str]) -> Iterator[Any]:
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    values = _driver_values(compiled)
    placed = [values[name] for name in compiled.positiontup or ()]
    # By the driver itself: to make SQLAlchemy's rows of them took half of the time.
    with closing(driver_of(connection).execute(str(compiled), placed)) as cursor:
        while rows := cursor.fetchmany(ROWS_AT_ONCE):
            by_column = zip(*rows, strict=True)
            arrays = [_array(name, values) for name, values in zip(columns, by_column, strict=True)]
            yield pa.Table.from_arrays(arrays, schema=_schema(columns))


def _array(name: str, values: Sequence[Any]) -> Any:  # noqa: ANN401  pyarrow has no types
    kind = SCHEMA.field(name).type
    if name not in _TIMES:
        return pa.array(map(bool, values) if pa.types.is_boolean(kind) else values, kind)
    naive = pc.cast(pa.array(values, pa.string()), pa.timestamp("us"))
    return naive.view(pa.int64()).view(TIME)


def _by_copy(connection: Connection, statement: Select[Any], columns: Sequence[str]) -> Iterator[Any]:
    compiled = statement.compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    driver: Any = connection.connection.driver_connection
    rest = b""
    with (
        driver.cursor() as cursor,
        cursor.copy(
            f"COPY ({compiled}) TO STDOUT (FORMAT csv, FORCE_QUOTE *)", _driver_values(compiled)
        ) as copy,
    ):
        parts: list[bytes] = []
        size = 0
        for part in copy:
            parts.append(bytes(part))
            size += len(parts[-1])
            if size >= _COPIED_AT_ONCE:
                yield from _parsed(b"".join(parts), columns)
                parts, size = [], 0
        rest = b"".join(parts)
    if rest:
        yield from _parsed(rest, columns)


def _driver_values(compiled: Any) -> dict[str, Any]:  # noqa: ANN401  SQLAlchemy's own
    """Give the statement's values as the driver takes them."""
    processors = compiled._bind_processors  # noqa: SLF001  what SQLAlchemy itself does before it executes
    return {
        name: processors[name](value) if name in processors else value
        for name, value in compiled.params.items()
    }


def _parsed(text: bytes, columns: Sequence[str]) -> Iterator[Any]:
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
    ).cast(_schema(columns))
    for start in range(0, len(table), ROWS_AT_ONCE):
        yield table.slice(start, ROWS_AT_ONCE)


def _csv_type(name: str) -> Any:  # noqa: ANN401
    return SCHEMA.field(name).type


def _schema(columns: Sequence[str]) -> Any:  # noqa: ANN401
    return pa.schema([SCHEMA.field(name) for name in columns])


def details(texts: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Read a column of `detail`."""
    return [json.loads(text) for text in texts.to_pylist()]
