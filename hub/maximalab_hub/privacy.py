"""Pseudonyms: who somebody is within one study, and nowhere else.

A name is never hashed plainly, for names can be guessed; the key makes the difference. Each study has a key
of its own, so that persons cannot be linked across studies. Whoever destroys the key makes the study
anonymous.
"""

from __future__ import annotations

import hmac
import re
import uuid
from dataclasses import dataclass
from datetime import UTC
from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

if TYPE_CHECKING:
    from datetime import datetime

PSEUDONYM_BITS = 128
_LEAST_KEY = 16
_VERSION_8 = bytes(0x80 | (one & 0x0F) for one in range(256))
"""Made by a rule of one's own (RFC 9562, 5.8)."""
_VARIANT = bytes(0x80 | (one & 0x3F) for one in range(256))


@dataclass(frozen=True, slots=True)
class Pseudonyms:
    """The pseudonyms of one study. Its key never appears in a text, log line or `repr`."""

    study: str
    _key: bytes

    def __repr__(self) -> str:
        """Name the study, never the key."""
        return f"Pseudonyms({self.study!r})"

    def of(self, user: str) -> str:
        """Give the person's pseudonym: 32 hexadecimal digits, always the same within the study."""
        return _digest(self._key, "person", user).hex()

    def event_id(self, event_id: str) -> str:
        """Give an event another id: a UUIDv7 would tell its millisecond and link studies."""
        try:
            raw = uuid.UUID(event_id).bytes
        except ValueError:  # no sender's: the service takes UUIDs alone
            raw = _digest_anew(self._key, "event", event_id)
        return str(uuid.UUID(bytes=self.event_ids(raw)))

    def event_ids(self, raw: bytes) -> bytes:
        """Do the same as `event_id` for many UUIDs at once, 16 bytes each."""
        key = _digest_anew(self._key, "event ids", "") * 2
        # One block each, and no two ids alike: AES as a permutation keyed by the study, so that ids stay different.
        made = bytearray(Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(raw))  # noqa: S305
        made[6::16] = made[6::16].translate(_VERSION_8)
        made[8::16] = made[8::16].translate(_VARIANT)
        return bytes(made)

    def session_id(self, user: str, begins: datetime) -> str:
        """Give the id of the person's session that begins at this aware moment."""
        moment = begins.astimezone(UTC).isoformat()
        return _uuid(_digest_anew(self._key, "session", f"{user}\0{moment}"))

    def scrub(self, text: str | None, user: str) -> str | None:
        """Put the pseudonym where the person's account name stands as a word, as in a file's name."""
        if not text or not user or user.casefold() not in text.casefold():
            return text
        return re.sub(rf"(?<![^\W_]){re.escape(user)}(?![^\W_])", self.of(user), text, flags=re.IGNORECASE)


def pseudonyms_of(study: str, lab_key: str) -> Pseudonyms:
    """Make the pseudonyms of a study from the lab's secret key.

    Raises `ValueError` where the key is too short to keep a secret.
    """
    if len(lab_key) < _LEAST_KEY:
        msg = f"the pseudonym key has {len(lab_key)} characters; it needs at least {_LEAST_KEY}"
        raise ValueError(msg)
    return Pseudonyms(study, hmac.digest(lab_key.encode(), f"study\0{study}".encode(), "sha256"))


def _uuid(digest: bytes) -> str:
    raw = bytearray(digest)
    raw[6], raw[8] = _VERSION_8[raw[6]], _VARIANT[raw[8]]
    return str(uuid.UUID(bytes=bytes(raw)))


def _digest_anew(key: bytes, purpose: str, value: str) -> bytes:
    message = f"{purpose}\0{value}".encode()
    return hmac.digest(key, message, "sha256")[: PSEUDONYM_BITS // 8]


# A person has thousands of events, an event only itself.
_digest = lru_cache(maxsize=4096)(_digest_anew)
