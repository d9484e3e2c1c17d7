"""What the file of backends says of a Docker Swarm, beyond what it says of every engine (`maximalab_spawner.site`).

[[backend]]
name = "campus"
tier = "private"
kind = "swarm"
capacity = 60
materials = "/srv/maximalab/materials/private"   # on each node
engine = "tcp://172.20.0.2:2376"                 # a manager
tls_ca = "tls/ca.pem"
tls_cert = "tls/cert.pem"
tls_key = "tls/key.pem"
subnet = "172.28.8.0/22"                         # of the overlay
hub_url = "http://hub:8081"                      # where servers reach the hub, which is attached to the overlay
usage_url = "http://hub:8082/services/usage/events"
reserve_mb = 512                                 # memory that a node must have to spare for each server
[backend.node_labels]                            # beside tier = "private", which each node must have
site = "campus"
[backend.images]
maxima = "maximalab/singleuser:1"

`publish = "node"`, with `internet = true`: servers are reached at their node's own address, each at a port
from 20000 to 32767; `hub_machine` is then the one address from which `maximalab_spawner.firewall` lets that be.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from maximalab_spawner.nodes import Wanted
from maximalab_spawner.servicespec import AT_ITS_NODE
from maximalab_spawner.site import ONLY_WITH_A_WAY_OUT, SITE_FIELDS, read_site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from maximalab_spawner.hardening import Limits
    from maximalab_spawner.site import Site, Wrong
    from maximalab_spawner.tiers import Tier

SWARM_FIELDS = SITE_FIELDS | {"node_labels", "reserve_mb"}
#: What Docker's CLI takes for a label of a node, and what a constraint can hold.
LABEL, VALUE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,62}"), re.compile(r"[a-zA-Z0-9][a-zA-Z0-9 ._-]{0,62}")


def read_swarm(name: str, tier: Tier, record: Mapping[str, Any], folder: Path, wrong: Wrong) -> Site:
    """Read the fields of a Swarm; `wrong` makes the error for a field and a remedy."""
    at_nodes = record.get("publish") == AT_ITS_NODE
    if "publish" in record and not at_nodes:
        raise wrong(
            "publish", f'write "{AT_ITS_NODE}" or remove it: a Swarm opens ports at all addresses of a node'
        )
    if at_nodes and record.get("internet") is not True:
        raise wrong("publish", ONLY_WITH_A_WAY_OUT)
    if "hub_machine" in record and not at_nodes:
        raise wrong(
            "hub_machine",
            'add publish = "node" or remove it: an overlay leads to the hub that is attached to it',
        )
    site = read_site(name, tier, {**record, "publish": None}, folder, wrong)
    net = replace(site.net, publish=AT_ITS_NODE if at_nodes else "")
    return replace(site, net=net, nodes=_nodes(tier, record, site.limits, wrong))


def _nodes(tier: Tier, record: Mapping[str, Any], limits: Limits, wrong: Wrong) -> Wanted:
    labels, reserve = record.get("node_labels", {}), record.get("reserve_mb", limits.memory_mb)
    if not isinstance(labels, dict):
        raise wrong("node_labels", 'write a table [backend.node_labels] with lines such as site = "campus"')
    for name, value in labels.items():
        if name.startswith(("engine", "node.")) or not LABEL.fullmatch(name):
            raise wrong(
                f"node_labels.{name}",
                "write the name alone of a label that a manager gave: docker node update --label-add NAME=VALUE NODE; "
                "what a node's own engine says of itself (engine.labels) does not count",
            )
        if not isinstance(value, str) or not VALUE.fullmatch(value):
            raise wrong(f"node_labels.{name}", f"write a text of the form {VALUE.pattern}")
    if labels.get("tier", tier) != tier:
        raise wrong(
            "node_labels.tier", f"remove it: servers of this backend run at nodes with tier={tier} only"
        )
    if isinstance(reserve, bool) or not isinstance(reserve, int) or not 0 < reserve <= limits.memory_mb:
        raise wrong("reserve_mb", f"write a whole number above 0, at most memory_mb ({limits.memory_mb})")
    return Wanted({"tier": tier.value, **labels}, reserve)
