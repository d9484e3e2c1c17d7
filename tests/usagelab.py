"""A real hub with its proxy, and the real usage service behind it, on free ports: for tests of the service.

The students' servers are the only stand-ins: each keeps the token that the hub gave it in a file, so that a
test can post in its place.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
from labsettings import entrance_at, settings_toml, write_catalogue
from maximalab_hub import migrations
from maximalab_hub.lab.programs import proxy_program
from maximalab_hub.secret_files import Secret, ensure_secrets, read_secret
from maximalab_hub.store.engine import open_engine
from plainhttp import NO_AUTHORITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from sqlalchemy import Engine

START_SECONDS = 300
PASSWORD = "a password for every example account"
GROUPS = {
    "researchers": ["rea"],
    "study:operations-research": ["ada", "bob"],
    "teach:operations-research": ["tom"],
}
PEOPLE = ["ada", "bob", "tom", "rea", "root"]

SERVER = """
import os
import signal
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

class Anything(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()

signal.alarm(600)  # whatever happens to the hub, this ends
name = os.environ["JUPYTERHUB_USER"] + "," + os.environ["JUPYTERHUB_SERVER_NAME"]
Path(os.environ["TOKENS"], name).write_text(os.environ["JUPYTERHUB_API_TOKEN"])
url = urlsplit(os.environ["JUPYTERHUB_SERVICE_URL"])
HTTPServer((url.hostname, url.port), Anything).serve_forever()
"""

HUB = """
c.JupyterHub.bind_url = "http://127.0.0.1:{entrance}"
c.JupyterHub.hub_port = {hub}
c.JupyterHub.db_url = "sqlite:///{folder}/hub.sqlite"
c.JupyterHub.cookie_secret_file = "{folder}/cookie_secret"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{proxy_api}"
c.ConfigurableHTTPProxy.command = {proxy}
c.ConfigurableHTTPProxy.pid_file = "{folder}/proxy.pid"
c.JupyterHub.authenticator_class = "dummy"
c.DummyAuthenticator.password = "{password}"
c.Authenticator.allowed_users = set({people})
c.Authenticator.admin_users = {{"root"}}
c.JupyterHub.load_groups = {groups}
c.JupyterHub.allow_named_servers = True
c.JupyterHub.spawner_class = "simple"
c.SimpleLocalProcessSpawner.home_dir_template = "{folder}/homes/{{username}}"
c.Spawner.cmd = ["{python}", "{folder}/server.py"]
c.Spawner.environment = {{"TOKENS": "{folder}/tokens"}}
c.Spawner.server_token_scopes = [
    "users:activity!user", "access:servers!server", "access:services!service=usage",
]
c.JupyterHub.services = [
    {{"name": "usage", "url": "{service_url}", "api_token": "{usage_token}", "oauth_no_confirm": True}},
    {{"name": "witness", "api_token": "{witness_token}"}},
    {{"name": "other", "api_token": "{other_token}"}},
    {{"name": "runner", "api_token": "{runner_token}"}},
]
c.JupyterHub.load_roles = [
    {{"name": "user", "scopes": ["self", "access:services!service=usage"]}},
    {{"name": "runner", "scopes": ["admin:servers", "admin:users", "tokens"], "services": ["runner"]}},
]
"""


def free_ports(count: int) -> list[int]:
    """Give ports that nobody listens on now."""
    with contextlib.ExitStack() as stack:
        found = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in found:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in found]


def until(what: Callable[[], object], seconds: float = START_SECONDS) -> object:
    """Ask again and again until the answer is true; fail after `seconds`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        answer = what()
        if answer:
            return answer
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


@dataclass
class UsageLab:
    """The running hub, proxy and service."""

    folder: Path
    ports: Mapping[str, int]
    tokens: Mapping[str, str]
    db_url: str
    engine: Engine
    processes: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    @property
    def public(self) -> str:
        return f"http://127.0.0.1:{self.ports['entrance']}"

    @property
    def usage(self) -> str:
        return f"{self.public}/services/usage"

    @property
    def direct(self) -> str:
        return f"http://127.0.0.1:{self.ports['service']}/services/usage"

    def start(self, name: str, *command: str) -> None:
        settings = {
            "MAXIMALAB_SETTINGS": str(self.folder / "maximalab.toml"),
            "CONFIGPROXY_AUTH_TOKEN": "loopback",
        }
        log = (self.folder / f"{name}.log").open("ab")
        with log:
            self.processes[name] = subprocess.Popen(
                command, stdout=log, stderr=log, cwd=self.folder, env={**os.environ, **settings}
            )

    def start_hub(self) -> None:
        self.start("hub", sys.executable, "-m", "jupyterhub", "-f", str(self.folder / "hub.py"))
        self._until_it_answers("hub", f"{self.public}/hub/api/")

    def start_service(self) -> None:
        self.start("service", sys.executable, "-m", "maximalab_hub.service")
        self._until_it_answers("service", f"{self.direct}/health")

    def use_store(self, db_url: str) -> None:
        """Go on with another usage store, brought to the newest version; the hub notices nothing."""
        if db_url != self.db_url:
            self.stop("service")
            self.engine.dispose()
            self.db_url, self.engine = db_url, open_engine(db_url)
            migrations.upgrade(self.engine)
            (self.folder / "maximalab.toml").write_text(settings_of(self.folder, self.ports, db_url))
            self.start_service()

    def _until_it_answers(self, name: str, url: str) -> None:
        def answers() -> bool:
            assert self.processes[name].poll() is None, self.log(name)
            with contextlib.suppress(httpx.HTTPError):
                return httpx.get(url, timeout=2, verify=NO_AUTHORITIES).status_code == 200
            return False

        try:
            until(answers)
        except AssertionError as error:
            raise AssertionError(f"{name} does not answer at {url}\n{self.log(name)[-3000:]}") from error

    def log(self, name: str) -> str:
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def stop(self, name: str, *, kill: bool = False) -> None:
        process = self.processes.pop(name)
        (process.kill if kill else process.terminate)()
        process.wait(60)

    def runner(self, method: str, path: str, **how: object) -> httpx.Response:
        """Ask the hub's API as an admin's program."""
        headers = {"Authorization": f"token {self.tokens['runner']}"}
        url = f"{self.public}/hub/api{path}"
        return httpx.request(method, url, headers=headers, timeout=20, verify=NO_AUTHORITIES, **how)

    def server_token(self, user: str, server: str) -> str:
        """Start a server of this person, if it is not running, and give the token that the hub gave it."""
        self.runner("POST", f"/users/{user}")
        self.runner("POST", f"/users/{user}/servers/{server}")
        path = self.folder / "tokens" / f"{user},{server}"
        until(lambda: path.exists() and path.read_text())
        until(lambda: self.runner("GET", f"/users/{user}").json()["servers"].get(server, {}).get("ready"))
        return path.read_text()

    @contextlib.contextmanager
    def browser(self, name: str) -> Iterator[httpx.Client]:
        """A browser in which this person is signed in at the hub, with a browser's usual headers."""
        headers = {"Accept": "text/html", "Accept-Language": "en", "Sec-Fetch-Mode": "navigate"}
        with httpx.Client(
            base_url=self.public, headers=headers, follow_redirects=True, timeout=20, verify=NO_AUTHORITIES
        ) as client:
            page = client.get("/hub/login")
            form = re.search(r'name="_xsrf"\s+value="([^"]+)"', page.text)
            assert form, page.text
            sent = {"username": name, "password": PASSWORD, "_xsrf": form[1]}
            answer = client.post("/hub/login", data=sent, follow_redirects=False)
            assert answer.status_code == 302, answer.text
            yield client


@contextlib.contextmanager
def running_usage_lab(folder: Path, db_url: str) -> Iterator[UsageLab]:
    """Start everything in `folder`, with the usage store at `db_url`, and stop it afterwards."""
    names = ("entrance", "proxy_api", "hub", "service")
    ports = dict(zip(names, free_ports(len(names)), strict=True))
    for path in ("tokens", "homes"):
        (folder / path).mkdir()
    write_catalogue(folder / "catalogue")
    ensure_secrets(folder / "secrets")
    tokens = {
        "usage": read_secret(folder / "secrets", Secret.USAGE_TOKEN),
        "witness": read_secret(folder / "secrets", Secret.WITNESS_TOKEN),
        "other": secrets.token_hex(16),
        "runner": secrets.token_hex(16),
    }
    told = {
        **ports, **{f"{name}_token": token for name, token in tokens.items()},
        "folder": folder, "python": sys.executable, "password": PASSWORD, "people": PEOPLE, "groups": GROUPS,
        "proxy": proxy_program(Path(sys.prefix)), "db_url": db_url,
        "service_url": f"http://127.0.0.1:{ports['service']}",
    }  # fmt: skip
    (folder / "hub.py").write_text(HUB.format(**told))
    (folder / "server.py").write_text(SERVER)
    (folder / "maximalab.toml").write_text(settings_of(folder, ports, db_url))
    engine = open_engine(db_url)
    migrations.upgrade(engine)
    lab = UsageLab(folder, ports, tokens, db_url, engine)
    try:
        lab.start_service()
        lab.start_hub()
        yield lab
    finally:
        for name in list(lab.processes):
            lab.stop(name)
        _end_proxy(folder / "proxy.pid")
        lab.engine.dispose()


def settings_of(folder: Path, ports: Mapping[str, int], db_url: str) -> str:
    """Write the settings of a lab that listens on these ports."""
    changes = {
        f"entrances.{name}": entrance_at(ip, ports["entrance"], ports["proxy_api"])
        for name, ip in (("public", "127.0.0.1"), ("vpn", "127.0.0.2"))
    }
    changes |= {
        "lab": {"state_dir": str(folder)},
        "hub": {"port": ports["hub"]},
        "usage": {"port": ports["service"], "db_url": db_url},
    }
    return settings_toml(changes)


def _end_proxy(pid_file: Path) -> None:
    """End the proxy, where a hub that was killed could not; a hub that stops ends proxy and servers itself."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        os.kill(int(pid_file.read_text()), signal.SIGTERM)
