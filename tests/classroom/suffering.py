"""What is done to the usage service of a running lab: it hangs, it is killed, its disk is full."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from labrun import RunningLab

BLOCK = 1 << 16


@contextmanager
def hanging(lab: RunningLab) -> Iterator[None]:
    """Let the service take connections and answer nothing, which is worse for senders than one that refuses."""
    pids = lab.pids("usage")
    assert pids, "there is no usage service"
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


@dataclass(frozen=True)
class SmallDisk:
    """A file system of a few megabytes that holds nothing but the store of one lab."""

    folder: Path

    @classmethod
    def for_lab(cls, state: Path, folder: Path, megabytes: int) -> SmallDisk:
        """Mount one, and let the lab that will start in `state` find its store there."""
        folder.mkdir()
        state.mkdir(mode=0o700)
        size = f"size={megabytes}m,mode=0700"
        subprocess.run(["mount", "-t", "tmpfs", "-o", size, "maximalab", str(folder)], check=True)
        (state / "usage.sqlite").symlink_to(folder / "usage.sqlite")
        return cls(folder)

    def unmount(self) -> None:
        """Give it back, with all that it holds."""
        subprocess.run(["umount", str(self.folder)], check=True)

    @contextmanager
    def full(self) -> Iterator[None]:
        """Fill it to the last byte, for a while."""
        filler = self.folder / "filler"
        try:
            with filler.open("wb", buffering=0) as file:
                _fill(file.fileno())
            yield
        finally:
            filler.unlink()


def _fill(descriptor: int) -> None:
    size = BLOCK
    while size:
        try:
            os.write(descriptor, bytes(size))
        except OSError as error:
            assert error.errno == errno.ENOSPC, error  # noqa: PT017  any other fault is the test's own
            size //= 2
