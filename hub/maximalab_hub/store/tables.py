"""Events of the database as Arrow tables, some ten thousand at a time.

Row by row through SQLAlchemy a million events take minutes. Here the same is read in blocks (`blocks`), or where that
cannot be, row by row from SQLite and by COPY from PostgreSQL; each column becomes an Arrow array at once.
"""

from __future__ import annotations

import json
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from pyarrow import csv
from sqlalchemy import select

from maximalab_hub.store.archive.merging import in_order
from maximalab_hub.store.arrow import CODED, schema_of
from maximalab_hub.store.blocks import Blocks, spans
from maximalab_hub.store.joining import within
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.rowwise import driver_values, tables_by_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

    from maximalab_hub.store.blocks import Span

ROWS_AT_ONCE: Final = 32_768
_COPIED_AT_ONCE: Final = 8_000_000
"""Bytes of CSV that are parsed at a time."""


def stored_tables(  # noqa: PLR0913  what of which, and how it comes
    connection: Connection,
    columns: Sequence[str],
    conditions: Collection[ColumnElement[bool]] = (),
    order: Sequence[str] = ("at", "event_id"),
    *,
    rows: int = ROWS_AT_ONCE,
    coded: Collection[str] = (),
) -> Iterator[Any]:
    """Stream these columns of the events under the conditions, so many rows in a table at most.

    Times are UTC in microseconds; `detail` is JSON as text; columns in `coded` are places in a list of texts. In no
    order where `order` is empty.
    """
    schema = schema_of(columns, coded)
    if connection.dialect.name == "postgresql" and "detail" in columns:
        # Which may be so long that PostgreSQL cannot join a span's, and it ends the transaction then.
        found = _by_copy(connection, _statement(columns, conditions, order), schema)
    else:
        found = _by_blocks(connection, schema, conditions, order, rows)
    for table in found:
        yield from (table.slice(start, rows) for start in range(0, len(table), rows))


def _by_blocks(
    connection: Connection,
    schema: Any,  # noqa: ANN401  pyarrow has no types
    conditions: Collection[ColumnElement[bool]],
    order: Sequence[str],
    rows: int,
) -> Iterator[Any]:
    """Read span of time after span of time, each as a block; whole tables, though a span may have few rows."""
    read = schema_of(
        [*schema.names, *(name for name in order if name not in schema.names)],
        [one.name for one in schema if one.type == CODED],
    )
    blocks = Blocks(connection, read, conditions, rows + rows // 2)
    waiting: list[Any] = []
    for span in spans(connection, conditions, rows):
        block = blocks.of(span)
        some = [block] if block is not None else _by_rows(connection, read, conditions, order, span)
        for table in some:
            waiting.append((in_order(table) if order else table).select(schema.names).cast(schema))
            if sum(map(len, waiting)) > rows // 2:
                yield _together(waiting)
                waiting = []
    if waiting:
        yield _together(waiting)


def _by_rows(
    connection: Connection,
    schema: Any,  # noqa: ANN401  pyarrow has no types
    conditions: Collection[ColumnElement[bool]],
    order: Sequence[str],
    span: Span,
) -> Iterator[Any]:
    """Read a span row by row: the whole of it from SQLite, which gives it in no order."""
    theirs = [*conditions, within(*span, connection.dialect.name)]
    if connection.dialect.name == "postgresql":
        yield from _by_copy(connection, _statement(schema.names, theirs, order), schema)
    else:
        yield pa.concat_tables(tables_by_rows(connection, schema.names, theirs, ROWS_AT_ONCE))


def _together(tables: Sequence[Any]) -> Any:  # noqa: ANN401
    return pa.concat_tables(tables).unify_dictionaries().combine_chunks()


def _statement(
    columns: Sequence[str], conditions: Collection[ColumnElement[bool]], order: Sequence[str]
) -> Select[Any]:
    every = EventRow.__table__.columns
    chosen = [every[name] for name in columns]
    return select(*chosen).where(*conditions).order_by(*(every[name] for name in order))


def _by_copy(connection: Connection, statement: Select[Any], schema: Any) -> Iterator[Any]:  # noqa: ANN401
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
                yield _parsed(b"".join(parts), schema)
                parts, size = [], 0
        rest = b"".join(parts)
    if rest:
        yield _parsed(rest, schema)


def _parsed(text: bytes, schema: Any) -> Any:  # noqa: ANN401
    """Read rows of CSV: each part that COPY gives is whole rows."""
    return csv.read_csv(
        BytesIO(text),
        read_options=csv.ReadOptions(column_names=schema.names, block_size=1 << 22),
        parse_options=csv.ParseOptions(newlines_in_values=True),
        convert_options=csv.ConvertOptions(
            column_types=schema,
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
            null_values=[""],
            true_values=["t"],
            false_values=["f"],
            timestamp_parsers=[csv.ISO8601],
        ),
    ).cast(schema)


def details(texts: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    """Read a column of `detail`."""
    return [json.loads(text) for text in texts.to_pylist()]
