"""Printed text too long for the notebook: its beginning is shown, the whole is kept in a file, up to a limit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from maximalab_kernel.journal import Journal
from maximalab_kernel.words import say

log = Journal(__name__)

VARIABLE = "MAXIMALAB_OUTPUTS"
"""The folder for long outputs; by default `maxima-output` beside the notebook (so says lisp/lines.lisp, too)."""

STREAM_LIMIT = 1_000_000
"""Characters that one cell may print into the notebook."""

LINE_LIMIT = 20_000
"""Lines that one cell may print into the notebook: a browser draws each of them."""

FILE_LIMIT = 50_000_000
"""Characters of one file."""

FOLDER_LIMIT = 200_000_000
"""Bytes of all files in the folder; beyond it nothing is kept until the reader has made room."""


def folder() -> Path:
    """Where long outputs are kept."""
    return Path(os.environ.get(VARIABLE) or "maxima-output")


def room(place: Path) -> int:
    """Characters that a new file in `place` may take."""
    taken = sum(file.stat().st_size for file in place.glob("*.txt"))
    return max(0, min(FILE_LIMIT, FOLDER_LIMIT - taken))


class Keeper:
    """One file, made at the first text."""

    def __init__(self, name: str) -> None:
        """`name` is the file's, without folder and type; a file of an earlier run by this name is replaced."""
        self.path = folder() / f"{name}.txt"
        self._file: IO[str] | None = None
        self._room = 0

    def open(self) -> bool:
        """Make the file; false where that is not possible, or there is no room for it."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.unlink(missing_ok=True)
            self._room = room(self.path.parent)
            self._file = self.path.open("w", encoding="utf-8") if self._room else None
        except OSError as error:
            log.warning("long output is not kept: %s", error)
        return self._file is not None

    def add(self, text: str) -> None:
        """Write what there is room for."""
        if self._file is None or self._room <= 0:
            return
        try:
            self._file.write(text[: self._room])
        except OSError as error:
            log.warning("long output is not kept: %s", error)
            self._room = 0
        self._room -= len(text)
        if self._room <= 0:
            self.close()

    def close(self) -> None:
        """No more comes."""
        if self._file is not None:
            self._file.close()
            self._file = None


class PrintedText:
    """Counts what one cell prints; at the limit it is cut off with a notice, and all of it goes to a file."""

    def __init__(self, name: str, limit: int = STREAM_LIMIT, lines: int = LINE_LIMIT) -> None:
        """`name` is the one of the file; the limits are in characters and lines."""
        self._keeper = Keeper(name)
        self._room, self._lines = limit, lines
        self._shown: list[str] = []
        self._over = False

    def admit(self, text: str) -> str:
        """As much of `text` as may still be shown; at the limit with a notice, beyond it nothing."""
        if self._over:
            self._keeper.add(text)
            return ""
        shown = self._within(text)
        self._shown.append(shown)
        self._room -= len(shown)
        self._lines -= shown.count("\n")
        return shown if len(shown) == len(text) else shown + self._spill(text[len(shown) :])

    def _within(self, text: str) -> str:
        lines = text.split("\n", self._lines)
        if len(lines) > self._lines:
            text = text[: len(text) - len(lines[-1])]
        return text[: self._room]

    def _spill(self, rest: str) -> str:
        self._over = True
        kept = self._keeper.open()
        for text in (*self._shown, rest):
            self._keeper.add(text)
        self._shown.clear()
        if not kept:
            return say("output_cut")
        return say("output_kept", path=self._keeper.path, megabytes=FILE_LIMIT // 1_000_000)

    def close(self) -> None:
        """The cell is over."""
        self._keeper.close()
