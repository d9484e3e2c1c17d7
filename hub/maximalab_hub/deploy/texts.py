"""The files of settings of a lab in containers, written once and the admin's from then on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_spawner.tiers import Tier

from maximalab_hub.deploy.plan import API_PORT, HUB_PORT, USAGE_PORT

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from maximalab_hub.deploy.plan import Plan

SETTINGS = """\
# Made by {maker}, once; it is yours now. Every key is described in docs/settings.md.
# Paths are those inside the containers, where this folder is /srv/maximalab/lab. After a change hub and usage
# service have to start anew (docs/deploy.md).
[lab]
id = "{plan.name}"
state_dir = "."
scenario = 3

[entrances.public]
url = "{plan.url}"
api_url = "{public_api}"

[entrances.vpn]
url = "{plan.vpn_url}"
api_url = "{vpn_api}"

[hub]
ip = "0.0.0.0"
port = {hub}
connect_url = "{hub_url}"
db_url = "postgresql+psycopg://hub@db/maximalab_hub?passfile=/run/secrets/db_hub"

[usage]
ip = "0.0.0.0"
port = {usage}
url = "{usage_url}"
db_url = "postgresql+psycopg://usage@db/maximalab_usage?passfile=/run/secrets/db_usage"

[people]
accounts = "accounts.toml"

[catalogue]
dir = "catalogue"
public_store = "/srv/maximalab/materials/public"
private_store = "/srv/maximalab/materials/private"

[backends]
file = "backends.toml"

[secrets]
dir = "/run/secrets"

[gateway]
pool = "{plan.pool}"
endpoint = "{plan.host}:{plan.vpn_port}"
public_key = "{public_key}"
routes = ["{plan.vpn_entrance}/32"]
"""
BACKEND = """\
[[backend]]
name = "{name}"
tier = "{tier}"
kind = "docker"
capacity = 40
materials = "{folder}/materials/{tier}"
engine = "unix:///run/engine/docker.sock"
subnet = "{subnet}"
doors = [{doors}]
hub_url = "{gate}"
usage_url = "{gate}/services/usage/events"
[backend.images]
maxima = "maximalab/singleuser:{tag}"
[backend.limits]
memory_mb = 1024
"""


def settings(plan: Plan, public_key: str, maker: str = "deploy/compose/up") -> str:
    """Write the settings file; `public_key` is the gateway's, `maker` the command that people typed."""
    return SETTINGS.format(
        plan=plan,
        maker=maker,
        public_key=public_key,
        hub=HUB_PORT,
        usage=USAGE_PORT,
        hub_url=f"http://{plan.inside('hub')}:{HUB_PORT}",
        usage_url=f"http://{plan.inside('usage')}:{USAGE_PORT}",
        public_api=f"http://{plan.inside('public')}:{API_PORT}",
        vpn_api=f"http://{plan.inside('vpn')}:{API_PORT}",
    )


def backends(plan: Plan, folder: Path, tag: str) -> str:
    """Write the file of backends; `folder` is the lab's on the engine's machine, `tag` the image's."""
    head = "# Made by deploy/compose/up, once; docs/settings.md describes the fields. A change is seen at once.\n"
    return head + "\n".join(
        BACKEND.format(
            name=plan.backend(tier),
            tier=tier.value,
            folder=folder,
            subnet=plan.subnet(tier),
            doors=", ".join(f'"{door}"' for door in plan.doors(tier)),
            gate=plan.gate(tier),
            tag=tag,
        )
        for tier in Tier
    )


def compose_variables(plan: Plan, folder: Path, given: Mapping[str, str]) -> str:
    """Write the variables of the compose file: no key is among them. `given` comes from the machine."""
    first, second, *_ = str(plan.block.network_address).split(".")
    found = {
        "COMPOSE_PROJECT_NAME": plan.name,
        "LAB": str(folder),
        "LAB_NET": f"{first}.{second}",
        "VPN_GATEWAY": f"{plan.pool[1]}/{plan.pool.prefixlen}",
        "VPN_POOL": str(plan.pool),
        "VPN_PORT": str(plan.vpn_port),
        "PUBLIC_PORT": str(plan.port),
        "PUBLIC_INSIDE": "443" if plan.tls else "80",
        "PLAIN_PORT": "80" if plan.tls and plan.port != 80 else "",  # noqa: PLR2004  HTTP's own
        **given,
    }
    head = "# Made at each run of `up`, for the compose file or the stack. No key stands here.\n"
    return head + "".join(f"{name}={value}\n" for name, value in found.items())
