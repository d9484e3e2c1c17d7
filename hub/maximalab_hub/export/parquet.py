"""Parquet, a row group at a time: neither writer nor reader ever holds more than one."""

from __future__ import annotations

from base64 import b64encode
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from maximalab_hub.export.coded import fitted, in_first_order, with_coded
from maximalab_hub.export.pipe import Pipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from maximalab_hub.export.columns import Column, Row

ROWS_IN_A_GROUP: Final = 32_768
_IDS: Final = frozenset({"event_id", "session_id"})
TYPES: Final = {"text": pa.string(), "integer": pa.int64(), "time": pa.timestamp("us", tz="UTC")}


def schema_of(columns: Sequence[Column[Any]]) -> Any:  # noqa: ANN401  pyarrow has no types
    """Give the schema; each field brings its description."""
    return pa.schema(
        [pa.field(one.name, TYPES[one.type], metadata={"description": one.about}) for one in columns]
    )


def write_parquet(rows: Iterable[Row], columns: Sequence[Column[Row]]) -> Iterator[bytes]:
    """Write a table, a part for each row group; the same rows and version of pyarrow give the same bytes."""
    schema, rest = schema_of(columns), iter(rows)
    return write_tables(_grouped(rest, columns, schema), columns)


def write_tables(tables: Iterable[Any], columns: Sequence[Column[Any]]) -> Iterator[bytes]:
    """Write what is in Arrow tables already, however it is divided among them, to the same bytes."""
    schema = schema_of(columns)
    coded = with_coded(schema, _repeated(schema))
    return _written(map(in_first_order, _regrouped(tables, coded)), schema, coded)


def _written(groups: Iterable[Any], schema: Any, coded: Any) -> Iterator[bytes]:  # noqa: ANN401
    """Write each group while the next one is made: the writer needs no Python, and thus runs beside it.

    Whoever reads the file is told of the plain texts of `schema`; that they came as places is nobody's business.
    """
    sink = Pipe()
    with (
        ThreadPoolExecutor(1, "parquet") as beside,
        pq.ParquetWriter(
            sink,
            coded,
            compression="zstd",
            version="2.6",
            use_dictionary=_repeated(schema),
            store_schema=False,
        ) as writer,
    ):
        writing: Future[None] | None = None
        for group in groups:
            if writing is not None:
                writing.result()
                yield sink.taken()
                pa.default_memory_pool().release_unused()
            writing = beside.submit(writer.write_table, group, row_group_size=len(group))
        if writing is not None:
            writing.result()
        writer.add_key_value_metadata({"ARROW:schema": b64encode(schema.serialize().to_pybytes())})
    yield sink.taken()


def _repeated(schema: Any) -> list[str]:  # noqa: ANN401
    """Name the columns whose values come again; to look for the same ones among moments and ids is in vain."""
    return [one.name for one in schema if one.type != TYPES["time"] and one.name not in _IDS]


def _grouped(rest: Iterator[Row], columns: Sequence[Column[Row]], schema: Any) -> Iterator[Any]:  # noqa: ANN401
    while group := list(islice(rest, ROWS_IN_A_GROUP)):
        arrays = [
            pa.array([one.value(row) for row in group], field.type)
            for one, field in zip(columns, schema, strict=True)
        ]
        yield pa.Table.from_arrays(arrays, schema=schema)


def _regrouped(tables: Iterable[Any], schema: Any) -> Iterator[Any]:  # noqa: ANN401
    """Divide tables anew into whole row groups, the last one less."""
    waiting: list[Any] = []
    rows = 0
    for table in tables:
        waiting.append(fitted(table, schema))
        rows += len(table)
        if rows >= ROWS_IN_A_GROUP:
            whole = pa.concat_tables(waiting)
            ready = rows - rows % ROWS_IN_A_GROUP
            for start in range(0, ready, ROWS_IN_A_GROUP):
                yield whole.slice(start, ROWS_IN_A_GROUP)
            waiting, rows = [whole.slice(ready)], rows - ready
    if rows:
        yield pa.concat_tables(waiting)
