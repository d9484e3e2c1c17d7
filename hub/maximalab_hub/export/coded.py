"""Coded columns (`store.arrow`), each list of texts in the order in which they first come: one, however they came.

A column that came as such a list, from a file or a database, has in it what other rows hold, in an order that tells of
how it came. Written as it is, the same rows would make other bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

from maximalab_hub.store.arrow import CODED

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

_TEXT: Final = pa.string()


def with_coded(schema: Any, columns: Collection[str]) -> Any:  # noqa: ANN401  pyarrow has no types
    """Give the schema in which these columns, where they are texts, are coded."""
    return pa.schema(
        [one.with_type(CODED) if one.name in columns and one.type == _TEXT else one for one in schema]
    )


def fitted(table: Any, schema: Any) -> Any:  # noqa: ANN401
    """Give the table in a schema that `with_coded` made. Raises `ValueError` where it has other columns."""
    if table.schema.names != schema.names:
        raise ValueError(f"the table's schema has other columns: {', '.join(table.schema.names)[:200]}")
    return pa.table([_fitted(table.column(one.name), one.type) for one in schema], schema=schema)


def _fitted(column: Any, kind: Any) -> Any:  # noqa: ANN401
    if kind != CODED:
        return column.cast(kind)
    if not pa.types.is_dictionary(column.type):
        return column.cast(_TEXT).dictionary_encode()
    if any(one.dictionary.null_count for one in column.chunks):
        return column.cast(_TEXT).dictionary_encode()  # what is missing has no place
    return column.cast(CODED)


def in_first_order(table: Any) -> Any:  # noqa: ANN401
    """Give the same rows, each list of texts with what its column holds alone, in the order of their first places."""
    whole = table.unify_dictionaries().combine_chunks()
    columns = [_ordered(one.chunk(0)) if one.type == CODED and len(one) else one for one in whole.columns]
    return pa.table(columns, schema=table.schema)


def _ordered(column: Any) -> Any:  # noqa: ANN401
    there = None if not column.null_count else np.asarray(column.is_valid())
    places = column.indices.fill_null(0).to_numpy() if column.null_count else column.indices.to_numpy()
    order = _by_first(places if there is None else places[there], len(column.dictionary))
    numbers = np.zeros(max(len(column.dictionary), 1), np.int32)
    numbers[order] = np.arange(len(order), dtype=np.int32)
    made = pa.array(numbers[places], mask=None if there is None else ~there)
    return pa.DictionaryArray.from_arrays(made, column.dictionary.take(pa.array(order)))


def _by_first(places: NDArray[np.int32], count: int) -> NDArray[np.int64]:
    """Order those of so many numbers that are among `places` by where each is first."""
    first = np.full(count, len(places))
    first[places[::-1]] = np.arange(len(places))[::-1]  # of several the last one stays, which is the first
    there = np.flatnonzero(first < len(places))
    return there[np.argsort(first[there])]
