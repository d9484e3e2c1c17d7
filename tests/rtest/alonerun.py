"""A file of the test suite through a Maxima with nothing of the kernel in it."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_kernel.environment import scrubbed

from rtest.outcomes import WALL_FOR_CPU, Outcome
from rtest.suite import answers_file, problems_of

if TYPE_CHECKING:
    from collections.abc import Sequence

ALONE = Path(__file__).with_name("alone.lisp")
HEAP = "1024"
"""Megabytes of heap, either way."""
GRACE = 60.0
"""Seconds beyond a problem's own in which a Maxima must say something, or is ended: it hangs where nothing stops it."""


@dataclass
class ThroughAlone:
    """Maxima alone: the core `plain.core`, a process for each file."""

    core: Path
    folder: Path
    """Where a run's files are."""

    def run(self, file: Path, seconds: Sequence[float]) -> list[Outcome]:
        """What the problems give, each in so many seconds at most, those with 0 left out; fewer where Maxima ended.

        It gets the problems only: reading what they should give has effects, too (a noun that is read becomes one
        again).
        """
        told, fed = self.folder / f"{file.stem}.told", self.folder / f"{file.stem}.fed"
        told.unlink(missing_ok=True)
        fed.write_text("\n".join(problems_of(file)), encoding="utf-8")
        answers = answers_file(file)
        with (self.folder / f"{file.stem}.log").open("wb") as log:
            process = subprocess.Popen(
                self._command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env={
                    **scrubbed(os.environ), "MAXIMA_PREFIX": str(self.core.parent),
                    "MAXIMA_TEMPDIR": str(self.folder), "RTEST_FILE": str(fed), "RTEST_TOLD": str(told),
                    "RTEST_ANSWERS": str(answers) if answers else "",
                    "RTEST_SECONDS": " ".join(f"{limit:g}" for limit in seconds),
                    "RTEST_WALL": str(WALL_FOR_CPU),
                },
            )  # fmt: skip
            self._wait(process, told, WALL_FOR_CPU * max(seconds, default=0.0) + GRACE)
        return read_told(told.read_text(encoding="utf-8")) if told.exists() else []

    def _command(self) -> list[str]:
        return [
            str(self.core.parent / "sbcl"), "--core", str(self.core), "--noinform",
            "--dynamic-space-size", f"{HEAP}MB", "--disable-ldb", "--end-runtime-options",
            "--no-sysinit", "--no-userinit", "--eval", "(cl-user::run)", "--end-toplevel-options",
            f"--preload={ALONE}",
        ]  # fmt: skip

    @staticmethod
    def _wait(process: subprocess.Popen[bytes], told: Path, silence: float) -> None:
        """Until it ends; one that tells nothing for so many seconds is ended."""
        size, since = -1, time.monotonic()
        while True:
            try:
                process.wait(1.0)
            except subprocess.TimeoutExpired:
                now = told.stat().st_size if told.exists() else 0
                size, since = (now, time.monotonic()) if now != size else (size, since)
                if time.monotonic() > since + silence:
                    process.kill()
            else:
                return


def read_told(text: str) -> list[Outcome]:
    """What `alone.lisp` has written; without the last, where Maxima ended while it wrote."""
    outcomes = []
    while "\n" in text:
        head, _, rest = text.partition("\n")
        kind, length = head.split()
        if len(rest) <= int(length):
            break
        outcomes.append(Outcome(kind, rest[: int(length)]))
        text = rest[int(length) + 1 :]
    return outcomes
