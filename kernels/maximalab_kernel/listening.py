"""The kernel's ports, open before the library for them is loaded: whoever connects meanwhile waits in the queue.

A client that finds a port closed tries again after 100 ms and more, five times over; that is longer than a start.
"""

from __future__ import annotations

from _socket import AF_INET, SO_REUSEADDR, SOCK_STREAM, SOL_SOCKET, socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PORTS = ("iopub_port", "shell_port", "control_port", "stdin_port", "hb_port")
QUEUE = 100
"""Connections that may wait at a port; as many as zmq lets wait."""


def numeric(address: str) -> bool:
    """Whether this is an IPv4 address in figures; anything else is zmq's to understand."""
    parts = address.split(".")
    return len(parts) == 4 and all(part.isdigit() for part in parts)  # noqa: PLR2004


def opened(address: str, port: int) -> int:
    """The descriptor of a port that is listened at; raises `OSError` where somebody else has it."""
    door = socket(AF_INET, SOCK_STREAM)
    try:
        door.setsockopt(SOL_SOCKET, SO_REUSEADDR, 1)
        door.bind((address, port))
        door.listen(QUEUE)
        door.setblocking(False)
    except OSError:
        door.close()
        raise
    return door.detach()


def listen(connection: Mapping[str, Any]) -> dict[str, int]:
    """A descriptor for each port of the connection file, to be handed to zmq; none where the transport is not TCP."""
    address = str(connection.get("ip", ""))
    if connection.get("transport", "tcp") != "tcp" or not numeric(address):
        return {}
    return {name: opened(address, int(connection[name])) for name in PORTS}
