"""What Maxima asks, and what to write so that it need not ask: where nobody can answer, as under nbclient."""

from __future__ import annotations

import re

from maximalab_kernel.answers import possible
from maximalab_kernel.foreign_names import CONSTANTS
from maximalab_kernel.words import say

SIGN = re.compile(r"Is\s+(.+?)\s+(positive, negative or zero|positive or negative|positive or zero|negative or zero"
                  r"|zero or nonzero)\?", re.DOTALL)  # fmt: skip
EQUAL = re.compile(r"Is\s+(.+?)\s+equal to\s+(.+?)\?", re.DOTALL)
PROPERTY = re.compile(r"Is\s+(.+?)\s+an?\s+(\w+)(?: (?:number|function))?\?", re.DOTALL)
PAUSE = "maximalab:pause"
"""What lisp/questions.lisp asks between two commands of a demonstration."""

NAME = re.compile(r"(?<![\w%])[^\W\d][\w%]*(?!\s*\()")


def spoken(question: str, *, own: bool = False) -> str:
    """The question as the reader sees it: Maxima's own words, or ours for a pause; and what a constant is called.

    With it, unless it is the reader's `own`, what may be answered.
    """
    name = constant(question)
    aside = (
        say("question_aside", name=name, use=CONSTANTS[name]) if name and question.startswith("Is ") else ""
    )
    return say("pause") if question == PAUSE else question + ("" if own else possible(question)) + aside


def constant(question: str) -> str:
    """The name in a question that was meant for a constant, as `pi` for `%pi`; empty for none."""
    return next((name for name in NAME.findall(question) if name in CONSTANTS), "")


def refusal(question: str) -> str:
    """What a cell says whose question nobody can answer."""
    if question == PAUSE:
        return say("no_pause")
    name = constant(question) if question.startswith("Is ") else ""
    if name:
        return say("question_constant", question=question, name=name, use=CONSTANTS[name])
    command = proposal(question)
    return (
        say("question", question=question, add=command)
        if command
        else say("question_only", question=ended(question))
    )


def ended(question: str) -> str:
    """The reader's own question with an end, so that our words do not seem to go on with it."""
    bare = question.rstrip()
    return bare if not bare or bare.endswith((".", "?", "!", ":", "…")) else f"{bare}."


def proposal(question: str) -> str:
    """A command that answers `question` beforehand, such as `assume(n > 0)`; empty where there is none.

    One of the possible answers, and the harmless one: who wants another changes it.
    """
    match = SIGN.search(question)
    if match:
        return f"assume({_sign(match[1].strip(), match[2])})"
    match = EQUAL.search(question)
    if match:
        return f"assume(notequal({match[1].strip()},{match[2].strip()}))"
    match = PROPERTY.search(question)
    return _declaration(match[1].strip(), match[2]) if match else ""


def _sign(expression: str, possible: str) -> str:
    """Maxima uses what is assumed of the factors of a product, not of the product."""
    factors = [factor for factor in _factors(expression) if not re.fullmatch(r"-?[\d.]+", factor)] or [
        expression
    ]
    if possible == "zero or nonzero":
        return ", ".join(f"notequal({factor},0)" for factor in factors)
    negative = possible == "negative or zero" or re.fullmatch(
        r"abs\(.*\)-1", factors[0]
    )  # where series converge
    signs = ["<" if negative else ">", *">" * (len(factors) - 1)]
    return ", ".join(f"{factor} {sign} 0" for factor, sign in zip(factors, signs, strict=True))


def _factors(expression: str) -> list[str]:
    """The factors of a product or quotient, or the one expression where it is neither."""
    factors, depth = [""], 0
    for char in expression:
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and char in "*/":
            factors.append("")
        elif depth == 0 and char in "+-" and any(factors[-1:]) and factors[-1][-1] != "^":
            return [expression]
        else:
            factors[-1] += char
    return [factor.strip() for factor in factors]


def _declaration(expression: str, kind: str) -> str:
    """`declare` takes names only: of an expression all its variables are declared, which is enough for sums of them."""
    half = re.fullmatch(rf"({NAME.pattern})/2", expression)
    if half and kind == "integer":
        return f"declare({half[1]}, even)"
    names = [] if "/" in expression else sorted(set(NAME.findall(expression)))
    if not names:
        return ""
    return f"declare({names[0] if len(names) == 1 else '[' + ', '.join(names) + ']'}, {kind})"
