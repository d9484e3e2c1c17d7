"""Where in a file that was being read (`load`, `batch`) a statement failed: its line, as the reader's editor counts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_kernel.failures import caret, quotation, spot
from maximalab_kernel.statements import Kind, Statement, end_of_expression, skip_blank
from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_kernel.transport import Frame

LARGEST = 10_000_000
"""Bytes of a file that is looked at; of a larger one only the name is told."""


@dataclass(frozen=True)
class Whereabouts:
    """A statement of a file, as it stands there."""

    path: str
    line: int
    """Of the place that cannot be parsed, else of the statement's first character; from 1."""
    statement: Statement
    position: int | None = None
    """Characters from the statement's beginning to where the parser stood; `None` where it is no matter of syntax."""
    shown: Sequence[str] = ()
    """The line of that place, and a caret below it."""

    def told(self) -> list[str]:
        """The lines of a traceback."""
        if self.position is not None:
            return [say("in_file", path=self.path, line=self.line), *self.shown]
        text = quotation(self.statement.text)
        return [say("in_file", path=self.path, line=self.line) + (f" {text}" if text else "")]


def shortened(path: str, folder: Path) -> str:
    """The name of a file in the notebook's `folder` or below without that folder; any other in full."""
    return str(Path(path).relative_to(folder)) if Path(path).is_relative_to(folder) else path


def characters(data: bytes) -> int:
    """How many there are in `data`, which is UTF-8 as far as it is good."""
    return len(data.decode(errors="replace"))


def line_of(text: str, place: int) -> int:
    """The number of the line, from 1, that the character at `place` stands in."""
    return text.count("\n", 0, place) + 1


def located(path: str, data: bytes, start: int, at: int | None, message: str = "") -> Whereabouts:
    """The statement of `data` that begins behind byte `start`, blanks and comments left out.

    The parser stood at byte `at`, with its `message`. Where it stood at the end of the file, something was not closed:
    then the beginning of the statement says more.
    """
    text = data.decode(errors="replace")
    begin = skip_blank(text, characters(data[:start]))
    end, terminated = end_of_expression(text, begin)
    statement = Statement(text[begin:end], Kind.EXPRESSION, begin, terminated)
    if at is None or (at >= len(data) and not terminated):
        return Whereabouts(path, line_of(text, begin), statement)
    position, whole = characters(data[:at]), Statement(text, Kind.EXPRESSION, 0)
    line = line_of(text, spot(text, position, message))
    return Whereabouts(path, line, statement, position - begin, caret(whole, position, message))


def whereabouts(trouble: Frame) -> Whereabouts | None:
    """The place in the file that Maxima was reading when this error came; `None` where it read none that is there."""
    path, start, at = trouble.text("file"), trouble.fields.get("start"), trouble.fields.get("at")
    if not path or start is None:
        return None
    try:
        if not Path(path).is_file() or Path(path).stat().st_size > LARGEST:
            return None
        return located(
            shortened(path, Path.cwd()), Path(path).read_bytes(), start, at, trouble.text("message")
        )
    except OSError:  # it is gone since
        return None
