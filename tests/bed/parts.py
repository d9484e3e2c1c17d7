"""One process of the lab on a bed: begun, killed and begun again, with a log."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bed.spaces import Machine
from wireguardbed import end


@dataclass
class Part:
    """A process on a machine."""

    name: str
    machine: Machine
    words: Sequence[str]
    env: Mapping[str, str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def begin(self) -> None:
        """Start it and do not wait."""
        with (self.folder / f"{self.name}.log").open("ab") as log:
            self.process = self.machine.start(
                *self.words,
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """Let it die without a word."""
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait(20)
            self.process = None

    def stop(self) -> None:
        """Let it end in order."""
        if self.process is not None:
            end(self.process)
            self.process = None

    def again(self) -> None:
        """Kill it, and start it anew."""
        self.kill()
        self.begin()
