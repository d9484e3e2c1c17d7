"""A real JupyterHub between two real proxies, with a small web server in the place of JupyterLab.

What is tested with it is which entrance leads where, not what a notebook does. All listens on loopback.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from labsettings import mark_homes
from maximalab_hub.lab.programs import proxy_program
from maximalab_spawner.catalog import publish
from maximalab_spawner.metering import USE
from maximalab_spawner.tiers import Tier
from plainhttp import NO_AUTHORITIES

HERE = {"public": "127.0.0.1", "vpn": "127.0.0.2"}
API_TOKEN = "the-token-of-the-test"
SECRET = "BYTES-OF-THE-PRIVATE-TIER"
PATIENCE = 180.0

UPSTREAM = """
import asyncio, os, signal, subprocess, sys
from pathlib import Path
from urllib.parse import urlparse
from tornado import web, websocket

class Page(web.RequestHandler):
    def get(self, *_):
        self.set_header("X-JupyterHub-Version", "6.1.1")
        self.write(f"{WORD} {TIER} {KERNEL.pid} {os.getpid()}")
    post = put = delete = get

class Echo(websocket.WebSocketHandler):
    def open(self): self.write_message(WORD)

async def main():
    if os.environ["JUPYTERHUB_USER"] == "slow":
        while not Path("go").exists(): await asyncio.sleep(0.05)
    url = urlparse(os.environ["JUPYTERHUB_SERVICE_URL"])
    web.Application([(f"{url.path}ws", Echo), (r".*", Page)]).listen(url.port, url.hostname)
    over = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, over.set)
    await over.wait()
    Path("ended-in-peace").touch()

TIER = os.environ["MAXIMALAB_TIER"]
WORD = {"private": "BYTES-OF-THE-PRIVATE-TIER"}.get(TIER, "open bytes")
PIPE = subprocess.PIPE
KERNEL = subprocess.Popen([sys.executable, "-c", "input()"], stdin=PIPE, start_new_session=True)
asyncio.run(main())
"""
"""Stands where JupyterLab stands: answers below its prefix, greets on a websocket, ends on SIGTERM.

Its `kernel` is a process in a session of its own, and stays behind."""

CONFIG = """
import asyncio, json, sys
from pathlib import Path
from jupyterhub import handlers
from jupyterhub.handlers.base import BaseHandler
from maximalab_spawner.local import TieredLocalSpawner
from maximalab_spawner.proxy import TieredProxy
from maximalab_hub.pages import accesslog
from maximalab_hub.pages.servers import ServerHandler
given = json.loads(Path(__file__).with_name("given.json").read_text())

handlers.default_handlers.insert(0, (r"/api/users/([^/]+)/servers/([^/]*)", ServerHandler))
accesslog.install()

class Gate(BaseHandler):
    def check_xsrf_cookie(self): pass
    def prepare(self): self.set_status(403); self.finish("VPN needed")

class Broken(BaseHandler):
    def get(self): raise RuntimeError("broken")

class SmallServers(TieredLocalSpawner):
    def get_args(self): return []

    async def start(self):
        here, name = Path(__file__).parent, self.user.name
        try:
            while (here / f"wait-{name}").exists():
                await asyncio.sleep(0.05)
            return await super().start()
        except asyncio.CancelledError:
            while (here / f"linger-{name}").exists():
                await asyncio.sleep(0.05)
            raise

    async def poll(self):
        hold = Path(__file__).with_name(f"hold-{self.user.name}")
        while hold.exists():
            with hold.with_name("held").open("a") as file:
                file.write(f"{id(asyncio.current_task())} ")
            await asyncio.sleep(0.05)
        return await super().poll()

def told(kind, **fields):
    with Path(__file__).with_name("events").open("a") as file:
        file.write(json.dumps({"kind": kind, **fields}, default=str) + "\\n")

c.JupyterHub.authenticator_class = "dummy"
c.Authenticator.allow_all = True
c.Authenticator.admin_users = {"root"}
c.JupyterHub.load_groups = {"study:or": ["ada", "eve"], "study:other": ["bob"]}
c.JupyterHub.ip, c.JupyterHub.port = "127.0.0.1", given["public"]
c.JupyterHub.hub_ip, c.JupyterHub.hub_port = "127.0.0.1", given["hub"]
c.JupyterHub.db_url = given["db"]
c.JupyterHub.cookie_secret_file = given["cookie"]
c.JupyterHub.cleanup_servers = False
c.JupyterHub.allow_named_servers = True
c.JupyterHub.init_spawners_timeout = 1
c.JupyterHub.extra_handlers = [(r"/vpn-needed(/.*)?", Gate), (r"/broken", Broken)]
c.JupyterHub.services = [{"name": "tester", "api_token": given["token"]}]
c.JupyterHub.load_roles = [{"name": "tester", "services": ["tester"], "scopes": [
    "admin:users", "admin:servers", "proxy", "access:servers", "list:users", "read:users"]}]
c.JupyterHub.proxy_class = TieredProxy
c.TieredProxy.scenario = c.TieredLocalSpawner.scenario = given["scenario"]
c.TieredProxy.check_interval = 0.5
c.PublicLeg.api_url, c.PublicLeg.auth_token = given["public_api"], "token-public"
c.VpnLeg.api_url, c.VpnLeg.auth_token = given["vpn_api"], "token-vpn"
c.JupyterHub.spawner_class = SmallServers
c.Spawner.cmd = [sys.executable, given["upstream"]]
c.Spawner.poll_interval = 1
c.TieredLocalSpawner.catalog_dir = given["catalogue"]
c.TieredLocalSpawner.backends_file = given["backends"]
c.TieredLocalSpawner.spool_dir = given["spool"]
c.TieredLocalSpawner.usage_url = "http://127.0.0.1:1/events"
c.TieredLocalSpawner.stop_grace = 3
c.TieredLocalSpawner.usage_sink = told
"""


def free_port(ip: str = "127.0.0.1") -> int:
    """Find a port that is free just now."""
    with socket.socket() as found:
        found.bind((ip, 0))
        return int(found.getsockname()[1])


def until(true, what: str, patience: float = PATIENCE):
    """Look again and again until something is true; the value is given back."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            value = true()
            if value:
                return value
        time.sleep(0.05)  # between two looks; the deadline decides
    raise AssertionError(f"not so within {patience} s: {what}")


@dataclass
class Door:
    """One entrance: a configurable-http-proxy of its own."""

    entrance: str
    folder: Path
    port: int = 0
    api_port: int = 0
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self):
        self.ip = HERE[self.entrance]
        self.port, self.api_port = free_port(self.ip), free_port(self.ip)
        self.url = f"http://{self.ip}:{self.port}"
        self.api = f"http://{self.ip}:{self.api_port}"
        self.auth = {"Authorization": f"token token-{self.entrance}"}

    def open(self):
        program = proxy_program(Path(sys.prefix))
        listen = ["--ip", self.ip, "--port", str(self.port)]
        listen += ["--api-ip", self.ip, "--api-port", str(self.api_port)]
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        with (self.folder / f"{self.entrance}.log").open("ab") as log:
            self.process = subprocess.Popen(
                [*program, *listen, "--custom-header", f"X-MaximaLab-Entrance: {self.entrance}"],
                env={**os.environ, "CONFIGPROXY_AUTH_TOKEN": f"token-{self.entrance}", "PATH": path},
                stdout=log,
                stderr=log,
            )
        until(lambda: self.routes() is not None, f"the {self.entrance} proxy answers")

    def routes(self) -> dict[str, dict[str, object]]:
        return httpx.get(f"{self.api}/api/routes", headers=self.auth, verify=NO_AUTHORITIES).json()

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@dataclass
class TieredHub:
    """The hub, its two doors, and what a test asks of them."""

    folder: Path
    scenario: int = 3
    process: subprocess.Popen[bytes] | None = None
    doors: dict[str, Door] = field(default_factory=dict)

    def __post_init__(self):
        self.doors = {name: Door(name, self.folder) for name in HERE}
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        (self.folder / "config.py").write_text(CONFIG)
        with (self.folder / "hub.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", "-f", str(self.folder / "config.py")],
                cwd=self.folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(
            lambda: httpx.get(f"{self.url}/hub/api/", verify=NO_AUTHORITIES).status_code == 200,
            "the hub answers",
        )
        # It listens first and tells the proxies the way to itself afterwards.
        for door in self.doors.values():
            if door.process is not None:
                until(lambda door=door: "/" in door.routes(), f"the {door.entrance} door leads to the hub")

    def kill(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()
            self.process = None

    def close(self):
        for user in ("ada", "bob", "slow"):
            for server in list(self.servers(user)) if self.process else ():
                self.stop(user, server)
        self.kill()
        for door in self.doors.values():
            door.kill()

    def ask(self, method: str, path: str, door: str = "vpn", **given) -> httpx.Response:
        headers = {"Authorization": f"token {API_TOKEN}"}
        return httpx.request(
            method,
            f"{self.doors[door].url}/hub/api{path}",
            headers=headers,
            **{"timeout": 60, "verify": NO_AUTHORITIES, **given},
        )

    def open(self, user: str, server: str, options: dict[str, object], door: str = "vpn") -> httpx.Response:
        """Start a server as the person in a browser does, through a door."""
        return self.browse(user, door, f"/users/{user}/servers/{server}", {"user_options": options})

    def token_of(self, user: str) -> str:
        """Make a token with which a program may do all that the person may."""
        return str(self.browse(user, "public", f"/users/{user}/tokens", {}).json()["token"])

    def browse(self, user: str, door: str, path: str, body: dict[str, object]) -> httpx.Response:
        """Sign in at a door and ask the hub there, by the cookies of that session."""
        with httpx.Client(
            base_url=self.doors[door].url, timeout=60, follow_redirects=True, verify=NO_AUTHORITIES
        ) as browser:
            form = browser.get("/hub/login").text.partition('name="_xsrf" value="')[2].partition('"')[0]
            signed_in = browser.post("/hub/login?next=/hub/home", data={"username": user, "_xsrf": form})
            assert signed_in.status_code == 200, signed_in.text
            token = next(one.value for one in browser.cookies.jar if one.name == "_xsrf")
            return browser.post(f"/hub/api{path}", params={"_xsrf": token}, json=body)

    def servers(self, user: str) -> dict[str, dict[str, object]]:
        return (
            httpx.get(
                f"{self.url}/hub/api/users/{user}?include_stopped_servers=1",
                headers={"Authorization": f"token {API_TOKEN}"},
                verify=NO_AUTHORITIES,
            )
            .json()
            .get("servers", {})
        )

    def ready(self, user: str, server: str) -> bool:
        return bool(self.servers(user).get(server, {}).get("ready"))

    def stop(self, user: str, server: str):
        headers = {"Authorization": f"token {API_TOKEN}"}
        httpx.delete(f"{self.url}/hub/api/users/{user}/servers/{server}", headers=headers, timeout=60)
        until(lambda: not self.ready(user, server), f"{user}:{server} stopped")

    def told(self, user: str) -> list[dict[str, Any]]:
        """A person's events, but for what servers use, which is told every few minutes."""
        lines = (self.folder / "events").read_text().splitlines()
        return [one for one in map(json.loads, lines) if one["user"] == user and one["kind"] != USE]

    def log(self) -> str:
        return (self.folder / "hub.log").read_text()


MATERIAL = """
id = "{id}"
version = 1
access = "{access}"
image = "maxima"
courses = ["or"]
title = {{uk = "Назва", en = "Title"}}
summary = {{uk = "Про що", en = "What"}}
notebooks = {{en = "a.ipynb"}}
"""


def furnish(folder: Path) -> None:
    """Publish an open and a private material, and write down what the hub must know."""
    stores = {tier: folder / "materials" / tier for tier in Tier}
    source = folder / "source"
    for name, access in (("simplex", "open"), ("game", "private")):
        (source / name).mkdir(parents=True)
        (source / name / "material.toml").write_text(MATERIAL.format(id=name, access=access))
        (source / name / "a.ipynb").write_text("{}")
        (source / "courses.toml").write_text('[[course]]\nid="or"\ntitle={uk="ДО", en="OR"}\n')
        publish(source / name, catalogue=folder / "catalogue", stores=stores)
    for tier in Tier:
        mark_homes(folder / "homes" / tier)
    (folder / "backends.toml").write_text(
        "".join(
            f'[[backend]]\nname="local-{tier}"\ntier="{tier}"\nkind="local"\ncapacity=5\n'
            f'materials="materials/{tier}"\nhomes="homes/{tier}"\n'
            for tier in Tier
        )
    )


def make_hub(folder: Path, scenario: int = 3) -> TieredHub:
    """Start a hub with its doors in a folder."""
    furnish(folder)
    hub = TieredHub(folder, scenario)
    (folder / "upstream.py").write_text(UPSTREAM)
    given = {
        "public": hub.doors["public"].port,
        "hub": hub.port,
        "db": f"sqlite:///{folder / 'hub.sqlite'}",
        "cookie": str(folder / "cookie"),
        "token": API_TOKEN,
        "scenario": scenario,
        "public_api": hub.doors["public"].api,
        "vpn_api": hub.doors["vpn"].api,
        "upstream": str(folder / "upstream.py"),
        "catalogue": str(folder / "catalogue"),
        "backends": str(folder / "backends.toml"),
        "spool": str(folder / "spool"),
    }
    (folder / "given.json").write_text(json.dumps(given))
    for door in hub.doors.values():
        door.open()
    hub.start()
    return hub
