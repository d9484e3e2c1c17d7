"""What a kernel may do, and for how long: the modes for graders and for closed rooms, from the environment."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import TracebackType

    from maximalab_kernel.transport import Transport

GRADING = "MAXIMALAB_GRADING"
"""`1`: no questions, the same random numbers each time, limits of time and memory for each cell, no init files."""

CLOSED = "MAXIMALAB_CLOSED"
"""`1`: no programs, no Lisp, no files but those of the notebook's folder, and these to be read only; no init files."""

SECONDS = "MAXIMALAB_CELL_SECONDS"
"""Seconds that a cell may take; 0 for no limit, which is the default outside grading."""

MEGABYTES = "MAXIMALAB_CELL_MB"
"""Megabytes that a cell may take beyond what was there before it; 0 for no limit but the heap, the default outside
grading."""

GRADING_SECONDS = 60.0
GRADING_MB = 256.0
KILL_AFTER = 3.0
"""Seconds that Maxima has to stop at the limit before it is ended."""

TICK = 0.1


@dataclass(frozen=True)
class Rules:
    """The modes of one kernel."""

    grading: bool = False
    closed: bool = False
    seconds: float = 0.0
    megabytes: float = 0.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Rules:
        """As the environment says."""
        grading = on(environment.get(GRADING, ""))
        return cls(
            grading,
            on(environment.get(CLOSED, "")),
            limit(environment.get(SECONDS), GRADING_SECONDS, grading=grading),
            limit(environment.get(MEGABYTES), GRADING_MB, grading=grading),
        )

    @property
    def walled(self) -> bool:
        """Whether a closed kernel has its second wall, too: where the system has Landlock."""
        if not self.closed:
            return False
        from maximalab_kernel import landlock  # noqa: PLC0415  an open kernel's start need not wait for it

        return landlock.version() > 0

    def of_maxima(self, folder: str) -> dict[str, str]:
        """What Maxima's environment must say: in `folder` it finds no init files."""
        return {"MAXIMA_USERDIR": folder} if self.grading or self.closed else {}


def limit(told: str | None, usual: float, *, grading: bool) -> float:
    """A limit that the environment tells; the `usual` one for what is no number, 0 for none."""
    try:
        return max(float(told or (usual if grading else 0.0)), 0.0)
    except ValueError:
        return usual


def on(text: str) -> bool:
    """Whether a variable switches something on."""
    return text.strip().lower() not in {"", "0", "no", "off", "false"}


def rules() -> Rules:
    """The modes of this kernel."""
    return Rules.of(os.environ)


class Clock:
    """Stops a cell that takes too long; as a context around it."""

    def __init__(self, transport: Transport, seconds: float) -> None:
        """No `seconds`, no limit."""
        self._transport = transport
        self._seconds = seconds
        self._over = threading.Event()
        self.expired = False

    def __enter__(self) -> Self:
        """Begin to count."""
        if self._seconds:
            threading.Thread(target=self._watch, name="clock", daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """The cell is over."""
        self._over.set()

    def _watch(self) -> None:
        if self._over.wait(self._seconds):
            return
        self.expired = True
        end = time.monotonic() + KILL_AFTER
        while not self._over.wait(TICK):
            self._transport.interrupt()  # which does nothing twice, and nothing between two statements
            if time.monotonic() > end:
                self._transport.kill(say("too_long", seconds=f"{self._seconds:g}"))
                return
