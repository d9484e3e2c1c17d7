"""Both runs of a file beside each other, as often as it takes to compare every problem that can be compared."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from rtest.known import reason_of
from rtest.outcomes import LATE, STOPPED, Difference, Outcome, differences
from rtest.suite import problems_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PATIENCE = 4.0
"""Times its seconds that a problem gets again which was too slow on one side only."""


class Side(Protocol):
    """One of the two ways to run a file."""

    def run(self, file: Path, seconds: Sequence[float]) -> list[Outcome]:
        """What each problem gives, in so many seconds at most, those with 0 left out; fewer where Maxima ended."""


@dataclass
class Compared:
    """What came of a file. Problems are counted from 1."""

    file: str
    problems: int
    differing: list[Difference] = field(default_factory=list)
    slow: tuple[int, ...] = ()
    """Too slow on both sides, which is the same."""
    ended: tuple[int, ...] = ()
    """They end Maxima alone, so that there is nothing to compare with."""
    stopped: tuple[int, ...] = ()
    """The kernel stops them for their memory: at three fifths of the heap, before Lisp dies of it."""

    @property
    def unexplained(self) -> list[Difference]:
        """The differences that nobody has accounted for."""
        return [difference for difference in self.differing if reason_of(difference) is None]

    @property
    def explained(self) -> int:
        """How many differences have a reason that stands in `known`."""
        return len(self.differing) - len(self.unexplained)

    @property
    def same(self) -> int:
        """How many problems give the same on both sides."""
        return self.problems - sum(map(len, (self.differing, self.slow, self.ended, self.stopped)))

    def __str__(self) -> str:
        """For a report: one line."""
        named = [
            f"{len(numbers)} {what} ({', '.join(map(str, numbers))})"
            for what, numbers in (
                ("too slow on both", self.slow),
                ("end Maxima alone", self.ended),
                ("stopped for their memory", self.stopped),
            )
            if numbers
        ]
        told = [
            f"{self.same} the same",
            f"{self.explained} explained",
            f"{len(self.unexplained)} unexplained",
            *named,
        ]
        return f"{self.file}: {self.problems} problems, {', '.join(told)}"


def numbers_of(outcomes: Sequence[Outcome], what: Outcome) -> set[int]:
    """The numbers of the problems that ended so."""
    return {number for number, outcome in enumerate(outcomes, 1) if outcome == what}


def late(outcomes: Sequence[Outcome]) -> set[int]:
    """The numbers of the problems that took too long."""
    return numbers_of(outcomes, LATE)


@dataclass
class Comparison:
    """The runs of one file."""

    file: Path
    kernel: Side
    alone: Side
    seconds: float
    _limits: list[float] = field(default_factory=list)
    _slow: set[int] = field(default_factory=set)
    _ended: set[int] = field(default_factory=set)
    _stopped: set[int] = field(default_factory=set)

    def compare(self) -> Compared:
        """Run the file on both sides.

        Once more where that says nothing yet: a problem ended Maxima alone, was stopped for its memory, was too slow on
        one side only, or on each side at a moment of its own, so that later ones differ.
        """
        count = len(problems_of(self.file))
        self._limits = [self.seconds] * count
        alone = self._alone(count)
        kernel = self.kernel.run(self.file, self._limits)
        if self._prepared(kernel, alone):
            alone, kernel = self._alone(count), self.kernel.run(self.file, self._limits)
        self._slow |= late(alone) & late(kernel)
        return Compared(
            self.file.stem,
            count,
            differences(self.file.stem, kernel, alone),
            tuple(sorted(self._slow)),
            tuple(sorted(self._ended)),
            tuple(sorted(self._stopped)),
        )

    def _prepared(self, kernel: list[Outcome], alone: list[Outcome]) -> bool:
        """Set the limits for a second run, where one is needed."""
        stopped, slow = numbers_of(kernel, STOPPED), late(alone) & late(kernel)
        doubtful = (late(alone) ^ late(kernel)) - stopped
        if not (stopped or doubtful or (slow and differences(self.file.stem, kernel, alone))):
            return False
        self._leave_out(stopped, self._stopped)
        self._leave_out(slow, self._slow)
        for number in doubtful:
            self._limits[number - 1] *= PATIENCE
        return True

    def _leave_out(self, numbers: set[int], among: set[int]) -> None:
        among |= numbers
        for number in numbers:
            self._limits[number - 1] = 0.0

    def _alone(self, count: int) -> list[Outcome]:
        """Maxima alone, without the problems that end it."""
        while True:
            outcomes = self.alone.run(self.file, self._limits)
            if len(outcomes) >= count:
                return outcomes
            if self._limits[len(outcomes)] == 0.0:
                raise RuntimeError(
                    f"{self.file.stem}: Maxima alone ends at a problem that it has not been given"
                )
            self._leave_out({len(outcomes) + 1}, self._ended)
