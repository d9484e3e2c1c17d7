"""Events as Arrow tables: the store's columns, for whoever handles a million of them at once."""

from __future__ import annotations

from binascii import hexlify, unhexlify
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from numpy.typing import NDArray

TIME: Final = pa.timestamp("us", tz="UTC")
_TEXT: Final = pa.string()
CODED: Final = pa.dictionary(pa.int32(), _TEXT)
SCHEMA: Final = pa.schema(
    [
        pa.field("event_id", _TEXT, nullable=False),
        pa.field("boot_id", _TEXT, nullable=False),
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("kind", _TEXT, nullable=False),
        pa.field("at", TIME, nullable=False),
        pa.field("at_reported", _TEXT, nullable=False),
        pa.field("at_clamped", pa.bool_(), nullable=False),
        pa.field("received_at", TIME, nullable=False),
        pa.field("user", _TEXT, nullable=False),
        pa.field("server", _TEXT),
        pa.field("tier", _TEXT),
        pa.field("backend", _TEXT),
        pa.field("entrance", _TEXT),
        pa.field("course", _TEXT),
        pa.field("material", _TEXT),
        pa.field("notebook", _TEXT),
        pa.field("cell_id", _TEXT),
        pa.field("kernel", _TEXT),
        pa.field("duration_ms", pa.int64()),
        pa.field("outcome", _TEXT),
        pa.field("error_name", _TEXT),
        pa.field("source", _TEXT, nullable=False),
        pa.field("detail", _TEXT, nullable=False),
    ]
)
"""The columns of `models.EventRow`, in its order; `detail` is JSON as text."""


_EACH_ANOTHER: Final = frozenset({"event_id", "boot_id", "at_reported", "detail"})
"""Texts of which hardly two are the same, so that a list of the different ones would not be shorter."""


def coded_among(columns: Iterable[str]) -> list[str]:
    """Say which of these columns are best kept as places in a list of their different texts."""
    return [name for name in columns if SCHEMA.field(name).type == _TEXT and name not in _EACH_ANOTHER]


def schema_of(columns: Iterable[str], coded: Collection[str] = ()) -> Any:  # noqa: ANN401  pyarrow has no types
    """Give the schema of these columns, of which some are coded."""
    fields = (SCHEMA.field(name) for name in columns)
    return pa.schema([one.with_type(CODED) if one.name in coded else one for one in fields])


def encoded(codes: Any, values: list[str | None]) -> Any:  # noqa: ANN401  pyarrow has no types
    """Make a column of text from places in a list of its values."""
    return pa.array(values, _TEXT).take(pa.array(codes))


def coded_column(codes: Any, values: Sequence[str]) -> Any:  # noqa: ANN401
    """Make the same, of values that are all there, which stays such places."""
    return pa.DictionaryArray.from_arrays(pa.array(codes).cast(pa.int32()), pa.array(values, _TEXT))


_LENGTH: Final = 36
_STRETCHES: Final = ((0, 0, 8), (9, 8, 4), (14, 12, 4), (19, 16, 4), (24, 20, 12))
"""Where digits stand in a UUID's text, where without hyphens, and how many."""
_NONE: Final = np.empty(0, np.uint8)
_HYPHENS: Final = np.array([8, 13, 18, 23])
_NEITHER: Final = b"-ABCDEF"
"""What is left out of a text to know that it has digits in small letters alone."""


def uuid_texts(raw: NDArray[np.uint8]) -> Any:  # noqa: ANN401
    """Write UUIDs, a row of 16 bytes each, as a column of text."""
    count = len(raw)
    digits = np.frombuffer(hexlify(raw.tobytes()), np.uint8).reshape(count, 32)
    text = np.full((count, _LENGTH), ord("-"), np.uint8)
    for at, of, width in _STRETCHES:
        text[:, at : at + width] = digits[:, of : of + width]
    offsets = np.arange(0, (count + 1) * _LENGTH, _LENGTH, dtype=np.int32)
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(text.reshape(-1)))


def uuids_in(texts: Any) -> NDArray[np.uint8] | None:  # noqa: ANN401
    """Read UUIDs, a row of 16 bytes each; `None` where any text is none in small letters with hyphens."""
    column = texts.combine_chunks() if isinstance(texts, pa.ChunkedArray) else texts
    count = len(column)
    starts = np.frombuffer(column.buffers()[1], np.int32, count + 1, column.offset * 4)
    if column.null_count or not (np.diff(starts) == _LENGTH).all():
        return None
    signs = np.frombuffer(column.buffers()[2], np.uint8, count * _LENGTH, int(starts[0])) if count else _NONE
    if (signs.reshape(count, _LENGTH)[:, _HYPHENS] != ord("-")).any():
        return None
    digits = signs.tobytes().translate(None, _NEITHER)
    if len(digits) != 32 * count:
        return None
    try:
        return np.frombuffer(unhexlify(digits), np.uint8).reshape(count, 16)
    except ValueError:
        return None
