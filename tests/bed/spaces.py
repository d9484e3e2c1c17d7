"""Network namespaces of one bed, joined by bridges in a namespace as well: the machine's own network is not touched.

Whatever a bed makes has its tag in the name: namespaces, a folder, a control group. So what a killed run left behind
is found again, and `sweep` removes what belongs to no living process.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import local
from typing import TYPE_CHECKING

import psutil
from wireguardbed import Space, run

if TYPE_CHECKING:
    from collections.abc import Iterator

CLONE_NEWNET = 0x40000000  # <linux/sched.h>
GROUPS = Path("/sys/fs/cgroup")
HOLD = Path("/var/tmp/maximalab-bed")  # noqa: S108  # an engine's data need a real disk, and short paths
PREFIX = "bed"
PATIENCE = 20.0
"""Seconds that a process has to end by itself."""
_LIBC = ctypes.CDLL(None, use_errno=True)
_HERE = local()


def _enter(descriptor: int) -> None:
    if _LIBC.setns(descriptor, CLONE_NEWNET):
        raise OSError(ctypes.get_errno(), "setns")


class Machine(Space):
    """One namespace that stands for a machine; its addresses by segment."""

    def __init__(self, tag: str, what: str) -> None:
        super().__init__(f"{PREFIX}{tag}{what}")
        self.what = what
        self.addresses: dict[str, str] = {}

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Let this thread open its connections from there. A connection that is open stays where it was opened."""
        before = getattr(_HERE, "space", None)
        with Path("/proc/thread-self/ns/net").open() as back, Path(f"/run/netns/{self.name}").open() as space:
            _enter(space.fileno())
            _HERE.space = self.name
            try:
                yield
            finally:
                _enter(back.fileno())
                _HERE.space = before

    def sh(self, *lines: str) -> None:
        """Run lines of a shell there, all or none."""
        self.run("sh", "-euc", "\n".join(lines))

    def iptables(self, *rules: str) -> None:
        """Put rules up, in order."""
        self.sh(*(f"iptables -w {rule}" for rule in rules))

    def packets(self, comment: str) -> int:
        """Count what the rules with this comment have seen."""
        said = "".join(
            self.run("iptables", "-w", "-t", table, "-nvxL") for table in ("raw", "mangle", "filter")
        )
        return sum(int(line.split()[0]) for line in said.splitlines() if f"/* {comment} */" in line)


class Spaces:
    """Segments and machines of one bed. `close` removes them, and every process in them."""

    def __init__(self) -> None:
        sweep()
        self.tag = uuid.uuid4().hex[:5]
        self.folder = HOLD / self.tag
        self.folder.mkdir(parents=True, mode=0o755)
        (self.folder / "owner").write_text(f"{os.getpid()} {psutil.Process().create_time()}")
        self.machines: dict[str, Machine] = {}
        self._wires = self.machine("wires")

    def machine(self, what: str) -> Machine:
        """Make a machine without a network."""
        made = Machine(self.tag, what)
        run("ip", "netns", "add", made.name)
        made.run("ip", "link", "set", "lo", "up")
        self.machines[what] = made
        return made

    def segment(self, name: str) -> None:
        """Make a bridge to which machines can be joined."""
        self._wires.sh(f"ip link add {name} type bridge", f"ip link set {name} up")

    def join(self, machine: Machine, segment: str, address: str) -> None:
        """Give a machine an interface on a segment, named as the segment is; `address` with its length."""
        far = f"{machine.what}-{segment}"[:15]
        self._wires.run(
            "ip", "link", "add", far, "type", "veth", "peer", "name", segment, "netns", machine.name
        )
        self._wires.sh(f"ip link set {far} master {segment} up")
        machine.sh(f"ip address add {address} dev {segment}", f"ip link set {segment} up")
        machine.addresses[segment] = address.partition("/")[0]

    def cut(self, machine: Machine, segment: str) -> None:
        """Pull a machine's cable: who sends there hears nothing."""
        self._wires.run("ip", "link", "set", f"{machine.what}-{segment}"[:15], "down")

    def heal(self, machine: Machine, segment: str) -> None:
        """Put the cable back."""
        self._wires.run("ip", "link", "set", f"{machine.what}-{segment}"[:15], "up")

    @property
    def control_group(self) -> str:
        """The control group below which all containers of the bed are."""
        return f"/{PREFIX}{self.tag}"

    def close(self) -> None:
        """Remove everything with this tag."""
        remove(self.tag)


def remove(tag: str) -> None:
    """End every process of a bed, and remove its namespaces, mounts and files."""
    _end(_contained(tag), signal.SIGKILL)
    names = [name for name in _names() if name.startswith(f"{PREFIX}{tag}")]
    members = [int(pid) for name in names for pid in run("ip", "netns", "pids", name).split()]
    _end([pid for pid in members if pid != os.getpid()], signal.SIGTERM)
    _end(_contained(tag), signal.SIGKILL)
    folder = HOLD / tag
    for point in reversed(_mounted(folder)):
        subprocess.run(["umount", "--lazy", point], capture_output=True, check=False)
    for name in names:
        run("ip", "netns", "del", name)
    subprocess.run(["rm", "--recursive", "--force", str(folder)], check=True)  # much faster than rmtree
    for group in (*GROUPS.glob(f"*/{PREFIX}{tag}"), *GROUPS.glob(f"{PREFIX}{tag}")):
        for one in (*sorted(group.rglob("*/"), reverse=True), group):
            with suppress(OSError):
                one.rmdir()


def sweep() -> list[str]:
    """Remove what beds have left whose process lives no more; give their tags."""
    HOLD.mkdir(parents=True, exist_ok=True)
    with (HOLD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # others who begin now look for the same
        gone = [folder.name for folder in HOLD.iterdir() if folder.is_dir() and not _owned(folder)]
        for tag in gone:
            remove(tag)
        return gone


def _owned(folder: Path) -> bool:
    try:
        pid, started = (folder / "owner").read_text().split()
        return abs(psutil.Process(int(pid)).create_time() - float(started)) < 1
    except FileNotFoundError:
        return time.time() - folder.stat().st_mtime < PATIENCE  # it is just being made
    except (OSError, ValueError, psutil.Error):
        return False


def _names() -> list[str]:
    return [line.split()[0] for line in run("ip", "netns", "list").splitlines() if line]


def _contained(tag: str) -> list[int]:
    """The processes in the bed's containers, whichever version of control groups there is."""
    places = (*GROUPS.glob(f"pids/{PREFIX}{tag}"), *GROUPS.glob(f"{PREFIX}{tag}"))
    lists = [file for place in places for file in place.rglob("cgroup.procs")]
    return [int(pid) for file in lists for pid in file.read_text().split()]


def _mounted(folder: Path) -> list[str]:
    points = [line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    return [point for point in points if point.startswith(f"{folder}/")]


def _end(pids: list[int], how: signal.Signals) -> None:
    processes = []
    for pid in pids:
        with suppress(psutil.Error):
            processes.append(psutil.Process(pid))
            processes[-1].send_signal(how)
    for one in psutil.wait_procs(processes, timeout=PATIENCE)[1]:
        with suppress(psutil.Error):
            one.kill()
    psutil.wait_procs(processes, timeout=PATIENCE)
