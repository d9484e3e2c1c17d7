"""What a test asks of a lab on a bed, and lets people do there."""

from __future__ import annotations

import sqlite3
import tomllib
from collections.abc import Set as AbstractSet
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
from bed import papers
from bed.engines import Node
from bed.figure import HUB, HUB_INSIDE, HUB_PORT, Figure
from bed.people import Person, browser
from bed.spaces import Machine
from labrun import until
from maximalab_hub.secret_files import Secret, read_secret
from maximalab_hub.settings import load_settings
from maximalab_hub.vpn.conf import device_conf
from maximalab_hub.vpn.keys import new_pair
from maximalab_hub.vpn.store import open_devices
from maximalab_spawner.seats import Seats, Use, read_pools

TESTER = "the-token-of-the-test-which-a-lab-has-not"
URLS = {"public": f"http://{HUB}", "vpn": f"http://{HUB_INSIDE}"}
PUBLIC, PRIVATE = "public-maxima", "private-maxima"


class Asking:
    """Questions and deeds; `Lab` has the machines and processes."""

    figure: Figure
    folder: Path
    nodes: dict[str, Node]

    @property
    def hub_machine(self) -> Machine:
        """Where the hub and the entrances are."""
        return self.figure["hub"]

    def log(self, part: str = "hub") -> str:
        return (self.folder / f"{part}.log").read_text(errors="replace")

    def routes(self, door: str) -> dict[str, dict[str, Any]]:
        """Give an entrance's table, as its proxy has it."""
        secret = Secret.PROXY_TOKEN_PUBLIC if door == "public" else Secret.PROXY_TOKEN_VPN
        headers = {"Authorization": f"token {read_secret(self.folder / 'secrets', secret)}"}
        with browser(
            self.hub_machine, f"http://127.0.0.1:{papers.API_PORTS[door]}", headers=headers
        ) as asker:
            return asker.get("/api/routes").raise_for_status().json()

    def table(self, door: str) -> set[str]:
        """The paths that an entrance has routes for; none while it is away."""
        try:
            return set(self.routes(door))
        except httpx.TransportError:
            return set()

    def ask(self, method: str, path: str, **given: Any) -> httpx.Response:
        """Ask the hub's API at its own port, as the tester."""
        with browser(self.hub_machine, f"http://127.0.0.1:{HUB_PORT}") as asker:
            headers = {"Authorization": f"token {TESTER}"}
            return asker.request(method, f"/hub/api{path}", headers=headers, **given)

    def servers(self, name: str) -> dict[str, dict[str, Any]]:
        """What the hub knows of a person's servers."""
        answer = self.ask("GET", f"/users/{name}?include_stopped_servers=1")
        if answer.status_code == 404:  # who has never signed in
            return {}
        return answer.raise_for_status().json()["servers"]

    def ready(self, name: str, server: str) -> bool:
        return bool(self.servers(name).get(server, {}).get("ready"))

    def all_containers(self) -> set[str]:
        """The names of all servers' containers, running or not."""
        found = [one for node in self.nodes.values() for one in node.client.containers(all=True)]
        names = [one["Names"][0].strip("/") for one in found]
        assert len(names) == len(set(names)), f"two servers of one name: {names}"
        return set(names)

    def people_with_containers(self, server: str) -> set[str]:
        """Who has a container of this server."""
        return {name.rpartition(".")[2] for name in self.all_containers() if f".{server}." in name}

    def stop_all(self, but: AbstractSet[str] = frozenset()) -> None:
        """Stop whatever runs, but some containers; what is just starting is asked again."""
        until(lambda: self._asked_to_stop(but), "all other servers are gone", 300)

    def _asked_to_stop(self, but: AbstractSet[str]) -> bool:
        left = self.all_containers() - but
        for container in left:
            _, server, name = container.split(".")
            self.ask("DELETE", f"/users/{name}/servers/{server}")
            if self._is_given_up(name, server):
                for node in self.nodes.values():
                    node.try_docker("rm", "--force", container)
        for node in self.nodes.values():
            # One that died is kept to be looked at; here nobody will.
            for dead in node.client.containers(all=True, filters={"status": "exited"}):
                node.try_docker("rm", dead["Id"])
        return not left

    def _is_given_up(self, name: str, server: str) -> bool:
        """Whether the hub neither has nor expects this server: what runs of it waits for a start or an admin."""
        its = self.servers(name).get(server)
        return its is None or not (its["ready"] or its["pending"])

    def seat_holders(self) -> set[str]:
        """Whose servers have a seat, by the hub's record; read beside the hub, and not waited for by it."""
        path = self.folder / "seats.sqlite"
        if not path.exists():  # nobody has asked for one yet
            return set()
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as store:
            return {holder for (holder,) in store.execute("SELECT holder FROM lease")}

    def use_of_seats(self) -> Use:
        """Tell of the one pool: grants, refusals and the peak."""
        seats = Seats(self.folder / "seats.sqlite", lambda: datetime.now(UTC))
        return next(seats.use(read_pools(self.folder / "backends.toml")))

    def admit_crowd(self, size: int) -> list[str]:
        """Give many people an account, all with the same password."""
        names, file = [f"s{number:02}" for number in range(size)], self.folder / "accounts.toml"
        known = file.read_text()
        hashed = tomllib.loads(known)["ada"]["password"]
        entry = f'password = "{hashed}"\ngroups = ["study:{papers.COURSE}"]\n'
        file.write_text(known + "".join(f"\n[{name}]\n{entry}" for name in names))
        return names

    def person(self, name: str, at: str = "home", door: str = "public") -> Person:
        """Somebody at a machine and an entrance; not signed in yet."""
        return Person(self.figure[at], URLS[door], name)

    def bring(self, person: Person, material: str, server: str) -> None:
        """Let somebody press *Open*, and wait until the server is ready."""
        answer = person.open(material)
        assert answer.status_code == 200, (answer.status_code, answer.text[:1500])
        until(lambda: self.ready(person.name, server), f"{server} of {person.name} is ready", 300)

    def enrol(self, name: str, at: str = "home", *, wait: bool = True) -> None:
        """Let somebody's machine into the VPN, as its person does with the file of My devices."""
        conf, pair = self.folder / f"{name}-{at}.conf", new_pair()
        with self.devices() as devices:
            made = devices.enrol(name, "Laptop", pair.public)
            conf.write_text(device_conf(made, devices.section, pair.private), encoding="utf-8")
        if wait:
            until(lambda: pair.public in self.let_in(), "the gateway knows the device", 300)
        self.figure.connect(self.figure[at], at, conf)

    def let_in(self) -> set[str]:
        """The keys that the gateway lets in."""
        said = self.figure["gateway"].run("wg", "show", self.figure.interface("g"), "peers")
        return set(said.split())

    def devices(self):
        return papers.opened(
            open_devices(load_settings(self.folder / "maximalab.toml"), lambda: datetime.now(UTC))
        )
