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
PLAIN = re.compile(r'"[^"\n]{0,40}"|-?\d[\d.]{0,20}')
"""A value that stands in Lisp as in Maxima: a text, a number."""
OBJECT = re.compile(r"#<(?:an? )?(\w[\w:-]*)?[^<>]*>")


def in_words(message: str) -> str:
    """A message in the reader's words where it is one of Lisp's and its class a common one; never Lisp's `#<…>`."""
    if not message.startswith(PREFIX):
        return message
    for name, key in ARITHMETIC.items():
        if name in message:
            return say(key)
    match = WRONG_TYPE.match(message.removeprefix(PREFIX))
    if match and match["type"] in NEEDED and PLAIN.fullmatch(match["value"]):
        return say(NEEDED[match["type"]], value=match["value"])
    return OBJECT.sub(lambda found: (found[1] or "…").lower(), message).replace("#<", "")
