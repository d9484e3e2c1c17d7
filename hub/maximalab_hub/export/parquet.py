"""Parquet, a row group at a time: neither writer nor reader ever holds more than one."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.parquet as pq

from maximalab_hub.export.pipe import Pipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from maximalab_hub.export.columns import Column, Row

ROWS_IN_A_GROUP: Final = 32_768
TYPES: Final = {"text": pa.string(), "integer": pa.int64(), "time": pa.timestamp("us", tz="UTC")}


def schema_of(columns: Sequence[Column[Any]]) -> Any:  # noqa: ANN401  pyarrow has no types
    """Give the schema; each field brings its description."""
    return pa.schema(
        [pa.field(one.name, TYPES[one.type], metadata={"description": one.about}) for one in columns]
    )


def write_parquet(rows: Iterable[Row], columns: Sequence[Column[Row]]) -> Iterator[bytes]:
    """Write a table, a part for each row group; the same rows and version of pyarrow give the same bytes."""
    sink, schema, rest = Pipe(), schema_of(columns), iter(rows)
    with pq.ParquetWriter(sink, schema, compression="zstd", version="2.6") as writer:
        while group := list(islice(rest, ROWS_IN_A_GROUP)):
            arrays = [
                pa.array([one.value(row) for row in group], field.type)
                for one, field in zip(columns, schema, strict=True)
            ]
            writer.write_table(pa.Table.from_arrays(arrays, schema=schema), row_group_size=len(group))
            yield sink.taken()
    yield sink.taken()
