"""Printed text on its way to the notebook: few messages for many lines, and yet while the cell runs.

A front end that is told of each line loses some: Jupyter's server hands on 1,000 messages a second, and drops the rest.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EVERY = 0.15
"""Seconds between two messages of text while more and more of it comes."""


class Stream:
    """Gathers text, in the order in which it came; belongs to one thread."""

    def __init__(
        self, publish: Callable[[str, str], None], now: Callable[[], float] = time.monotonic
    ) -> None:
        """`publish` takes the name of a stream and a text; `now` is in seconds."""
        self._publish = publish
        self._now = now
        self._parts: list[tuple[str, list[str]]] = []
        self._due = now()

    def add(self, name: str, text: str) -> None:
        """Publish `text` soon; at once where nothing has been published for a while."""
        if not self._parts or self._parts[-1][0] != name:
            self._parts.append((name, []))
        self._parts[-1][1].append(text)
        self.tick()

    def tick(self) -> None:
        """Publish what has waited long enough; to be called again and again while more may come."""
        if self._parts and self._now() >= self._due:
            self.flush()

    def flush(self) -> None:
        """Publish all that there is: something else follows, which must not overtake it."""
        if not self._parts:
            return
        parts, self._parts = self._parts, []
        for name, texts in parts:
            self._publish(name, "".join(texts))
        self._due = self._now() + EVERY
