"""Hints look at no long text: a pattern that goes over one again and again holds the kernel, past all interrupts."""

from __future__ import annotations

import subprocess
import sys

import pytest

LOOKS = """
import sys
from maximalab_kernel.hints import LONGEST
from maximalab_kernel.statements import Kind, Statement
from maximalab_kernel.transport import Frame
from maximalab_kernel.tutor import Tutor


def look(text, said):
    tutor = Tutor(None)
    tutor.at_result(Statement(text, Kind.EXPRESSION, 0), Frame("result", {"hints": True, "text": said}))
    for name in ("MaximaSyntaxError", "MaximaError", "MaximaQuestion"):
        trouble = Frame("error", {"hints": True, "name": name, "message": said})
        tutor.at_error(Statement(text, Kind.EXPRESSION, 0), trouble)


for size in (LONGEST // 3, 100_000):
    token = sys.argv[1] * size
    for text in (token, f"[{token}]", f"f({token})", "1"):
        for said in (token, f"[{token}]", "done", f"{token}: x is not an infix operator"):
            look(text, said)
"""
SECONDS = 60
"""Without the bound a single one takes longer; with it all of them are a matter of a few."""


@pytest.mark.parametrize("token", ["y", "7", "[", "]", "(", ")", " ", '"', "'", "a,", "%"])
def test_a_long_text_without_a_break_is_left_alone(token):
    subprocess.run([sys.executable, "-c", LOOKS, token], check=True, timeout=SECONDS)
