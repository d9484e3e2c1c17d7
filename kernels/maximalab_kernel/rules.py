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
"""`1`: no questions, the same random numbers each time, a time limit for each cell, no init files of the user's."""

CLOSED = "MAXIMALAB_CLOSED"
"""`1`: no programs, no Lisp, no files but those of the notebook's folder, and these to be read only; no init files."""

SECONDS = "MAXIMALAB_CELL_SECONDS"
"""Seconds that a cell may take; 0 for no limit, which is the default outside grading."""

GRADING_SECONDS = 60.0
KILL_AFTER = 3.0
"""Seconds that Maxima has to stop at the limit before it is ended."""

TICK = 0.1


@dataclass(frozen=True)
class Rules:
    """The modes of one kernel."""

    grading: bool = False
    closed: bool = False
    seconds: float = 0.0

    @classmethod
    def of(cls, environment: Mapping[str, str]) -> Rules:
        """As the environment says; a limit that is no number is taken as the strictest sensible one, a minute."""
        grading = on(environment.get(GRADING, ""))
        try:
            seconds = float(environment.get(SECONDS) or (GRADING_SECONDS if grading else 0.0))
        except ValueError:
            seconds = GRADING_SECONDS
        return cls(grading, on(environment.get(CLOSED, "")), max(seconds, 0.0))

    def of_maxima(self, folder: str) -> dict[str, str]:
        """What Maxima's environment must say: in `folder` it finds no init files."""
        return {"MAXIMA_USERDIR": folder} if self.grading or self.closed else {}


def on(text: str) -> bool:
    """Whether a variable switches something on."""
    return text.strip().lower() not in {"", "0", "no", "off", "false"}


def rules() -> Rules:
    """The modes of this kernel."""
    return Rules.of(os.environ)


class Clock:
    """Stops an evaluation that takes too long; as a context around one cell."""

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
