"""What is reached from a machine of a bed, or from a container there."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from bed.asking import PUBLIC
from bed.people import closing
from bed.spaces import _enter


@contextmanager
def within(node, container: str):
    """Open connections from a container: its own network, and nothing of its hardening's."""
    pid = node.client.inspect_container(container)["State"]["Pid"]
    with Path("/proc/thread-self/ns/net").open() as back, Path(f"/proc/{pid}/ns/net").open() as space:
        _enter(space.fileno())
        try:
            yield
        finally:
            _enter(back.fileno())


def opens(place: tuple[str, int], enter) -> bool:
    with enter():
        try:
            socket.create_connection(place, 2).close()
        except OSError:
            return False
    return True


def reached(places: dict[str, tuple[str, int]], enter) -> set[str]:
    with ThreadPoolExecutor(len(places)) as pool:
        found = pool.map(lambda place: opens(place, enter), places.values())
        return {name for name, opened in zip(places, found, strict=True) if opened}


def a_container_at(settled, name: str) -> str:
    """Name a server's container at a node; if need be, people come until there is one."""
    people = iter(("bob", "cai", "dan", "eve"))
    while not (mine := settled.nodes[name].client.containers(filters={"status": "running"})):
        with closing(settled.person(next(people))) as person:
            settled.bring(person, "simplex", PUBLIC)
    return mine[0]["Names"][0].strip("/")
