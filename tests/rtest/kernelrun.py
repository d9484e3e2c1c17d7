"""A file of the test suite through the kernel's server."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_kernel.maxima import MaximaProcess
from maximalab_kernel.transport import Frame, MaximaDiedError

from rtest.outcomes import LATE, LEFT_OUT, STOPPED, WALL_FOR_CPU, Outcome
from rtest.suite import answers_of, problems_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_kernel.finder import Installation

STOPS_WITHIN = 60.0
"""Seconds that an interrupted evaluation may go on, on a busy machine; then it is a fault of the kernel's."""
LOOK_EVERY = 0.1
TICKS = 100.0
"""Of /proc's clock, a second: the same on every Linux."""


def processor_seconds(pid: int | None) -> float:
    """Seconds of processor time that a process has used; 0 where nobody can say."""
    try:
        fields = (
            Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        )
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


class Limit:
    """Interrupts the evaluation that runs while this is entered, once it has used its seconds; ends one that goes on.

    Counted is processor time, so that a busy machine changes no result, and `WALL_FOR_CPU` times as much of the clock,
    for what waits.
    """

    def __init__(self, process: MaximaProcess, seconds: float) -> None:
        """Nothing is counted yet."""
        self._process = process
        self._seconds = seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> None:
        """Begin to count."""
        self._thread.start()

    def __exit__(self, *ignored: object) -> None:
        """It is done in time, or has been stopped."""
        self._over.set()
        self._thread.join()

    def _look(self) -> None:
        used, began = processor_seconds(self._process.pid), time.monotonic()
        while not self._over.wait(LOOK_EVERY):
            spent = processor_seconds(self._process.pid) - used
            if spent > self._seconds or time.monotonic() > began + WALL_FOR_CPU * self._seconds:
                self._process.interrupt()
                if not self._over.wait(STOPS_WITHIN):
                    self._process.kill("it ignored an interrupt")
                return


def shown(process: MaximaProcess, problem: str, answers: list[str]) -> Outcome:
    """What the kernel makes of a problem: the text of the result, wherever it shows it as one line."""
    frames = []
    for event in process.request("eval", problem):
        if isinstance(event, Frame):
            frames.append(event)
            if event.kind == "input":
                process.answer(answers.pop(0) if answers else None)
    kinds = {frame.kind: frame for frame in frames}
    if "error" in kinds:
        error = Outcome("error", note=kinds["error"].text("message"))
        return {"KeyboardInterrupt": LATE, "MaximaOutOfMemory": STOPPED}.get(
            kinds["error"].text("name"), error
        )
    frame = kinds.get("result")
    if frame is None or frame.fields.get("columns"):  # ended in `$`, a plot, or drawn as a table
        events = process.request("lisp", '(maximalab-emit "result" "text" (maximalab-line $%))')
        lines = [event for event in events if isinstance(event, Frame) and event.kind == "result"]
        frame = lines[0] if lines else None
    return Outcome("result", frame.text("text")) if frame else Outcome("error")


@dataclass
class ThroughKernel:
    """The kernel's Maxima, a new one for each file."""

    installation: Installation

    def run(self, file: Path, seconds: Sequence[float]) -> list[Outcome]:
        """Feed a file expression by expression, each for so many seconds at most, those with 0 not at all.

        Where Maxima ends, a new one goes on, as for a student.
        """
        process, told, answers = MaximaProcess(self.installation), [], answers_of(file)
        try:
            for problem, limit in zip(problems_of(file), seconds, strict=True):
                told.append(self._outcome(process, problem, answers, limit) if limit else LEFT_OUT)
        finally:
            process.close()
        return told

    @staticmethod
    def _outcome(process: MaximaProcess, problem: str, answers: list[str], limit: float) -> Outcome:
        try:
            process.ready()
            with Limit(process, limit):
                return shown(process, problem, answers)
        except MaximaDiedError as error:
            return Outcome("died", note=str(error))
