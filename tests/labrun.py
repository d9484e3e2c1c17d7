"""Starts a whole lab, as `./lab up` does, on free ports and in a folder of its own."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import psutil
from maximalab_hub.lab import descent, ports
from maximalab_hub.lab.places import ROOT, Addresses

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

START = 200.0
STOP = 60.0
SHORT = {"proxy-public": "public entrance", "proxy-vpn": "VPN entrance", "usage": "usage service"}
"""Short names of the lab's own processes; the hub's is short already."""


@dataclass(frozen=True)
class LabAccount:
    """An example account of a running lab."""

    name: str
    password: str
    role: str


def until(condition: Callable[[], object], what: str, seconds: float = 90.0) -> None:
    """Wait until `condition()` is true; fail by name after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:.0f} s in vain: {what}"
        time.sleep(0.05)


@dataclass
class RunningLab:
    """A lab that runs: where it is, who may sign in, and how to hurt it."""

    public: str
    vpn: str
    accounts: Mapping[str, LabAccount]
    """By role: student, teacher, researcher, admin."""
    state: Path
    process: subprocess.Popen[bytes]
    output: Path

    def records(self) -> list[descent.Record]:
        """Read what the lab has recorded about its living processes."""
        return descent.read_records(self.state / "run" / "processes.json")

    def pids(self, name: str) -> list[int]:
        """List the living processes recorded under `name`.

        The lab's own are `hub`, `usage`, `proxy-public` and `proxy-vpn` (or their names in `SHORT`); all
        others go by the name of their program.
        """
        wanted = SHORT.get(name, name)
        return [one.pid for one in descent.still_there(r for r in self.records() if r.name == wanted)]

    def password(self, role: str) -> str:
        """Give the password of the example account of that role."""
        return self.accounts[role].password

    def kill(self, name: str) -> list[int]:
        """Kill (SIGKILL) every process of that name; returns which."""
        pids = self.pids(name)
        assert pids, f"no process {name!r} in this lab; there are {sorted({r.name for r in self.records()})}"
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
        return pids

    def kill_and_await(self, name: str) -> None:
        """Kill a process of the lab's own and wait until another one has taken its place."""
        killed = set(self.kill(name))
        until(lambda: set(self.pids(name)) - killed, f"{name} is started again")

    def stop(self) -> None:
        """End the lab as Ctrl-C does, and see that it leaves no process behind."""
        below = []
        if self.process.poll() is None:
            below = psutil.Process(self.process.pid).children(recursive=True)
            self.process.send_signal(signal.SIGINT)
        try:
            code = self.process.wait(timeout=STOP)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise
        left = [process for process in below if descent.lives(process)]
        assert not left, f"left behind: {left}"
        assert code == 0, self.output.read_text()[-4000:]


def free_port() -> int:
    """Find a base port whose whole set of addresses is free."""
    for _ in range(100):
        port = random.randrange(20000, 32000, 4)  # noqa: S311  no secret
        if not ports.taken(Addresses(port).all):
            return port
    raise AssertionError("no free ports")


def start_lab(folder: Path, *, port: int | None = None) -> RunningLab:
    """Start a lab with its state in `folder/lab` and wait until it is ready. End it with `stop()`."""
    state = folder / "lab"
    output = folder / "lab.out"
    # One that was killed has left it behind, and it would be taken for the new one's.
    (state / "lab.json").unlink(missing_ok=True)
    env = os.environ | {"MAXIMALAB_STATE": str(state), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "maximalab_hub.lab", "up", "--port", str(port or free_port())]
    with output.open("ab") as out:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, env=env, cwd=ROOT
        )
    try:
        return _await(process, state, output)
    except BaseException:
        _abandon(process)
        raise


def _await(process: subprocess.Popen[bytes], state: Path, output: Path) -> RunningLab:
    facts = state / "lab.json"
    until(lambda: facts.exists() or process.poll() is not None, f"the lab starts, see {output}", START)
    assert process.poll() is None, output.read_text()[-4000:]
    told = json.loads(facts.read_text())
    accounts = {one["role"]: LabAccount(**one) for one in told["accounts"]}
    return RunningLab(told["public"], told["vpn"], accounts, state, process, output)


def _abandon(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=STOP)
        except subprocess.TimeoutExpired:
            process.kill()
