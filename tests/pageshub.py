"""A hub with its two entrances, as `jupyterhub_config.py` wires it, for tests of what people see."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import suppress
from copy import copy
from dataclasses import dataclass, field
from http.cookiejar import Cookie
from pathlib import Path

import httpx
import psutil
from labsettings import entrance_at, mark_homes, settings_toml
from maximalab_hub.lab.programs import proxy_program
from maximalab_hub.people import add_account
from maximalab_hub.secret_files import Secret, ensure_secrets, read_secret
from plainhttp import NO_AUTHORITIES

ROOT = Path(__file__).parents[1]
COURSE = "operations-research"
PASSWORD = "a password for tests"
PEOPLE = {
    "student": ([f"study:{COURSE}"], False),
    "teacher": ([f"teach:{COURSE}"], False),
    "researcher": (["researchers"], False),
    "boss": ([], True),
}
MATERIALS = {"simplex": "open", "solver": "licensed", "game": "private"}
BACKENDS = """
[[backend]]
name = "here-{tier}"
tier = "{tier}"
kind = "local"
capacity = 5
materials = "materials/{tier}"
homes = "homes/{tier}"
"""
COURSES = """
[[course]]
id = "{course}"
[course.title]
uk = "Дослідження операцій"
en = "Operations research"
"""
MATERIAL = """
id = "{id}"
version = 1
access = "{access}"
image = "maxima"
courses = ["{course}"]
order = 1
[title]
uk = "Матеріал {id}"
en = "Material {id}"
[summary]
uk = "Про матеріал."
en = "About the material."
[notebooks]
uk = "{id}.uk.ipynb"
"""


def free_ports(count: int) -> list[int]:
    """Find ports that nobody uses on 127.0.0.1 now."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


@dataclass
class PagesHub:
    """A running hub: where its entrances are, and where its files lie."""

    folder: Path
    ports: dict[str, int]
    more: str = ""
    """What its settings say besides the usual."""
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    cookies: dict[tuple[str, str], list[Cookie]] = field(default_factory=dict)

    @property
    def public(self) -> str:
        return f"http://127.0.0.1:{self.ports['public']}"

    @property
    def vpn(self) -> str:
        return f"http://127.0.0.2:{self.ports['vpn']}"

    def log(self) -> str:
        return (self.folder / "hub.log").read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Write the files, start two proxies and the hub, wait until the sign-in page is there."""
        write_state(self.folder, self.ports, self.more)
        for entrance, ip in (("public", "127.0.0.1"), ("vpn", "127.0.0.2")):
            self._start_entrance(entrance, ip)
        env = os.environ | {"MAXIMALAB_SETTINGS": str(self.folder / "maximalab.toml")}
        self._run("hub", [sys.executable, "-m", "jupyterhub", "-f", str(ROOT / "jupyterhub_config.py")], env)
        for url in (self.public, self.vpn):
            self._until_it_answers(f"{url}/hub/login")

    def stop(self) -> None:
        """End what was started; a student's server outlives its hub, so it is ended here."""
        left: list[psutil.Process] = []
        with suppress(psutil.NoSuchProcess, IndexError):  # a hub that did not even start
            left = psutil.Process(self.processes[-1].pid).children(recursive=True)
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(5)
        for server in left:
            with suppress(psutil.NoSuchProcess):
                server.kill()

    def visitor(self, *, entrance: str = "public", lang: str = "en") -> httpx.Client:
        """Open a browser's session that nobody has signed in with."""
        return httpx.Client(
            base_url=self.public if entrance == "public" else self.vpn,
            headers={"Accept-Language": lang, "Accept": "text/html"},
            follow_redirects=True,
            timeout=60,
            trust_env=False,
            verify=NO_AUTHORITIES,
        )

    def signed_in(self, name: str, *, entrance: str = "public", lang: str = "en") -> httpx.Client:
        """Come signed in; the form is filled in once for each person and entrance."""
        visitor = self.visitor(entrance=entrance, lang=lang)
        if (name, entrance) not in self.cookies:
            answer = sign_in(visitor, name, PASSWORD)
            assert answer.status_code == 200, answer.text
            assert answer.url.path == "/hub/lab", answer.url
            self.cookies[name, entrance] = [copy(cookie) for cookie in visitor.cookies.jar]
        for cookie in self.cookies[name, entrance]:
            visitor.cookies.jar.set_cookie(copy(cookie))
        return visitor

    def _start_entrance(self, entrance: str, ip: str) -> None:
        secret = Secret.PROXY_TOKEN_PUBLIC if entrance == "public" else Secret.PROXY_TOKEN_VPN
        token = read_secret(self.folder / "secrets", secret)
        words = [
            *proxy_program(Path(sys.prefix)),
            f"--ip={ip}", f"--port={self.ports[entrance]}",
            f"--api-ip={ip}", f"--api-port={self.ports[entrance + '_api']}",
            f"--default-target=http://127.0.0.1:{self.ports['hub']}",
            f"--custom-header=X-MaximaLab-Entrance: {entrance}",
        ]  # fmt: skip
        self._run(entrance, words, os.environ | {"CONFIGPROXY_AUTH_TOKEN": token})

    def _run(self, name: str, words: list[str], env: dict[str, str]) -> None:
        with (self.folder / f"{name}.log").open("wb") as log:
            process = subprocess.Popen(words, cwd=self.folder, env=env, stdout=log, stderr=subprocess.STDOUT)
        self.processes.append(process)

    def _until_it_answers(self, url: str) -> None:
        deadline = time.monotonic() + 180  # a machine that is busy with ten other things
        while time.monotonic() < deadline:
            assert self.processes[-1].poll() is None, self.log()
            try:
                if httpx.get(url, trust_env=False, verify=NO_AUTHORITIES).status_code == 200:
                    return
            except httpx.HTTPError:
                pass  # not there yet; the deadline counts
            time.sleep(0.1)
        raise AssertionError(f"{url} does not answer:\n{self.log()[-4000:]}")


def settings_of(ports: dict[str, int]) -> str:
    """Write the settings of a lab whose parts listen on these ports."""
    return settings_toml(
        {
            "entrances.public": entrance_at("127.0.0.1", ports["public"], ports["public_api"]),
            "entrances.vpn": entrance_at("127.0.0.2", ports["vpn"], ports["vpn_api"]),
            "hub": {"port": ports["hub"]},
            "usage": {"port": ports["usage"]},
            "catalogue": {"public_store": "materials/public", "private_store": "materials/private"},
        }
    )


def write_state(folder: Path, ports: dict[str, int], more: str = "") -> None:
    """Write settings, keys, accounts, catalogue and backends of a small lab."""
    (folder / "maximalab.toml").write_text(settings_of(ports) + more, encoding="utf-8")
    (folder / "backends.toml").write_text(
        "".join(BACKENDS.format(tier=tier) for tier in ("public", "private")), encoding="utf-8"
    )
    catalogue = folder / "catalogue"
    catalogue.mkdir()
    (catalogue / "courses.toml").write_text(COURSES.format(course=COURSE), encoding="utf-8")
    for id_, access in MATERIALS.items():
        text = MATERIAL.format(id=id_, access=access, course=COURSE)
        (catalogue / f"{id_}.toml").write_text(text, encoding="utf-8")
    (catalogue / "broken.toml").write_text('id = "broken"\n', encoding="utf-8")
    for tier in ("public", "private"):
        (folder / "materials" / tier).mkdir(parents=True)
        mark_homes(folder / "homes" / tier)
    ensure_secrets(folder / "secrets")
    for name, (groups, admin) in PEOPLE.items():
        add_account(folder / "accounts.toml", name, PASSWORD, groups=groups, admin=admin)
    add_account(folder / "accounts.toml", "guest", PASSWORD, language="en")


def xsrf(visitor: httpx.Client, path: str = "/hub/login") -> str:
    """Read the form token that the page at `path` carries."""
    page = visitor.get(path)
    return page.text.partition('name="_xsrf" value="')[2].partition('"')[0]


def sign_in(visitor: httpx.Client, name: str, password: str) -> httpx.Response:
    """Fill in the sign-in form and send it."""
    form = {"_xsrf": xsrf(visitor), "username": name, "password": password}
    return visitor.post("/hub/login?next=%2Fhub%2Flab", data=form)
