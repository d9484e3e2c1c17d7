"""CSV and JSON Lines of Arrow tables: what `csv` and `jsonl` write row by row, a column at a time, to the same bytes.

Each different text of a column is made ready once.
"""

from __future__ import annotations

import csv
import io
import json
from itertools import chain
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc

from maximalab_hub.export.csv import guarded, write_csv

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from maximalab_hub.export.columns import Column

_AS_IT_IS: Final = "^[0-9A-Za-z][0-9A-Za-z_.-]*$"
"""A text of these signs alone has nothing to be guarded, quoted or escaped."""
_MOMENT: Final = "%Y-%m-%dT%H:%M:%SZ"
"""As `columns.moment` writes it: seconds come with as many digits as the column has."""
_TEXT: Final = pa.string()


def csv_of_tables(tables: Iterable[Any], columns: Sequence[Column[Any]]) -> Iterator[bytes]:
    """Write a header, and the rows of each table."""
    yield from write_csv((), columns)
    for table in tables:
        fields = [_texts(table.column(one.name), _field) for one in columns]
        rows = pc.binary_join_element_wise(*fields, ",", null_handling="replace", null_replacement="")
        yield _joined(rows, "\r\n")


def jsonl_of_tables(tables: Iterable[Any], columns: Sequence[Column[Any]]) -> Iterator[bytes]:
    """Write the rows of each table, an object each."""
    names = [f"{',' if place else '{'}{json.dumps(one.name)}:" for place, one in enumerate(columns)]
    for table in tables:
        values = [_json(table.column(one.name)) for one in columns]
        parts = [*chain.from_iterable(zip(names, values, strict=True)), "}"]
        rows = pc.binary_join_element_wise(*parts, "", null_handling="replace", null_replacement="null")
        yield _joined(rows, "\n")


def _json(column: Any) -> Any:  # noqa: ANN401  pyarrow has no types
    if pa.types.is_integer(column.type):
        return column.cast(_TEXT)
    if pa.types.is_timestamp(column.type):
        return pc.binary_join_element_wise('"', _texts(column, str), '"', "")
    return _texts(column, lambda text: json.dumps(text, ensure_ascii=False), always=True)


def _texts(column: Any, ready: Callable[[str], str], *, always: bool = False) -> Any:  # noqa: ANN401
    """Give each value's text; `always`: also of those that are fit as they are."""
    if pa.types.is_timestamp(column.type):
        return pc.strftime(column.cast(pa.timestamp("us")), _MOMENT, locale="C")
    if pa.types.is_integer(column.type):
        return column.cast(_TEXT)
    if not pa.types.is_dictionary(column.type):
        if not always and pc.all(pc.match_substring_regex(column, _AS_IT_IS)).as_py():
            return column
        column = column.dictionary_encode()
    made = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    return pa.array(map(ready, made.dictionary.to_pylist()), _TEXT).take(made.indices)


def _field(text: str) -> str:
    line = io.StringIO(newline="")
    csv.writer(line, lineterminator="\r\n").writerow([guarded(text)])
    return line.getvalue().removesuffix("\r\n")


def _joined(rows: Any, end: str) -> bytes:  # noqa: ANN401
    lines = pc.binary_join_element_wise(rows, "", end)
    return b"".join(bytes(_content(chunk)) for chunk in getattr(lines, "chunks", [lines]))


def _content(texts: Any) -> Any:  # noqa: ANN401
    """Give the bytes of all texts, which lie one behind the other."""
    starts = memoryview(texts.buffers()[1]).cast("i")
    first, last = starts[texts.offset], starts[texts.offset + len(texts)]
    return memoryview(texts.buffers()[2])[first:last] if last > first else b""
