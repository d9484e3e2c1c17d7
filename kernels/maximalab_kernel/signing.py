"""Signatures of messages (HMAC, RFC 2104), made with the interpreter's own SHA-2.

The modules `hmac` and `hashlib` load OpenSSL: a tenth of the kernel's start and 4 MB, for one hash that Python has
anyway.
"""

from __future__ import annotations

from _operator import _compare_digest
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

same = _compare_digest
"""Whether two byte strings are equal, in a time that does not tell where they differ."""

OWN_MODULES = ("_sha2", "_sha256")
"""Where CPython keeps its own SHA-256: from 3.12 on, and before."""


class Hash(Protocol):
    """What `hashlib` calls a hash object."""

    @property
    def block_size(self) -> int:
        """Bytes that it takes in at once."""

    def update(self, data: bytes, /) -> None:
        """Take in more."""

    def digest(self) -> bytes:
        """The hash of what was taken in."""

    def hexdigest(self) -> str:
        """The same in hexadecimal."""

    def copy(self) -> Any:  # noqa: ANN401  each kind of hash gives one of its own
        """A second one that has taken in the same."""


def own_sha256() -> Callable[[bytes], Hash] | None:
    """The interpreter's SHA-256 where it has one of its own."""
    for name in OWN_MODULES:
        try:
            found: Callable[[bytes], Hash] = __import__(name).sha256
        except (ImportError, AttributeError):
            continue
        return found
    return None


def constructor(name: str) -> Callable[[bytes], Hash]:
    """What makes a hash of that name; raises `ValueError` for one that Python does not know."""
    own = own_sha256() if name == "sha256" else None
    if own is not None:
        return own
    import hashlib  # noqa: PLC0415  see above

    if name not in hashlib.algorithms_available or name.startswith(
        "shake"
    ):  # these have no length of their own
        raise ValueError(f"signature_scheme: the hash {name!r} is unknown; use hmac-sha256")
    return lambda data: hashlib.new(name, data)


class Signer:
    """Signs with one key. The key is worked in once; each message starts from a copy."""

    def __init__(self, key: bytes, scheme: str) -> None:
        """Raise `ValueError` for a scheme other than `hmac-` and a hash that Python knows."""
        family, _, name = scheme.partition("-")
        if family != "hmac":
            raise ValueError(f"signature_scheme: {scheme!r} is unknown; use hmac-sha256")
        make = constructor(name)
        size = make(b"").block_size
        padded = (key if len(key) <= size else make(key).digest()).ljust(size, b"\0")
        self._inner = make(bytes(byte ^ 0x36 for byte in padded))
        self._outer = make(bytes(byte ^ 0x5C for byte in padded))

    def sign(self, parts: Iterable[bytes]) -> bytes:
        """The signature of all parts, one after the other, in hexadecimal."""
        inner, outer = self._inner.copy(), self._outer.copy()
        for part in parts:
            inner.update(part)
        outer.update(inner.digest())
        return bytes(outer.hexdigest(), "ascii")
