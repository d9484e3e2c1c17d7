"""Where a name was to be a variable, and has a value: which name, and which value.

Maxima's message does not say which of several names was meant: `of_refusal` and `of_program` ask for the values of
those that may be, after an error or a linear program only. Where that does not tell either, there is no hint.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_kernel.hints import LONGEST, NAME, Hint, bare, words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    ValueOf = Callable[[str], str]

LONGEST_VALUE = 40
"""Characters of a value that a hint quotes."""
FOUND = re.compile(
    r"(?P<function>diff|integrate|defint|limit|taylor): (?:second argument must be a variable"
    r"|variable must (?:not be a number|be a symbol or subscripted symbol)"
    r"|variable of (?:integration (?:cannot be a constant|must be a simple or subscripted variable)"
    r"|expansion cannot be a)).*?(?:found:?|number:) (?P<value>.+)",
    re.DOTALL,
)
RANGE = re.compile(r"plotting: range must be.*; found: \[(.+)\]$", re.DOTALL)
CALLED_VALUE = re.compile(
    rf"apply: found ({NAME}) evaluates to (.+) where a function was expected", re.DOTALL
)
NUMBER = re.compile(r"-?\d[\d.]*(?:/\d+|[eb][-+]?\d+)?")
SOLVERS = ("solve", "linsolve", "algsys")
NO_UNKNOWN = re.compile(
    r"(?:solve|linsolve|algsys): (?:all variables must not be numbers|variable (?:must not|cannot) be a number)"
)
NO_VARIABLE = re.compile(
    r"(?:variable must not be a number; found:|romberg: variable of integration cannot be a constant; found"
    r"|quad_\w+\(.*: Variable of integration not a variable:)\s*(\S+)$",
    re.DOTALL,
)
NO_PARAMETER = re.compile(r"draw[23]d \(parametric\): non defined variable")
PROGRAMS = ("maximize_lp", "minimize_lp")
SIGN = re.compile(
    rf"(?:^|[\[,(])\s*(?:({NAME})\s*>=?\s*0(?:\.0*)?|0(?:\.0*)?\s*<=?\s*({NAME}))\s*(?=[\],)]|$)"
)
"""A constraint that says of a name alone that it is not negative."""
TERM = re.compile(rf"\s*(?:[\d./]+\s*\*\s*)?({NAME})\s*(?:[*/]\s*[\d./]+\s*)?")
"""A name alone in a sum, or times a number."""
MOST_ASKED = 20
"""Names whose values are asked for at one statement."""
BINDS = frozenset({
    "block", "lambda", "makelist", "create_list", "for", "sum", "product", "ev", "at", "subst", "interact",
})  # fmt: skip
"""What gives names a value for a while: then `kill` is not the remedy."""
EQUATIONS = frozenset({"diff", "desolve", "ode2", "laplace", "atvalue"})


def of_value(code: str, message: str) -> Hint | None:
    """The hint at a name of the bare statement that has a value, where `message` complains of that."""
    return _second_argument(code, message) or _range(code, message) or _unknown_function(code, message)


def of_refusal(text: str, message: str, value_of: ValueOf) -> Hint | None:
    """The hint at a statement that failed for a variable that is a number; `value_of` says what a name has."""
    if len(text) > LONGEST:
        return None
    code, message = bare(text), message.strip()
    if NO_UNKNOWN.match(message):
        names = (
            name for solver in SOLVERS for parts in arguments(code, solver) for name in listed(parts[1:2])
        )
        return next(_numbers(code, names, value_of), None)
    if NO_PARAMETER.match(message):
        return next(_defined(code, (parts[2:3] for parts in arguments(code, "parametric")), value_of), None)
    match = NO_VARIABLE.match(message)
    if match:
        places = re.findall(rf"(?<=,)\s*({NAME}|-?\d[\d.]*)\s*(?=,)", code)
        return None if match[1] in places else _only(code, places, match[1], value_of)
    match = RANGE.match(message)
    value, _, bounds = match[1].partition(",") if match else ("", "", "")
    name = next((name for name in _ranged(code, bounds)[:MOST_ASKED] if value_of(name) == value), "")
    return valued(code, name, value, asked=True) if name else None


def of_noun(code: str, result: str) -> Hint | None:
    """The hint at an integral that is left by an expression, where the bare statement says a name."""
    names = {parts[1] for parts in arguments(code, "integrate") if len(parts) > 1}
    left = {parts[1] for parts in arguments(result.replace("'", ""), "integrate") if len(parts) > 1}
    if len(names) != 1 or len(left) != 1 or not all(re.fullmatch(NAME, name) for name in names):
        return None
    value = left.pop()
    return (
        None if re.fullmatch(rf"%?{NAME}(?:\[.*\])?", value) else valued(code, names.pop(), value, asked=True)
    )


def of_program(text: str, value_of: ValueOf) -> Hint | None:
    """The hint at a linear program where a variable of it is a number, and so none: it is silently another program.

    A variable is to be ≥ 0, or is a term of the goal and of a constraint. Coefficients may be numbers.
    """
    if len(text) > LONGEST or not words(text) & set(PROGRAMS):
        return None
    code = bare(text)
    if ":" in re.sub(rf"^\s*{NAME}\s*:", "", code):
        return None  # may have given the value only afterwards
    calls = [parts for program in PROGRAMS for parts in arguments(code, program) if len(parts) > 1]
    names = (name for parts in calls for name in [*_signed(parts[1]), *listed(parts[2:3]), *_unknowns(parts)])
    return next(_numbers(code, names, value_of), None)


def listed(parts: list[str]) -> list[str]:
    """The names in an argument that is a name or a list of names."""
    inner = parts[0].removeprefix("[").removesuffix("]").split(",") if parts else []
    return [name.strip() for name in inner if re.fullmatch(NAME, name.strip())]


def _signed(constraints: str) -> list[str]:
    return [one or other for one, other in SIGN.findall(constraints)]


def _unknowns(parts: list[str]) -> list[str]:
    """The terms of a goal that are terms of a constraint, too: on its left, or where the left is a number."""
    constrained: set[str] = set()
    for constraint in parts[1].strip("[] ").split(","):
        left, _, right = re.sub(r"[<>]=?", "=", constraint).partition("=")
        constrained.update(_terms(right if re.fullmatch(r"\s*-?[\d./]+\s*", left) else left))
    return [name for name in _terms(parts[0]) if name in constrained]


def _terms(side: str) -> list[str]:
    """The names that are terms of a sum, alone or with a number; none where there are brackets."""
    terms = (TERM.fullmatch(term) for term in re.split(r"[-+]", side)) if "(" not in side else ()
    return [match[1] for match in terms if match]


def _numbers(code: str, names: Iterable[str], value_of: ValueOf) -> Iterator[Hint]:
    """A hint at each of the names that has a number for its value."""
    for name in list(dict.fromkeys(names))[:MOST_ASKED]:
        value = value_of(name)
        hint = valued(code, name, value, asked=True) if NUMBER.fullmatch(value) else None
        if hint:
            yield hint


def _defined(code: str, places: Iterable[list[str]], value_of: ValueOf) -> Iterator[Hint]:
    """A hint at each of the names that has a value at all."""
    for name in (name for parts in places for name in listed(parts)):
        value = value_of(name)
        hint = valued(code, name, value, asked=True) if value else None
        if hint:
            yield hint


def _only(code: str, names: Iterable[str], value: str, value_of: ValueOf) -> Hint | None:
    """The hint at the one of the names that has this value; none where it is several."""
    asked = [name for name in dict.fromkeys(names) if re.fullmatch(NAME, name)]
    having = [name for name in asked[:MOST_ASKED] if value_of(name) == value]
    return valued(code, having[0], value, asked=True) if len(having) == 1 else None


def valued(code: str, name: str, value: str, *, asked: bool = False) -> Hint | None:
    """The hint, unless the statement itself gives `name` a value, or the value cannot be said in a few words.

    A value that was `asked` for is there, whatever `name = …` in the statement is: a value for it, or an equation.
    """
    if words(code) & BINDS or re.search(rf"(?<![\w%]){name}\s*[{':' if asked else '=:'}]", code):
        return None
    value = value.strip().rstrip(".")
    if len(value) > LONGEST_VALUE or "`" in value or value == name:
        return None
    return Hint("hint_valued", {"name": name, "value": value})


def arguments(code: str, function: str) -> Iterator[list[str]]:
    """The arguments of each call of `function` in the bare code, without blanks around them."""
    for call in re.finditer(rf"(?<![\w%']){function}\s*\(", code):
        parts, depth = [""], 0
        for char in code[call.end() :]:
            depth += (char in "([{") - (char in ")]}")
            if depth < 0:
                yield [part.strip() for part in parts]
                break
            if char == "," and depth == 0:
                parts.append("")
            else:
                parts[-1] += char


def _second_argument(code: str, message: str) -> Hint | None:
    match = FOUND.match(message)
    if not match:
        return None
    function = "integrate" if match["function"] == "defint" else match["function"]
    names = {parts[1] for parts in arguments(code, function) if len(parts) > 1}
    name = names.pop() if len(names) == 1 else ""
    return valued(code, name, match["value"]) if re.fullmatch(NAME, name) else None


def _range(code: str, message: str) -> Hint | None:
    """The list whose bounds stand in the message, behind a number in place of the name."""
    match = RANGE.match(message)
    if not match:
        return None
    value, _, bounds = match[1].partition(",")
    names = _ranged(code, bounds)
    return valued(code, names[0], value) if len(names) == 1 else None


def _ranged(code: str, bounds: str) -> list[str]:
    """The names that stand before these bounds in lists, each once."""
    lists = re.findall(rf"\[\s*({NAME})\s*,([^\[\]]*)\]", code)
    return list(dict.fromkeys(name for name, rest in lists if "".join(rest.split()) == bounds))


def _unknown_function(code: str, message: str) -> Hint | None:
    """`y(x)` in a differential equation, where `y` has a value: no product is meant."""
    match = CALLED_VALUE.match(message)
    if not match or not words(code) & EQUATIONS:
        return None
    asked = re.search(rf"(?<![\w%]){match[1]}\s*\(\s*{NAME}\s*\)", code)
    return valued(code, match[1], match[2]) if asked else None
