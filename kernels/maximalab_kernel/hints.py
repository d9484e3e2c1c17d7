"""Hints at beginners' mistakes: from a statement and what came of it to what the reader may have meant.

Pure, and careful: a hint that is wrong annoys more than one that is missing. `hints_errors` looks at statements
that failed, `hints_results` at those that did not.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from maximalab_kernel.foreign_names import CHARACTERS
from maximalab_kernel.statements import skip_comment, skip_string

if TYPE_CHECKING:
    from collections.abc import Mapping

VARIABLE = "MAXIMALAB_HINTS"
"""`off` silences hints for every notebook of this kernel; `maximalab_hints: false$` does it in one notebook."""

NAME = r"[^\W\d][\w%]*"
WORDS = re.compile(rf"%?{NAME}")
LONGEST = 2_000
"""Characters of a statement, a result or a message that is looked at; a longer one is no beginner's."""


@dataclass(frozen=True)
class Hint:
    """Which sentence of `hint_words`, and what to put into it."""

    key: str
    values: Mapping[str, str] = field(default_factory=dict)


def wanted() -> bool:
    """Whether this kernel gives hints at all."""
    return os.environ.get(VARIABLE, "").lower() not in {"off", "0", "no", "false"}


def bare(text: str) -> str:
    """The statement with the inside of texts and comments blanked out; every character keeps its place."""
    parts, i = [], 0
    while i < len(text):
        if text[i] == '"' or text.startswith("/*", i):
            end = skip_string(text, i) if text[i] == '"' else skip_comment(text, i)
            end = len(text) if end < 0 else end
            mark = '"' if text[i] == '"' else " "
            parts.append(mark + " " * (end - i - 2) + (mark if end - i > 1 else ""))
        else:
            end = min(i + (2 if text[i] == "\\" else 1), len(text))
            parts.append(text[i:end])
        i = end
    return "".join(parts)


def printed_character(code: str) -> Hint | None:
    """The hint at a character of printed mathematics in the bare `code`."""
    found = next((char for char in code if char in CHARACTERS and char != "’"), None)
    return Hint("hint_character", {"found": found, "use": f"`{CHARACTERS[found]}`"}) if found else None


def words(code: str) -> set[str]:
    """The names in a statement."""
    return set(WORDS.findall(code))


def body(code: str) -> str:
    """A statement without blanks around it and its terminator."""
    return code.strip().rstrip(";$").rstrip()


def depth_before(code: str, place: int) -> int:
    """How many brackets are open at `place`."""
    before = code[:place]
    return sum(map(before.count, "([{")) - sum(map(before.count, ")]}"))
