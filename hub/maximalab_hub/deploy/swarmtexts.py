"""The files of settings of a lab in two Swarms, beyond what one machine has as well (`maximalab_hub.deploy.texts`)."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from maximalab_spawner.tiers import Tier

if TYPE_CHECKING:
    from pathlib import Path

    from maximalab_hub.deploy.swarmplan import SwarmPlan

BACKEND = """\
[[backend]]
name = "{name}"
tier = "{tier}"
kind = "swarm"
capacity = 200
materials = "{folder}/materials/{tier}"
{engine}subnet = "{subnet}"
hub_url = "{gate}"
usage_url = "{gate}/services/usage/events"
reserve_mb = 256
[backend.images]
maxima = "maximalab/singleuser:{tag}"
[backend.limits]
memory_mb = 1024
"""
HERE = 'engine = "unix:///run/engine/docker.sock"\n'
THERE = """\
engine = "{plan.public}"
tls_ca = "/run/secrets/engine_ca"
tls_cert = "/run/secrets/engine_cert"
tls_key = "/run/secrets/engine_key"
internet = true
dns = [{dns}]
publish = "node"
hub_machine = "{plan.machine}"
"""


def backends(plan: SwarmPlan, folder: Path, tag: str) -> str:
    """Write the file of backends; `folder` is the lab's on each node, `tag` the image's."""
    dns = ", ".join(f'"{one}"' for one in plan.dns)
    engines = {Tier.PUBLIC: THERE.format(plan=plan, dns=dns), Tier.PRIVATE: HERE}
    head = (
        "# Made by deploy/swarm/up, once; docs/settings.md describes the fields. A change is seen at once.\n"
    )
    return head + "\n".join(
        BACKEND.format(
            name=plan.backend(tier),
            tier=tier.value,
            folder=folder,
            engine=engines[tier],
            subnet=plan.subnet(tier),
            gate=plan.gate(tier),
            tag=tag,
        )
        for tier in Tier
    )


def stack_variables(plan: SwarmPlan, folder: Path, vpn_tls: Path | None = None) -> dict[str, str]:
    """Give the variables that the stack has and the compose file has not: a secret never changes, its name does.

    `vpn_tls` is the folder with the VPN entrance's certificate, where it speaks TLS.
    """
    keys = {path.name: path for path in (folder / "secrets").iterdir()}
    for prefix, place in (("tls", folder / "tls" if plan.tls else None), ("vpn_tls", vpn_tls)):
        if place is not None:
            keys |= {f"{prefix}_{part}": place / f"{part}.pem" for part in ("certificate", "key")}
    marks = {
        f"MARK_{name}": hashlib.sha256(path.read_bytes()).hexdigest()[:12] for name, path in keys.items()
    }
    return {
        "PUBLIC_ENGINE": plan.public,
        "VPN_TLS": str(vpn_tls or "no"),
        "ADDRESS": str(plan.machine),
        "GATE_PORT": str(plan.gate_port),
        "PUBLIC_SUBNET": str(plan.subnet(Tier.PUBLIC)),
        "PRIVATE_SUBNET": str(plan.subnet(Tier.PRIVATE)),
        **dict(sorted(marks.items())),
    }
