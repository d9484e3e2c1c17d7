"""Many ids at once: UUIDs as text, from bytes drawn by a seeded generator."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from maximalab_hub.store.arrow import uuid_texts

if TYPE_CHECKING:
    from numpy.typing import NDArray


def uuid4s(count: int, chance: np.random.Generator) -> Any:  # noqa: ANN401  pyarrow has no types
    """Draw random UUIDs."""
    return uuid_texts(_marked(_random(count, chance), 4))


def uuid7s(micros: NDArray[np.int64], chance: np.random.Generator) -> Any:  # noqa: ANN401
    """Draw a UUIDv7 for each moment, in microseconds since 1970."""
    raw = _random(len(micros), chance)
    milliseconds = (micros // 1000).astype(">u8").view(np.uint8).reshape(-1, 8)
    raw[:, :6] = milliseconds[:, 2:]
    return uuid_texts(_marked(raw, 7))


def _random(count: int, chance: np.random.Generator) -> NDArray[np.uint8]:
    return chance.integers(0, 256, (count, 16), np.uint8)


def _marked(raw: NDArray[np.uint8], version: int) -> NDArray[np.uint8]:
    raw[:, 6] = (raw[:, 6] & 0x0F) | (version << 4)
    raw[:, 8] = (raw[:, 8] & 0x3F) | 0x80
    return raw
