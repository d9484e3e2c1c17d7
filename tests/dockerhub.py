"""A real JupyterHub between two real proxies, whose servers are containers with a real kernel at the real engine."""

from __future__ import annotations

import json
import select
import socket
import subprocess
import sys
import threading
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from dockerlab import DockerLab
from labclient import Reply, Visitor, _collect, _execute
from maximalab_spawner.hardening import Net, network_config
from maximalab_spawner.seen import LAB
from maximalab_spawner.tiers import Tier
from plainhttp import NO_AUTHORITIES
from serverlab import ServerLab
from tieredhub import API_TOKEN, TieredHub, until
from websockets.sync.client import connect

CONFIG = """
import json
from pathlib import Path
from maximalab_spawner.proxy import TieredProxy
from maximalab_spawner.spawner import TieredDockerSpawner
from maximalab_spawner.engine import Engines
given = json.loads(Path(__file__).with_name("given.json").read_text())

def told(kind, **fields):
    with Path(__file__).with_name("events").open("a") as file:
        file.write(json.dumps({"kind": kind, **fields}, default=str) + "\\n")

TieredDockerSpawner.engines = Engines(timeout=3)
c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.JupyterHub.load_groups = {"study:or": ["ada", "eve"]}
c.JupyterHub.ip, c.JupyterHub.port = "127.0.0.1", given["public"]
c.JupyterHub.hub_ip, c.JupyterHub.hub_port = "127.0.0.1", given["hub"]
c.JupyterHub.db_url = given["db"]
c.JupyterHub.cookie_secret_file = given["cookie"]
c.JupyterHub.cleanup_servers = c.JupyterHub.cleanup_proxy = False
c.JupyterHub.allow_named_servers = True
c.JupyterHub.init_spawners_timeout = 1
c.JupyterHub.services = [{"name": "tester", "api_token": given["token"]}]
c.JupyterHub.load_roles = [{"name": "tester", "services": ["tester"], "scopes": [
    "admin:users", "admin:servers", "proxy", "access:servers", "list:users", "read:users"]}]
c.JupyterHub.proxy_class = TieredProxy
c.TieredProxy.scenario = 3
c.TieredProxy.check_interval = 0.5
c.PublicLeg.api_url, c.PublicLeg.auth_token = given["public_api"], "token-public"
c.VpnLeg.api_url, c.VpnLeg.auth_token = given["vpn_api"], "token-vpn"
c.JupyterHub.spawner_class = TieredDockerSpawner
c.Spawner.poll_interval = 1
c.TieredDockerSpawner.catalog_dir = given["catalogue"]
c.TieredDockerSpawner.backends_file = given["backends"]
c.TieredDockerSpawner.lab_name = given["lab"]
c.TieredDockerSpawner.stop_grace = 3
c.TieredDockerSpawner.usage_sink = told
"""


class TokenKernel:
    """A kernel in somebody's server, driven through the VPN entrance with a token."""

    def __init__(self, entrance: str, base: str, kernel: str = "maxima", token: str = API_TOKEN):
        self.headers = {"Authorization": f"token {token}"}
        made = httpx.post(
            f"{entrance}{base}api/kernels",
            json={"name": kernel},
            headers=self.headers,
            timeout=60,
            verify=NO_AUTHORITIES,
        )
        assert made.status_code == 201, made.text
        self.url = f"{entrance}{base}api/kernels/{made.json()['id']}"

    def tell(self, word: str):
        """Interrupt or restart it."""
        told = httpx.post(f"{self.url}/{word}", headers=self.headers, timeout=60, verify=NO_AUTHORITIES)
        assert told.is_success, told.text

    def state(self) -> str:
        """Say whether it is busy or idle."""
        told = httpx.get(self.url, headers=self.headers, timeout=60, verify=NO_AUTHORITIES)
        return str(told.json()["execution_state"])

    def run(self, code: str, *, seconds: float = 60) -> Reply:
        """Run one cell and wait until it is idle."""
        session, name = uuid.uuid4().hex, uuid.uuid4().hex
        address = f"{self.url}/channels?session_id={session}".replace("http:", "ws:")
        with connect(
            address, additional_headers=self.headers, open_timeout=30, max_size=None, proxy=None
        ) as line:
            line.send(json.dumps(_execute(name, session, code, "c1")))
            return _collect(line, name, seconds)


@dataclass
class DockerHub(TieredHub):
    """The hub of a `DockerLab`. Its port is on loopback; each tier's gateway leads to it."""

    lab: ServerLab | None = None
    gates: list[socket.socket] = field(default_factory=list)

    def make_gates(self):
        """Make the networks first, so that there is a gateway to listen on."""
        for tier in Tier:
            net = Net(self.lab.network(tier), f"{self.lab.subnet(tier)}.0/24")
            self.lab.engine.create_network(**network_config(net, {LAB: self.lab.name}))
            self.open_gate(f"{self.lab.subnet(tier)}.1")

    def open_gate(self, address: str):
        """Lead what comes to the hub's port at this address to the hub."""
        self.gates.append(socket.create_server((address, 8081)))
        threading.Thread(target=self._lead, args=(self.gates[-1],), daemon=True).start()

    def config(self) -> str:
        """Give the hub's configuration."""
        return CONFIG

    def prepare(self):
        """Make the ways to the hub, and write down what the hub is given."""
        self.make_gates()
        given = {
            "public": self.doors["public"].port,
            "hub": self.port,
            "db": f"sqlite:///{self.folder}/hub.sqlite",
            "cookie": str(self.folder / "cookie"),
            "token": API_TOKEN,
            "public_api": self.doors["public"].api,
            "vpn_api": self.doors["vpn"].api,
            "catalogue": str(self.folder / "catalogue"),
            "backends": str(self.folder / "backends.toml"),
            "lab": self.lab.name,
        }
        (self.folder / "given.json").write_text(json.dumps(given))
        for door in self.doors.values():
            door.open()

    def start(self):
        (self.folder / "config.py").write_text(self.config())
        with (self.folder / "hub.log").open("ab") as log:
            command = [sys.executable, "-m", "jupyterhub", "-f", str(self.folder / "config.py")]
            self.process = subprocess.Popen(
                command, cwd=self.folder, stdout=log, stderr=log, start_new_session=True
            )
        until(
            lambda: httpx.get(f"{self.url}/hub/api/", verify=NO_AUTHORITIES).status_code == 200,
            "the hub answers",
        )

    def visit(self, name: str, door: str = "vpn") -> Visitor:
        visitor = Visitor(self.doors[door].url, name, "any")
        visitor.http.get("/hub/login")
        form = {"username": name, "password": "any", "_xsrf": visitor.xsrf()}
        assert visitor.http.post("/hub/login?next=/hub/home", data=form).status_code == 200
        return visitor

    def open_kernel(self, name: str, server: str, material: str) -> TokenKernel:
        """Start a server as its person does, and a kernel in it."""
        answer = self.open(name, server, {"material": material})
        assert answer.status_code in (201, 202), answer.text
        until(lambda: self.ready(name, server), f"{server} of {name} is ready")
        return TokenKernel(self.doors["vpn"].url, f"/user/{name}/{server}/")

    def close(self):
        self.kill()
        for door in self.doors.values():
            door.kill()
        for gate in self.gates:
            with suppress(OSError):
                gate.shutdown(socket.SHUT_RDWR)  # else the thread that waits at it keeps it open
            gate.close()

    def _lead(self, gate: socket.socket):
        while True:
            try:
                near, _ = gate.accept()
            except OSError:
                return
            threading.Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket):
        with near, suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 5) as far:
            pair = {near: far, far: near}
            while True:
                for source in select.select(list(pair), [], [])[0]:
                    chunk = source.recv(65536)
                    if not chunk:
                        return
                    pair[source].sendall(chunk)


def make_hub(folder: Path) -> DockerHub:
    """Make a lab and its hub."""
    return DockerHub(folder, lab=DockerLab(folder))
