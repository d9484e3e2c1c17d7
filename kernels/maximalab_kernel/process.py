"""The child process that Maxima is: its start, its pipes, its signals, its end."""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_kernel.aftermath import PICTURE, end_all
from maximalab_kernel.child import (
    child_setup,
    descendants,
    end,
    end_descendants,
    ending,
    interrupt_main_thread,
    signal_group,
    working_on,
)
from maximalab_kernel.environment import scrubbed
from maximalab_kernel.finder import Installation, find_gnuplot
from maximalab_kernel.oomkills import kills
from maximalab_kernel.outlets import Outlets
from maximalab_kernel.rules import rules
from maximalab_kernel.transport import MaximaDiedError

if TYPE_CHECKING:
    from collections.abc import Callable

ENDS_WITHIN = 2.0
"""Seconds that a process has to end whose pipes are closed."""


def environment(installation: Installation, folder: Path, requests: int, frames: int) -> dict[str, str]:
    """What Maxima's environment says; it reads from `requests` and answers on `frames`."""
    behind = {}
    if rules().walled:
        from maximalab_kernel import carrying  # noqa: PLC0415  as in `entrance`

        behind = carrying.environment(folder)
    return {
        **scrubbed(os.environ),
        **installation.environment,
        **rules().of_maxima(str(folder)),
        **behind,
        "MAXIMA_TEMPDIR": str(folder),
        "MAXIMALAB_REQUESTS": str(requests),
        "MAXIMALAB_FRAMES": str(frames),
        "MAXIMALAB_GNUPLOT": find_gnuplot() or "gnuplot",
    }


def entrance(installation: Installation, folder: Path) -> AbstractContextManager[Callable[[], None] | None]:
    """What the child does to get behind a closed kernel's wall; nothing where there is none."""
    if not rules().walled:
        return nullcontext()
    from maximalab_kernel import wall  # noqa: PLC0415  an open kernel's start need not wait for it

    further = os.environ.get(wall.FURTHER, "")
    return wall.built(wall.around_maxima(installation, folder, str(Path.cwd()), further))


class Process:
    """One process from its start to its burial."""

    def __init__(self, installation: Installation, folder: Path) -> None:
        """Start Maxima without waiting for it; from the thread that lives as long as the kernel.

        Plots go into `folder`. Raises `MaximaDiedError` where there is nothing to start.
        """
        answers, frames = os.pipe()
        requests, ours = os.pipe()
        try:
            with entrance(installation, folder) as enter:
                self._child = subprocess.Popen(
                    installation.command,
                    stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                    env=environment(installation, folder, requests, frames), start_new_session=True, bufsize=0,
                    pass_fds=(requests, frames),
                    preexec_fn=child_setup(os.getpid(), enter),  # noqa: PLW1509  no thread of ours forks
                )  # fmt: skip
        except OSError as error:
            os.close(answers)
            os.close(ours)
            raise MaximaDiedError(f"{installation.command[0]}: {error.strerror}") from error
        finally:
            os.close(requests)
            os.close(frames)
        self.outlets = Outlets(answers, {"stdout": self._child.stdout, "stderr": self._child.stderr})
        self._requests = os.fdopen(ours, "wb", buffering=0)
        self._kills = kills()
        self._pictures = f"{folder}/{PICTURE}"

    @property
    def pid(self) -> int:
        """Its number."""
        return self._child.pid

    @property
    def gone(self) -> bool:
        """Whether it has ended."""
        return self._child.poll() is not None

    def write(self, line: str) -> None:
        """Send it a request; raises `OSError` where it does not read any more."""
        rest = memoryview(line.encode(errors="replace"))
        while rest:
            rest = rest[self._requests.write(rest) or 0 :]

    def interrupt(self) -> None:
        """One signal, and an end to what it started, such as gnuplot."""
        interrupt_main_thread(self._child)

    def end_programs(self) -> None:
        """End what it has started."""
        end_descendants(self._child)

    def without_programs(self) -> None:
        """End what it has started, and whatever draws its pictures, and wait until that is gone."""
        end_all(lambda: [*descendants(self.pid), *working_on(self._pictures)], end)

    def kill(self) -> None:
        """End it, and what it started."""
        signal_group(self._child, signal.SIGKILL)

    @property
    def starved(self) -> bool:
        """Whether the system has ended it for want of memory, as far as it says."""
        return self._child.poll() == -signal.SIGKILL and kills() > self._kills

    def bury(self) -> str:
        """Wait for its end, if need be bring that about, and close its pipes; how it ended."""
        try:
            self._child.wait(timeout=ENDS_WITHIN)
        except subprocess.TimeoutExpired:
            self.kill()
        code = self._child.wait()
        self.kill()  # what it started may live on
        for pipe in (self._requests, self._child.stdout, self._child.stderr, self.outlets):
            if pipe is not None:
                pipe.close()
        return ending(code)
