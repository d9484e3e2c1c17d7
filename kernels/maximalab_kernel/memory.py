"""Watches how much memory Maxima takes: what asks for too much ends as an error before Lisp's heap is full.

Lisp cannot be trusted to say so itself: SBCL's collector may find the heap full in the middle of its work, and then
ends the process. So the kernel looks at the process from outside and interrupts it in time.
"""

from __future__ import annotations

import math
import os
import time
from dataclasses import dataclass
from enum import Enum

LOOK_EVERY = 0.05
"""Seconds between two looks at a process that works: one allocates some hundred megabytes a second at most."""
SHARE = 0.6
"""Of the limit: where evaluation is stopped."""
COPIED_SHARE = 0.45
"""The same on SBCL: its collector copies what is referred to, and needs as much room again as that takes."""
MB = 2**20
PAGE = os.sysconf("SC_PAGE_SIZE")
REACT_WITHIN = 3.0
"""Seconds that an evaluation stopped for its memory has, before the process is ended."""


class Verdict(Enum):
    """What is to be done about a process."""

    FINE = "fine"
    STOP = "stop"
    END = "end"


def resident(pid: int) -> int:
    """Bytes of memory that the process holds; 0 where nobody can say."""
    try:
        with open(f"/proc/{pid}/statm", "rb") as statm:  # noqa: PTH123  at each evaluation: a Path costs more
            return int(statm.read().split()[1]) * PAGE
    except (OSError, IndexError):
        return 0


@dataclass
class Watch:
    """The memory of one evaluation: `limit` is what the process may hold, `before` what it held at the start; bytes."""

    limit: int
    before: int
    share: float = SHARE
    most: float = math.inf
    """Where the cell is stopped that the evaluation is part of."""
    stopped_at: float | None = None
    looked_at: float = 0.0

    def threshold(self) -> float:
        """Where this evaluation is stopped: somewhat above what was there before, so that it can be cleared away."""
        own = max(self.share * self.limit, self.before + 0.15 * self.limit)
        return min(own, 0.95 * self.limit, self.most)

    def judge(self, held: int, now: float) -> Verdict:
        """What to do now that the process holds so many bytes."""
        if self.stopped_at is not None:
            return Verdict.END if now > self.stopped_at + REACT_WITHIN else Verdict.FINE
        if held <= self.threshold():
            return Verdict.FINE
        self.stopped_at = now
        return Verdict.STOP

    def look(self, pid: int) -> Verdict:
        """Look at the process, where the last look is old enough."""
        now = time.monotonic()
        if now < self.looked_at + LOOK_EVERY:
            return Verdict.FINE
        self.looked_at = now
        return self.judge(resident(pid), now)


@dataclass
class Allowance:
    """What evaluations may hold: the heap; of a cell with a limit of its own, so much more than at its start."""

    heap_mb: float
    cell_mb: float = 0.0
    share: float = SHARE
    before: int | None = None
    """Bytes that the process held when the cell's first evaluation began."""

    @property
    def told(self) -> str:
        """The limit that an evaluation has run into, in megabytes."""
        stricter = 0 < self.cell_mb < self.share * self.heap_mb
        return f"{self.cell_mb if stricter else self.heap_mb:g}"

    def watch(self, held: int) -> Watch:
        """The watch over an evaluation that begins when the process holds so many bytes."""
        self.before = held if self.before is None else self.before
        most = self.before + self.cell_mb * MB if self.cell_mb else math.inf
        return Watch(int(self.heap_mb * MB), held, self.share, most)
