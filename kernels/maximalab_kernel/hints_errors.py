"""What a beginner may have meant by a statement that failed."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_kernel.failures import spot
from maximalab_kernel.foreign_names import OPERATORS
from maximalab_kernel.hints import (
    LONGEST,
    NAME,
    Hint,
    bare,
    body,
    depth_before,
    printed_character,
)
from maximalab_kernel.hints_bounds import constant_in_bounds
from maximalab_kernel.hints_habits import of_habit
from maximalab_kernel.hints_refusals import of_refused
from maximalab_kernel.hints_sides import declared, loop_without_do, number_with_letters, side_by_side
from maximalab_kernel.hints_values import arguments, of_value
from maximalab_kernel.statements import CLOSERS, Completeness, brackets, skip_comment, skip_string

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DECIMAL = re.compile(r"(?<![\w.])(\d+),(\d+)(?![\w.])")
INVERSE = re.compile(r"(?<![\w%])invert\s*\(|\^\^\s*\(?\s*-")
OF_ONE = frozenset({
    "sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "sinh", "cosh", "tanh", "exp", "abs",
})  # fmt: skip
"""Functions that nowhere have a second argument, as a base, a root or digits are: `log(8, 2)` has no decimal comma."""


def of_error(text: str, name: str, message: str, position: int | None) -> Hint | None:
    """The hint for the statement `text`, which failed with `message`; `position` is the place after the caret's."""
    if len(text) > LONGEST:
        return None
    if name == "MaximaSyntaxError":
        place = len(text) if position is None else spot(text, position, message)
        return next((hint for look in SYNTAX if (hint := look(text, message, place))), None)
    if name == "MaximaError":
        return next((hint for look in ERRORS if (hint := look(bare(text), message))), None)
    return constant_in_bounds(bare(text), message) if name == "MaximaQuestion" else None


def _open_ends(text: str) -> Iterator[str]:
    """What is opened and has no end: `"`, `/*`, or nothing."""
    i = 0
    while i < len(text):
        if text[i] == '"' or text.startswith("/*", i):
            kind = text[i : i + 1 if text[i] == '"' else i + 2]
            i = skip_string(text, i) if kind == '"' else skip_comment(text, i)
            if i < 0:
                yield kind
                return
        else:
            i += 2 if text[i] == "\\" else 1


def _character(text: str, _message: str, _place: int) -> Hint | None:
    return printed_character(bare(text))


def _end(text: str, _message: str, _place: int) -> Hint | None:
    return next(
        (Hint("hint_open_string" if kind == '"' else "hint_open_comment") for kind in _open_ends(text)), None
    )


def _else(text: str, _message: str, _place: int) -> Hint | None:
    return Hint("hint_else") if re.match(r"\s*else\b", bare(text)) else None


def _operator(text: str, _message: str, _place: int) -> Hint | None:
    if "==" in bare(text):
        return Hint("hint_equality")
    code = bare(text)
    found = next((operator for operator in OPERATORS if operator in code), None)
    if found == "|" and code.count("|") == 1:
        return None  # `x^2 | x = 2`: at the value, as on paper
    return Hint("hint_operator", {"found": found, "use": OPERATORS[found]}) if found else None


def _loop(text: str, message: str, _place: int) -> Hint | None:
    code = bare(text)
    written = re.search(
        rf"\bfor\s+{NAME}\s*=|\bfor\s+{NAME}\s*:[^;$]*\bto\b|\bfor\s*\(|\bfor\s+{NAME}\s+in\s+range\b", code
    )
    counted = re.match(rf"\s*for\s*\(\s*(?:int\s+)?{NAME}\s*=[^()]*;", code)  # as in C: cut at the semicolon
    said = "infix" in message or "keyword" in message
    to = message.endswith(": to is not an infix operator") and re.search(r"\bfor\b", code)
    return Hint("hint_for") if counted or to or (written and said) else None


def _condition(text: str, _message: str, place: int) -> Hint | None:
    code = bare(text)
    if re.search(r"\bif\b[^;$]*?\)\s*\{|\bif\b[^;${]*\{", code) and code[place : place + 1] == "{":
        return Hint("hint_braces")
    return Hint("hint_then") if re.search(r"\bif\b", code) and not re.search(r"\bthen\b", code) else None


def _brackets(text: str, _message: str, _place: int) -> Hint | None:
    """The bracket that is not closed, or the one that closes nothing."""
    if brackets(text) is Completeness.COMPLETE:
        return None
    stack: list[str] = []
    for char in bare(text):
        if char in "([{":
            stack.append(char)
        elif char in CLOSERS and (not stack or stack.pop() != CLOSERS[char]):
            return Hint("hint_extra_bracket", {"bracket": char})
    return Hint("hint_open_bracket", {"bracket": stack[-1]}) if stack else None


def _premature(text: str, message: str, _place: int) -> Hint | None:
    if "Premature termination" not in message:
        return None
    return Hint("hint_unfinished" if body(bare(text)) else "hint_empty")


def _number_before_bracket(text: str, message: str, _place: int) -> Hint | None:
    match = re.search(r"(?<![\w%.])(\d+)\s*\(", bare(text))
    if match and message.endswith("Syntax error"):
        return Hint("hint_star", {"left": match[1], "right": "(…)"})
    return None


def _python(text: str, _message: str, _place: int) -> Hint | None:
    """A function as Python and others define it."""
    match = re.match(rf"\s*(?:def|function)\s+({NAME})\s*\(([\w\s,]*)\)", bare(text))
    return Hint("hint_define", {"name": match[1], "arguments": match[2]}) if match else None


SYNTAX: tuple[Callable[[str, str, int], Hint | None], ...] = (
    _end, of_habit, _character, _else, _loop, _condition, _brackets, _operator, _premature, loop_without_do,
    _number_before_bracket, _python, declared, number_with_letters, side_by_side,
)  # fmt: skip


def _decimal(code: str, message: str) -> Hint | None:
    plot = message.startswith("plotting: range must") and re.search(
        r"plot[23]d\s*\(\s*(\d+),(\d+)\s*[*^)]", code
    )
    if plot:
        return Hint("hint_decimal", {"number": f"{plot[1]}.{plot[2]}"})
    if message.startswith("ev: improper argument"):
        found = next((m for m in DECIMAL.finditer(code) if depth_before(code, m.start()) == 0), None)
        read = re.search(r"argument: (\d+)$", message) if re.search(r"(?<![\w%])read\s*\(", code) else None
        number = f"{found[1]}.{found[2]}" if found else f"….{read[1]}" if read else ""
        return Hint("hint_decimal", {"number": number}) if number else None
    call = re.match(rf"({NAME})(?:\([^()]*\))?: expected exactly 1 argument", message)
    if not call or call[1] not in OF_ONE:
        return None
    for parts in arguments(code, call[1]):
        match = DECIMAL.search(",".join(parts)) if len(parts) == 2 else None  # noqa: PLR2004
        if match and depth_before(",".join(parts), match.start()) == 0:
            return Hint("hint_decimal", {"number": f"{match[1]}.{match[2]}"})
    return None


def _assignment(_code: str, message: str) -> Hint | None:
    match = re.match(r"assignment: cannot assign to (.+?)(;.*)?$", message, re.DOTALL)
    if not match:
        return None
    target = match[1].strip()
    if re.fullmatch(r"-?[\d.]+", target):
        return Hint("hint_assign_number", {"number": target})
    call = re.fullmatch(rf"({NAME})\(([^()]*)\)", target)
    if call:
        return Hint("hint_define", {"name": call[1], "arguments": call[2]})
    return Hint("hint_assign_constant", {"name": target}) if re.fullmatch(rf"%?{NAME}", target) else None


def _colon_equals(code: str, message: str) -> Hint | None:
    match = re.match(rf"\s*({NAME})\s*:=", code)
    return Hint("hint_colon", {"name": match[1]}) if match and message.startswith("define:") else None


def _called_variable(_code: str, message: str) -> Hint | None:
    match = re.match(
        rf"apply: found ({NAME}) evaluates to .* where a function was expected", message, re.DOTALL
    )
    return Hint("hint_star_call", {"name": match[1]}) if match else None


def _arguments(code: str, message: str) -> Hint | None:
    if re.match(r"plotting: range must be(?!.*; found: \[.*,.*,)", message, re.DOTALL):
        return Hint("hint_range")
    if message.startswith("integrate: expected at least 2"):
        return Hint("hint_variable")
    if message.startswith("expt: undefined: 0 to a negative"):
        inverse = INVERSE.search(code) and not re.search(r"/\s*0(?![\w.])", code)
        return Hint("hint_singular") if inverse else Hint("hint_division") if "/" in code else None
    if message.startswith("solve: more unknowns than equations"):
        alone = any(len(parts) == 1 for parts in arguments(code, "solve"))
        return Hint("hint_unknown") if alone else None
    return None


ERRORS: tuple[Callable[[str, str], Hint | None], ...] = (
    _decimal, _assignment, _colon_equals, of_value, _called_variable, _arguments, of_refused, constant_in_bounds,
)  # fmt: skip
