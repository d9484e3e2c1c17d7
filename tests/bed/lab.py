"""The lab on a bed: hub, entrances and usage service on one machine, an engine on each node, the gateway's program.

All of it is the product as a site runs it: its `jupyterhub_config.py`, its settings file, its commands. What a test
makes shorter (waits, limits, the program in the image) stands in `Wish`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
from bed import papers, smallserver
from bed.asking import TESTER, URLS, Asking
from bed.certificates import Authority
from bed.engines import PLAIN, Node, save
from bed.figure import NODES, SITE, Figure
from bed.parts import Part
from bed.people import browser
from labrun import until
from maximalab_hub import migrations
from maximalab_hub.people import add_account
from maximalab_hub.secret_files import Secret, ensure_secrets, read_secret
from maximalab_hub.settings import SETTINGS_VARIABLE, load_settings
from maximalab_hub.store.engine import open_engine
from wireguardbed import ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bed.spaces import Machine


LONG = 300.0
"""Seconds: a limit against waiting forever on a machine with much else to do."""


@dataclass(frozen=True)
class Wish:
    """What a test may have otherwise than a site."""

    scenario: int = 3
    image: str = ""
    """The image of servers; empty: the small one, with the small program in it."""
    outage_grace: float = 900.0
    capacity: int = 20
    spawn_limit: int = 100
    engine_timeout: float = 5.0
    memory: int = 128
    """MB of each server."""
    shown: Mapping[str, str] = field(default_factory=lambda: URLS)
    """The entrances' addresses as people type them."""
    materials: bool = False
    """Whether the course of the checkout is published, beside or instead of the tests' materials."""


@dataclass
class Lab(Asking):
    """A lab on a bed. `start` brings it up; `close` removes it and the bed."""

    wish: Wish = field(default_factory=Wish)
    figure: Figure = field(default_factory=Figure)
    people: Mapping[str, papers.Account] = field(default_factory=lambda: papers.PEOPLE)

    def __post_init__(self) -> None:
        self.folder = self.figure.folder / "lab"
        self.folder.mkdir()
        self.parts: dict[str, Part] = {}
        self.image = ""
        self.authority = Authority(self.folder / "tls")
        self.nodes = {name: Node(self.figure, self.figure[name], *PLAIN) for name in NODES}

    # Up and down

    def start(self) -> None:
        """Bring engines, firewalls, hub and everything else up."""
        self.image = self.wish.image or smallserver.build()
        self.authority.issue("hub")
        for name, node in self.nodes.items():
            node.listen(self.authority, NODES[name])
            node.begin()
        self.write()
        ensure_secrets(self.folder / "secrets")
        for name, one in self.people.items():
            add_account(self.folder / "accounts.toml", name, one.password, groups=one.groups, admin=one.admin)
        papers.publish_all(self.folder, course=self.wish.materials)
        store = open_engine(load_settings(self.folder / "maximalab.toml").usage.db_url)
        migrations.upgrade(store)
        store.dispose()
        self._furnish()
        self._make_parts()
        for part in self.parts.values():
            part.begin()
        self.wait()

    def restart_hub_alone(self) -> None:
        """The same, with no entrance to ask at."""
        self.parts["hub"].again()
        until(self._hub_answers, "the hub answers", LONG)

    def _hub_answers(self) -> bool:
        try:
            return self.ask("GET", "/").status_code == 200
        except httpx.TransportError:
            return False

    def restart_hub(self) -> None:
        """Kill the hub, and wait until the next one answers."""
        self.parts["hub"].again()
        self.wait()

    def wait(self) -> None:
        """Wait until both entrances lead to the hub, and the hub to the usage service."""
        for door in self.doors:
            with browser(self.hub_machine, URLS[door]) as asker:
                until(
                    lambda asker=asker: _status(asker, "/hub/login") == 200,
                    f"the {door} entrance answers",
                    LONG,
                )
                until(
                    lambda asker=asker: _status(asker, "/services/usage/") < 500, "so does the usage service"
                )

    def close(self) -> None:
        """Remove everything."""
        self.figure.close()

    @property
    def doors(self) -> tuple[str, ...]:
        """The entrances that the scenario has."""
        return {1: ("public",), 2: ("public",), 3: ("public", "vpn"), 4: ("vpn",)}[self.wish.scenario]

    def _furnish(self) -> None:
        """Bring images and rules to the engines."""
        archive = save(self.folder / "image.tar", self.image)
        with ThreadPoolExecutor(len(self.nodes)) as pool:
            list(pool.map(lambda node: self._furnish_one(node, archive), self.nodes.values()))
        archive.unlink()
        self.firewall(self.hub_machine, "hub-node", "--let-in", f"{SITE}.1")
        self.firewall(self.figure["gateway"], "gateway", "prv1")

    def _furnish_one(self, node: Node, archive: Path) -> None:
        node.wait()
        node.load(archive)
        self.put_up_rules(node)

    def put_up_rules(self, node: Node) -> None:
        """Do what a site does after each start of an engine."""
        kind = "private-node" if node.name == "prv1" else "public-node"
        self.firewall(node.machine, kind, node.name)

    def firewall(self, machine: Machine, kind: str, *words: str, do: str = "up") -> None:
        """Put up what the product has for a machine's firewall, or do something else with it."""
        command = [
            sys.executable,
            "-m",
            "maximalab_spawner.machines",
            kind,
            str(self.folder / "backends.toml"),
            *words,
        ]
        printed = subprocess.run(command, capture_output=True, text=True, check=True)
        machine.run("sh", "-s", do, input=printed.stdout)

    def start_engine(self, node: Node) -> None:
        """Start an engine that has ended or died."""
        node.start()
        self.put_up_rules(node)

    # Its files

    def write(self) -> None:
        """Write settings, backends and what the hub's configuration is given, as they are to be now."""
        shown = {door: self.wish.shown[door] for door in self.doors}
        text = papers.settings(self.wish.scenario, shown, self.figure.public_key)
        self.folder.joinpath("maximalab.toml").write_text(text, encoding="utf-8")
        self.folder.joinpath("backends.toml").write_text(
            papers.backends(self.folder, self.image, self.wish.capacity, self.wish.memory)
        )
        given = {
            "config": str(ROOT / "jupyterhub_config.py"),
            "outage_grace": self.wish.outage_grace,
            "engine_timeout": self.wish.engine_timeout,
            "spawn_limit": self.wish.spawn_limit,
            "cmd": [] if self.wish.image else smallserver.COMMAND,
            "token": TESTER,
        }
        self.folder.joinpath("given.json").write_text(json.dumps(given))
        self.folder.joinpath("hub_config.py").write_text(papers.HUB_CONFIG)

    def change(self, **wishes: Any) -> None:
        """Wish otherwise, and begin hub and entrances anew; servers run on."""
        for name in ("hub", "public", "vpn"):
            self.parts[name].stop()
        self.wish = replace(self.wish, **wishes)
        self.write()
        for name in (*self.doors, "hub"):
            self.parts[name].begin()
        self.wait()

    def _make_parts(self) -> None:
        env = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}
        env[SETTINGS_VARIABLE] = str(self.folder / "maximalab.toml")
        env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
        hub = self.hub_machine
        for door in self.doors:
            secret = Secret.PROXY_TOKEN_PUBLIC if door == "public" else Secret.PROXY_TOKEN_VPN
            token = read_secret(self.folder / "secrets", secret)
            self._part(door, hub, papers.proxy_words(door), {**env, "CONFIGPROXY_AUTH_TOKEN": token})
        self._part("usage", hub, [sys.executable, "-m", "maximalab_hub.service"], env)
        config = str(self.folder / "hub_config.py")
        self._part("hub", hub, [sys.executable, "-m", "jupyterhub", "-f", config], env)
        watch = papers.gateway_words(self.folder, self.figure.interface("g"))
        self._part("gateway", self.figure["gateway"], [sys.executable, *watch], env)

    def _part(self, name: str, machine: Machine, words: list[str], env: Mapping[str, str]) -> None:
        self.parts[name] = Part(name, machine, words, env, self.folder)


def _status(asker: httpx.Client, path: str) -> int:
    try:
        return asker.get(path).status_code
    except httpx.TransportError:
        return 599
