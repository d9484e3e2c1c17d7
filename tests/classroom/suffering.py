"""What is done to the usage service of a running lab: it hangs, it is killed, its disk is full."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from labrun import RunningLab
from smalldisk import mount


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


def store_on_a_small_disk(state: Path, folder: Path, megabytes: int) -> None:
    """Mount a disk at `folder`, and let the lab that will start in `state` find its store there."""
    folder.mkdir()
    state.mkdir(mode=0o700)
    mount(folder, megabytes)
    (state / "usage.sqlite").symlink_to(folder / "usage.sqlite")
