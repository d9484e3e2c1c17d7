"""Constants as on paper, `pi` and `e`, in the bounds of an integral or a plot: there they are names without a value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_kernel.foreign_names import CONSTANTS
from maximalab_kernel.hints import NAME, Hint, words
from maximalab_kernel.hints_values import arguments

if TYPE_CHECKING:
    from collections.abc import Iterator

FIGURES = {"integrate": 2, "explicit": 2, "polar": 2, "parametric": 3}
"""Behind how many arguments the bounds begin; in draw's figures more of them may follow."""
LISP_NAME = re.compile(r"\$([^\W\d][\w%]*)")


def constant_in_bounds(code: str, left: str) -> Hint | None:
    """The hint at a constant among the bounds in the bare `code` that is still there in what is `left` of it.

    `left` is a result, or what Maxima or Lisp complains of. A definition may have a parameter of that name.
    """
    if ":=" in code:
        return None
    found = words(" ".join(_bounds(code))) & (words(left) | lisp_names(left))
    name = next((name for name in (*CONSTANTS, "e") if name in found), None)
    return Hint("hint_constant", {"name": name, "use": CONSTANTS.get(name, "%e")}) if name else None


def lisp_names(message: str) -> set[str]:
    """Maxima's names in a message of Lisp's, where `$PI` is `pi`, and `$pi` is `PI`."""
    names = LISP_NAME.findall(message)
    return {name.swapcase() if name in (name.upper(), name.lower()) else name for name in names}


def _bounds(code: str) -> Iterator[str]:
    """The bounds in calls of integrals and figures, and in the ranges of plots."""
    for function, first in FIGURES.items():
        for parts in arguments(code, function):
            yield from parts[first:] if len(parts) > first + 1 else ()
    if re.search(r"(?<![\w%])(?:plot[23]d|wxplot[23]d|contour_plot)\s*\(", code):
        yield from re.findall(rf"\[\s*{NAME}\s*,([^\[\],]*,[^\[\],]*)\]", code)
