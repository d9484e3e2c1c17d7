"""A class that presses Open at once: a hub with our spawner, beside the same hub with stock DockerSpawner.

Same JupyterHub, image, program (JupyterLab), limits of memory, kind of network and number of volumes for the person's
work. Ours decides, places, records and hardens besides, and our image's extensions run on both sides. What counts is
the time until the hub says of every server that it is ready, and that none has failed.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import serverimage
from dockerhub import CONFIG, DockerHub
from dockerlab import DockerLab
from maximalab_spawner.containers import LAB
from maximalab_spawner.tiers import Tier
from tieredhub import API_TOKEN, until

from benchmarks.table import Figure, Goal
from benchmarks.turns import medians

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Seconds that a class may take; on a machine that does nothing else it takes one.
PATIENCE = 900.0
MEMORY_MB = 512
PATIENT = f"""
c.Spawner.start_timeout = c.Spawner.http_timeout = {int(PATIENCE)}
c.JupyterHub.concurrent_spawn_limit = 0
c.JupyterHub.tornado_settings = {{"slow_spawn_timeout": 0}}  # the answer comes at once, not with the server
"""
STOCK = """
import json
from pathlib import Path
given = json.loads(Path(__file__).with_name("given.json").read_text())
stock = json.loads(Path(__file__).with_name("stock.json").read_text())
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.ip, c.JupyterHub.port = "127.0.0.1", given["public"]
c.JupyterHub.hub_ip, c.JupyterHub.hub_port = "127.0.0.1", given["hub"]
c.Spawner.hub_connect_url = stock["hub_url"]
c.JupyterHub.db_url = given["db"]
c.JupyterHub.cookie_secret_file = given["cookie"]
c.JupyterHub.cleanup_servers = c.JupyterHub.cleanup_proxy = False
c.JupyterHub.allow_named_servers = True
c.JupyterHub.services = [{"name": "tester", "api_token": given["token"]}]
c.JupyterHub.load_roles = [{"name": "tester", "services": ["tester"], "scopes": [
    "admin:users", "admin:servers", "list:users", "read:users"]}]
c.ConfigurableHTTPProxy.should_start = False
c.ConfigurableHTTPProxy.api_url, c.ConfigurableHTTPProxy.auth_token = given["public_api"], "token-public"
c.JupyterHub.spawner_class = "dockerspawner.DockerSpawner"
c.DockerSpawner.image, c.DockerSpawner.network_name = stock["image"], stock["network"]
c.DockerSpawner.use_internal_ip = c.DockerSpawner.remove = True
c.DockerSpawner.prefix, c.DockerSpawner.mem_limit = stock["lab"], stock["memory"]
c.DockerSpawner.cmd = "jupyterhub-singleuser"
c.DockerSpawner.volumes = {stock["lab"] + "-home-{username}": "/home/student"}
c.DockerSpawner.extra_create_kwargs = {"labels": {stock["label"]: stock["lab"]}}
"""


@dataclass
class Class:
    """Students of one hub, and the hub."""

    hub: DockerHub
    names: list[str]
    options: dict[str, str]

    def press(self) -> float:
        """Seconds until all have their servers, who press Open at a time."""
        with httpx.Client(
            headers={"Authorization": f"token {API_TOKEN}"}, timeout=PATIENCE, trust_env=False
        ) as asks:
            begin = time.perf_counter()
            for name in self.names:
                body = {"user_options": self.options}
                answer = asks.post(f"{self.hub.url}/hub/api/users/{name}/servers/public-maxima", json=body)
                answer.raise_for_status()
            until(lambda: self._ready(asks) == len(self.names), "everybody has a server", PATIENCE)
            took = time.perf_counter() - begin
            for name in self.names:
                asks.delete(f"{self.hub.url}/hub/api/users/{name}/servers/public-maxima")
            until(lambda: not self.hub.lab.containers(), "all have stopped", PATIENCE)
            until(lambda: not self._there(asks), "the hub knows it", PATIENCE)
        return took

    def _servers(self, asks: httpx.Client) -> list[dict[str, object]]:
        found = asks.get(f"{self.hub.url}/hub/api/users").raise_for_status().json()
        return [server for one in found for server in one["servers"].values()]

    def _ready(self, asks: httpx.Client) -> int:
        servers = self._servers(asks)
        if len(servers) < len(self.names):
            raise RuntimeError(f"a server failed:\n{self.hub.log()[-2000:]}")
        return sum(server["ready"] is True for server in servers)

    def _there(self, asks: httpx.Client) -> bool:
        return bool(self._servers(asks))


class StockHub(DockerHub):
    """The same with stock DockerSpawner in it."""

    def start(self) -> None:
        """Write its configuration and start it."""
        stock = {
            "hub_url": f"http://{self.lab.subnet(Tier.PUBLIC)}.1:8081", "image": serverimage.reference(),
            "network": self.lab.network(Tier.PUBLIC), "lab": self.lab.name, "label": LAB, "memory": f"{MEMORY_MB}M",
        }  # fmt: skip
        (self.folder / "stock.json").write_text(json.dumps(stock))
        self.launch(STOCK + PATIENT)

    def launch(self, config: str) -> None:
        """Start a hub with this configuration."""
        (self.folder / "config.py").write_text(config)
        with (self.folder / "hub.log").open("ab") as log:
            command = [sys.executable, "-m", "jupyterhub", "-f", str(self.folder / "config.py")]
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        until(self._answers, "the hub answers", PATIENCE)

    def _answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise RuntimeError(f"the hub has ended:\n{self.log()[-2000:]}")
        return httpx.get(f"{self.url}/hub/api/").is_success


class OurHub(StockHub):
    """The same with ours in it."""

    def start(self) -> None:
        """Write its configuration and start it."""
        # The tests are impatient with an engine; a lab is not.
        self.launch(CONFIG.replace("Engines(timeout=3)", "Engines()") + PATIENT)


@contextmanager
def class_of(kind: type[StockHub], folder: Path, count: int, options: dict[str, str]) -> Iterator[Class]:
    """A hub of this kind with its students."""
    folder.mkdir()
    lab = DockerLab(folder)
    lab.limits = dict.fromkeys(Tier, f"memory_mb = {MEMORY_MB}")
    lab.write()
    hub = kind(folder, lab=lab)
    try:
        hub.prepare()
        hub.start()
        names = [f"student{number}" for number in range(count)]
        made = hub.ask("POST", "/users", "public", json={"usernames": names})
        made.raise_for_status()
        yield Class(hub, names, options)
    finally:
        hub.close()
        lab.clean()
        # Stock DockerSpawner gives volumes no label.
        homes = serverimage.docker(
            "volume", "ls", "--quiet", "--filter", f"name={lab.name}-home-"
        ).stdout.split()
        if homes:
            serverimage.docker("volume", "rm", *homes)


def pressed_at_once(turns: int, count: int) -> list[Figure]:
    """Measure in turns, after one that warms up both."""
    serverimage.build()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        with (
            class_of(OurHub, place / "ours", count, {"material": "simplex"}) as ours,
            class_of(StockHub, place / "stock", count, {}) as stock,
        ):
            ours.press()
            stock.press()
            mine, theirs = medians(turns, ours.press, stock.press)
    name = f"{count} students press Open at once (peer: stock DockerSpawner, same image)"
    return [Figure(name, "s", mine, theirs, Goal(ratio=1.0))]
