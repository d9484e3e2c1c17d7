"""Reads the next table while the one before it is handled: databases and files need no Python while they read."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator


def ahead(tables: Iterator[Any]) -> Iterator[Any]:
    """Give the same tables, with one more in memory than without; what reading raises is raised here."""
    with ThreadPoolExecutor(1, "ahead") as beside:
        coming = beside.submit(next, tables, None)
        while (table := coming.result()) is not None:
            coming = beside.submit(next, tables, None)
            yield table
