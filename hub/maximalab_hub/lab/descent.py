"""Our processes and theirs: who descends from us, what is recorded of it, and how all of it ends."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36  # <linux/prctl.h>
SAME_START = 1.0
"""Seconds: two start times that differ by less are one. The clock may have been set meanwhile."""


@dataclass(frozen=True)
class Record:
    """One process as it is recorded: its number alone would one day mean another process."""

    pid: int
    started: float
    """Seconds since the epoch."""
    name: str


def adopt_orphans() -> None:
    """Become the parent of each descendant whose own parent dies, so that none can slip away (Linux)."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def descendants() -> list[psutil.Process]:
    """List every living process below this one."""
    return [process for process in psutil.Process().children(recursive=True) if lives(process)]


def lives(process: psutil.Process) -> bool:
    """Say whether a process runs; one that has ended and was not collected yet does not."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return False


def record_of(process: psutil.Process, name: str | None) -> Record | None:
    """Describe a living process by our name for it or its own; None where it has just ended."""
    try:
        return Record(process.pid, process.create_time(), name or process.name())
    except psutil.Error:
        return None


def write_records(path: Path, records: Iterable[Record]) -> None:
    """Replace the file of records as a whole."""
    new = path.with_suffix(".new")
    new.write_text(json.dumps([vars(record) for record in records]), encoding="utf-8")
    new.replace(path)


def read_records(path: Path) -> list[Record]:
    """Read the file of records; a missing or torn one holds none."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return [Record(int(one["pid"]), float(one["started"]), str(one["name"])) for one in entries]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def still_there(records: Iterable[Record]) -> list[psutil.Process]:
    """Find the recorded processes that live: same number and same start time, and not this one."""
    found = []
    for record in records:
        with suppress(psutil.Error):
            process = psutil.Process(record.pid)
            same = abs(process.create_time() - record.started) < SAME_START
            if same and process.pid != os.getpid() and lives(process):
                found.append(process)
    return found


def end(
    processes: Sequence[psutil.Process], grace: float, reap: Callable[[], object]
) -> list[psutil.Process]:
    """Ask `processes` to end, wait for `grace` seconds, then kill. `reap` collects our own dead children.

    Returns those that had to be killed.
    """
    for process in processes:
        _send(process, signal.SIGTERM)
    stubborn = wait(processes, grace, reap)
    for process in stubborn:
        _send(process, signal.SIGKILL)
    wait(stubborn, grace, reap)
    return stubborn


def wait(
    processes: Sequence[psutil.Process], grace: float, reap: Callable[[], object]
) -> list[psutil.Process]:
    """Wait until `processes` have ended, for at most `grace` seconds; returns those that live on."""
    deadline = time.monotonic() + grace
    living = list(processes)
    while living and time.monotonic() < deadline:
        reap()
        living = [process for process in living if lives(process)]
        if living:
            time.sleep(0.05)
    return living


def _send(process: psutil.Process, number: signal.Signals) -> None:
    # Ended meanwhile: just what was wanted.
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)
