"""Reads the next tables while the one before them is handled: databases and files need no Python while they read."""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPTH: Final = 2
"""So many tables are read ahead: a file's rest, soon handled, must not be all that waits while the next is read."""


def ahead(tables: Iterator[Any]) -> Iterator[Any]:
    """Give the same tables, with `DEPTH` more in memory than without; what reading raises is raised here."""
    with ThreadPoolExecutor(1, "ahead") as beside:
        coming = deque(beside.submit(next, tables, None) for _ in range(DEPTH))
        while (table := coming.popleft().result()) is not None:
            coming.append(beside.submit(next, tables, None))
            yield table
