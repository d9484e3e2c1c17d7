"""Jupyter's messages on the wire: framing and signatures."""

from __future__ import annotations

import itertools
import json
import os
import time
from dataclasses import dataclass, field
from functools import lru_cache
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


@lru_cache(maxsize=2)
def whole_seconds(seconds: int) -> str:
    """A moment, in seconds since the epoch, as ISO 8601 in UTC, without the zone."""
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))


def timestamp(seconds: float) -> str:
    """The same, to the microsecond and with the zone."""
    return f"{whole_seconds(int(seconds // 1))}.{int(seconds % 1 * 1e6):06d}Z"


def encoded(value: Mapping[str, Any]) -> bytes:
    """A part of a message as JSON."""
    return to_json(dict(value)).encode(errors="replace") if value else b"{}"


class Wire:
    """Makes and reads signed messages of one session. An empty key means unsigned, as Jupyter defines it."""

    def __init__(self, key: bytes, scheme: str = "hmac-sha256") -> None:
        """Raise `ValueError` for a scheme other than `hmac-` and a hash that Python knows."""
        self._signer = Signer(key, scheme)
        self._signed = bool(key)
        self.session = os.urandom(16).hex()
        self._count = itertools.count(1)
        self._username = os.environ.get("USER", "kernel")
        self._parent: tuple[Mapping[str, Any], bytes] = ({}, b"{}")

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
        parts = [
            encoded(message.header),
            self._encoded_parent(message.parent),
            encoded(message.metadata),
            encoded(message.content),
        ]
        return [*message.identities, DELIMITER, self.sign(parts), *parts]

    def _encoded_parent(self, parent: Mapping[str, Any]) -> bytes:
        """All answers to a request have the same one: it is encoded once. From any thread."""
        known, text = self._parent
        if known is not parent:
            text = encoded(parent)
            self._parent = (parent, text)
        return text

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
