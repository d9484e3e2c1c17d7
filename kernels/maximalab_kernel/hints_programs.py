"""A linear program that is not the one that was meant: signs that were not asked for, constraints in a variable."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_kernel.foreign_names import USAGE
from maximalab_kernel.hints import LONGEST, NAME, WORDS, Hint, bare, words
from maximalab_kernel.hints_values import NUMBER, PROGRAMS, SIGN, arguments, valued

if TYPE_CHECKING:
    from collections.abc import Callable

    from maximalab_kernel.hints_values import ValueOf

GOAL_AND_CONSTRAINTS = 2
"""Arguments of a program; a third one names the variables that are not negative."""
UNBOUNDED = "Problem not bounded!"
VARIABLE = rf"{NAME}(?:\[[\w,]+\])?"
NEGATIVE = re.compile(rf"(?<!\w)({VARIABLE}) = -")
"""A variable below zero in `[optimum, [y = -1, x = 2]]`."""
BOUNDED = re.compile(
    rf"(?:^|[\[,(])\s*(?:({VARIABLE})\s*>=?\s*-?\d|-?[\d./]+\s*<=?\s*({VARIABLE})|({VARIABLE})\s*<=?\s*(?:0|-))"
)
"""A constraint that says of a variable alone from where on it goes, or that it is to be below zero."""
SWITCHES = ("nonnegative_lp", "nonegative_lp")
"""What asks for signs of all variables, in newer and older Maxima."""
AS_A_SIGN = re.compile(r"(?:^|[\[,])\s*(-?\d[\d./]*)\s*>=?\s*0\s*(?=[\],]|$)")
"""What `x >= 0` has become where `x` was a number."""


def of_signs(text: str, result: str, value_of: ValueOf, switched: Callable[[str], bool]) -> Hint | None:
    """The hint at a program without bound or with a negative value, where nothing says from where on a variable goes.

    `switched` says of an option of Maxima's whether it is on.
    """
    code, parts = _program(text)
    negative = NEGATIVE.search(result) if parts and result.startswith("[") else None
    if not negative and result != UNBOUNDED:
        return None
    if (
        len(parts) != GOAL_AND_CONSTRAINTS
        or ":" in re.sub(rf"^\s*{NAME}\s*:", "", code)
        or any(name in code for name in SWITCHES)
    ):
        return None
    constraints = _told(parts[1], value_of)
    if not constraints.startswith("[") or re.search(rf"{NAME}\s*\(", constraints):
        return None
    bounded = {name for found in BOUNDED.findall(constraints) for name in found}
    names = [negative[1]] if negative else re.findall(VARIABLE, constraints)
    free = next((name for name in names if name not in bounded), "")
    return Hint("hint_signs", {"name": free}) if free and not switched(SWITCHES[0]) else None


def of_constraints(text: str, value_of: ValueOf) -> Hint | None:
    """The hint at constraints in a variable, where `x >= 0` is `5 >= 0`: `x` had a value when they were written.

    Which name that was, only the goal can tell: the one name in it that has that value.
    """
    _, parts = _program(text)
    if not parts or not re.fullmatch(NAME, parts[1]):
        return None
    constraints = value_of(parts[1])
    numbers = set(AS_A_SIGN.findall(constraints))
    signed = {one or other for one, other in SIGN.findall(constraints)}
    for name in WORDS.findall(parts[0]):
        value = value_of(name)
        if NUMBER.fullmatch(value) and (value in numbers or name in signed):
            return valued(bare(text), name, value, asked=True)
    return None


def of_goal(text: str) -> Hint | None:
    """The hint at a goal with a power of a variable, which the simplex method silently takes for something else."""
    _, parts = _program(text)
    match = re.search(rf"({NAME})\s*(?:\^|\*\*)\s*\d", parts[0]) if parts else None
    return Hint("hint_linear") if match and match[1] in words(parts[1]) else None


def of_refused_program(code: str, message: str) -> Hint | None:
    """The hint at a program that was refused: its constraints are no list, or its goal has other variables."""
    function = next((name for name in PROGRAMS if re.search(rf"(?<![\w%]){name}\s*\(", code)), "")
    if not function:
        return None
    parts = next(arguments(code, function), [])
    if "cost function not linear" in message:
        equation = parts and re.search(r"(?<![<>:])=", parts[0])
        return Hint("hint_goal" if equation else "hint_goal_names")
    shape = "not a proper constraint" in message or "must be a non-atomic" in message
    if shape and (
        len(parts) > GOAL_AND_CONSTRAINTS
        or not parts[1:]
        or parts[1].startswith("{")
        or re.search("[<>=]", parts[1])
    ):
        return Hint("hint_usage", {"name": function, "use": USAGE[function]})
    return None


def _program(text: str) -> tuple[str, list[str]]:
    """The bare statement, and the arguments of the only linear program in it; none where there is no such."""
    if len(text) > LONGEST or not words(text) & set(PROGRAMS):
        return "", []
    code = bare(text)
    calls = [parts for program in PROGRAMS for parts in arguments(code, program) if len(parts) > 1]
    return code, calls[0] if len(calls) == 1 else []


def _told(constraints: str, value_of: ValueOf) -> str:
    """The constraints as they stand there, or the value of the name that stands for them."""
    return value_of(constraints) if re.fullmatch(NAME, constraints) else constraints
