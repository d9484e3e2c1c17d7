"""Splits a cell into Maxima's statements: strings, nested comments, terminators, `:lisp` and `?` lines."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

OPERATORS_THAT_GO_ON = "+-*/^.:=,<>#'@"
"""A cell that ends in one of these is not finished."""

WORDS_THAT_GO_ON = re.compile(
    r"(?<![\w%\\])(?:and|do|else|elseif|for|from|if|in|not|or|step|then|thru|unless|while)$"
)
"""So is one that ends in such a word."""

LISP = re.compile(r'"(?:\\.|[^"\\])*"|#\|.*?\|#|#\||\|[^|]*\||#\\.|;[^\n]*|["|()\n]', re.DOTALL)
"""What says where Lisp ends: texts, remarks, names in bars, characters, brackets, lines."""

CLOSERS = {")": "(", "]": "[", "}": "{"}


class Kind(StrEnum):
    """How Maxima's server is to take a statement."""

    EXPRESSION = "eval"
    LISP = "lisp"
    HELP = "help"
    COMMAND = "command"


class Completeness(StrEnum):
    """Jupyter's words for how much of a statement is there."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    INVALID = "invalid"


@dataclass(frozen=True)
class Statement:
    """One statement: its text as written (a terminator included, where there is one) and its place in the cell."""

    text: str
    kind: Kind
    start: int
    terminated: bool = True

    @property
    def source(self) -> str:
        """What the server gets: Maxima always wants a terminator, a `?` line its newline."""
        if self.kind is Kind.LISP:
            return self.text.split(None, 1)[1] if " " in self.text.strip() else ""
        if self.kind is Kind.HELP:
            return help_request(self.text)
        return self.text if self.terminated else self.text + "\n;"


def help_request(text: str) -> str:
    """A `?` line as the server takes it; one that names no topic asks how to ask."""
    topic = text.lstrip("?!").strip(" \t\r;$")
    if not topic:
        return 'describe("");'
    return f"{'??' if text.startswith('??') else '?'} {topic}\n"


def skip_comment(code: str, start: int) -> int:
    """The index behind the (nested) comment that begins at `start`, or -1 where it does not end."""
    depth, i = 0, start
    while i < len(code):
        pair = code[i : i + 2]
        if pair == "/*":
            depth, i = depth + 1, i + 2
        elif pair == "*/":
            depth, i = depth - 1, i + 2
            if depth == 0:
                return i
        else:
            i += 1
    return -1


def skip_string(code: str, start: int) -> int:
    """The index behind the string that begins at `start`, or -1 where it does not end."""
    i = start + 1
    while i < len(code):
        if code[i] == "\\":
            i += 2
        elif code[i] == '"':
            return i + 1
        else:
            i += 1
    return -1


def skip_blank(code: str, start: int) -> int:
    """The index of the next statement's first character, or the code's length; an endless comment counts as a start."""
    i = start
    while i < len(code):
        if code[i].isspace() or (i == 0 and code[0] == "\ufeff"):  # what some editors begin a file with
            i += 1
        elif code.startswith("/*", i):
            end = skip_comment(code, i)
            if end < 0:
                return i
            i = end
        else:
            return i
    return i


def end_of_expression(code: str, start: int) -> tuple[int, bool]:
    """Where the expression that begins at `start` ends, and whether a terminator ended it."""
    i = start
    while i < len(code):
        char = code[i]
        if char in ";$":
            return i + 1, True
        if char == '"':
            end = skip_string(code, i)
        elif code.startswith("/*", i):
            end = skip_comment(code, i)
        else:
            end = i + (2 if char == "\\" else 1)
        if end < 0:
            break
        i = end
    return len(code), False


def line_kind(code: str, start: int) -> Kind | None:
    """The kind of a statement that takes the rest of its line, or `None` for an expression."""
    rest = code[start : start + 12]
    if rest.startswith((":lisp ", ":lisp\t", ":lisp\n", ":lisp-quiet ")) or rest == ":lisp":
        return Kind.LISP
    if rest.startswith(":"):
        return Kind.COMMAND
    if rest.startswith(("??", "? ", "?\t", "?!", "?\n", "?\r", "?;", "?$")) or rest == "?":
        return Kind.HELP
    return None


def end_of_lisp(code: str, start: int) -> int:
    """Where the `:lisp` at `start` ends: with the first line on which all brackets are closed; -1 where none is."""
    depth = 0
    for found in LISP.finditer(code, start):
        mark = found[0]
        if mark in {'"', "|", "#|"}:  # it is never closed
            return -1
        if mark == "\n" and depth <= 0:
            return found.start()
        depth += (mark == "(") - (mark == ")")
    return len(code) if depth <= 0 else -1


def end_of_line(code: str, start: int, kind: Kind) -> int:
    """Where a statement that takes its line ends; Lisp takes more, until its brackets are closed."""
    end = end_of_lisp(code, start) if kind is Kind.LISP else -1
    newline = code.find("\n", start)
    return end if end >= 0 else newline if newline >= 0 else len(code)


def split(code: str) -> list[Statement]:
    """The statements of a cell, in order. Together with blanks and comments between them they are the cell."""
    statements = []
    i = skip_blank(code, 0)
    while i < len(code):
        kind = line_kind(code, i)
        if kind:
            end, terminated = end_of_line(code, i, kind), True
        else:
            end, terminated = end_of_expression(code, i)
        text = code[i:end].rstrip() if not terminated else code[i:end]
        statements.append(Statement(text, kind or Kind.EXPRESSION, i, terminated))
        i = skip_blank(code, end)
    return statements


def brackets(text: str) -> Completeness:
    """Whether the brackets of an expression are closed, open, or crossed; strings and comments do not count."""
    stack: list[str] = []
    i = 0
    while i < len(text):
        char = text[i]
        if char == '"' or text.startswith("/*", i):
            i = skip_string(text, i) if char == '"' else skip_comment(text, i)
            if i < 0:
                return Completeness.INCOMPLETE
            continue
        if char in "([{":
            stack.append(char)
        elif char in CLOSERS and (not stack or stack.pop() != CLOSERS[char]):
            return Completeness.INVALID
        i += 2 if char == "\\" else 1
    return Completeness.INCOMPLETE if stack else Completeness.COMPLETE


def bare_end(text: str) -> int:
    """Where a statement ends without the blanks and comments behind it."""
    i = end = 0
    while 0 <= i < len(text):
        if text.startswith("/*", i):
            i = skip_comment(text, i)
        elif text[i] == '"':
            i = end = skip_string(text, i)
        else:
            i, end = i + 1, end if text[i].isspace() else i + 1
    return end if i >= 0 else len(text)


def goes_on(text: str) -> bool:
    """Whether a statement without terminator ends in the middle: with an operator, or a word that wants more."""
    bare = text[: bare_end(text)]
    return bare.endswith(tuple(OPERATORS_THAT_GO_ON)) or WORDS_THAT_GO_ON.search(bare) is not None


def completeness(code: str) -> Completeness:
    """Whether a console should run `code` or wait for more lines. A missing last terminator is accepted."""
    for statement in split(code):
        if statement.kind is Kind.LISP and end_of_lisp(statement.text, 0) < 0:
            return Completeness.INCOMPLETE
        if statement.kind is not Kind.EXPRESSION:
            continue
        state = brackets(statement.text)
        if state is Completeness.INVALID or (state is Completeness.INCOMPLETE and statement.terminated):
            return Completeness.INVALID
        if state is Completeness.INCOMPLETE or (not statement.terminated and goes_on(statement.text)):
            return Completeness.INCOMPLETE
    return Completeness.COMPLETE
