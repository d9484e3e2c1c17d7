"""What is told of a walk that broke: what the hub's log says, and how the server is that was waited for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docker.errors import DockerException
from requests.exceptions import RequestException

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bed.engines import Node

#: Lines of the hub that are many and say nothing: each request, and each look at a page that waits.
NOISE = ("log:192]", "pages:516]")
TROUBLE = ("[W ", "[E ", "[C ")
LAST, OF_ONE = 40, 60


def telling(lines: Iterable[str]) -> list[str]:
    """Leave out what says nothing; warnings and errors stay whoever wrote them."""
    return [line for line in lines if line.startswith(TROUBLE) or not any(one in line for one in NOISE)]


def hub_said(log: str, name: str, server: str) -> Iterator[str]:
    """Give the end of the hub's log, and before it all of its last words about the person waited for."""
    lines = telling(log.splitlines())
    yield f"the hub's log about {name}'s {server}:"
    yield from [line for line in lines if name in line][-OF_ONE:]
    yield "the hub's log:"
    yield from lines[-LAST:]


def states(nodes: Iterable[Node], name: str, server: str) -> Iterator[str]:
    """Say how the engines know the person's container."""
    for node in nodes:
        try:
            for one in node.client.containers(all=True, filters={"name": f"{server}.{name}$"}):
                found = node.client.inspect_container(one["Id"])
                where = {net: its["IPAddress"] for net, its in found["NetworkSettings"]["Networks"].items()}
                yield f"{found['Name']}: {found['State']}, at {where}"
        except (DockerException, RequestException) as error:
            yield f"an engine does not say: {error!r}"
