"""A lab whose servers are containers at the real engine: its image, networks of its own, and nothing left behind."""

from __future__ import annotations

import itertools
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
from blocks import claim
from maximalab_spawner.engine import Engines
from maximalab_spawner.seen import LAB
from maximalab_spawner.spawner import TieredDockerSpawner
from maximalab_spawner.tiers import Tier
from serverimage import reference
from serverlab import ServerLab

SOCKET = "/var/run/docker.sock"
FIRST = itertools.count(os.getpid() * 7)
ANSWERS = """
import http.server, os, signal, sys, threading
signal.signal(signal.SIGTERM, lambda *_: os._exit(3))
class Word(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = f"{os.environ['MAXIMALAB_TIER']} {os.getpid()} {KEPT}".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
KEPT = os.urandom(8).hex()
http.server.ThreadingHTTPServer(("0.0.0.0", 8888), Word).serve_forever()
"""
"""Stands where JupyterLab stands, and holds a word that only its own life knows."""


def engine() -> docker.APIClient:
    return docker.APIClient(base_url=f"unix://{SOCKET}", version="auto", timeout=120)


class Forwarder:
    """Stands before the engine as the network does: it can be cut, black-holed and healed."""

    def __init__(self):
        self._line = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"tcp://127.0.0.1:{self._line.getsockname()[1]}"
        self.cut = False
        self.hold = b""
        """What goes to the engine and has these words is held until it may `go`."""
        self.held, self.go = threading.Event(), threading.Event()
        self._open: list[socket.socket] = []
        threading.Thread(target=self._take, daemon=True).start()

    def break_off(self):
        """Cut what is connected, and leave what comes without an answer."""
        self.cut = True
        for one in self._open:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def heal(self):
        self.cut = False

    def close(self):
        self._line.close()
        self.break_off()
        self.go.set()

    def _take(self):
        while True:
            try:
                near, _ = self._line.accept()
            except OSError:
                return
            self._open.append(near)
            if not self.cut:
                far = socket.socket(socket.AF_UNIX)
                far.connect(SOCKET)
                self._open.append(far)
                for way in ((near, far, True), (far, near, False)):
                    threading.Thread(target=self._pour, args=way, daemon=True).start()

    def _pour(self, source: socket.socket, sink: socket.socket, there: bool):
        with suppress(OSError):
            while chunk := source.recv(65536):
                if there and self.hold and self.hold in chunk:
                    self.held.set()
                    self.go.wait(120)
                sink.sendall(chunk)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class DockerLab(ServerLab):
    """Containers at the machine's own engine, which is also there to look with."""

    word, kind, answers = "docker", TieredDockerSpawner, ANSWERS

    def __init__(self, folder: Path):
        self.engine = engine()
        self.lines: list[Forwarder] = []
        # Each lab begins to look where the last one found; so none meets what still listens at another's addresses.
        first = next(FIRST)
        thirds = (one % 250 for one in range(first, first + 250))
        self.block = claim([f"{tier}.{third}.0/24" for tier in ("172.20", "172.21")] for third in thirds)
        super().__init__(folder, {"maxima": reference()}, dict.fromkeys(Tier, f"unix://{SOCKET}"))

    def subnet(self, tier: Tier) -> str:
        return str(self.block.networks[list(Tier).index(tier)].network_address).removesuffix(".0")

    def behind_a_line(self, tier: Tier) -> Forwarder:
        """Put a line that can be cut between hub and engine, and be impatient with it."""
        self.lines.append(Forwarder())
        self.urls[tier], self.engines = self.lines[-1].url, Engines(timeout=3)
        self.write()
        return self.lines[-1]

    def inspect(self, spawner) -> dict[str, Any]:
        return self.engine.inspect_container(spawner.container_name)

    def run(self, spawner, *words: str) -> tuple[int, str]:
        """Run a command in a server's container, as its user and nothing more."""
        made = self.engine.exec_create(spawner.container_name, list(words))
        said = self.engine.exec_start(made["Id"]).decode(errors="replace")
        return self.engine.exec_inspect(made["Id"])["ExitCode"], said

    def containers(self) -> list[dict[str, Any]]:
        return self.engine.containers(all=True, filters={"label": f"{LAB}={self.name}"})

    def clean(self):
        """Remove what carries this lab's label, and nothing else."""
        for one in self.containers():
            self.engine.remove_container(one["Id"], force=True)
        mine = {"label": f"{LAB}={self.name}"}
        for one in self.engine.volumes(filters=mine)["Volumes"] or ():
            self.engine.remove_volume(one["Name"])
        for one in self.engine.networks(filters=mine):
            self.engine.remove_network(one["Id"])
        for line in self.lines:
            line.close()
        self.engine.close()
        self.engines.close()
        self.block.release()
