"""Jupyter's messages on the wire: framing and signatures."""

from __future__ import annotations

import itertools
import json
import os
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from maximalab_kernel.signing import Signer, same

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROTOCOL = "5.4"
DELIMITER = b"<IDS|MSG>"
PARTS = 4
"""Header, parent header, metadata and content."""

to_json = json.JSONEncoder(ensure_ascii=False).encode


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


def timestamp(seconds: float) -> str:
    """A moment, in seconds since the epoch, as ISO 8601 in UTC."""
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{int(seconds % 1 * 1e6):06d}Z"


class Wire:
    """Makes and reads signed messages of one session. An empty key means unsigned, as Jupyter defines it."""

    def __init__(self, key: bytes, scheme: str = "hmac-sha256") -> None:
        """Raise `ValueError` for a scheme other than `hmac-` and a hash that Python knows."""
        self._signer = Signer(key, scheme)
        self._signed = bool(key)
        self.session = os.urandom(16).hex()
        self._count = itertools.count(1)
        self._username = os.environ.get("USER", "kernel")

    def sign(self, parts: Sequence[bytes]) -> bytes:
        """The signature of the four parts, in hexadecimal."""
        return self._signer.sign(parts) if self._signed else b""

    def header(self, kind: str) -> dict[str, Any]:
        """A fresh header for a message of this kind."""
        return {
            "msg_id": f"{self.session}_{next(self._count)}",
            "msg_type": kind,
            "session": self.session,
            "username": self._username,
            "date": timestamp(time.time()),
            "version": PROTOCOL,
        }

    def encode(self, message: Message) -> list[bytes]:
        """The frames of `message`."""
        values = (message.header, message.parent, message.metadata, message.content)
        parts = [to_json(dict(value)).encode(errors="replace") for value in values]
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
        if self._signed and not same(signature[0], self.sign(parts)):
            raise BadMessageError("wrong signature")
        try:
            header, parent, metadata, content = (json.loads(part) for part in parts)
        except (ValueError, RecursionError) as error:
            raise BadMessageError("not JSON") from error
        if not all(isinstance(value, dict) for value in (header, parent, metadata, content)):
            raise BadMessageError("not JSON objects")
        return Message(header, content, parent, metadata, tuple(frames[:cut]))
