"""Blocks of addresses for tests: each belongs to one test at a time, whatever else runs on this machine."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network
from pathlib import Path

LOCKS = Path(tempfile.gettempdir()) / f"maximalab-blocks-{os.getuid()}"


class Block:
    """Networks that are this test's until it gives them back, or its process ends."""

    def __init__(self, networks: Sequence[str]):
        self.networks = tuple(IPv4Network(one) for one in networks)
        LOCKS.mkdir(exist_ok=True)
        self._lock = os.open(LOCKS / networks[0].replace("/", "-"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC)

    def claim(self) -> bool:
        """Take it, unless another test has it or a way of this machine leads through it."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            return False
        if any(way.overlaps(mine) for way in ways() for mine in self.networks):
            self.release()
            return False
        return True

    def release(self):
        os.close(self._lock)


def ways() -> list[IPv4Network]:
    """Give the networks to which this machine's ways lead; an engine's network is one as long as it is there."""
    ran = subprocess.run(["ip", "-4", "-j", "route"], capture_output=True, text=True, check=True)
    return [IPv4Network(way["dst"]) for way in json.loads(ran.stdout) if way["dst"] != "default"]


def claim(candidates: Iterable[Sequence[str]]) -> Block:
    """Claim the first block of networks that is free. Raises `LookupError` where none is."""
    for networks in candidates:
        block = Block(networks)
        if block.claim():
            return block
    raise LookupError(
        "no block of addresses is free; see `ip route` and `docker network ls` for who has them"
    )
