"""A long walk at random over the whole lab: `sudo ./lab bed walk --operations 10000 --seed 7`.

People open, stop and forge; containers, hub, entrances and engines die; cables are pulled; materials are published and
devices come and go, while earlier operations still run (`deeds`). After each one it must be true (`never`) that

* the public entrance's proxy has no route but to the hub, its service and open servers,
* no private byte comes out of the public entrance: a private server that runs is asked for there each time,
* no two containers have one name, and
* no more licensed servers run, and no more leases are given, than there are seats.

From time to time all is mended and waited for; then the lab must do all that it is there for. The seed decides on the
operations (`plan`), not on how they fall together in time. What fails says the seed, the step and the last operations,
and how to walk the same way again from a little before.
"""

from __future__ import annotations

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from bed import papers
from bed.account import hub_said, states
from bed.deeds import AWAY, Deeds
from bed.lab import LONG, Lab
from bed.never import doubles, seats_too_many, wrong_routes
from bed.people import Person
from bed.plan import CABLES, DOORS, NAMES, SERVERS, SOLVER, Step
from bed.smallserver import SECRET
from labrun import until

SETTLE_EVERY = 400
TELL_EVERY = 100
BEFORE = 150
"""So many steps before the one that failed a shorter walk begins."""


class BrokenError(AssertionError):
    """What must never be was."""


@dataclass
class Walk:
    """One walk. `told` is where it says how far it is."""

    lab: Lab
    seed: int
    told: Callable[[str], None] = print
    checks: Counter[str] = field(default_factory=Counter)
    """What was looked at, how often."""
    seconds: Counter[str] = field(default_factory=Counter)
    """Where the time went."""

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.deeds = Deeds(self.lab)
        self.engines = ThreadPoolExecutor(len(self.lab.nodes))
        self.last: deque[str] = deque(maxlen=40)
        self.step = 0
        self.running: list[str] = []
        self.waited = ("ada", SERVERS["simplex"])
        """Whose server is waited for, and which, when all is mended."""

    def go(self, steps: Sequence[Step]) -> None:
        """Do these steps. Raises `BrokenError` with the seed and the last of them."""
        try:
            for count, step in enumerate(steps, 1):
                self.step = step.number
                self.last.append(str(step))
                with self._timed(step.kind):
                    self.deeds.do(step)
                self.check()
                with self._timed("waiting for what was started again"):
                    self.deeds.breathe()
                if count % SETTLE_EVERY == 0 or count == len(steps):
                    with self._timed("settle"):
                        self.settle()
                if count % TELL_EVERY == 0:
                    self.told(f"{step.number} operations, {time.monotonic() - self.began:.0f} s")
        except Exception as error:
            raise BrokenError(self._account_of(error)) from error

    def close(self) -> None:
        """Wait for what still runs, and let everybody go."""
        self.deeds.close()
        self.engines.shutdown()

    @contextmanager
    def _timed(self, what: str) -> Iterator[None]:
        began = time.monotonic()
        try:
            yield
        finally:
            self.seconds[what] += time.monotonic() - began

    # What must be true

    def check(self) -> None:
        """Look at what must never be. Raises `BrokenError`."""
        with self._timed("checks"):
            self.deeds.collect()
            self.check_routes()
            self.check_containers()
            self.check_pages()

    def check_routes(self) -> None:
        """Look at the public entrance's table."""
        try:
            table = self.lab.routes("public")
        except AWAY:
            self.checks["tables of an entrance that had just died"] += 1
            return
        self.checks["tables of the public entrance"] += 1
        self.checks["routes"] += len(table)
        self._no(wrong_routes(table))

    def check_containers(self) -> None:
        """Look at what runs, and at the leases."""
        running = self._running()
        self.running = [name for name, _ in running]
        self.checks["lists of containers"] += 1
        self.checks["containers"] += len(running)
        self.checks["licensed containers"] += any(f".{SOLVER}." in name for name in self.running)
        if list(doubles(running)):
            # Engines are asked one after the other: what ended meanwhile at the first was no second one.
            still = set(self._running())
            self._no(doubles([one for one in running if one in still]))
        self._no(seats_too_many(running, self.lab.seat_holders(), papers.SEATS))

    def check_pages(self) -> None:
        """Ask at the public entrance for one private server that runs, each in turn, as whose it is."""
        private = sorted(name for name in self.running if ".private-" in name)
        if private:
            _, server, name = private[self.checks["private servers asked for"] % len(private)].split(".")
            self.deeds.probe(f"/user/{name}/{server}/", headers={"Cookie": self.deeds.cookies.get(name, "")})
            self.checks["private servers asked for"] += 1
        self._no(self.deeds.found.popleft() for _ in range(len(self.deeds.found)))

    def _running(self) -> list[tuple[str, str]]:
        listed = self.engines.map(lambda node: node.client.containers(), self.lab.nodes.values())
        return [(name.strip("/"), one["Id"]) for found in listed for one in found for name in one["Names"]]

    def _no(self, faults: Iterator[str]) -> None:
        for fault in faults:
            self.checks["faults"] += 1
            raise BrokenError(fault)

    def settle(self) -> None:
        """Mend everything; then the lab must be whole, and a person gets what the person is entitled to."""
        self.last.append("settle")
        for machine, segment in CABLES:
            self.deeds.heal(machine, segment)
        self.deeds.enrol()
        self.lab.wait()
        wait(self.deeds.under_way, 2 * LONG)
        ada = self.deeds.people["ada", "vpn"]
        until(lambda: _answers(ada), "the device at home is in", LONG)
        self.check()
        for material in ("simplex", "game"):
            self.waited = (ada.name, SERVERS[material])
            until(
                lambda material=material: self._served(ada, material), f"{material} opens for Ada", 2 * LONG
            )
        self.check()
        with self.lab.devices() as devices:
            wanted = {one.public_key for one in devices.in_force()}
        until(lambda: self.lab.let_in() == wanted, "the gateway lets in whom it must, and nobody else", LONG)
        self.checks["times whole again"] += 1

    def _served(self, person: Person, material: str) -> bool:
        try:
            server = SERVERS[material]
            if not self.lab.ready(person.name, server):
                person.open(material)
                return False
            text = person.http.get(f"/user/{person.name}/{server}/").text
        except AWAY:
            return False
        served = (SECRET if material == "game" else "open bytes") in text
        self.checks[f"{material} served"] += served
        return served

    # What is told

    def report(self) -> str:
        """Say what was done, granted and refused, looked at and found, and where the time went."""
        whole = time.monotonic() - self.began
        number = sum(self.deeds.done.values())
        seats = self.lab.use_of_seats()
        lines = [
            f"seed {self.seed}: {number} operations in {whole:.0f} s, {number / whole:.1f} a second",
            _line("operations", self.deeds.done),
            *(_line(f"at the {door} entrance", self._answers_at(door)) for door in DOORS),
            f"seats: {seats.granted} granted, {seats.refused} refused, at most {seats.peak} at once of {papers.SEATS}",
            _line("seen besides", {k: n for k, n in self.deeds.seen.items() if " at " not in k}),
            _line("checks", {what: n for what, n in self.checks.items() if what != "faults"}),
            _line("seconds", {what: round(its) for what, its in self.seconds.most_common()}),
            f"faults found: {self.checks['faults']}",
        ]
        return "\n".join(lines)

    def _answers_at(self, door: str) -> dict[str, int]:
        """Count what became of *Open* and of stops there."""
        end = f" at {door}: "
        return {what.replace(end, " "): n for what, n in sorted(self.deeds.seen.items()) if end in what}

    def _account_of(self, error: Exception) -> str:
        """Say what broke, where, after what, and what the hub has to say about it."""
        again = f"--seed {self.seed} --operations {self.step} --first {max(1, self.step - BEFORE)}"
        parts = [
            f"seed {self.seed}, step {self.step}: {error}",
            f"again, from a little before: ./lab bed walk {again}",
            self.report(),
            "last:",
            *self.last,
            f"servers: { {name: self._known(name) for name in NAMES} }",
            *states(self.lab.nodes.values(), *self.waited),
            *hub_said(self.lab.log(), *self.waited),
        ]
        return "\n".join(parts)

    def _known(self, name: str) -> object:
        try:
            told = self.lab.servers(name)
        except (*AWAY, httpx.HTTPError) as error:
            return repr(error)
        return {server: (its["ready"], its["pending"]) for server, its in told.items()}


def _line(head: str, counts: dict[str, int] | Counter[str]) -> str:
    return f"{head}: " + (", ".join(f"{what} {number}" for what, number in counts.items()) or "none")


def _answers(person: Person) -> bool:
    try:
        return person.http.get("/hub/lab").status_code == 200
    except AWAY:
        return False
