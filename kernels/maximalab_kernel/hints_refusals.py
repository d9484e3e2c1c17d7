"""What Maxima refuses, or leaves as it is, for the shape of what a function was given: shown by an example."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_kernel.foreign_names import PACKAGES, USAGE
from maximalab_kernel.hints import NAME, Hint, body
from maximalab_kernel.hints_names import edits
from maximalab_kernel.hints_programs import of_refused_program
from maximalab_kernel.hints_values import arguments
from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Callable

WRONG_NUMBER = re.compile(
    rf"({NAME})(?:\([^()]*\))?\s*: (?:expected (?:exactly|at most|at least) |wrong number of arguments)"
    rf"|Too (?:few|many) arguments supplied to ({NAME})\("
)
SHAPES: tuple[tuple[str, str], ...] = (
    (r"matrix: row must be a list", "matrix"),
    (r"lambda: first argument must be a list", "lambda"),
    (r"explicit\(.*expected exactly 4", "explicit"),
    (r"draw: 2D graphic object not recognized|draw: item .* is not recognized", "explicit"),
    (r"explicit3d\(.*expected exactly 7", "draw3d"),
    (r"draw \(points2d\): incorrect input format", "points"),
    (r"append: argument must be a non-atomic", "append"),
    (r"find_root: .*expected|find_root: wrong number", "find_root"),
)
"""Maxima's complaint, and what it is shown by."""
SAYINGS: tuple[tuple[str, str], ...] = (
    (r"\w+: no such (?:list|matrix) element|inpart: invalid index", "hint_first_index"),
    (r".*attempt to multiply nonconformable", "hint_nonconformable"),
    (r"fullmap: arguments must have same formal|addition: non-conformable", "hint_lengths"),
    (r"find_root: function has same sign", "hint_same_sign"),
    (r"solve: cannot solve inequalities", "hint_inequality"),
    (r"plotting: no range given", "hint_range"),
)
FIGURES = {"explicit": 4, "implicit": 7, "parametric": 5, "region": 7}
"""Of draw2d, and how many arguments each takes."""
NEAR_PACKAGE = 2
"""Letters of a package's name that may be wrong."""


def of_refused(code: str, message: str) -> Hint | None:
    """The hint at a refusal of the bare statement for the shape of an argument."""
    return next((hint for look in REFUSED if (hint := look(code, message))), None)


def _number(code: str, message: str) -> Hint | None:
    match = WRONG_NUMBER.match(message)
    name = match[1] or match[2] if match else ""
    return usage(name) if name in USAGE and re.search(rf"(?<![\w%]){name}\s*\(", code) else None


def _figure(code: str, message: str) -> Hint | None:
    """A figure of draw's with too few arguments, or too many, which GCL does not name."""
    if message != say("no_call"):
        return None
    if re.search(r"(?<![\w%])draw3d\s*\(", code):
        return usage("draw3d")
    wrong = (
        name for name, count in FIGURES.items() if any(len(each) != count for each in arguments(code, name))
    )
    return next(map(usage, wrong), None)


def _shape(_code: str, message: str) -> Hint | None:
    name = next((name for said, name in SHAPES if re.match(said, message, re.DOTALL)), "")
    return usage(name) if name else None


def _variable(code: str, message: str) -> Hint | None:
    """`integrate(x^2, 0, 1)`: a number stands where the variable should."""
    if not message.startswith("integrate: variable must not be a number"):
        return None
    literal = any(
        re.fullmatch(r"-?[\d.]+", parts[1]) for parts in arguments(code, "integrate") if len(parts) > 1
    )
    return usage("integrate") if literal else None


def _saying(code: str, message: str) -> Hint | None:
    key = next((key for said, key in SAYINGS if re.match(said, message)), "")
    inside = key == "hint_first_index" and not re.search(
        r"[\w%)\]]\s*\[", code
    )  # of a function that was called
    return Hint(key) if key and not inside else None


def _package(_code: str, message: str) -> Hint | None:
    match = re.match(r"file_search1: (\w+) not found", message)
    near = match and min((edits(match[1], package), package) for package in PACKAGES)
    if not match or not near or near[0] > NEAR_PACKAGE or len(match[1]) <= NEAR_PACKAGE * 2:
        return None
    return Hint("hint_package", {"name": match[1], "use": near[1]})


REFUSED: tuple[Callable[[str, str], Hint | None], ...] = (
    of_refused_program, _shape, _figure, _number, _variable, _saying, _package,
)  # fmt: skip


def usage(name: str) -> Hint:
    """The hint that shows a function by an example."""
    return Hint("hint_usage", {"name": name, "use": USAGE[name]})


def of_shape(code: str, result: str) -> Hint | None:
    """The hint at a result that shows that an argument had another shape than was meant."""
    return next((hint for look in SHAPED if (hint := look(code, result))), None)


def _nested(code: str, result: str) -> Hint | None:
    """`matrix([[1, 2], [3, 4]])` is a matrix of one row."""
    nested = re.search(r"(?<![\w%])matrix\s*\(\s*\[\s*\[", code) and re.fullmatch(
        r"matrix\(\[\[[^()]*\]\]\)", result
    )
    return usage("matrix") if nested else None


def _extreme(code: str, result: str) -> Hint | None:
    match = re.search(r"(?<![\w%])(max|min)\s*\(\s*\[", code)
    return usage(match[1]) if match and f"{match[1]}([" in result else None


def _element(code: str, result: str) -> Hint | None:
    """`v(1)` where `v` is a list or a matrix, and `[1, 2, 3](1)`."""
    match = re.fullmatch(rf"({NAME}|\[[^][]{{1,30}}\])\s*\(\s*([\w\s,]+)\)", body(code))
    if not match or not re.fullmatch(r"(?:\[.*\]|matrix\(.*\))\([^()]*\)", result):
        return None
    return Hint("hint_element", {"name": match[1], "index": match[2].strip()})


def _equations(code: str, result: str) -> Hint | None:
    """`solve(x + y = 3, x - y = 1)`, and sets instead of lists."""
    if result != "[]":
        return None
    for parts in arguments(code, "solve"):
        if len(parts) == 2 and (re.search(r"[^<>:]=", parts[1]) or parts[0].startswith("{")):  # noqa: PLR2004
            return usage("solve")
    return None


def _joined(code: str, result: str) -> Hint | None:
    """Texts that were to be joined by `+`."""
    added = re.search(r"\"\s*\+|\+\s*\"", code) and re.search(r"\"\+|\+\"", result)
    return Hint("hint_join") if added else None


def _range(code: str, result: str) -> Hint | None:
    """`integrate(f, [x, 0, 1])` and `diff(f, x, x)`, which stay as they are."""
    if re.search(r"(?<![\w%'])integrate\s*\([^;$]*,\s*\[", code) and re.search(r"'integrate\(.*,\[", result):
        return usage("integrate")
    twice = re.search(rf"(?<![\w%'])diff\s*\([^;$()]*,\s*({NAME})\s*,\s*\1\s*\)", code)
    return usage("diff") if twice and "'diff(" in result else None


def _differential(code: str, result: str) -> Hint | None:
    """An equation for `ode2` with a derivative that was reckoned at once, or with `y(x)`."""
    wrong = re.search(rf"(?<![\w%])ode2\s*\(\s*(?:diff\b|.*{NAME}\s*\(\s*{NAME}\s*\)\s*,)", code)
    return usage("ode2") if wrong and result == "false" else None


def _power(code: str, result: str) -> Hint | None:
    """`A^2` and `A^-1` of a matrix, element by element."""
    match = re.fullmatch(rf"(?:{NAME}\s*:)?\s*({NAME})\s*(?:\^|\*\*)\s*\(?\s*(-?\s*\d)\s*\)?", body(code))
    if not match or not result.startswith("matrix("):
        return None
    return Hint("hint_matrix_power", {"name": match[1], "power": "".join(match[2].split())})


SHAPED: tuple[Callable[[str, str], Hint | None], ...] = (
    _nested, _extreme, _element, _equations, _joined, _range, _differential, _power,
)  # fmt: skip
