"""Processes that outlive the hub, recognised for sure.

A number alone says nothing: the kernel gives it out again. A process is its number, the moment of
its start and the boot of the machine, as Linux's `/proc` tells them.
"""

from __future__ import annotations

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

PROC = Path("/proc")
#: In `/proc/<pid>/stat`, counted from the field after the program's name: the state, and the start in ticks.
STATE, STARTED = 0, 19
#: There as well: ticks in user and system mode, its own and of its children that were waited for.
TIMES = slice(11, 15)
DEAD = frozenset("ZXx")
#: Seconds in which a server takes a connection, if it listens.
CONNECTS_WITHIN = 2.0
#: A server's processes carry this in their environment, so that kernels are found that it left behind.
MARK = "MAXIMALAB_SERVER_MARK"


@dataclass(frozen=True, slots=True)
class ProcessId:
    """One process, not to be taken for another one that has its number later."""

    pid: int
    started: int
    """Clock ticks since the boot."""
    boot: str

    @classmethod
    def of(cls, pid: int) -> Self | None:
        """Recognise the process that has this number now; None where there is none, or it is dead already."""
        fields = _stat(pid)
        if fields is None or fields[STATE] in DEAD:
            return None
        return cls(pid, int(fields[STARTED]), _boot())

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self | None:
        """Take it from what `as_state` gave; None where that is not there or not whole."""
        pid, started, boot = state.get("pid"), state.get("started"), state.get("boot")
        if isinstance(pid, int) and isinstance(started, int) and isinstance(boot, str) and pid > 1:
            return cls(pid, started, boot)
        return None

    def as_state(self) -> dict[str, Any]:
        """Give it as plain data, to be kept in the hub's database."""
        return {"pid": self.pid, "started": self.started, "boot": self.boot}

    def alive(self) -> bool:
        """Say whether this very process still runs."""
        return ProcessId.of(self.pid) == self

    def send(self, number: signal.Signals) -> None:
        """Send a signal, if the process is still this one."""
        if self.alive():
            _quietly(os.kill, self.pid, number)

    def kill_group(self) -> None:
        """End the process and all of its group at once. It must lead its group."""
        if self.alive():
            _quietly(os.killpg, self.pid, signal.SIGKILL)


def kill_marked(mark: str) -> int:
    """End all processes of this user that carry `mark`; say how many there were. They get no time."""
    left = list(marked(mark))
    for process in left:
        process.send(signal.SIGKILL)
    return len(left)


def marked(mark: str) -> Iterator[ProcessId]:
    """Find the processes whose environment carries `mark`, as far as we may look."""
    wanted = f"{MARK}={mark}".encode()
    for folder in PROC.iterdir():
        if not folder.name.isdigit():
            continue
        try:
            environment = (folder / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # Gone meanwhile, or another user's: not ours in either case.
        process = ProcessId.of(int(folder.name)) if wanted in environment else None
        if process is not None:
            yield process


def used(mark: str) -> tuple[int, int]:
    """Sum up what the marked processes use: milliseconds of processors since their start, and bytes of memory now.

    What a process has used that was waited for is in its parent's sum. Shared memory is divided among those who
    share it (PSS). Both as proc(5) tells them.
    """
    ticks, memory = 0, 0
    for process in marked(mark):
        fields = _stat(process.pid)
        if fields is not None:
            ticks += sum(map(int, fields[TIMES]))
            memory += _memory(process.pid)
    return ticks * 1000 // os.sysconf("SC_CLK_TCK"), memory


def _memory(pid: int) -> int:
    try:
        lines = (PROC / str(pid) / "smaps_rollup").read_text(encoding="ascii", errors="replace").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def find_marked(mark: str, command: Sequence[str]) -> ProcessId | None:
    """Find the marked process that runs `command`, the oldest one; kernels carry its mark as well.

    All but the command's first word must stand at the end of the process's own: what starts by a script runs
    the script's interpreter.
    """
    found = [process for process in marked(mark) if _runs(process.pid, command)]
    return min(found, key=lambda process: (process.started, process.pid), default=None)


def _runs(pid: int, command: Sequence[str]) -> bool:
    try:
        words = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")[:-1]
    except OSError:
        return False
    wanted = [os.fsencode(word) for word in command[1:]]
    return words[len(words) - len(wanted) :] == wanted if wanted else words == [os.fsencode(command[0])]


def open_log(home: Path, server: str) -> BinaryIO:
    """Open the server's log anew, in the person's home: the hub's own must hold nothing private."""
    folder = home / ".local/share/jupyter"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(folder / f"{server}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
    return os.fdopen(handle, "wb")


async def listens(ip: str, port: int) -> bool:
    """Say whether somebody takes connections there, and soon: where packets vanish the kernel tries for minutes."""
    try:
        async with asyncio.timeout(CONNECTS_WITHIN):
            _, writer = await asyncio.open_connection(ip, port)
    except OSError:  # of which `TimeoutError` is one
        return False
    writer.close()
    return True


def _quietly(send: Callable[[int, int], None], pid: int, number: signal.Signals) -> None:
    try:
        send(pid, number)
    except ProcessLookupError:
        return  # It ended between our look and our signal, as it should.


def _stat(pid: int) -> list[str] | None:
    try:
        text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    # The program's name stands in brackets and may hold anything, also brackets and blanks.
    return text.rpartition(")")[2].split()


def _boot() -> str:
    return (PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
