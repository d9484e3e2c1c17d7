"""Columns of events out of SQLite row by row, as the driver gives them: slow, and right whatever is in a value."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import String, select, type_coerce

from maximalab_hub.store.arrow import SCHEMA, TIME
from maximalab_hub.store.fixed import driver_of
from maximalab_hub.store.models import EventRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection

_AS_TEXT: Final = {name for name in SCHEMA.names if SCHEMA.field(name).type == TIME} | {"detail"}
"""Of whose values SQLAlchemy would make objects."""


def tables_by_rows(
    connection: Connection, columns: Sequence[str], conditions: Collection[ColumnElement[bool]], rows: int
) -> Iterator[Any]:
    """Stream these columns of the events under the conditions, in no order, so many rows at a time."""
    every = EventRow.__table__.columns
    chosen = [
        type_coerce(every[name], String).label(name) if name in _AS_TEXT else every[name] for name in columns
    ]
    compiled: Any = (
        select(*chosen)
        .where(*conditions)
        .compile(dialect=connection.dialect, compile_kwargs={"render_postcompile": True})
    )
    values = driver_values(compiled)
    placed = [values[name] for name in compiled.positiontup or ()]
    schema = pa.schema([SCHEMA.field(name) for name in columns])
    with closing(driver_of(connection).execute(str(compiled), placed)) as cursor:
        while found := cursor.fetchmany(rows):
            by_column = zip(*found, strict=True)
            arrays = [_array(field.type, values) for field, values in zip(schema, by_column, strict=True)]
            yield pa.Table.from_arrays(arrays, schema=schema)


def _array(kind: Any, values: Sequence[Any]) -> Any:  # noqa: ANN401  pyarrow has no types
    if kind != TIME:
        return pa.array(map(bool, values) if pa.types.is_boolean(kind) else values, kind)
    naive = pc.cast(pa.array(values, pa.string()), pa.timestamp("us"))
    return naive.view(pa.int64()).view(TIME)


def driver_values(compiled: Any) -> dict[str, Any]:  # noqa: ANN401  SQLAlchemy's own
    """Give the statement's values as the driver takes them."""
    processors = compiled._bind_processors  # noqa: SLF001  what SQLAlchemy itself does before it executes
    return {
        name: processors[name](value) if name in processors else value
        for name, value in compiled.params.items()
    }
