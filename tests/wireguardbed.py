"""Namespaces with a WireGuard gateway and people's devices in them, made by the test and gone afterwards.

A segment of 172.28.77.0/24 stands for the internet; inside the VPN it is 172.20.0.0/24. Nothing touches the
machine's own network: every address, rule and interface is in a namespace of this test.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from labrun import until

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
FETCH = """
import sys, urllib.request
urllib.request.build_opener(urllib.request.ProxyHandler({})).open(sys.argv[1], timeout=float(sys.argv[2])).read()
"""
PROGRAMS = ("ip", "wg", "wireguard-go", "iptables", "nsenter")


def has_wireguard() -> bool:
    """Say whether this machine lets the tests make namespaces, and has WireGuard and its tools."""
    path = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"
    return os.geteuid() == 0 and all(shutil.which(name, path=path) for name in PROGRAMS)


def run(*words: str, **how: object) -> str:
    ran = subprocess.run(words, capture_output=True, text=True, timeout=60, check=False, **how)
    assert ran.returncode == 0, f"{' '.join(words[:6])}: {ran.stderr}"
    return ran.stdout


class Space:
    """One network namespace."""

    def __init__(self, name: str):
        self.name = name

    def words(self, *words: str) -> list[str]:
        return ["nsenter", f"--net=/run/netns/{self.name}", *words]

    def run(self, *words: str, **how: object) -> str:
        return run(*self.words(*words), **how)

    def start(self, *words: str, **how: object) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self.words(*words), **how)

    def reaches(self, address: str, port: int, *, seconds: float = 2) -> bool:
        """Say whether a page is fetched from there."""
        fetch = self.words(sys.executable, "-c", FETCH, f"http://{address}:{port}/hello", str(seconds))
        return subprocess.run(fetch, capture_output=True, check=False).returncode == 0


class Bed:
    """The segment and who is on it; `space(n)` has the address 172.28.77.n there."""

    def __init__(self, stack: ExitStack):
        self.stack, self.tag = stack, uuid.uuid4().hex[:5]
        self.segment = self._make("net")
        self.segment.run("ip", "link", "add", "seg", "type", "bridge")
        self.segment.run("ip", "link", "set", "seg", "up")

    def _make(self, what: str) -> Space:
        space = Space(f"lab{self.tag}{what}")
        run("ip", "netns", "add", space.name)
        self.stack.callback(run, "ip", "netns", "del", space.name)
        space.run("ip", "link", "set", "lo", "up")
        return space

    def space(self, number: int) -> Space:
        """Make a namespace on the segment."""
        space, far = self._make(str(number)), f"v{number}"
        self.segment.run(
            "ip", "link", "add", far, "type", "veth", "peer", "name", "eth0", "netns", space.name
        )
        self.segment.run("ip", "link", "set", far, "master", "seg", "up")
        space.run("ip", "address", "add", f"172.28.77.{number}/24", "dev", "eth0")
        space.run("ip", "link", "set", "eth0", "up")
        return space

    def wireguard(self, space: Space, interface: str) -> None:
        """Start wireguard-go, to be ended with the bed; its interface is there at the end."""
        program = space.start(
            "wireguard-go", "-f", interface, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.stack.callback(end, program)
        show = space.words("wg", "show", interface)
        until(lambda: not subprocess.run(show, capture_output=True, check=False).returncode, "it is there")

    def connect(self, space: Space, interface: str, conf: Path) -> None:
        """Do with a configuration file what WireGuard's own apps do."""
        self.wireguard(space, interface)
        text = conf.read_text(encoding="utf-8").splitlines()
        told = dict(line.split(" = ", 1) for line in text if " = " in line)
        plain = "\n".join(line for line in text if not line.startswith(("Address", "DNS")))
        space.run("wg", "setconf", interface, "/dev/stdin", input=plain)
        space.run("ip", "address", "add", told["Address"], "dev", interface)
        space.run("ip", "link", "set", interface, "mtu", "1420", "up")
        for route in told["AllowedIPs"].split(", "):
            space.run("ip", "route", "add", route, "dev", interface)


def end(program: subprocess.Popen[bytes]) -> None:
    program.terminate()
    try:
        program.wait(20)
    except subprocess.TimeoutExpired:
        program.kill()
        program.wait(20)


@contextmanager
def bed() -> Iterator[Bed]:
    """Make the segment; whatever is made on it is gone afterwards."""
    with ExitStack() as stack:
        yield Bed(stack)
