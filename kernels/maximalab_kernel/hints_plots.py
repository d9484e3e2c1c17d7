"""What stands in a plot, or in an integral by numbers, and has no value there: `ln(x)`, `g(x)`, `e^x`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_kernel.foreign_names import CONSTANTS
from maximalab_kernel.hints import LONGEST, NAME, WORDS, Hint, bare, body, words
from maximalab_kernel.hints_names import may_be_misspelt, misspelt
from maximalab_kernel.hints_results import CALLS, ELEMENTARY, of_unknown
from maximalab_kernel.hints_sides import KEYWORDS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

DRAWN = re.compile(r"\s*(?:wx)?(?:plot[23]d|draw[23]d|contour_plot)\s*\(")
NO_NUMBER = re.compile(
    r"plot[23]d: nothing to plot|\w+ \(\w+\): non defined variable"
    r"|quad_\w+: (?:Cannot numerically evaluate|Numerical evaluation of)"
)
ONE_RANGE = re.compile(r"plot2d: (?:Missing interval for variable|implicit function plots require intervals)")
"""Of Maxima 5.47 and older, and of newer ones."""
EQUATION = re.compile(rf"plot2d\s*\(\s*({NAME})\s*=\s*([^=,][^,]*?)\s*,\s*\[")
NO_NAMES = ELEMENTARY | KEYWORDS | {"true", "false", "inf", "minf"}
"""Words in what is drawn that want no value."""
FIGURES = re.compile(r"(?<![\w%])draw(?:[23]d)?\s*\(")
TERM = re.compile(r"\w+ \(\w+\): non defined variable in term:(.*)", re.DOTALL)
PLOTTED = re.compile(
    r"(?:wx)?plot[23]d\s*\(((?:[^()\[\]{},:\"=]|\([^()]*\))+),\s*(\[[^()]*(?:\([^()]*\)[^()]*)*)\)"
)
"""One expression, without lists, and its ranges and options."""


def of_failed_plot(
    text: str, message: str, functions: Callable[[], Collection[str]], value: Callable[[str], str]
) -> Hint | None:
    """The hint where nothing in the statement `text` gave numbers, as Maxima's `message` says."""
    code = bare(text)
    equation = EQUATION.search(code) if ONE_RANGE.match(message) else None
    if equation:
        return Hint("hint_plot_equation", {"name": equation[1], "expression": equation[2]})
    if not NO_NUMBER.match(message) or len(text) > LONGEST:
        return None
    told = message if FIGURES.search(code) else code  # of a picture's figures Maxima names the term
    names = [name for name in CALLS.findall(told) if name in words(code)]
    return _unknown(code, names, functions()) or _constant(code, value) or _valueless(code, message, value)


def of_plot(text: str, functions: Callable[[], Collection[str]], value: Callable[[str], str]) -> Hint | None:
    """The hint at a statement `text` that drew, perhaps without one of its functions."""
    code = bare(text)
    if len(text) > LONGEST or not DRAWN.match(code) or ":" in code:
        return None
    suspects = [name for name in CALLS.findall(code) if of_unknown(code, name)]
    known = functions() if suspects else ()
    hint = next((of_unknown(code, name) for name in suspects if name not in known), None)
    return hint or _constant(code, value) or _valueless(code, "", value)


def _valueless(code: str, message: str, value: Callable[[str], str]) -> Hint | None:
    """A name in what is drawn that no range is for, and that has no value: `plot2d(a*x, [x, 0, 1])`.

    Of a picture's figures Maxima's `message` names the term; of a plot one plain expression is looked at.
    """
    term, plotted = TERM.match(message), PLOTTED.fullmatch(body(code))
    if term:
        names = [name for name in WORDS.findall(term[1]) if name in words(code) - NO_NAMES]
    elif plotted and set(CALLS.findall(plotted[1])) <= ELEMENTARY and plotted[1].strip() not in words(code):
        ranged = set(re.findall(rf"\[\s*({NAME})\s*,", plotted[2]))
        names = [name for name in WORDS.findall(plotted[1]) if name not in ranged | NO_NAMES]
    else:
        return None
    names = [name for name in names if not name.startswith("%") and f"{name}(" not in code]
    name = next((name for name in names if not value(name)), None)
    return Hint("hint_valueless", {"name": name}) if name else None


def _unknown(code: str, names: list[str], known: Collection[str]) -> Hint | None:
    """The first of the `names` that is no function; what it may be, or that it has to be defined."""
    for name in names:
        if name not in known:
            near = misspelt(name, known, alone=False) if may_be_misspelt(name) else None
            return of_unknown(code, name) or near or Hint("hint_undefined", {"name": name})
    return None


def _constant(code: str, value: Callable[[str], str]) -> Hint | None:
    """A constant as on paper that is no variable of the plot and has no value."""
    variables = set(re.findall(rf"\[\s*({NAME})\s*,", code)) | set(re.findall(rf",\s*({NAME})\s*,", code))
    power = re.search(r"(?<![\w%.])e\s*(?:\^|\*\*)", body(code))
    names = [name for name in CONSTANTS if name in words(code)] + (["e"] if power else [])
    name = next((name for name in names if name not in variables and not value(name)), None)
    return Hint("hint_constant", {"name": name, "use": CONSTANTS.get(name, "%e")}) if name else None
