"""What the reader may answer to Maxima's own questions, in Ukrainian too, and what Maxima takes it as."""

from __future__ import annotations

import re

from maximalab_kernel.words import say

SIGN = re.compile(r"Is\s.+?\s(positive, negative or zero|positive or negative|positive or zero|negative or zero"
                  r"|zero or nonzero)\?\s*", re.DOTALL)  # fmt: skip
PROPERTY = re.compile(r"Is\s.+\s(?:equal to\s.+|an?\s+\w+(?: (?:number|function))?)\?\s*", re.DOTALL)
TRUTHS: dict[str, str] = {
    **dict.fromkeys(("yes", "y", "так", "т"), "yes"), **dict.fromkeys(("no", "n", "ні", "н"), "no"),
}  # fmt: skip
SIGNS: dict[str, str] = {
    **dict.fromkeys(("positive", "pos", "p", "додатне", "додатний", "додатна", "додатнє"), "pos"),
    **dict.fromkeys(("negative", "neg", "n", "від'ємне", "від'ємний", "від'ємна"), "neg"),
    **dict.fromkeys(("zero", "z", "нуль"), "zero"),
    **dict.fromkeys(("nonzero", "не нуль", "ненульове", "ненульовий", "ненульова"), "nonzero"),
}
"""Answers to what Maxima takes for each."""


def possible(question: str) -> str:
    """Which answers a question of Maxima's has, in words that go on with it; empty for another question."""
    sign = SIGN.fullmatch(question)
    if sign:
        return say(f"answers_{sign[1].replace(', ', '_').replace(' or ', '_')}")
    return say("answers_yes_no") if PROPERTY.fullmatch(question) else ""


def taken(question: str, answer: str) -> str:
    """The `answer` to a question of Maxima's as Maxima takes it; any other stays as it is."""
    told = " ".join(re.sub("[’ʼ`]", "'", answer).rstrip(" ;$.").lower().split())
    if SIGN.fullmatch(question):
        return SIGNS.get(told, answer)
    return TRUTHS.get(told, answer) if PROPERTY.fullmatch(question) else answer
