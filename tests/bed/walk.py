"""A long walk at random over the whole lab: `sudo ./lab bed walk --operations 10000 --seed 7`.

People open, stop and forge; containers, hub, entrances and engines die; cables are pulled; materials are published and
devices come and go, while earlier operations still run. After each one it must be true that

* the public entrance's proxy has no route to where private servers are,
* no private byte comes out of the public entrance,
* no two containers have one name, and
* no more licensed servers run than there are seats.

From time to time all is mended and waited for; then the lab must do all that it is there for. The seed decides on the
operations, not on how they fall together in time. What fails says the seed and the last operations.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

import httpx
from bed import papers
from bed.deeds import AWAY, CABLES, NAMES, SERVERS, SOLVER, WEIGHTS, BrokenError, Deeds
from bed.figure import SUBNETS
from bed.lab import LONG
from bed.people import Person
from bed.smallserver import SECRET
from labrun import until

PRIVATE_NET = ip_network(SUBNETS["prv1"])
SETTLE_EVERY = 400


class Walk(Deeds):
    """One walk."""

    def go(self, operations: int) -> None:
        """Do so many operations. Raises `BrokenError` with the seed and the last of them."""
        names, weights = list(WEIGHTS), list(WEIGHTS.values())
        try:
            for number in range(1, operations + 1):
                name = self.rng.choices(names, weights)[0]
                self.done[name] += 1
                getattr(self, name)()
                self.check()
                if number % SETTLE_EVERY == 0 or number == operations:
                    self.settle()
                    self.say(f"{number} operations; seen so far: {dict(self.seen)}")
        except Exception as error:
            raise BrokenError(self._account_of(error)) from error
        finally:
            self.pool.shutdown(cancel_futures=True)

    def _account_of(self, error: Exception) -> str:
        """Say what broke, where, after what, and what the hub has to say about it."""
        lines = [line for line in self.lab.log().splitlines() if "log:192" not in line]
        known = {name: self._known(name) for name in NAMES}
        parts = [f"seed {self.seed}, after {sum(self.done.values())}: {error}", f"seen: {dict(self.seen)}"]
        parts += ["last:", *self.last, f"servers: {known}", "the hub's log:", *lines[-25:]]
        return "\n".join(parts)

    def _known(self, name: str) -> object:
        try:
            told = self.lab.servers(name)
        except (*AWAY, httpx.HTTPError) as error:
            return repr(error)
        return {server: (its["ready"], its["pending"]) for server, its in told.items()}

    # What must be true

    def check(self) -> None:
        """Look at what must never be. Raises `BrokenError`."""
        try:
            routes = self.lab.routes("public")
        except AWAY:
            routes = {}  # it has just died, and holds nothing
        running = [name for node in self.lab.nodes.values() for name in node.running()]
        self.seen["seat taken"] += any(f".{SOLVER}." in name for name in running)
        for fault in (*faults(routes, running), *(self.failed.popleft() for _ in range(len(self.failed)))):
            raise BrokenError(fault)

    def settle(self) -> None:
        """Mend everything; then the lab must be whole, and a person gets what the person is entitled to."""
        self._note("settle")
        for machine, segment in CABLES:
            self.lab.figure.heal(self.lab.figure[machine], segment)
        if not self.at_home:
            self.lab.enrol("ada", at="home", wait=False)
            self.at_home = True
        self.lab.wait()
        ada = self.people["ada", "vpn"]
        until(lambda: _answers(ada), "the device at home is in", LONG)
        self.check()
        for material in ("simplex", "game"):
            until(
                lambda material=material: self._served(ada, material), f"{material} opens for Ada", 2 * LONG
            )
        self.check()
        with self.lab.devices() as devices:
            wanted = {one.public_key for one in devices.in_force()}
        until(lambda: self.lab.let_in() == wanted, "the gateway lets in whom it must, and nobody else", LONG)

    def _served(self, person: Person, material: str) -> bool:
        try:
            server = SERVERS[material]
            if not self.lab.ready(person.name, server):
                person.open(material)
                return False
            text = person.http.get(f"/user/{person.name}/{server}/").text
        except AWAY:
            return False
        self.seen[f"{material} served"] += 1
        return (SECRET if material == "game" else "open bytes") in text


def faults(routes: Mapping[str, Mapping[str, object]], running: Sequence[str]) -> Iterator[str]:
    """Name what must never be, in the public entrance's table and among the containers that run."""
    for path, route in routes.items():
        host = urlsplit(str(route["target"])).hostname or ""
        if _is_private(host):
            yield f"the public entrance leads {path} to {host}"
    for name, times in Counter(running).items():
        if times > 1:
            yield f"two servers of one name: {name}"
    seats = [name for name in running if f".{SOLVER}." in name]
    if len(seats) > papers.SEATS:
        yield f"a seat too many: {seats}"


def _is_private(host: str) -> bool:
    try:
        return ip_address(host) in PRIVATE_NET
    except ValueError:
        return False


def _answers(person: Person) -> bool:
    try:
        return person.http.get("/hub/lab").status_code == 200
    except AWAY:
        return False
