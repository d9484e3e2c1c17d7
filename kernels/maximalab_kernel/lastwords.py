"""What Lisp says itself when its memory is full: tables for its authors, kept from the reader, and that it ends."""

from __future__ import annotations

import re

TABLE = re.compile(
    r"Heap exhausted during (?P<when>allocation|garbage collection): \d+ bytes available, \d+ requested\.\n"
)
ROW = re.compile(
    r" *(?:Immobile Object Counts|Gen +layout|\d+ |Tot +\d|GC control variables:|\*[A-Z-]+\* = )"
)
FATAL = re.compile(r"fatal error encountered in SBCL pid \d+.*\n")
OVER = "Heap exhausted, game over.\n"
FRAME = re.compile(r"^ *\d+: fp=0x[0-9a-f]+ pc=0x[0-9a-f]+ .*\n", re.MULTILINE)
BEGINNINGS = ("Heap exhausted", "fatal error encountered in SBCL pid ")


class LastWords:
    """Takes SBCL's own words out of what one process prints, and notes what they mean."""

    def __init__(self) -> None:
        """Nothing is said yet."""
        self.heap_full = False
        """Whether Lisp has ended for it."""
        self._collecting = False
        self._in_table = False
        self._held = ""

    def of_errors(self, text: str) -> str:
        """What is the reader's of a piece of descriptor 2."""
        if not text:
            return ""
        *lines, rest = (self._held + text).splitlines(keepends=True)
        told = "".join(line for line in lines if not self._is_ours(line))
        if rest.endswith("\n") or not self._may_be_ours(rest):
            self._held = ""
            return told if self._is_ours(rest) else told + rest
        self._held = rest
        return told

    def rest(self) -> str:
        """What was held back, as it might have become a line of Lisp's own: nothing more follows for now."""
        held, self._held = self._held, ""
        return "" if self._in_table else held

    def of_output(self, text: str) -> str:
        """What is the reader's of a piece of descriptor 1: SBCL prints there what ran when the collector failed."""
        return FRAME.sub("", text) if self._collecting else text

    def _may_be_ours(self, line: str) -> bool:
        """Whether what has come of a line can be the beginning of Lisp's own."""
        return bool(line) and (
            self._in_table or any(line.startswith(word) or word.startswith(line) for word in BEGINNINGS)
        )

    def _is_ours(self, line: str) -> bool:
        began = TABLE.fullmatch(line)
        if began is not None:
            self._in_table = True
            self._collecting |= began["when"] == "garbage collection"
            return True
        if self._in_table and ROW.match(line):
            return True
        self._in_table = False
        over = line == OVER or (self.heap_full and line == "\n")
        self.heap_full |= over
        return over or FATAL.fullmatch(line) is not None
