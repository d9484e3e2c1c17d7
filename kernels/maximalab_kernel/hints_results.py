"""What a beginner may have meant by a statement that gave a result, though not the one that was meant."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_kernel.foreign_names import CALLED, CONSTANTS, FOREIGN, LOOKALIKES, OPERATORS, PACKAGE_OF
from maximalab_kernel.hints import (
    LONGEST,
    NAME,
    WORDS,
    Hint,
    bare,
    body,
    printed_character,
    words,
)
from maximalab_kernel.hints_bounds import constant_in_bounds
from maximalab_kernel.hints_refusals import of_shape
from maximalab_kernel.hints_values import arguments, of_noun

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

GREEK = frozenset(
    {"alpha", "beta", "gamma", "delta", "lambda", "mu", "nu", "xi", "rho", "sigma", "tau", "phi", "omega"}
)
SEVERAL = 3
LATIN = re.compile(r"[A-Za-z]")
CYRILLIC = re.compile(r"[А-Яа-яІіЇїЄєҐґ]")
NUMERICALLY = {
    "integrate": "quad_qags(f, x, a, b)",
    "limit": "subst(x = …, f), numer",
}
EXTREMES = frozenset({"maximize", "minimize"})
"""What elsewhere finds the extremes of any function, too."""
STRUCTURE = re.compile(rf"(?<![\w%])(?:defstruct|new)\s*\(\s*{NAME}")
CALLS = re.compile(rf"(?<![\w%])({NAME})\(")
ELEMENTARY = frozenset({
    "sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
    "atanh", "exp", "log", "sqrt", "abs",
})  # fmt: skip
"""An equation of other functions may have no numbers: `f(x) = 3`."""


def of_result(text: str, result: str, unknown: Sequence[str]) -> Hint | None:
    """The hint for the statement `text`, whose `result` (on one line) still calls the `unknown` functions."""
    if len(text) > LONGEST:
        return None
    code = bare(text)
    looks = [
        look for look in RESULTS if look is not _noun or not unknown
    ]  # nobody sums or integrates any f(x)
    return next(
        (hint for look in looks if (hint := look(code, result))),
        None,
    ) or next((hint for name in called(code, unknown) if (hint := of_unknown(code, name))), None)


def called(code: str, unknown: Sequence[str]) -> list[str]:
    """Those of the unknown functions that the statement itself calls, not as a definition."""
    code = STRUCTURE.sub("", code)
    return [name for name in unknown if re.search(rf"(?<![\w%'?]){re.escape(name)}\s*\(", code)]


def of_unknown(code: str, name: str) -> Hint | None:
    """The hint for a function that Maxima does not know, as far as it needs no list of all names."""
    hint = mixed(name)
    if hint:
        return hint
    if name in FOREIGN:
        if name in EXTREMES and not _constrained(code, name):
            return None
        return Hint("hint_foreign_name", {"name": name, "use": FOREIGN[name]})
    if name in PACKAGE_OF:
        return Hint("hint_load", {"name": name, "package": PACKAGE_OF[name]})
    if re.search(rf"(?<![\w%]){re.escape(name)}\s*\([^()]*\b{re.escape(name)}\b[^(]", code):
        return Hint("hint_star_call", {"name": name})
    return None


def _constrained(code: str, name: str) -> bool:
    """Whether all calls of `name` are linear programs, as far as one sees: constraints, or their name, and no power."""
    return all(
        parts[1:] and (parts[1].startswith("[") or parts[1] not in words(parts[0])) and "^" not in parts[0]
        for parts in arguments(code, name)
    )


def mixed(name: str) -> Hint | None:
    """A name of letters of both alphabets that look alike."""
    if not (LATIN.search(name) and CYRILLIC.search(name)):
        return None
    odd = "".join(sorted({char for char in name if CYRILLIC.match(char)}))
    if any(char.translate(LOOKALIKES) == char for char in odd):
        return None  # a Cyrillic letter that looks like no Latin one was typed on purpose
    return Hint("hint_lookalike", {"name": name, "letters": odd})


def _alphabets(code: str, _result: str) -> Hint | None:
    names = words(code)
    for name in sorted(names):
        hint = mixed(name)
        if hint:
            return hint
        if name.translate(LOOKALIKES) != name and name.translate(LOOKALIKES) in names:
            return Hint("hint_two_alphabets", {"name": name})
    return None


def _equation(code: str, result: str) -> Hint | None:
    match = re.fullmatch(rf"({NAME})\s*=\s*([^=].*)", body(code), re.DOTALL)
    if match and " = " in result and not (words(match[2]) - {"%pi", "%e", "%i", "sqrt", "matrix", "float"}):
        return Hint("hint_equals", {"name": match[1]})
    match = re.fullmatch(rf"(\[\s*{NAME}(?:\s*,\s*{NAME})*\s*\])\s*=\s*\[[-\d\s./,]+\]", body(code))
    if match and " = " in result:
        return Hint("hint_equals", {"name": match[1]})
    match = re.fullmatch(
        rf"({NAME})\s*\(\s*({NAME}(?:\s*,\s*{NAME})*)\s*\)\s*=\s*([^=].*)", body(code), re.DOTALL
    )
    if match and result.startswith(f"{match[1]}(") and not called(match[3], [match[1]]):
        return Hint("hint_define", {"name": match[1], "arguments": match[2]})
    return None


def _index(code: str, result: str) -> Hint | None:
    match = re.search(rf"(?<![\w%])({NAME})\s*\[", code)
    if match and match[1] in CALLED and f"{match[1]}[" in result:
        return Hint("hint_index", {"name": match[1]})
    return None


def _group(code: str, result: str) -> Hint | None:
    """Two groups side by side: `(x+1)(x-1)`, where the first belongs to no function."""
    found = ")(" in result and re.search(r"(?:^|[-+*/^=:(\[,])\s*\([^()]*\)\s*\(", code)
    return Hint("hint_star_group") if found else None


def _constant(code: str, result: str) -> Hint | None:
    left = words(result)
    if len(GREEK & {name.lower() for name in left}) >= SEVERAL:
        return None  # then pi is one of them
    for name, use in CONSTANTS.items():
        if (
            name in left
            and name in words(code)
            and not (name == "infinity" and words(code) & {"inf", "minf"})
        ):
            return Hint("hint_constant", {"name": name, "use": use})
    if re.search(r"(?<![\w%.])e\s*(\^|\*\*)", code) and re.search(r"(?<![\w%.])e\^|log\(e\)", result):
        return Hint("hint_constant", {"name": "e", "use": "%e, exp(x)"})
    if re.search(r"\d\s*[-+]\s*(\d+\s*\*\s*)?i(?![\w%(\[])", code) and "i" in left and not _counts(code):
        return Hint("hint_constant", {"name": "i", "use": "%i"})
    return constant_in_bounds(code, result)


def _counts(code: str) -> bool:
    """Whether `i` is the variable of a sum, a list or a loop."""
    return re.search(r",\s*i\s*,|\bfor\s+i\b|\[\s*i\b", code) is not None


def _stays(code: str, result: str, name: str) -> bool:
    """Whether a call of `name` came back as a noun that the statement did not ask for: `'name(…) = name(…)` does."""
    asked = re.search(rf"'[\s(]*{name}\s*\(", code)
    return not asked and f"'{name}(" in result and re.search(rf"(?<![\w%]){name}\s*\(", code) is not None


def _noun(code: str, result: str) -> Hint | None:
    """A noun that is left; of an integral by what is no name, the value of its variable is to blame."""
    hint = of_noun(code, result)
    if hint:
        return hint
    for name, use in NUMERICALLY.items():
        if _stays(code, result, name):
            return Hint("hint_noun", {"name": name, "use": use})
    if "simp" in code:
        return None
    if _stays(code, result, "sum") and all(map(_summable, arguments(code, "sum"))):
        return Hint("hint_sum", {"name": "sum"})
    return Hint("hint_product") if _stays(code, result, "product") and _factorial(code) else None


def _summable(parts: list[str]) -> bool:
    """Whether there is hope for a sum: no element of a list, and no power of its index that is a name."""
    if len(parts) != 4 or "[" in parts[0]:  # noqa: PLR2004
        return False
    return not re.search(rf"(?<![\w%]){re.escape(parts[1])}\s*(?:\^|\*\*)\s*\(?\s*-?\s*[^\W\d]", parts[0])


def _factorial(code: str) -> bool:
    """Whether all products are of the bare index, from a positive number on: those alone `simpproduct` can do."""
    return all(
        len(parts) == 4 and parts[0] == parts[1] and re.fullmatch(r"[1-9]\d*", parts[2]) and parts[3] != "inf"  # noqa: PLR2004
        for parts in arguments(code, "product")
    )


def _solve(code: str, result: str) -> Hint | None:
    """A list of solutions with an equation left in it: `[0 = …]`, `[x = cos(x)]`, or `[sin(x) = cos(x)]`."""
    match = re.search(rf"(?<![\w%'])solve\s*\(.*?({NAME})\s*\]?\s*\)", code, re.DOTALL)
    if not match or not result.startswith("["):
        return None
    for left, right in re.findall(rf"(?:^|[\[,])\s*({NAME}|0) = ((?:[^,\[\]]|\([^()]*\))*)", result):
        if left == "0" or left in WORDS.findall(right):
            return Hint("hint_solve", {"name": match[1] if left == "0" else left})
    return _unsolved(code, result)


def _unsolved(code: str, result: str) -> Hint | None:
    """The same for a statement that is one `solve` for one name, where on the left is an expression in that name."""
    alone = re.fullmatch(rf"(?:{NAME}\s*:)?\s*solve\s*\((.*)\)", body(code), re.DOTALL)
    calls = [parts for parts in arguments(code, "solve") if len(parts) == 2]  # noqa: PLR2004
    if not alone or len(calls) != 1 or ",".join(calls[0]).count("(") != alone[1].count("("):
        return None
    name = calls[0][1].strip("[] ")
    lefts = [part.partition(" = ")[0].strip() for part in top_level(result[1:-1])]
    for left in lefts:
        if left != name and name in words(left) and set(CALLS.findall(left)) <= ELEMENTARY:
            return Hint("hint_solve", {"name": name})
    return None


def top_level(text: str) -> list[str]:
    """What stands between the commas that are in no bracket."""
    parts, depth = [""], 0
    for char in text:
        depth += (char in "([{") - (char in ")]}")
        if char == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += char
    return parts


def _loop(code: str, result: str) -> Hint | None:
    """An equation as the body of a loop, or among its commands, that was to count or add up: `do s = s + i`."""
    match = re.search(r"\bdo\b\s*(.*)", body(code), re.DOTALL) if result == "done" else None
    if not match:
        return None
    group = re.fullmatch(r"\(((?:[^()]|\([^()]*\))*)\)", match[1])
    for command in top_level(group[1] if group else match[1]):
        equation = re.fullmatch(rf"\s*({NAME})\s*=\s*([^=].*?)\s*", command, re.DOTALL)
        if equation and equation[1] in words(equation[2]) and not words(equation[2]) & {"do", "then", "for"}:
            return Hint("hint_loop_equals", {"name": equation[1], "value": equation[2]})
    return None


def _differential(code: str, result: str) -> Hint | None:
    alone = re.search(r"(?<![\w%'])diff\s*\((?:[^(),]|\([^()]*\))*\)", code)
    return Hint("hint_differential") if alone and re.search(r"(?<![\w%])del\(", result) else None


def _character(code: str, _result: str) -> Hint | None:
    """On a Lisp that takes any such character for a letter, `x²` and `“abc”` are names."""
    return printed_character(code)


def _operator(code: str, result: str) -> Hint | None:
    # `n!=6` is an equation, but nobody puts a blank between a number and its factorial
    tested = re.search(r"\b(?:if|is|while|unless)\b[^;$]*!=|[\w)\]]\s+!=", code)
    found = "!=" if tested else "&&" if "&&" in code and "&&" not in result else None
    return Hint("hint_operator", {"found": found, "use": OPERATORS[found]}) if found else None


def _help(code: str, result: str) -> Hint | None:
    """`help`, `help(solve)`: Maxima answers with the ways to ask, in English."""
    match = re.fullmatch(rf"help\s*(?:\(\s*({NAME})?\s*\))?", body(code))
    told = match and "describe(topic)" in result
    return Hint("hint_help", {"name": match[1] or "solve"}) if match and told else None


RESULTS: tuple[Callable[[str, str], Hint | None], ...] = (
    _alphabets, _character, _operator, _equation, _index, _group, of_shape, _constant, _noun, _solve, _differential,
    _loop, _help,
)  # fmt: skip
