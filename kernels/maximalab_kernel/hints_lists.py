"""Where a comma is missing in a list or among arguments: what stands side by side there is no product."""

from __future__ import annotations

import re
from typing import NamedTuple

from maximalab_kernel.hints import NAME, words

RELATION = re.compile(r"[<>]=?|(?<![:<>!])=|#")
SIMPLE = rf"-?(?:%?{NAME}|[\d.]+)"
NUMBER = r"-?[\d.]+"
TAKE_A_VARIABLE = frozenset({"solve", "diff", "integrate", "limit", "linsolve", "taylor", "laplace"})
TAKE_SEVERAL = frozenset(
    {"max", "min", "gcd", "mod", "binomial", "print", "append", "random", "quotient", "divide"}
)


class Element(NamedTuple):
    """What stands between two commas, or brackets, of the innermost bracket around a place; before and behind it."""

    function: str
    bracket: str
    left: str
    right: str
    alone: bool
    """Whether it is the only argument."""


def comma_meant(code: str, start: int) -> bool:
    """Whether in the bare code a comma is missing before what begins at `start`, rather than a sign of a product."""
    if not code[start - 1 : start].isspace():
        return False
    around = _element(code, start)
    if around is None:
        return False
    left, right = around.left.strip(), around.right.strip()
    if RELATION.search(left) and RELATION.search(right):
        return True
    if around.bracket == "[":
        return _listed(left, right)
    return _argument(around, left, right)


def _listed(left: str, right: str) -> bool:
    """Names or numbers alone with blanks between, as other programs write a row: `[1 2 3]`."""
    if not re.fullmatch(SIMPLE, left) or not re.fullmatch(rf"{SIMPLE}(?:\s+{SIMPLE})*", right):
        return False
    return not (re.fullmatch(NUMBER, left) and re.match(rf"%?{NAME}", right))  # `2 x` is a product


def _argument(around: Element, left: str, right: str) -> bool:
    if around.function in TAKE_SEVERAL and re.fullmatch(NUMBER, left):
        return re.fullmatch(NUMBER, right) is not None
    if around.function not in TAKE_A_VARIABLE or not around.alone or not re.fullmatch(NAME, right):
        return False
    return right in words(left) and left != right


def _element(code: str, start: int) -> Element | None:
    """What is around `start`, or `None` where no bracket is open."""
    opened = _opening(code, start)
    if opened < 0:
        return None
    begin, depth = opened + 1, 0
    for i in range(opened + 1, start):
        depth += (code[i] in "([{") - (code[i] in ")]}")
        if code[i] == "," and depth == 0:
            begin = i + 1
    end, depth = start, 0
    while end < len(code) and not (depth == 0 and code[end] in ",)]};$"):
        depth += (code[end] in "([{") - (code[end] in ")]}")
        end += 1
    name = re.search(rf"({NAME})\s*$", code[:opened])
    alone = begin == opened + 1 and code[end : end + 1] == ")"
    return Element(name[1] if name else "", code[opened], code[begin:start], code[start:end], alone)


def _opening(code: str, start: int) -> int:
    """The index of the innermost bracket that is open at `start`; -1 for none."""
    depth = 0
    for i in range(start - 1, -1, -1):
        depth += (code[i] in ")]}") - (code[i] in "([{")
        if depth < 0:
            return i
    return -1
