"""The cells that were run in this session, for consoles that ask."""

from __future__ import annotations

from collections import deque
from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Entry = tuple[int, int, str]
"""Session (0 is this one), execution count, cell."""

EntryWithOutput = tuple[int, int, tuple[str, None]]
"""The same for those who ask for outputs, too: these are not kept."""

MOST_CELLS = 1_000
MOST_CHARACTERS = 1_000_000
"""What is remembered: so many of the last cells, and of these as many as fit, so that no day makes the kernel grow."""


class History:
    """Kept in memory only: what a student typed leaves no file but the notebook."""

    def __init__(self, cells: int = MOST_CELLS, characters: int = MOST_CHARACTERS) -> None:
        """Empty; `cells` and `characters` are what it holds at most."""
        self._entries: deque[Entry] = deque()
        self._cells = cells
        self._room = characters

    def add(self, count: int, code: str) -> None:
        """Remember a cell, and forget the oldest where there is no room for it."""
        self._entries.append((0, count, code))
        self._room -= len(code)
        while self._room < 0 or len(self._entries) > self._cells:
            self._room += len(self._entries.popleft()[2])

    def answer(self, request: Mapping[str, Any]) -> list[Entry] | list[EntryWithOutput]:
        """The entries that a `history_request` asks for."""
        found = self._find(request)
        if request.get("output"):
            return [(session, count, (code, None)) for session, count, code in found]
        return found

    def _find(self, request: Mapping[str, Any]) -> list[Entry]:
        kind = request.get("hist_access_type", "tail")
        if kind == "range":
            if int(request.get("session") or 0) != 0:
                return []  # earlier sessions are not kept
            start, stop = int(request.get("start") or 0), request.get("stop")
            return [
                entry
                for entry in self._entries
                if entry[1] >= start and (stop is None or entry[1] < int(stop))
            ]
        found = list(self._entries)
        if kind == "search":
            pattern = str(request.get("pattern") or "*")
            found = [entry for entry in found if fnmatch(entry[2], pattern)]
            if request.get("unique"):
                found = list({entry[2]: entry for entry in found}.values())
        size = request.get("n")
        return found[-int(size) :] if size else found
