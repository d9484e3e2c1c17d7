"""What errors of Lisp mean, for a reader who has never heard of Lisp: pure."""

from __future__ import annotations

import re

from maximalab_kernel.words import say

PREFIX = "Lisp error: "
"""What lisp/guard.lisp puts before the words of Lisp itself."""
ARITHMETIC = {
    "FLOATING-POINT-OVERFLOW": "overflow",
    "FLOATING-POINT-UNDERFLOW": "underflow",
    "FLOATING-POINT-INVALID-OPERATION": "undefined_float",
    "DIVISION-BY-ZERO": "float_by_zero",
}
"""The classes that SBCL and ECL name, beside objects of their own."""
NO_SIZE = re.compile(
    r"(?:The value|.*?, the value of .*? argument(?: \S+)? is)\s+-\d+\s+(?:which )?is not of (?:the expected )?type\s+"
    r"\((?:MOD|INTEGER 0) ",
    re.DOTALL,
)
"""A negative number of elements, as of an array."""
NO_PLACE = re.compile(
    r"The bounding indices|The index .* out of bounds|.*, the value of the argument :END is", re.DOTALL
)
NO_CALL = re.compile(
    r"invalid number of arguments|.*Wrong number of arguments|.*requires (?:more|less) than \w+ arguments?",
    re.DOTALL,
)
KINDS = ((NO_SIZE, "no_size"), (NO_PLACE, "no_place"), (NO_CALL, "no_call"))
WRONG_TYPE = re.compile(
    r"(?:The value|In function .*?, the value of .*? argument(?: \S+)? is)\s+(?P<value>.+?)\s+"
    r"(?:which )?is not of (?:the expected )?type\s+(?P<type>\w+)\s*(?:\n|when |$)",
    re.DOTALL,
)
"""SBCL's and ECL's; where the type is one name."""
NEEDED = {
    "LIST": "needs_parts", "CONS": "needs_parts", "SEQUENCE": "needs_parts", "STRING": "needs_text",
    "NUMBER": "needs_number", "REAL": "needs_number", "INTEGER": "needs_number", "FLOAT": "needs_number",
    "FIXNUM": "needs_number",
}  # fmt: skip
PLAIN = re.compile(r'"[^"\n]{0,40}"|-?\d[\d.]{0,20}|[A-Z]{2,20}')
"""A value that stands in Lisp as in Maxima: a text, a number, a name but for its case."""
OBJECT = re.compile(r"#<(?:an? )?(\w[\w:-]*)?[^<>]*>")


def in_words(message: str) -> str:
    """A message in the reader's words where it is one of Lisp's and its class a common one; never Lisp's `#<…>`."""
    if not message.startswith(PREFIX):
        return message
    for name, key in ARITHMETIC.items():
        if name in message:
            return say(key)
    said = message.removeprefix(PREFIX)
    kind = next((key for pattern, key in KINDS if pattern.match(said)), "")
    if kind:
        return say(kind)
    match = WRONG_TYPE.match(said)
    if match and match["type"] in NEEDED and PLAIN.fullmatch(match["value"]):
        return say(
            NEEDED[match["type"]],
            value=match["value"].lower() if match["value"].isalpha() else match["value"],
        )
    return OBJECT.sub(lambda found: (found[1] or "…").lower(), message).replace("#<", "")
