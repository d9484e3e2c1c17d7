"""Where a name was to be a variable, and has a value: which name, and which value.

From Maxima's message alone it cannot be told which of several names was meant; then there is no hint.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_kernel.hints import NAME, Hint, words

if TYPE_CHECKING:
    from collections.abc import Iterator

LONGEST_VALUE = 40
"""Characters of a value that a hint quotes."""
FOUND = re.compile(
    r"(?P<function>diff|integrate|defint|limit): (?:second argument must be a variable|variable must not be a number"
    r"|variable of integration cannot be a constant).*?; found:? (?P<value>.+)",
    re.DOTALL,
)
RANGE = re.compile(r"plotting: range must be.*; found: \[(.+)\]$", re.DOTALL)
CALLED_VALUE = re.compile(
    rf"apply: found ({NAME}) evaluates to (.+) where a function was expected", re.DOTALL
)
BINDS = frozenset({
    "block", "lambda", "makelist", "create_list", "for", "sum", "product", "ev", "at", "subst", "interact",
})  # fmt: skip
"""What gives names a value for a while: then `kill` is not the remedy."""
EQUATIONS = frozenset({"diff", "desolve", "ode2", "laplace", "atvalue"})


def of_value(code: str, message: str) -> Hint | None:
    """The hint at a name of the bare statement that has a value, where `message` complains of that."""
    return _second_argument(code, message) or _range(code, message) or _unknown_function(code, message)


def valued(code: str, name: str, value: str) -> Hint | None:
    """The hint, unless the statement itself gives `name` a value, or the value cannot be said in a few words."""
    if words(code) & BINDS or re.search(rf"(?<![\w%]){name}\s*[=:]", code):
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
    lists = re.findall(rf"\[\s*({NAME})\s*,([^\[\]]*)\]", code)
    names = {name for name, rest in lists if "".join(rest.split()) == bounds}
    return valued(code, names.pop(), value) if len(names) == 1 else None


def _unknown_function(code: str, message: str) -> Hint | None:
    """`y(x)` in a differential equation, where `y` has a value: no product is meant."""
    match = CALLED_VALUE.match(message)
    if not match or not words(code) & EQUATIONS:
        return None
    asked = re.search(rf"(?<![\w%]){match[1]}\s*\(\s*{NAME}\s*\)", code)
    return valued(code, match[1], match[2]) if asked else None
