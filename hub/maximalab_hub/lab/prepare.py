"""Everything a lab needs before its processes start. Each step may be repeated and then changes nothing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from maximalab_spawner.catalog import CatalogError, History, publish
from maximalab_spawner.tiers import HOMES_MARKER

from maximalab_hub import migrations
from maximalab_hub.example_history import load_example
from maximalab_hub.lab.accounts import ensure_examples, write_private
from maximalab_hub.lab.places import ROOT
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.settings import Settings, load_settings
from maximalab_hub.usagestore import usage_store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maximalab_hub.lab.places import Addresses, Places

SETTINGS = """\
# Written by ./lab up at each start. Every key is described in docs/settings.md.
[lab]
state_dir = "."
scenario = 3

[entrances.public]
url = "{addresses.public.url}"
api_url = "{addresses.public_api.url}"

[entrances.vpn]
url = "{addresses.vpn.url}"
api_url = "{addresses.vpn_api.url}"

[hub]
ip = "{addresses.hub.ip}"
port = {addresses.hub.port}

[usage]
ip = "{addresses.usage.ip}"
port = {addresses.usage.port}

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

[vpn.help]
uk = "Це пробна лабораторія на одному комп’ютері: вхід через VPN тут замінює адреса {addresses.vpn.url}."
en = "This is a lab for trying out, on one computer: {addresses.vpn.url} stands in for the VPN entrance."
"""
BACKENDS = """\
# Written by ./lab up at each start: where students' servers run in the one-command lab.
[[backend]]
name = "local-public"
tier = "public"
kind = "local"
capacity = 30
materials = "materials/public"
homes = "homes/public"

[[backend]]
name = "local-private"
tier = "private"
kind = "local"
capacity = 30
materials = "materials/private"
homes = "homes/private"
"""


def prepare(places: Places, addresses: Addresses, say: Callable[[str], None]) -> Mapping[str, str]:
    """Write settings, keys and accounts, publish the course, bring up the store, load the example history.

    `say` is told each step. Returns the example accounts' passwords by name.
    """
    say("settings and keys")
    settings = _write_settings(places, addresses)
    say("example accounts")
    passwords = ensure_examples(places)
    say("materials")
    for fault in publish_all(settings):
        say(f"not published: {fault}")
    say("usage store and example history")
    with usage_store(settings) as engine:
        migrations.upgrade(engine)
        load_example(engine, datetime.now(UTC))
    return passwords


def _write_settings(places: Places, addresses: Addresses) -> Settings:
    places.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The set-up may have made it before, for its log.
    places.state.chmod(0o700)
    for folder in (places.catalogue, places.log, places.run):
        folder.mkdir(exist_ok=True)
    for tier in ("public", "private"):
        for room in ("materials", "homes", "spool"):
            (places.state / room / tier).mkdir(mode=0o700, parents=True, exist_ok=True)
        (places.state / "homes" / tier / HOMES_MARKER).touch(mode=0o600)
    write_private(places.settings, SETTINGS.format(addresses=addresses))
    write_private(places.backends, BACKENDS)
    ensure_secrets(places.secrets)
    return load_settings(places.settings)


def publish_all(settings: Settings) -> list[str]:
    """Publish each material of the checkout; returns what could not be published, and why.

    A material with a fault must not keep the lab from starting: somebody may be writing on it.
    """
    faults = []
    for description in sorted((ROOT / "notebooks").glob("*/material.toml")):
        try:
            publish(
                description.parent,
                catalogue=settings.catalogue.dir,
                stores=settings.catalogue.stores,
                history=History(settings.published_dir, lambda: datetime.now(UTC)),
            )
        except CatalogError as fault:
            faults.append(str(fault))
    return faults
