"""What happens in a walk over the lab: each operation draws what it needs before it looks at anything."""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import httpx
from bed import papers
from bed.asking import PRIVATE, PUBLIC, URLS
from bed.figure import DOOR, HUB, HUB_INSIDE, POOL
from bed.lab import Lab
from bed.people import browser, raw
from bed.smallserver import SECRET

SOLVER = "private-solver"
SERVERS = {"simplex": PUBLIC, "game": PRIVATE, "solver": SOLVER}
NAMES = ("ada", "bob", "cai", "dan", "eve")
CABLES = (("prv1", "inner"), ("gateway", "internet"), ("pub1", "internet"))
#: How often each operation comes, of all.
WEIGHTS = {
    "forge": 40, "path": 25, "open": 14, "stop": 9, "kill_container": 2, "publish": 3, "device": 2,
    "cut": 1.5, "heal": 3, "kill_entrance": 0.8, "kill_hub": 0.4, "restart_engine": 0.2,
}  # fmt: skip
FORGED = (
    {},
    {"X-MaximaLab-Entrance": "vpn"},
    {"X-Forwarded-For": f"{POOL}.2", "X-Real-IP": f"{POOL}.2"},
    {"Forwarded": f"for={POOL}.2;host={HUB_INSIDE}"},
    {"Host": HUB_INSIDE, "X-Forwarded-Host": HUB_INSIDE},
)
SPELLINGS = (
    "/user/{0}/{1}/",
    "//user/{0}/{1}/",
    "/user/{0}/public-maxima/../{1}/",
    "/user/{0}/x/%2e%2e/{1}/",
    "/user/{0}%2f{1}/",
    "/USER/{0}/{1}/",
    "/user/{0}/{1};x/",
    "/hub/user/{0}/{1}/",
    "http://172.28.91.2/user/{0}/{1}/",
    "/user/{0}/{1}%00/",
)
AWAY = (httpx.TransportError, OSError)


class BrokenError(AssertionError):
    """What must never be was."""


@dataclass
class Deeds:
    """Operations on a lab that is up; people come from campus to the public entrance, and from home to the VPN's."""

    lab: Lab
    seed: int
    say: Callable[[str], None] = print
    done: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    """What happened meanwhile, by which a walk that met nothing is known."""
    failed: deque[str] = field(default_factory=deque)
    """What operations that still ran have found."""

    def __post_init__(self) -> None:
        self.rng = random.Random(self.seed)  # noqa: S311  # a walk, no secret
        self.last: deque[str] = deque(maxlen=40)
        self.pool = ThreadPoolExecutor(6)
        self.version = 1
        self.at_home = True
        self.people = {
            (name, door): self.lab.person(name, "home" if door == "vpn" else "campus", door)
            for name in NAMES
            for door in self.lab.doors
        }
        for person in self.people.values():
            person.http.timeout = 20
            person.in_()

    def forge(self) -> None:
        """Ask for somebody's server at the public entrance, with headers that lie."""
        path = f"/user/{self._name()}/{self._server()}/{self.rng.choice(('', 'api', 'lab/tree/a'))}"
        headers, method = self.rng.choice(FORGED), self.rng.choice(("GET", "POST", "HEAD"))
        self._note(f"forge {method} {path} {headers}")
        with browser(self.lab.figure["campus"], URLS["public"], timeout=20) as asker:
            try:
                self._clean(asker.request(method, path, headers=headers).text)
            except AWAY:
                self.seen["public entrance away"] += 1

    def path(self) -> None:
        """Ask with a path that a client would tidy."""
        path = self.rng.choice(SPELLINGS).format(self._name(), self._server())
        host = self.rng.choice((HUB, HUB_INSIDE, f"{HUB}.", "172.21.1.2:8888"))
        self._note(f"path {path} at {host}")
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        try:
            self._clean(raw(self.lab.figure["campus"], HUB, DOOR, request).decode(errors="replace"))
        except AWAY:
            self.seen["public entrance away"] += 1

    def open(self) -> None:
        """Press *Open* and do not wait."""
        name, material = self._name(), self.rng.choice(list(SERVERS))
        door = self.rng.choice(self.lab.doors)
        self._note(f"open {material} by {name} at {door}")
        person = self.people[name, door]
        self.pool.submit(self._meanwhile, f"open at {door}", lambda: person.open(material), door)

    def stop(self) -> None:
        """Stop a server and do not wait."""
        name, server, door = self._name(), self._server(), self.rng.choice(self.lab.doors)
        self._note(f"stop {server} of {name} at {door}")
        person = self.people[name, door]
        self.pool.submit(self._meanwhile, "stop", lambda: person.stop(server), door)

    def kill_container(self) -> None:
        """Kill a server, or remove it by hand."""
        container, how = f"maximalab.{self._server()}.{self._name()}", self.rng.choice(("kill", "remove"))
        self._note(f"{how} {container}")
        for node in self.lab.nodes.values():
            for one in node.client.containers(all=how == "remove", filters={"name": container}):
                words = ("kill",) if how == "kill" else ("rm", "--force")
                self.seen[f"container {how}"] += node.try_docker(*words, one["Id"])

    def publish(self) -> None:
        """Publish a new version of a material."""
        material = self.rng.choice(list(SERVERS))
        self.version += 1
        self._note(f"publish {material} {self.version}")
        papers.publish_again(self.lab.folder, material, self.version)

    def device(self) -> None:
        """Throw the device at home out, or let another one in."""
        self._note("revoke" if self.at_home else "enrol")
        if self.at_home:
            with self.lab.devices() as devices:
                devices.revoke("ada")
        else:
            self.lab.enrol("ada", at="home", wait=False)
        self.at_home = not self.at_home

    def cut(self) -> None:
        """Pull a cable."""
        self._cable(self.lab.figure.cut, "cut")

    def heal(self) -> None:
        """Put a cable back."""
        self._cable(self.lab.figure.heal, "heal")

    def _cable(self, do: Callable[..., None], how: str) -> None:
        machine, segment = self.rng.choice(CABLES)
        self._note(f"{how} {machine} {segment}")
        do(self.lab.figure[machine], segment)

    def kill_entrance(self) -> None:
        """Kill an entrance's proxy and start it again."""
        door = self.rng.choice(self.lab.doors)
        self._note(f"kill {door}")
        self.lab.parts[door].again()

    def kill_hub(self) -> None:
        """Kill the hub and start it again."""
        self._note("kill hub")
        self.lab.parts["hub"].again()

    def restart_engine(self) -> None:
        """Kill an engine and start it again."""
        node = self.lab.nodes[self.rng.choice(list(self.lab.nodes))]
        self._note(f"restart engine of {node.name}")
        node.kill()
        self.lab.start_engine(node)

    def _meanwhile(self, what: str, do: Callable[[], httpx.Response], door: str) -> None:
        try:
            answer = do()
        except (*AWAY, AssertionError):  # no cookie for the form, as the page did not come
            self.seen[f"{what}: away"] += 1
            return
        self.seen[f"{what}: {answer.status_code}"] += 1
        try:
            self._clean(answer.text, door)
        except BrokenError as error:
            self.failed.append(str(error))

    def _clean(self, text: str, door: str = "public") -> None:
        if door == "public" and SECRET in text:
            raise BrokenError("a private byte came out of the public entrance")
        if "Traceback" in text:
            raise BrokenError("a traceback in a page")

    def _name(self) -> str:
        return self.rng.choice(NAMES)

    def _server(self) -> str:
        return self.rng.choice(list(SERVERS.values()))

    def _note(self, what: str) -> None:
        self.last.append(f"{sum(self.done.values())}. {what}")
