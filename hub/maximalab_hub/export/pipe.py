"""A file that is only written to, and whose content is taken away in parts."""

from __future__ import annotations

import io
from typing import Any


class Pipe(io.RawIOBase):
    """Holds what was written since the last `taken`: writers of whole files become streams with it."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []

    def writable(self) -> bool:
        """Say that it can be written to."""
        return True

    def write(self, part: Any) -> int:  # noqa: ANN401  any buffer
        """Keep a part."""
        self._parts.append(bytes(part))
        return len(self._parts[-1])

    def taken(self) -> bytes:
        """Give what was kept, and forget it."""
        parts, self._parts = self._parts, []
        return b"".join(parts)
