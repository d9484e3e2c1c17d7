"""What a beginner may have meant by two things side by side that do not join: a product, a call, a command."""

from __future__ import annotations

import re

from maximalab_kernel.foreign_names import CALLED
from maximalab_kernel.hints import NAME, WORDS, Hint, bare, body, depth_before, words
from maximalab_kernel.hints_lists import comma_meant

KEYWORDS = frozenset({
    "then", "else", "do", "thru", "while", "unless", "for", "in", "from", "step", "next", "and", "or", "not", "if",
})  # fmt: skip
COMMANDS = frozenset({
    "print", "disp", "display", "load", "kill", "plot2d", "plot3d", "draw2d", "draw3d", "wxplot2d", "wxdraw2d",
})  # fmt: skip
"""What nobody multiplies by."""
DECLARING = frozenset(
    {"let", "var", "const", "int", "double", "bool", "string", "auto", "local", "def", "function"}
)
"""Words with which other languages begin a declaration."""
UNFINISHED = re.compile(r"(?<![\w.%])(\d+(?:\.\d+)?)([esldfbESLDFB])(?![-+]?\d)[\w%]*")
"""A number and a letter for its exponent, as in `1e5`, without the exponent: `2sin`, `2e`."""
DIGITS = "0123456789"


def declared(text: str, _message: str, _place: int) -> Hint | None:
    """A value given as in other languages: `let x = 3`."""
    match = re.match(rf"\s*(?:let|var|const|int|double|float)\s+({NAME})\s*=(?!=)", bare(text))
    return Hint("hint_equals", {"name": match[1]}) if match else None


def loop_without_do(text: str, message: str, _place: int) -> Hint | None:
    """A loop, at the beginning of a command, in which no `do` follows."""
    if not message.endswith(("is not an infix operator", "Syntax error")):
        return None
    match = re.search(
        r"(?:^|[(,:$;]|\b(?:then|else|do)\b)\s*(for|while|unless)\b(?!.*\bdo\b)", bare(text), re.DOTALL
    )
    return Hint("hint_do", {"loop": match[1]}) if match else None


def number_with_letters(text: str, message: str, _place: int) -> Hint | None:
    """A number before a name whose first letter is taken for an exponent's."""
    match = UNFINISHED.search(bare(text)) if "missing exponent" in message else None
    if not match:
        return None
    return _product(text[: match.start()], match[1], match[0][len(match[1]) :])


def side_by_side(text: str, message: str, place: int) -> Hint | None:
    """Two things without an operator between them: the parser stands at the first character behind a word."""
    if not message.endswith("is not an infix operator"):
        return None
    code = bare(text)
    start = _word_start(code, place)
    before = code[:start].rstrip()
    right = WORDS.match(code, start) or re.match(r"[\d.]+", code[start:])
    word = right[0] if right else code[start : start + 1]
    if not before or not word:
        return None
    if comma_meant(code, start):
        return Hint("hint_comma")
    if "\n" in code[len(before) : start]:
        return _next_line(code, start, word)
    commands = word in COMMANDS or _call_before(before) in COMMANDS
    if commands or _equations(before, code[start:]) or _assigned(before, code[len(before) :], word):
        return None if words(before) & KEYWORDS else _next_command(code, start, word)
    return _missing(before, word, body(code[start + len(word) :]))


def _next_line(code: str, start: int, word: str) -> Hint | None:
    """A line that begins at `start` behind one without an end; in brackets a comma is missing."""
    if depth_before(code, start) == 0:
        return Hint("hint_terminator", {"word": word})
    return None if words(code[:start]) & KEYWORDS else Hint("hint_comma")


def _equations(before: str, rest: str) -> bool:
    """Two equations that were to give values: `a = 5 b = 6`."""
    first = re.fullmatch(rf"\s*{NAME}\s*=[^=].*", before, re.DOTALL)
    return first is not None and re.match(rf"{NAME}\s*=[^=]", rest) is not None


def _next_command(code: str, start: int, word: str) -> Hint:
    """At `start` another command begins: in brackets a comma is missing, else a terminator."""
    return Hint("hint_comma") if depth_before(code, start) > 0 else Hint("hint_between", {"word": word})


def _call_before(before: str) -> str:
    """The name of the function whose call ends the code `before`; empty where none does."""
    depth = 0
    for i in range(len(before) - 1, -1, -1):
        depth += (before[i] in ")]}") - (before[i] in "([{")
        if depth <= 0:
            break
    else:
        return ""
    name = re.search(rf"({NAME})\s*$", before[:i]) if before.endswith(")") else None
    return name[1] if name else ""


def _assigned(before: str, rest: str, word: str) -> bool:
    """Whether an assignment stands `before`, and a blank and another one, to `word`, in the `rest`."""
    another = re.match(rf"\s+{re.escape(word)}\s*(?:\([\w\s,]*\))?\s*:", rest)
    return another is not None and ":" in before and not words(before) & KEYWORDS


def _inside_word(code: str, place: int) -> bool:
    """Whether a letter or digit stands there."""
    return code[place].isalnum()


def _word_start(code: str, place: int) -> int:
    """Where the word that `place` is in begins; one that begins with a digit ends before the letters."""
    start = place
    if '"' in code[place : place + 2] and not _inside_word(code, place):  # a text: nothing was read behind it
        return max(code.rfind('"', 0, code.index('"', place)), 0)
    while start > 0 and (code[start - 1].isalnum() or code[start - 1] in "_%"):
        start -= 1
    word = code[start : place + 1]
    if word and not word.strip(DIGITS):
        return len(code[: place + 1].rstrip(DIGITS + "."))
    return start + len(word) - len(word.lstrip(DIGITS))


def _missing(before: str, word: str, rest: str) -> Hint | None:
    """What is missing between the code `before` and `word`, which the `rest` follows."""
    match = re.search(rf"(%?{NAME}|\d+\.?\d*|[)\]\"])$", before)
    left = match[0] if match else ""
    if left in CALLED:
        return Hint("hint_parentheses", {"call": f"{left}(…)"})
    if '"' in (left, word):
        return Hint("hint_comma")
    return _product(before, left, word, rest) if left and re.match(rf"%?{NAME}|\d", word) else None


def _product(before: str, left: str, word: str, rest: str = "") -> Hint | None:
    """Two factors side by side, unless they look like something else; the `rest` follows them."""
    if word == "mod":
        return Hint("hint_operator", {"found": "a mod b", "use": "`mod(a, b)`"})
    if re.fullmatch(r"d[a-z]", word) and "integrate" in before:  # dx, as on paper
        return Hint("hint_variable")
    if word in KEYWORDS or left in KEYWORDS or left in DECLARING:
        return None
    return Hint("hint_star", {"left": "(…)" if left in ")]" else left, "right": word, "rest": rest})
