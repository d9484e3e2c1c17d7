"""A window from this machine's loopback into a bed: what is asked here is asked from a machine there."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress

from bed.spaces import Machine


class Window:
    """Takes connections at an address of this machine, and goes on from `machine` to a place on the bed."""

    def __init__(self, here: tuple[str, int], machine: Machine, there: tuple[str, int]) -> None:
        self._line = socket.create_server(here, backlog=64)
        self._machine, self._there = machine, there
        threading.Thread(target=self._take, daemon=True).start()

    def close(self) -> None:
        """Take no more."""
        self._line.close()

    def _take(self) -> None:
        while True:
            try:
                near, _ = self._line.accept()
            except OSError:
                return
            threading.Thread(target=self._lead, args=(near,), daemon=True).start()

    def _lead(self, near: socket.socket) -> None:
        try:
            with self._machine.inside():
                far = socket.create_connection(self._there, 10)
        except OSError:  # the entrance is away, or the VPN is: the browser is told by a closed line
            near.close()
            return
        far.settimeout(None)
        threading.Thread(target=_pour, args=(far, near), daemon=True).start()
        _pour(near, far)


def _pour(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)
    for one in (source, sink):
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
