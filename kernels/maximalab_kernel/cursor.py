"""Where in a cell the cursor stands: in which word, in which string, in the arguments of which call."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple

from maximalab_kernel.statements import CLOSERS, Kind, skip_comment, skip_string, split

NAME_BEFORE = re.compile(r"(?:[^\W\d]|%)[\w%]*$")
NAME_AFTER = re.compile(r"[\w%]*")


class Call(NamedTuple):
    """A call whose arguments the cursor stands in."""

    name: str
    argument: int
    """Which of them, from 0."""


@dataclass(frozen=True)
class Cursor:
    """What is around the cursor."""

    prefix: str = ""
    """The part of a name, or of the text of a string, that ends at the cursor."""
    name: str = ""
    """The whole name that the cursor is in."""
    calls: tuple[Call, ...] = ()
    """From the innermost outwards; brackets without a name are left out."""
    in_string: bool = False
    in_comment: bool = False


def name_before(code: str, cursor: int) -> str:
    """The part of a name that ends at the cursor."""
    match = NAME_BEFORE.search(code[:cursor])
    return match[0] if match else ""


def statement_before(code: str, cursor: int) -> str:
    """The text from the beginning of the cursor's statement to the cursor."""
    statements = split(code[:cursor])
    if not statements:
        return ""
    last = statements[-1]
    end = last.start + len(last.text)
    finished = last.kind is Kind.EXPRESSION and last.terminated
    return "" if finished and end <= cursor else code[last.start : cursor]


def cursor_in(code: str, cursor: int) -> Cursor:
    """What is around the cursor; strings and comments hide what is in them."""
    text = statement_before(code, cursor)
    stack: list[list[str | int]] = []
    i = 0
    while i < len(text):
        char = text[i]
        if char == '"' or text.startswith("/*", i):
            end = skip_string(text, i) if char == '"' else skip_comment(text, i)
            if end < 0:
                return _inside(text[i + 1 :], stack, in_string=char == '"')
            i = end
            continue
        _bracket(text, i, stack)
        i += 2 if char == "\\" else 1
    prefix = name_before(code, cursor)
    after = NAME_AFTER.match(code, cursor)
    return Cursor(prefix, prefix + (after[0] if after else ""), _calls(stack))


def _bracket(text: str, i: int, stack: list[list[str | int]]) -> None:
    char = text[i]
    if char in "([{":
        stack.append([name_before(text, len(text[:i].rstrip())) if char == "(" else "", 0])
    elif char in CLOSERS:
        if stack:
            stack.pop()
    elif char == "," and stack:
        stack[-1][1] = int(stack[-1][1]) + 1


def _inside(text: str, stack: list[list[str | int]], *, in_string: bool) -> Cursor:
    if in_string:
        return Cursor(text, "", _calls(stack), in_string=True)
    return Cursor(calls=_calls(stack), in_comment=True)


def _calls(stack: list[list[str | int]]) -> tuple[Call, ...]:
    return tuple(Call(str(name), int(argument)) for name, argument in reversed(stack) if name)
