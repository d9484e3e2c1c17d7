"""What happens in a walk over the lab: one method for each kind of step, which waits for as little as it can."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from threading import Lock

import httpx
from bed import papers
from bed.asking import URLS
from bed.figure import DOOR, HUB
from bed.lab import LONG, Lab
from bed.never import private_bytes, tracebacks
from bed.people import Person, browser, greeting, raw
from bed.plan import DOORS, FORGED, NAMES, Step
from labrun import until

AWAY = (httpx.TransportError, OSError)
PATIENCE = httpx.Timeout(30, connect=4)
"""Seconds that a person waits for an answer; behind a pulled cable nobody ever takes the connection."""
DARK = 15
"""Steps in which a part that was started again may not be there."""
AT_ONCE = 12
CROWD = 48
"""So many operations may wait for an answer; the next step is not taken before there are fewer."""


@dataclass
class Deeds:
    """Operations on a lab that is up; people come from campus to the public entrance, and from home to the VPN's."""

    lab: Lab
    done: Counter[str] = field(default_factory=Counter)
    seen: Counter[str] = field(default_factory=Counter)
    """What happened meanwhile, by which a walk that met nothing is known."""
    found: deque[str] = field(default_factory=deque)
    """Faults that operations have found, some of them while others went on."""

    def __post_init__(self) -> None:
        self.pool = ThreadPoolExecutor(AT_ONCE)
        self.under_way: set[Future[None]] = set()
        self.version = 1
        self.coming: dict[str, int] = {}
        """Parts that were started again, and for how many steps they have been coming up."""
        self.at_home = True
        self._counting = Lock()
        places = {"public": "campus", "vpn": "home"}
        self.people = {
            (name, door): self._arrives(self.lab.person(name, places[door], door))
            for name in NAMES
            for door in DOORS
        }
        # Read once: the jar is written to while requests of other threads run.
        self.cookies = {"": ""} | {name: self.people[name, "public"].cookies() for name in NAMES}

    def _arrives(self, person: Person) -> Person:
        person.in_()
        person.http.timeout = PATIENCE
        return person

    def do(self, step: Step) -> None:
        """Do one step."""
        getattr(self, step.kind)(**step.what)
        self.done[step.kind] += 1

    # At the public entrance

    def forge(
        self, name: str, server: str, method: str, rest: str, forged: str, by: str
    ) -> None:  # what is drawn
        """Ask for somebody's server at the public entrance, with headers that lie."""
        path, headers = f"/user/{name}/{server}/{rest}", dict(FORGED[int(forged)])
        self.probe(path, method, headers | ({"Cookie": self.cookies[by]} if by else {}))

    def probe(self, path: str, method: str = "GET", headers: dict[str, str] | None = None) -> None:
        """Ask at the public entrance; what must not be said there is found."""
        headers = headers or {}
        machine = self.lab.figure["campus"]
        try:
            if method == "UPGRADE":
                said = greeting(machine, f"{URLS['public']}{path}", headers)
                self.count(f"websocket: {'opened' if said == 'open bytes' else said}")
            else:
                with browser(machine, URLS["public"], timeout=PATIENCE) as asker:
                    answer = asker.request(method, path, headers=headers)
                said = answer.text + str(answer.headers)
        except AWAY:
            self.count("public entrance away")
            return
        self._look(said)

    def path(self, name: str, server: str, spelling: str, host: str) -> None:
        """Ask with a path that a client would tidy."""
        asked = spelling.format(name, server)
        request = f"GET {asked} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode()
        try:
            answer = raw(self.lab.figure["campus"], HUB, DOOR, request)
        except AWAY:
            self.count("public entrance away")
            return
        self._look(answer.decode(errors="replace"))

    # People

    def open(self, name: str, material: str, door: str) -> None:
        """Press *Open* and do not wait."""
        person = self.people[name, door]
        self._meanwhile(f"open at {door}", lambda: person.open(material), door)

    def stop(self, name: str, server: str, door: str) -> None:
        """Stop a server and do not wait."""
        person = self.people[name, door]
        self._meanwhile(f"stop at {door}", lambda: person.stop(server), door)

    def publish(self, material: str) -> None:
        """Publish a new version of a material."""
        self.version += 1
        papers.publish_again(self.lab.folder, material, self.version)

    def revoke(self) -> None:
        """Throw the device at home out."""
        if self.at_home:
            with self.lab.devices() as devices:
                devices.revoke("ada")
            self.count("device revoked")
        self.at_home = False

    def enrol(self) -> None:
        """Let another device at home in."""
        if not self.at_home:
            self.lab.enrol("ada", at="home", wait=False)
            self.count("device enrolled")
        self.at_home = True

    # Faults

    def kill_container(self, name: str, server: str, how: str) -> None:
        """Kill a server, or remove it by hand."""
        for node in self.lab.nodes.values():
            for one in node.client.containers(
                all=how == "remove", filters={"name": f"maximalab.{server}.{name}"}
            ):
                words = ("kill",) if how == "kill" else ("rm", "--force")
                if node.try_docker(*words, one["Id"]):
                    self.count(f"container {how}")

    def cut(self, machine: str, segment: str) -> None:
        """Pull a cable."""
        self.lab.figure.cut(self.lab.figure[machine], segment)

    def heal(self, machine: str, segment: str) -> None:
        """Put a cable back."""
        self.lab.figure.heal(self.lab.figure[machine], segment)

    def restart_entrance(self, door: str, how: str) -> None:
        """Kill or stop an entrance's proxy and start it again."""
        self._again(door, how)

    def restart_hub(self, how: str) -> None:
        """Kill or stop the hub and start it again."""
        self._again("hub", how)

    def _again(self, part: str, how: str) -> None:
        getattr(self.lab.parts[part], how)()
        self.lab.parts[part].begin()
        self.coming[part] = 0

    def restart_engine(self, node: str) -> None:
        """Kill an engine and start it again."""
        self.lab.nodes[node].kill()
        self.lab.start_engine(self.lab.nodes[node])

    def breathe(self) -> None:
        """Wait for a part that has been coming up for `DARK` steps: a walk with no hub meets no server."""
        for part in [part for part, steps in self.coming.items() if steps >= DARK]:
            until(lambda part=part: self._is_up(part), f"{part} answers again", LONG)
        self.coming = {part: steps + 1 for part, steps in self.coming.items() if steps < DARK}

    def _is_up(self, part: str) -> bool:
        try:
            if part == "hub":
                return self.lab.ask("GET", "/").status_code == 200
            return bool(self.lab.routes(part))
        except (*AWAY, httpx.HTTPError):
            return False

    # What runs meanwhile

    def count(self, what: str) -> None:
        """Count something that happened."""
        with self._counting:
            self.seen[what] += 1

    def collect(self) -> None:
        """Forget what has ended. Raises what none of it should have raised."""
        ended = {one for one in self.under_way if one.done()}
        self.under_way -= ended
        for one in ended:
            one.result()

    def close(self) -> None:
        """Wait for what still runs, and let everybody go."""
        self.pool.shutdown(cancel_futures=True)
        for person in self.people.values():
            person.close()

    def _meanwhile(self, what: str, do: Callable[[], httpx.Response], door: str) -> None:
        self.collect()
        if len(self.under_way) >= CROWD:
            self.count("steps that waited for a crowd")
            wait(self.under_way, return_when=FIRST_COMPLETED)
        self.under_way.add(self.pool.submit(self._answered, what, do, door))

    def _answered(self, what: str, do: Callable[[], httpx.Response], door: str) -> None:
        try:
            answer = do()
        except AWAY:
            self.count(f"{what}: away")
        except AssertionError:  # no cookie for the form, as the page did not come
            self.count(f"{what}: no page")
        else:
            self.count(f"{what}: {became(answer.status_code)}")
            self._look(answer.text, door)

    def _look(self, text: str, door: str = "public") -> None:
        self.found.extend(tracebacks(text))
        if door == "public":
            self.found.extend(private_bytes(text))


def became(status: int) -> str:
    """Say what became of what somebody asked for."""
    if status < 400:
        return "granted"
    return f"refused ({status})" if status < 500 else f"not now ({status})"
