"""Names for events that sort by time and never meet twice."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING
from uuid import UUID

if TYPE_CHECKING:
    from datetime import datetime

_ENTROPY_BYTES = 10


def uuid7(moment: datetime, entropy: bytes | None = None) -> UUID:
    """Give a UUID of version 7 (RFC 9562 §5.7) for an aware `moment`.

    The first 48 bits are the milliseconds since 1970, so names sort by time and *tell* it: an export that
    coarsens time has to rename its events. `entropy` is ten random bytes, drawn here where none are given.

    Raises `ValueError` where `moment` has no time zone or `entropy` is not ten bytes.
    """
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone names no event")
    drawn = secrets.token_bytes(_ENTROPY_BYTES) if entropy is None else entropy
    if len(drawn) != _ENTROPY_BYTES:
        raise ValueError(f"a UUIDv7 takes {_ENTROPY_BYTES} random bytes, not {len(drawn)}")
    milliseconds = int(moment.timestamp() * 1000)
    raw = bytearray(milliseconds.to_bytes(6, "big") + drawn)
    raw[6] = 0x70 | (raw[6] & 0x0F)
    raw[8] = 0x80 | (raw[8] & 0x3F)
    return UUID(bytes=bytes(raw))
