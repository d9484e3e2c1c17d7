"""What a person sees of the set-up: one line a step, with the time it takes; the rest goes to a log."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TICK = 0.5


class Progress:
    """The lines of one set-up on a terminal, or plain lines where there is none."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.number = 0
        self.label = ""
        self.began = 0.0
        self.live = sys.stdout.isatty()

    def begin(self, title: str) -> None:
        """Announce the next step."""
        self.number += 1
        self.label = f"[{self.number}/{self.total}] {title}"
        self.began = time.monotonic()
        print(f"{self.label} …", end="" if self.live else "\n", flush=True)

    def tick(self) -> None:
        """Show that the step goes on."""
        if self.live:
            print(f"\r{self.label} … {time.monotonic() - self.began:.0f} s", end="", flush=True)

    def end(self, outcome: str = "done") -> None:
        """Say how the step ended and how long it took."""
        start = "\r" if self.live else ""
        print(f"{start}{self.label}: {outcome} in {time.monotonic() - self.began:.1f} s", flush=True)


def run(command: Sequence[str], env: Mapping[str, str], cwd: Path, log: Path, progress: Progress) -> int:
    """Run `command` with its output at the end of `log`, showing that time goes by. Returns its exit code."""
    with log.open("ab") as out:
        out.write(f"\n$ {' '.join(command)}\n".encode())
        out.flush()
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=cwd, env=env
        )
        try:
            return _wait(process, progress)
        except BaseException:
            process.terminate()
            process.wait()
            raise


def _wait(process: subprocess.Popen[bytes], progress: Progress) -> int:
    while True:
        try:
            return process.wait(timeout=TICK)
        except subprocess.TimeoutExpired:
            progress.tick()
