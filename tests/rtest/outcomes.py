"""What a problem of the test suite gives, and where two runs of a file differ."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import zip_longest

LONGEST = 100_000
"""Characters of a result that the kernel sends, and so all that can be compared."""

CHANGING = (
    (re.compile(r"/[^\s\"\],]*/(?:maximalab-[\w.-]+|maxout_?\d*[\w.]*|data\d+\.gnuplot)"), "PLOT"),
    (re.compile(r"\b(q?g)\d{3,}\b"), r"\1N"),
    (re.compile(r"#<[^>]*>|\\#\\<.*?\\>"), "#<OBJECT>"),
)
"""What is another in each process: files of plots, numbers of generated names, addresses of objects."""


WALL_FOR_CPU = 30.0
"""A problem's limit is of processor time; by the clock it is so many times as long, since the machine is shared."""


@dataclass(frozen=True)
class Outcome:
    """The result of a problem as text, or that it is an error, took too long (`late`), ended Maxima (`died`).

    Or that the kernel stopped it for its memory (`stopped`), or that it was left out on both sides (`left-out`).
    """

    kind: str
    text: str = ""
    note: str = ""
    """For a reader of the report; not compared."""

    @property
    def fixed(self) -> str:
        """The text without what changes from process to process, as far as it is compared."""
        text = self.text[:LONGEST]
        for pattern, word in CHANGING:
            text = pattern.sub(word, text)
        return text

    def like(self, other: Outcome) -> bool:
        """Whether both are the same to a reader."""
        return self.kind == other.kind and self.fixed == other.fixed


LATE = Outcome("late")
STOPPED = Outcome("stopped")
LEFT_OUT = Outcome("left-out")


@dataclass(frozen=True)
class Difference:
    """A problem, counted from 1, with what the kernel made of it and what Maxima alone did."""

    file: str
    number: int
    kernel: Outcome | None
    alone: Outcome | None

    def __str__(self) -> str:
        """For a report: one line each."""
        told = [
            f"{outcome.kind} {(outcome.text or outcome.note)[:300]!r}"
            if outcome
            else "nothing: the file had ended"
            for outcome in (self.kernel, self.alone)
        ]
        return f"{self.file} {self.number}\n  kernel: {told[0]}\n  alone:  {told[1]}"


def differences(file: str, kernel: list[Outcome], alone: list[Outcome]) -> list[Difference]:
    """Where two runs of a file differ."""
    return [
        Difference(file, number, ours, theirs)
        for number, (ours, theirs) in enumerate(zip_longest(kernel, alone), 1)
        if ours is None or theirs is None or not ours.like(theirs)
    ]
