"""A lab whose servers are containers at the real engine: its image, networks of its own, and nothing left behind."""

from __future__ import annotations

import itertools
import os
import socket
import threading
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import docker
from jupyterhub import orm
from jupyterhub.objects import Hub
from maximalab_spawner.catalog import publish
from maximalab_spawner.containers import LAB
from maximalab_spawner.engine import Engines
from maximalab_spawner.spawner import TieredDockerSpawner
from maximalab_spawner.tiers import Entrance, Tier
from serverimage import reference

SOCKET = "/var/run/docker.sock"
MATERIAL = """id = "{name}"
version = 1
access = "{access}"
image = "{image}"
courses = ["or"]
title = {{uk = "Назва", en = "Title"}}
summary = {{uk = "Про що", en = "What"}}
notebooks = {{en = "a.ipynb"}}
"""
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
COUNT = itertools.count()


def engine() -> docker.APIClient:
    return docker.APIClient(base_url=f"unix://{SOCKET}", version="auto", timeout=120)


class Forwarder:
    """Stands before the engine as the network does: it can be cut, black-holed and healed."""

    def __init__(self):
        self._line = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.url = f"tcp://127.0.0.1:{self._line.getsockname()[1]}"
        self.cut = False
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
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=self._pour, args=pair, daemon=True).start()

    @staticmethod
    def _pour(source: socket.socket, sink: socket.socket):
        with suppress(OSError):
            while chunk := source.recv(65536):
                sink.sendall(chunk)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


class DockerLab:
    """A catalogue, a backend for each tier, spawners on them, and the engine itself to look with."""

    def __init__(self, folder: Path):
        self.folder, self.told, self.spawners, self.names = folder, [], [], set()
        self.name = f"test{os.getpid()}x{next(COUNT)}"
        self.engine, self.engines = engine(), Engines()
        self.lines: list[Forwarder] = []
        # Of 172.16.0.0/12, apart for each process and each lab in it.
        self.block = (os.getpid() * 7 + next(COUNT)) % 250
        self.urls = dict.fromkeys(Tier, f"unix://{SOCKET}")
        self.images = {"maxima": reference()}
        self.limits: dict[Tier, str] = {}
        self.pools = ""
        self.more: dict[Tier, str] = {}
        stores = {tier: folder / "materials" / tier for tier in Tier}
        self._publish(stores)
        self.write()

    def _publish(self, stores: dict[Tier, Path]):
        courses = '[[course]]\nid="or"\ntitle={uk="ДО", en="OR"}\n'
        rows = (("simplex", "open", "maxima"), ("game", "private", "maxima"), ("lost", "open", "nowhere"))
        for name, access, image in rows:
            source = self.folder / "source" / name
            source.mkdir(parents=True)
            (source / "material.toml").write_text(MATERIAL.format(name=name, access=access, image=image))
            (source / "a.ipynb").write_text("{}")
            (self.folder / "source/courses.toml").write_text(courses)
            publish(source, catalogue=self.folder / "catalogue", stores=stores)
        for store in stores.values():
            store.mkdir(parents=True, exist_ok=True)
        # A container's user is another one than the one who runs the tests.
        for folder in (self.folder, *self.folder.parents[:3]):
            folder.chmod(folder.stat().st_mode | 0o055)

    def network(self, tier: Tier) -> str:
        return f"maximalab-{self.backend(tier)}"

    def backend(self, tier: Tier) -> str:
        return f"{tier}-{self.name}"

    def subnet(self, tier: Tier) -> str:
        return f"172.{20 + list(Tier).index(tier)}.{self.block}"

    def behind_a_line(self, tier: Tier) -> Forwarder:
        """Put a line that can be cut between hub and engine, and be impatient with it."""
        self.lines.append(Forwarder())
        self.urls[tier], self.engines = self.lines[-1].url, Engines(timeout=3)
        self.write()
        return self.lines[-1]

    def write(self):
        """Write the file of backends as it is to be now."""
        text = self.pools
        for tier in Tier:
            images = "".join(f'{word} = "{name}"\n' for word, name in self.images.items())
            hub = f"{self.subnet(tier)}.1"
            text += (
                f'[[backend]]\nname="{self.backend(tier)}"\ntier="{tier}"\nkind="docker"\ncapacity=20\n'
                f'materials="{self.folder}/materials/{tier}"\nengine="{self.urls[tier]}"\n'
                f'subnet="{self.subnet(tier)}.0/24"\nhub_url="http://{hub}:8081"\n'
                f'usage_url="http://{hub}:1/events"\n{self.more.get(tier, "")}'
                f"[backend.images]\n{images}[backend.limits]\n{self.limits.get(tier, 'memory_mb = 256')}\n"
            )
        (self.folder / "backends.toml").write_text(text)

    def spawner(self, tier=Tier.PUBLIC, user="ada", *, program=ANSWERS, material=None, **given: Any):
        material = material or {Tier.PUBLIC: "simplex", Tier.PRIVATE: "game"}[tier]
        image = "nowhere" if material == "lost" else "maxima"
        name = f"{tier}-{image}"
        spawner = TieredDockerSpawner(
            hub=Hub(),
            user=SimpleNamespace(
                name=user, url=f"/user/{user}", groups=[SimpleNamespace(name="study:or")], admin=False
            ),
            orm_spawner=orm.Spawner(name=name),
            catalog_dir=str(self.folder / "catalogue"),
            backends_file=str(self.folder / "backends.toml"),
            lab_name=self.name,
            usage_sink=self.take,
            oauth_client_id="mock",
            cmd=["python3", "-c", program],
            **{"stop_grace": 5.0, "user_options": {"material": material}, **given},
        )
        spawner.opened_at = Entrance.VPN
        spawner.engines = self.engines
        spawner.api_token = f"token-{next(COUNT)}"
        spawner.handler = None
        self.spawners.append(spawner)
        return spawner

    def again(self, spawner, **given: Any):
        """Make the spawner that a hub has after a restart."""
        tier, user = Tier(spawner.name.partition("-")[0]), spawner.user.name
        after = self.spawner(tier, user, **given)
        after.load_state(dict(spawner.get_state()))
        return after

    def take(self, kind, *, event_id=None, at=None, **fields):  # noqa: ARG002  # the moment is not compared
        """Take an event as the store does: once by its name."""
        if event_id is None or event_id not in self.names:
            self.told.append((kind, fields))
            self.names.add(event_id)

    def kinds(self):
        return [kind for kind, _ in self.told]

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
