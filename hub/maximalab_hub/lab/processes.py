"""Starts the lab's processes, starts each again that dies, and ends all of them in order."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import psutil

from maximalab_hub.lab import descent
from maximalab_hub.lab.restart import Again, GiveUp, after_death

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

LARGEST_LOG = 10_000_000
"""Bytes: at its process's start, a longer log becomes `<name>.log.1`, replacing the one before."""
GRACE = 15.0
"""Seconds from asking a process to end to killing it; a student's server sends its last events meanwhile."""


class GivenUpError(Exception):
    """A process died too often in a row. The text says which, and holds the end of its log."""


@dataclass(frozen=True)
class Program:
    """One process of the lab, to be kept alive."""

    name: str
    command: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    log: Path


@dataclass
class _Kept:
    program: Program
    process: subprocess.Popen[bytes] | None = None
    began: float = 0.0
    failures: int = 0
    due: float | None = None


@dataclass
class Supervisor:
    """Keeps `programs` alive, in that order of starting. One thread; whoever owns it calls `step`."""

    programs: Sequence[Program]
    records: Path
    say: Callable[[str], None]
    _kept: dict[str, _Kept] = field(default_factory=dict, init=False)
    _recorded: frozenset[int] = field(default=frozenset(), init=False)

    def start(self) -> None:
        """Start every program."""
        descent.adopt_orphans()
        for program in self.programs:
            self._kept[program.name] = kept = _Kept(program)
            self._launch(kept)

    def step(self) -> None:
        """Collect what died, start again what is due, record who lives. Raises `GivenUpError`."""
        now = time.monotonic()
        for pid in self.reap():
            for kept in self._kept.values():
                if kept.process and kept.process.pid == pid:
                    self._died(kept, now)
        for kept in self._kept.values():
            if kept.due is not None and now >= kept.due:
                self._launch(kept)
        self._record()

    def reap(self) -> list[int]:
        """Collect our dead children: the programs, and orphans that we adopted. Returns their numbers."""
        dead: list[int] = []
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return dead
            if pid == 0:
                return dead
            dead.append(pid)
            for kept in self._kept.values():
                if kept.process and kept.process.pid == pid:
                    # So that Popen does not look for a process that is already collected.
                    kept.process.returncode = os.waitstatus_to_exitcode(status)

    def stop(self) -> None:
        """End the students' servers, then the programs, the last one started first, then what is left."""
        for kept in self._kept.values():
            kept.due = None
        descent.end(self._servers(), GRACE, self.reap)
        for kept in reversed(self._kept.values()):
            descent.end(_process_of(kept), GRACE, self.reap)
        descent.end(descent.descendants(), GRACE / 3, self.reap)
        self.records.unlink(missing_ok=True)

    def _servers(self) -> list[psutil.Process]:
        """Find the students' servers: what the programs started, and what we adopted when a program died."""
        own = {kept.process.pid for kept in self._kept.values() if kept.process}
        parents = {os.getpid(), *own}
        return [
            process
            for process in descent.descendants()
            if process.pid not in own and process.ppid() in parents
        ]

    def _launch(self, kept: _Kept) -> None:
        program = kept.program
        turn_over(program.log)
        with program.log.open("ab") as log:
            kept.process = subprocess.Popen(
                program.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=program.cwd,
                env=program.env,
                # A Ctrl-C at the terminal must reach us alone: we end the others, in order.
                start_new_session=True,
            )
        kept.began, kept.due = time.monotonic(), None
        self._record()

    def _died(self, kept: _Kept, now: float) -> None:
        code = kept.process.returncode if kept.process else None
        kept.process = None
        match after_death(now - kept.began, kept.failures):
            case Again(delay, failures):
                kept.failures, kept.due = failures, now + delay
                self.say(f"The {kept.program.name} ended ({ending(code)}); it is started again.")
            case GiveUp(failures):
                raise GivenUpError(
                    f"The {kept.program.name} ended {failures} times in a row ({ending(code)}). "
                    f"The end of {kept.program.log}:\n{log_end(kept.program.log)}"
                )

    def _record(self) -> None:
        living = descent.descendants()
        pids = frozenset(process.pid for process in living)
        if pids != self._recorded:
            names = {kept.process.pid: name for name, kept in self._kept.items() if kept.process}
            records = [descent.record_of(process, names.get(process.pid)) for process in living]
            descent.write_records(self.records, filter(None, records))
            self._recorded = pids


def _process_of(kept: _Kept) -> list[psutil.Process]:
    if kept.process is None or kept.process.returncode is not None:
        return []
    try:
        return [psutil.Process(kept.process.pid)]
    except psutil.NoSuchProcess:
        return []


def ending(code: int | None) -> str:
    """Say how a process ended: Python's exit code, negative for a signal."""
    if code is None:
        return "unknown"
    return f"by signal {-code}" if code < 0 else f"exit code {code}"


def log_end(log: Path, lines: int = 15, width: int = 200) -> str:
    """Give the last lines of a log, each cut to `width` characters."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 20_000))
        text = file.read().decode(errors="replace")
    return "\n".join(f"  {line[:width]}" for line in text.splitlines()[-lines:])


def turn_over(log: Path) -> None:
    """Put a log that has grown long aside."""
    if log.exists() and log.stat().st_size > LARGEST_LOG:
        log.replace(log.with_name(f"{log.name}.1"))
