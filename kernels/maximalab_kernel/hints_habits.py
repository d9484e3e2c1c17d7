"""Habits from paper, from other languages and from the keyboard that Maxima's parser cannot take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from maximalab_kernel.foreign_names import PRIMED_POWERS, USAGE
from maximalab_kernel.hints import NAME, Hint, bare, body, depth_before

if TYPE_CHECKING:
    from collections.abc import Callable

CYRILLIC = "А-Яа-яІіЇїЄєҐґ"
QUOTED = re.compile(r"(?<![\w%)\]'])'([^\W\d][^'\"\n;$]*)'(?=\s*(?:[),;$\]]|$))")
"""A text in single quotes, as in Python."""
APOSTROPHE = re.compile(rf"[\w%]*[{CYRILLIC}](?:['’`][{CYRILLIC}][\w%]*)+")
PRIME = re.compile(rf"(?<![\w%'])({NAME})('{{1,3}})\s*(?=[(=+\-*/^,.);$\]]|$)")
OPERAND = r"[-+*/^.\w%]+"
CHAIN = re.compile(rf"({OPERAND})\s*([<>]=?|=)\s*({OPERAND})\s*([<>]=?|=)\s*({OPERAND})")
COMMENT = re.compile(r"\s*(?://|#|--|%\s)|.*(?<=\s)(?:#|//)\s+[^\W\d]\w*\s*$", re.DOTALL)
RESERVED = re.compile(
    r"\s*(if|then|else|elseif|for|while|unless|do|thru|step|next|from|in|and|or|not)\s*:(?!=)"
)
LONGEST_TEXT = 30
"""Characters of a text that a hint repeats."""


def _quoted(code: str, _message: str, place: int) -> Hint | None:
    match = next((m for m in QUOTED.finditer(code) if m.start() <= place <= m.end()), None)
    if not match:
        return None
    text = match[1] if len(match[1]) <= LONGEST_TEXT else "…"
    return Hint("hint_quotes", {"text": text})


def _apostrophe(code: str, _message: str, _place: int) -> Hint | None:
    match = APOSTROPHE.search(code)
    return Hint("hint_apostrophe", {"name": re.sub("['’`]", "", match[0])}) if match else None


def _prime(code: str, message: str, place: int) -> Hint | None:
    """`f'(x)`, `y' = y`, and the transposed `A'`."""
    if not re.search(r": ''? is not an infix", message):
        return None
    match = next((m for m in PRIME.finditer(code) if m.start() <= place <= m.end()), None)
    if not match:
        return None
    if match[1].isupper():
        return Hint("hint_transposed", {"name": match[1]})
    called = code[match.end() :].startswith("(")
    order = "" if len(match[2]) == 1 else f", {len(match[2])}"
    return Hint(
        "hint_prime", {"name": match[1], "what": f"{match[1]}(x)" if called else match[1], "order": order}
    )


def _chain(code: str, _message: str, place: int) -> Hint | None:
    """`0 < x < 5`."""
    match = next((m for m in CHAIN.finditer(code) if m.start() <= place <= m.end()), None)
    if not match:
        return None
    first, second = f"{match[1]} {match[2]} {match[3]}", f"{match[3]} {match[4]} {match[5]}"
    listed = code[: match.start()].count("[") > code[: match.start()].count("]")
    return Hint("hint_chain", {"use": f"{first}, {second}" if listed else f"{first} and {second}"})


def _comment(code: str, _message: str, _place: int) -> Hint | None:
    return Hint("hint_comment") if COMMENT.match(code) else None


def _quotient(code: str, _message: str, _place: int) -> Hint | None:
    return Hint("hint_operator", {"found": "//", "use": "`quotient(a, b)`"}) if "//" in code else None


def _reserved(code: str, _message: str, _place: int) -> Hint | None:
    match = RESERVED.match(code)
    return Hint("hint_reserved", {"name": match[1]}) if match else None


def _matrix(code: str, _message: str, _place: int) -> Hint | None:
    """`[1, 2; 3, 4]`, of which the statement is the part up to the semicolon; after one element a comma is meant."""
    row = re.search(r"\[\s*(-?[\w.]+)((?:[\s,]+-?[\w.]+)*)\s*;$", code)
    if row and not row[2]:
        return Hint("hint_semicolon", {"element": row[1]})
    return Hint("hint_usage", {"name": "matrix", "use": USAGE["matrix"]}) if row else None


def _dots(code: str, _message: str, _place: int) -> Hint | None:
    """`0..6` as a range, where a function is known by its way to write one."""
    match = re.search(r"[\w)]\s*\.\.\s*[\w(%-]", code)
    if not match:
        return None
    name = next((name for name in USAGE if re.search(rf"(?<![\w%]){name}\s*\(", code[: match.start()])), "")
    return Hint("hint_usage", {"name": name, "use": USAGE[name]}) if name else None


def _arrow(code: str, _message: str, _place: int) -> Hint | None:
    arrow = re.search(r"(?<![\w%])limit\s*\([^;$]*->", code)
    return Hint("hint_usage", {"name": "limit", "use": USAGE["limit"]}) if arrow else None


def _lambda(code: str, _message: str, _place: int) -> Hint | None:
    found = re.search(rf"(?<![\w%])lambda\s+{NAME}|@\s*\(", code)
    return (
        Hint("hint_usage", {"name": "lambda" if "lambda" in code else "@", "use": USAGE["lambda"]})
        if found
        else None
    )


def _power(code: str, _message: str, _place: int) -> Hint | None:
    """`sin^2(x)`, as on paper."""
    match = re.search(rf"(?<![\w%])({'|'.join(PRIMED_POWERS)})\s*(?:\^|\*\*)\s*(\d+)(?!\d)\s*[(\w%]", code)
    return Hint("hint_power", {"name": match[1], "power": match[2]}) if match else None


def _number(code: str, _message: str, place: int) -> Hint | None:
    """Blanks between thousands, two points, a mixed fraction, a percentage."""
    thousands = re.search(r"(?<![\w.])\d{1,3}(?:[ \u00a0\u202f]\d{3})+(?![\w.])", code)
    if thousands and (not depth_before(code, thousands.start()) or thousands[0].endswith("000")):
        return Hint("hint_digits", {"number": "".join(thousands[0].split())})
    if re.search(r"(?<![\w.])\d+\.\d+\.\d", code):
        return Hint("hint_points")
    mixed = re.search(r"(?<![\w.^])(\d+) +(\d+)/(\d+)(?![\w.])", code)
    if mixed and mixed.start() <= place <= mixed.end():
        return Hint("hint_mixed", {"use": f"{mixed[1]} + {mixed[2]}/{mixed[3]}"})
    percent = re.search(r"(?<![\w%.])(\d+(?:\.\d+)?)%(?!\w)", code)
    return Hint("hint_percent", {"number": percent[1]}) if percent else None


def _name(code: str, _message: str, _place: int) -> Hint | None:
    """A name of two words, or one that begins with a digit, before `:`; a function's argument without brackets."""
    match = re.match(rf"\s*({NAME})\s+({NAME})\s*:=", code)
    if match and match[1] not in {"def", "function", "let"}:
        return Hint("hint_define", {"name": match[1], "arguments": match[2]})
    match = re.match(rf"\s*({NAME}(?:[ \t]+{NAME})+)\s*:(?!=)", code)
    if match and not re.match(r"\s*(?:for|if|while|unless|let|var|const|int|def|function|not)\b", code):
        return Hint("hint_one_word", {"name": "_".join(match[1].split())})
    match = re.match(rf"\s*(\d+)({NAME})\s*:(?!=)", code)
    return Hint("hint_digit_first", {"name": match[2] + match[1]}) if match else None


def _command(code: str, _message: str, _place: int) -> Hint | None:
    match = re.match(r"\s*(clear|import|from|include|using|require)\s+\S", body(code))
    if not match:
        return None
    use = "`kill(x)`, `kill(all)`" if match[1] == "clear" else '`load("…")`'
    return Hint("hint_operator", {"found": match[1], "use": use})


def _cut_definition(code: str, _message: str, _place: int) -> Hint | None:
    """`f(x);=x^2`: of `:=` the colon was hit beside its key."""
    return Hint("hint_operator", {"found": ";=", "use": "`:=`"}) if re.match(r"\s*=", code) else None


HABITS: tuple[Callable[[str, str, int], Hint | None], ...] = (
    _comment, _quoted, _apostrophe, _prime, _reserved, _matrix, _arrow, _dots, _lambda, _power, _number, _name,
    _command, _cut_definition, _quotient,
)  # fmt: skip


def of_habit(text: str, message: str, place: int) -> Hint | None:
    """The hint at a habit in the statement `text`, which the parser refused at `place`."""
    code = bare(text)
    if "Found LOGICAL expression" in message:
        return _comment(code, message, place) or _chain(code, message, place)
    return next((hint for look in HABITS if (hint := look(code, message, place))), None)
