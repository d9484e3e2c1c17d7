"""The cells that were run in this session, for consoles that ask."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

Entry = tuple[int, int, str]
"""Session (0 is this one), execution count, cell."""

EntryWithOutput = tuple[int, int, tuple[str, None]]
"""The same for those who ask for outputs, too: these are not kept."""


class History:
    """Kept in memory only: what a student typed leaves no file."""

    def __init__(self) -> None:
        """Empty."""
        self._entries: list[Entry] = []

    def add(self, count: int, code: str) -> None:
        """Remember a cell."""
        self._entries.append((0, count, code))

    def answer(self, request: Mapping[str, Any]) -> list[Entry] | list[EntryWithOutput]:
        """The entries that a `history_request` asks for."""
        found = self._find(request)
        if request.get("output"):
            return [(session, count, (code, None)) for session, count, code in found]
        return found

    def _find(self, request: Mapping[str, Any]) -> list[Entry]:
        kind = request.get("hist_access_type", "tail")
        if kind == "range":
            start, stop = int(request.get("start") or 0), request.get("stop")
            return [
                entry
                for entry in self._entries
                if entry[1] >= start and (stop is None or entry[1] < int(stop))
            ]
        found = self._entries
        if kind == "search":
            pattern = str(request.get("pattern") or "*")
            found = [entry for entry in found if fnmatch(entry[2], pattern)]
            if request.get("unique"):
                found = list({entry[2]: entry for entry in found}.values())
        size = request.get("n")
        return found[-int(size) :] if size else found
