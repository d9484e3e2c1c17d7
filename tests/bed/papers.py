"""What a lab on a bed is told in files: settings, backends, people, materials, and the words of its processes."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Network
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bed.figure import (
    DEVICES_PORT,
    DOOR,
    ENGINE_PORT,
    GATEWAY,
    HUB,
    HUB_INSIDE,
    HUB_PORT,
    NODES,
    POOL,
    SUBNETS,
    USAGE_PORT,
)
from bed.people import PASSWORD
from maximalab_hub.lab.programs import ERROR_PAGES, proxy_program
from maximalab_spawner.catalog import publish
from maximalab_spawner.tiers import Tier
from wireguardbed import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

COURSE = "operations-research"
IPS = {"public": HUB, "vpn": HUB_INSIDE}
API_PORTS = {"public": 8001, "vpn": 8002}
SEATS = 1
"""Seats of the pool of the image `solver`."""


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in."""

    groups: tuple[str, ...] = (f"study:{COURSE}",)
    admin: bool = False
    password: str = PASSWORD


PEOPLE = {
    **{name: Account() for name in ("ada", "bob", "cai", "dan", "eve")},
    "tea": Account((f"teach:{COURSE}",)),
    "mallory": Account(()),
    "root": Account((), admin=True),
}
MATERIALS = {"simplex": ("open", "maxima"), "game": ("private", "maxima"), "solver": ("licensed", "solver")}

SETTINGS = """
[lab]
state_dir = "."
scenario = {scenario}
[hub]
ip = "0.0.0.0"
port = {hub}
connect_url = "http://127.0.0.1:{hub}"
[usage]
ip = "0.0.0.0"
port = {usage}
url = "http://127.0.0.1:{usage}"
[people]
accounts = "accounts.toml"
[catalogue]
dir = "catalogue"
public_store = "materials/public"
private_store = "materials/private"
[backends]
file = "backends.toml"
[secrets]
dir = "secrets"
[gateway]
pool = "{pool}.0/24"
endpoint = "{endpoint}"
public_key = "{key}"
routes = ["{inside}/32"]
devices_per_person = 50
"""
ENTRANCE = """
[entrances.{door}]
url = "{url}"
api_url = "http://127.0.0.1:{api}"
"""
BACKEND = """
[[backend]]
name = "{name}"
tier = "{tier}"
kind = "docker"
capacity = {capacity}
materials = "{folder}/materials/{tier}"
engine = "tcp://{address}:{port}"
tls_ca = "tls/ca.pem"
tls_cert = "tls/hub.pem"
tls_key = "tls/hub.key"
subnet = "{subnet}"
hub_machine = "{machine}"
hub_url = "http://{hub}:{hub_port}"
usage_url = "http://{hub}:{usage_port}/services/usage/events"
{more}
[backend.images]
maxima = "{image}"
solver = "{image}"
[backend.limits]
memory_mb = {memory}
"""
POOL_OF_SEATS = f'[[pool]]\nname = "solver"\nseats = {SEATS}\nimages = ["solver"]\n'
HUB_CONFIG = """
import json
from pathlib import Path
from maximalab_spawner.engine import Engines
from maximalab_spawner.spawner import TieredDockerSpawner
given = json.loads(Path(__file__).with_name("given.json").read_text())
load_subconfig(given["config"])
TieredDockerSpawner.engines = Engines(timeout=given["engine_timeout"])
c.TieredDockerSpawner.outage_grace = given["outage_grace"]
c.TieredDockerSpawner.stop_grace = 5.0
c.TieredDockerSpawner.seat_wait = 3.0
c.Spawner.poll_interval = 2
c.JupyterHub.concurrent_spawn_limit = given["spawn_limit"]
if given["cmd"]:
    c.Spawner.cmd = given["cmd"]
c.JupyterHub.services.append({"name": "tester", "api_token": given["token"]})
c.JupyterHub.load_roles.append({"name": "tester", "services": ["tester"], "scopes": [
    "admin:users", "admin:servers", "proxy", "access:servers", "list:users", "read:users"]})
"""
MATERIAL = """id = "{id}"
version = {version}
access = "{access}"
image = "{image}"
courses = ["{course}"]
order = 1
title = {{uk = "Матеріал {id}", en = "Material {id}"}}
summary = {{uk = "Про матеріал.", en = "About the material."}}
notebooks = {{uk = "a.ipynb", en = "a.ipynb"}}
"""


def settings(scenario: int, doors: Mapping[str, str], public_key: str) -> str:
    """The settings file."""
    text = SETTINGS.format(
        scenario=scenario,
        hub=HUB_PORT,
        usage=USAGE_PORT,
        pool=POOL,
        endpoint=f"{GATEWAY}:{DEVICES_PORT}",
        key=public_key,
        inside=HUB_INSIDE,
    )
    return text + "".join(
        ENTRANCE.format(door=door, url=url, api=API_PORTS[door]) for door, url in doors.items()
    )


def backends(folder: Path, image: str, capacity: int, memory: int) -> str:
    """The file of backends: each node one engine; pub2's servers have a way out, and are published."""
    text = POOL_OF_SEATS
    for name, address in NODES.items():
        private, outward = name == "prv1", name == "pub2"
        gate = str(next(IPv4Network(SUBNETS[name]).hosts()))
        machine = HUB_INSIDE if private else HUB
        text += BACKEND.format(
            name=name,
            capacity=capacity,
            tier=Tier.PRIVATE if private else Tier.PUBLIC,
            folder=folder,
            address=address,
            port=ENGINE_PORT,
            subnet=SUBNETS[name],
            machine=machine,
            hub=HUB if outward else gate,
            hub_port=HUB_PORT,
            usage_port=USAGE_PORT,
            more=f'internet = true\ndns = ["192.0.2.1"]\npublish = "{address}"' if outward else "",
            image=image,
            memory=memory,
        )
    return text


def publish_all(folder: Path, *, course: bool) -> None:
    """Publish the tests' materials, or the checkout's course; make both stores."""
    stores = {tier: folder / "materials" / tier for tier in Tier}
    for store in stores.values():
        store.mkdir(parents=True, exist_ok=True)
    if course:
        sources = [description.parent for description in sorted((ROOT / "notebooks").glob("*/material.toml"))]
    else:
        sources = _sources(folder / "source")
    for source in sources:
        publish(source, catalogue=folder / "catalogue", stores=stores)


def publish_again(folder: Path, name: str, version: int) -> None:
    """Publish a new version of one of the tests' materials."""
    source = _write(folder / "source", name, version)
    stores = {tier: folder / "materials" / tier for tier in Tier}
    publish(source, catalogue=folder / "catalogue", stores=stores)


def _sources(folder: Path) -> list[Path]:
    folder.mkdir()
    (folder / "courses.toml").write_text(f'[[course]]\nid = "{COURSE}"\ntitle = {{uk = "ДО", en = "OR"}}\n')
    return [_write(folder, name, 1) for name in MATERIALS]


def _write(folder: Path, name: str, version: int) -> Path:
    (access, image), place = MATERIALS[name], folder / name
    place.mkdir(exist_ok=True)
    text = MATERIAL.format(id=name, version=version, access=access, image=image, course=COURSE)
    (place / "material.toml").write_text(text)
    (place / "a.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    return place


def proxy_words(door: str) -> list[str]:
    """An entrance's process."""
    return [
        *proxy_program(Path(sys.prefix)),
        f"--ip={IPS[door]}",
        f"--port={DOOR}",
        "--api-ip=127.0.0.1",
        f"--api-port={API_PORTS[door]}",
        f"--default-target=http://127.0.0.1:{HUB_PORT}",
        f"--error-path={ERROR_PAGES}",
        f"--custom-header=X-MaximaLab-Entrance: {door}",
        "--log-level=warn",
    ]


def gateway_words(folder: Path, interface: str) -> list[str]:
    """The program that lets people's devices in."""
    return [
        "-m", "maximalab_hub.vpn", "gateway", "--hub", f"http://{HUB_INSIDE}:{HUB_PORT}", "--every", "0.5",
        "--token-file", str(folder / "secrets/vpn_gateway_token"), "--pool", f"{POOL}.0/24",
        "--state", str(folder / "known.json"), "--interface", interface,
    ]  # fmt: skip


@contextmanager
def opened(devices: Any) -> Iterator[Any]:
    """Use the store of devices for a moment."""
    try:
        yield devices
    finally:
        devices.engine.dispose()
