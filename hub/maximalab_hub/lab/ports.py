"""Is an address free, and if not, who has it."""

from __future__ import annotations

import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from maximalab_hub.lab.places import HIGHEST_PORT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from maximalab_hub.lab.places import Listener


def is_free(ip: str, port: int) -> bool:
    """Say whether a process could listen there now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do it: a connection that lingers from an earlier run is in nobody's way.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ip, port))
            probe.listen(1)
        except OSError as error:
            if error.errno in {errno.EADDRINUSE, errno.EACCES, errno.EADDRNOTAVAIL}:
                return False
            raise
    return True


def taken(listeners: Iterable[Listener]) -> list[Listener]:
    """List those that cannot be listened on."""
    return [listener for listener in listeners if not is_free(listener.ip, listener.port)]


def owner(listener: Listener) -> str | None:
    """Name the process that listens there, where this user may know it."""
    try:
        connections = psutil.net_connections("inet")
    except psutil.AccessDenied:
        return None
    for connection in connections:
        here = connection.laddr and connection.laddr.port == listener.port
        if here and connection.status == psutil.CONN_LISTEN and connection.pid:
            return _describe(connection.pid)
    return None


def _describe(pid: int) -> str | None:
    try:
        process = psutil.Process(pid)
        # Newer Node calls itself MainThread; the file that runs has the name that people know.
        return f"{Path(process.exe()).name or process.name()}, process {pid}"
    except psutil.Error:
        return None


def complaint(base: int, occupied: Iterable[Listener]) -> str:
    """Say which addresses are taken, by whom, and what to type."""
    lines = []
    for listener in occupied:
        who = owner(listener)
        by = f" by {who}" if who else ""
        lines.append(f"{listener.ip}:{listener.port} ({listener.what}) is taken{by}.")
    other = base + 1000 if base + 1000 <= HIGHEST_PORT else base - 1000
    return "\n".join([*lines, f"End that process, or use other ports: ./lab up --port {other}"])
