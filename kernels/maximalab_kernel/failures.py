"""Why a cell failed, in Jupyter's words, with the place where it did."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_kernel.statements import Statement

QUOTED_LENGTH = 200
"""Characters of a statement that an error quotes."""


@dataclass(frozen=True)
class Failure(Exception):  # noqa: N818  a value that travels as an exception; errors have names of their own
    """Why a cell failed: Jupyter's `ename`, `evalue` and `traceback`."""

    name: str
    message: str
    traceback: Sequence[str] = field(default_factory=list)

    def content(self) -> dict[str, Any]:
        """The content of an `error` message."""
        return {"ename": self.name, "evalue": self.message, "traceback": list(self.traceback)}


STRANGE = re.compile(r"incorrect syntax: (\S) is not an? \w+ operator")
"""The parser's complaint of a single character."""


WORD = re.compile(r"incorrect syntax: (.+) is not an? \w+ operator$", re.DOTALL)


def as_written(message: str, text: str) -> str:
    """The parser's complaint with its word as it stands in the statement `text`: Lisp turns the case of a string."""
    match = WORD.match(message)
    if not match or (match[1] in text and f'"{match[1]}"' not in text):
        return message
    words = (match[1], match[1].lower(), match[1].upper())
    word = next((word for word in words if word in text), match[1])
    return message.replace(match[1], f'"{word}"' if f'"{word}"' in text else word, 1)


def spot(text: str, position: int, message: str) -> int:
    """The index of the character that the parser could not take, when it stood at `position` of `text`.

    It has read the word and one character more; of a character that is no operator of Maxima's (`≤`, `@`) none more.
    """
    strange = STRANGE.match(message)
    alone = (
        strange and text[position - 1 : position] == strange[1] != text[max(position - 2, 0) : position - 1]
    )
    return max(0, min(position - (1 if alone else 2), len(text) - 1))


def caret(statement: Statement, position: object, message: str) -> list[str]:
    """The line of the statement where the parser stood with its complaint, and a caret below it."""
    if not isinstance(position, int):
        return []
    text = statement.text
    place = spot(text, position, message)
    start = text.rfind("\n", 0, place) + 1
    line = text[start:].partition("\n")[0].rstrip("\r").replace("\t", " ")  # a tab would move the caret away
    column = place - start
    begin = max(0, column - QUOTED_LENGTH // 2)
    return [line[begin : begin + QUOTED_LENGTH], " " * (column - begin) + "^"]


def quotation(text: str) -> str:
    """A statement on one line, shortened."""
    line = " ".join(text.split())
    return line if len(line) <= QUOTED_LENGTH else line[:QUOTED_LENGTH] + "…"


def failure(name: str, message: str, number: int, statement: Statement, *more: str) -> Failure:
    """A failure of statement `number` (from 1)."""
    where = say("in_statement", number=number, text=quotation(statement.text))
    return Failure(name, message, [f"{name}: {message}", where, *(line for line in more if line)])
