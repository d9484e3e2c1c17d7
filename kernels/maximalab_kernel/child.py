"""A child process as the operating system sees it: its start, its signals, its pipes, its end."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Iterator

CHUNK = 65536

PROC = Path("/proc")
"""What this system tells of its processes; elsewhere there is none."""

PR_SET_PDEATHSIG = 1


def child_setup(parent: int, enter: Callable[[], None] | None = None) -> Callable[[], None]:
    """What the child does before it becomes Maxima: die with its parent, take interrupts, go behind its wall.

    Where it cannot `enter` that, it ends.
    """
    libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None

    def setup() -> None:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        if libc is not None:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
        try:
            if enter is not None:
                enter()
        except OSError as error:
            os.write(2, f"Landlock: {error}\n".encode())
            os._exit(1)

    return setup


def _told_of_all(what: str) -> Iterator[tuple[int, bytes]]:
    """What /proc tells of each process that is there; elsewhere nothing.

    Each may end at any moment: between the list and a look, also within a look, for which `Path.glob` has an error in
    some versions of Python.
    """
    names = os.listdir(PROC) if PROC.is_dir() else []  # noqa: PTH208  the names are all that is wanted
    for name in filter(str.isdecimal, names):
        try:
            told = (PROC / name / what).read_bytes()
        except OSError:
            continue  # ended since
        yield int(name), told


def descendants(pid: int) -> list[int]:
    """The processes that `pid` has started, and those that these have, as /proc tells; elsewhere none.

    Without those that have ended, and of which only the return code is left.
    """
    parents: dict[int, list[int]] = {}
    for child, stat in _told_of_all("stat"):
        state, parent = stat.rpartition(b")")[2].split()[:2]
        if state not in (b"Z", b"X"):
            parents.setdefault(int(parent), []).append(child)
    found: list[int] = []
    wave = [pid]
    while wave:
        wave = [child for parent in wave for child in parents.get(parent, [])]
        found += wave
    return found


def working_on(what: str) -> list[int]:
    """The processes in whose command line `what` stands, as /proc tells; elsewhere none. This one is not among them.

    A program is nobody's descendant any more when the shell that has started it was ended first.
    """
    return [pid for pid, line in _told_of_all("cmdline") if what.encode() in line and pid != os.getpid()]


def ignores(pid: int, number: signal.Signals) -> bool:
    """Whether the process throws this signal away, as /proc tells; elsewhere, and of one that has ended, no."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(errors="replace")
    except OSError:
        return False
    mask = next((line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:")), "0")
    return bool(int(mask, 16) >> (number - 1) & 1)


def ending(code: int) -> str:
    """How a process with this return code ended."""
    if code == 0:
        return "quit()"
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit status {code}"


def read_available(descriptor: int) -> tuple[bytes, bool]:
    """What can be read now (at most some megabytes), and whether the other end is closed."""
    data = bytearray()
    for _ in range(64):
        try:
            chunk = os.read(descriptor, CHUNK)
        except BlockingIOError:
            return bytes(data), False
        if not chunk:
            return bytes(data), True
        data += chunk
    return bytes(data), False


def end_descendants(process: subprocess.Popen[bytes]) -> None:
    """End whatever Maxima has started."""
    end(descendants(process.pid))


def end(pids: list[int]) -> None:
    """End these processes."""
    for pid in pids:
        _send(os.kill, pid, signal.SIGKILL)


def interrupt_main_thread(process: subprocess.Popen[bytes]) -> None:
    """Signal Maxima's first thread, which evaluates; then end what it waits for, which may have the signal blocked.

    Not the other way round: the evaluation would go on, and could be over before the signal. Only the C library's
    `system` needs that, with which GCL starts programs: while it waits, the signal would be thrown away.

    A signal to the process may go to any thread. ECL has one that hands signals on, and loses what reaches itself
    while the garbage collector has it suspended: then the first thread, which collects, has all signals blocked, and
    the system chooses that one.
    """
    if ignores(process.pid, signal.SIGINT):
        end_descendants(process)
    _send(_to_thread, process.pid, signal.SIGINT)
    end_descendants(process)


def _to_thread(pid: int, number: int) -> None:
    """Signal the first thread of a process, where this system's library can; else the process."""
    library = ctypes.CDLL(None, use_errno=True)
    if sys.platform != "linux" or not hasattr(library, "tgkill"):
        os.kill(pid, number)
    elif library.tgkill(pid, pid, int(number)):
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Signal Maxima, and end what it waits for: such programs may block the signal, and have groups of their own."""
    end_descendants(process)
    _send(os.killpg, process.pid, number)


def _send(send: Callable[[int, int], None], pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it has ended by itself: what was wanted
        send(pid, number)
