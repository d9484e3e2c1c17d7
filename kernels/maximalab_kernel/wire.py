"""Jupyter's messages on the wire: framing and signatures."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROTOCOL = "5.4"
DELIMITER = b"<IDS|MSG>"
PARTS = 4
"""Header, parent header, metadata and content."""


class BadMessageError(ValueError):
    """Bytes that are no message of ours: wrong shape, wrong signature, no JSON."""


@dataclass(frozen=True)
class Message:
    """One message of the Jupyter protocol."""

    header: Mapping[str, Any]
    content: Mapping[str, Any]
    parent: Mapping[str, Any] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    identities: tuple[bytes, ...] = ()

    @property
    def kind(self) -> str:
        """The `msg_type`."""
        return str(self.header.get("msg_type", ""))


class Wire:
    """Makes and reads signed messages of one session. An empty key means unsigned, as Jupyter defines it."""

    def __init__(self, key: bytes, scheme: str = "hmac-sha256") -> None:
        """Raise `ValueError` for a scheme other than `hmac-` and a hash that Python knows."""
        family, _, name = scheme.partition("-")
        if family != "hmac" or name not in hashlib.algorithms_available:
            raise ValueError(f"signature_scheme: {scheme!r} is unknown; use hmac-sha256")
        self._key = key
        self._hash = name
        self.session = uuid.uuid4().hex
        self._username = os.environ.get("USER", "kernel")

    def sign(self, parts: Sequence[bytes]) -> bytes:
        """The signature of the four parts, in hexadecimal."""
        if not self._key:
            return b""
        digest = hmac.new(self._key, digestmod=self._hash)
        for part in parts:
            digest.update(part)
        return digest.hexdigest().encode()

    def header(self, kind: str) -> dict[str, Any]:
        """A fresh header for a message of this kind."""
        return {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self.session,
            "username": self._username,
            "date": datetime.now(UTC).isoformat(),
            "version": PROTOCOL,
        }

    def encode(self, message: Message) -> list[bytes]:
        """The frames of `message`."""
        values = (message.header, message.parent, message.metadata, message.content)
        parts = [json.dumps(dict(value), ensure_ascii=False).encode(errors="replace") for value in values]
        return [*message.identities, DELIMITER, self.sign(parts), *parts]

    def decode(self, frames: Sequence[bytes]) -> Message:
        """The message in `frames`; raises `BadMessageError` where it is none or is not signed with our key."""
        try:
            cut = list(frames).index(DELIMITER)
        except ValueError:
            raise BadMessageError("no delimiter") from None
        signature, parts = frames[cut + 1 : cut + 2], list(frames[cut + 2 : cut + 2 + PARTS])
        if not signature or len(parts) < PARTS:
            raise BadMessageError("too few frames")
        if self._key and not hmac.compare_digest(signature[0], self.sign(parts)):
            raise BadMessageError("wrong signature")
        try:
            header, parent, metadata, content = (json.loads(part) for part in parts)
        except (ValueError, RecursionError) as error:
            raise BadMessageError("not JSON") from error
        if not all(isinstance(value, dict) for value in (header, parent, metadata, content)):
            raise BadMessageError("not JSON objects")
        return Message(header, content, parent, metadata, tuple(frames[:cut]))
