"""WireGuard's keys: pairs on Curve25519, written in base64. A private key is never kept and never logged."""

from __future__ import annotations

import binascii
import secrets
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

KEY_BYTES: Final = 32
_NOBODYS: Final = frozenset({bytes(KEY_BYTES), b"\x01" + bytes(KEY_BYTES - 1)})
"""Points of the curve that are no person's key: WireGuard would accept them and never shake hands."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A device's two keys."""

    public: str
    private: str = field(repr=False)
    """Shown once to the person, and then forgotten."""


def new_pair() -> Pair:
    """Make a pair of keys."""
    key = X25519PrivateKey.generate()
    return Pair(_text(key.public_key().public_bytes_raw()), _text(key.private_bytes_raw()))


def new_preshared() -> str:
    """Make a key that a device and the gateway share, on top of their pairs."""
    return _text(secrets.token_bytes(KEY_BYTES))


def is_key(text: object) -> bool:
    """Say whether `text` is written as WireGuard writes a key, letter by letter: one key has one text."""
    if not isinstance(text, str) or len(text) != 44 or not text.isascii():  # noqa: PLR2004  32 bytes in base64
        return False
    try:
        raw = b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return False
    return len(raw) == KEY_BYTES and raw not in _NOBODYS and _text(raw) == text


def _text(raw: bytes) -> str:
    return b64encode(raw).decode("ascii")
