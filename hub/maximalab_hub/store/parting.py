"""What a database joined, parted into Arrow columns again. Pure.

A database joins the values of one column, or of several that repeat themselves together, to one text, each value with
a separator behind it. A Python object for each value would cost more than all else; here there is one for each
different combination of values.
"""

from __future__ import annotations

import json
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from maximalab_hub.store.arrow import CODED, TIME

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Values = Sequence[str | None]

SEPARATOR: Final = "\x1f"
BETWEEN: Final = "\x1d"
"""Stands between values that PostgreSQL joined to one."""
MISSING: Final = f"\x1e{token_urlsafe(8)}"
"""Stands for NULL. It is another in each process, so that nobody can send it as a value."""
_TEXT: Final = pa.string()
_YEAR_2000: Final = 946_684_800_000_000
"""Microseconds since 1970, from which on PostgreSQL counts them."""


def column_of(block: bytes, count: int, kind: Any) -> Any:  # noqa: ANN401  pyarrow has no types
    """Give a column of this type; `None` where the block is not so many values."""
    ends = _ends(block, count)
    if ends is None:
        return None
    if kind == CODED:
        return _coded(_with_separators(block, ends))
    return _typed(_texts(block, ends), kind)


def columns_of(block: bytes, count: int, values_of: Callable[[str], Values], width: int) -> Any:  # noqa: ANN401
    """Give `width` coded columns that were joined row by row; `values_of` takes one row's text apart."""
    ends = _ends(block, count)
    if ends is None:
        return None
    made = _with_separators(block, ends).dictionary_encode()
    rows = [values_of(text[:-1]) for text in made.dictionary.to_pylist()]
    if any(len(one) != width for one in rows):
        return None
    places = made.indices.to_numpy()
    return [_from_few(places, [one[n] for one in rows]) for n in range(width)]


def moments_of(block: bytes, count: int) -> Any:  # noqa: ANN401
    """Give moments as PostgreSQL sends them, eight bytes each, whatever stands behind."""
    return pa.array(np.frombuffer(block, ">i8", count).astype(np.int64) + _YEAR_2000).view(TIME)


def values_of_json(text: str) -> Values:
    """Take a row apart that SQLite wrote as JSON."""
    found: Values = json.loads(text)
    return found


def values_of_row(text: str) -> Values:
    """Take a row apart that PostgreSQL joined; one with our sign in a value has more of them than columns."""
    return [None if value == MISSING else value for value in text.split(BETWEEN)]


def _ends(block: bytes, count: int) -> NDArray[np.int64] | None:
    found = np.flatnonzero(np.frombuffer(block, np.uint8) == ord(SEPARATOR))
    whole = len(found) == count and (not count or found[-1] == len(block) - 1)
    return found if whole else None


def _with_separators(block: bytes, ends: NDArray[np.int64]) -> Any:  # noqa: ANN401
    return _strings(ends + 1, np.frombuffer(block, np.uint8))


def _texts(block: bytes, ends: NDArray[np.int64]) -> Any:  # noqa: ANN401
    signs, count = np.frombuffer(block, np.uint8), len(ends)
    width = len(signs) // max(count, 1)
    if width * count == len(signs) and (ends == np.arange(1, count + 1) * width - 1).all():
        # Moments and ids are all of one length, and so need not be taken sign by sign.
        return _strings(np.arange(1, count + 1) * (width - 1), signs.reshape(count, -1)[:, :-1])
    return _strings(ends - np.arange(count), np.delete(signs, ends))


def _strings(ends: NDArray[np.int64], signs: NDArray[np.uint8]) -> Any:  # noqa: ANN401
    offsets = np.zeros(len(ends) + 1, np.int32)
    offsets[1:] = ends
    return pa.StringArray.from_buffers(
        len(ends), pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(signs).reshape(-1))
    )


def _typed(texts: Any, kind: Any) -> Any:  # noqa: ANN401
    missing = pc.equal(texts, MISSING)
    found = pc.if_else(missing, pa.scalar(None, _TEXT), texts) if pc.any(missing).as_py() else texts
    if kind == TIME:
        return pc.cast(found, pa.timestamp("us")).view(pa.int64()).view(TIME)
    return pc.equal(found, "1") if pa.types.is_boolean(kind) else pc.cast(found, kind)


def _coded(texts: Any) -> Any:  # noqa: ANN401
    made = texts.dictionary_encode()
    values = [None if text[:-1] == MISSING else text[:-1] for text in made.dictionary.to_pylist()]
    if None not in values:
        return pa.DictionaryArray.from_arrays(made.indices, pa.array(values, _TEXT))
    return _from_few(made.indices.to_numpy(), values)


def _from_few(places: NDArray[np.int32], each: Values) -> Any:  # noqa: ANN401
    """Give a coded column from the value at each place, which may stand at others, too."""
    different = {value: number for number, value in enumerate(dict.fromkeys(filter(_is_there, each)))}
    numbers = [-1 if value is None else different[value] for value in each]
    codes = np.array(numbers, np.int32)[places]
    mask = codes < 0 if None in each else None
    return pa.DictionaryArray.from_arrays(pa.array(codes, mask=mask), pa.array(list(different), _TEXT))


def _is_there(value: str | None) -> bool:
    return value is not None
