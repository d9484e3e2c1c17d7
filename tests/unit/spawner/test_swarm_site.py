"""What a file of backends may say of Swarms."""

from __future__ import annotations

import pytest
from maximalab_spawner.backends import BackendsError, Kind, read_backends
from maximalab_spawner.hardening import Net
from maximalab_spawner.kinds import spawner_for
from maximalab_spawner.nodes import Wanted
from maximalab_spawner.swarm import TieredSwarmSpawner

PRIVATE = """[[backend]]
name = "campus"
tier = "private"
kind = "swarm"
capacity = 60
materials = "/srv/private"
engine = "unix:///var/run/docker.sock"
subnet = "172.28.8.0/22"
hub_url = "http://hub:8081"
usage_url = "http://hub:8082/services/usage/events"
reserve_mb = 512
[backend.node_labels]
site = "campus"
[backend.images]
maxima = "maximalab/singleuser:1"
"""
PUBLIC = """[[backend]]
name = "cloud"
tier = "public"
kind = "swarm"
capacity = 60
materials = "/srv/public"
engine = "tcp://203.0.113.9:2376"
tls_ca = "ca.pem"
tls_cert = "cert.pem"
tls_key = "key.pem"
subnet = "172.28.4.0/22"
internet = true
dns = ["9.9.9.9"]
publish = "node"
hub_url = "https://lab.example.org"
usage_url = "https://lab.example.org/services/usage/events"
[backend.images]
maxima = "maximalab/singleuser:1"
"""


@pytest.fixture
def path(tmp_path):
    for name in ("ca", "cert", "key"):
        (tmp_path / f"{name}.pem").write_text("")
    return tmp_path / "backends.toml"


def test_both_swarms_are_read(path):
    path.write_text(PRIVATE + PUBLIC)
    campus, cloud = read_backends(path)
    assert campus.kind is cloud.kind is Kind.SWARM
    assert campus.site.net == Net("maximalab-campus", "172.28.8.0/22")
    assert campus.site.nodes == Wanted({"tier": "private", "site": "campus"}, 512)
    assert cloud.site.net == Net("maximalab-cloud", "172.28.4.0/22", True, ("9.9.9.9",), "node")
    assert cloud.site.nodes == Wanted({"tier": "public"}, 1024)
    assert spawner_for(path) is TieredSwarmSpawner


@pytest.mark.parametrize(
    ("old", "new", "field", "remedy"),
    [
        pytest.param("site =", '"engine.labels.site" =', "node_labels.engine.labels.site", "docker node update",
                     id="what a node says of itself"),
        pytest.param("site =", '"node.labels.site" =', "node_labels.node.labels.site", "name alone",
                     id="a label's name in full"),
        pytest.param("site =", '"si te" =', "node_labels.si te", "name alone", id="no name of a label"),
        pytest.param('site = "campus"', "site = 3", "node_labels.site", "text", id="a label that is a number"),
        pytest.param('site = "campus"', 'site = "a==b"', "node_labels.site", "text", id="an expression"),
        pytest.param('site = "campus"', 'tier = "public"', "node_labels.tier", "remove it",
                     id="the other tier's nodes"),
        pytest.param("[backend.node_labels]\nsite =", "node_labels =", "node_labels", "table", id="labels as a text"),
        pytest.param("reserve_mb = 512", "reserve_mb = 0", "reserve_mb", "above 0", id="nothing kept"),
        pytest.param("reserve_mb = 512", "reserve_mb = true", "reserve_mb", "whole", id="a truth for a number"),
        pytest.param("reserve_mb = 512", "reserve_mb = 4096", "reserve_mb", "memory_mb", id="more than it may use"),
        pytest.param("reserve_mb = 512", 'publish = "node"', "publish", "internet", id="published without a way out"),
        pytest.param("reserve_mb = 512", 'publish = "203.0.113.9"', "publish", '"node"', id="one node's address"),
        pytest.param("reserve_mb = 512", "internet = true", "internet", "no way out", id="a private way out"),
        pytest.param("reserve_mb = 512", 'hub_machine = "172.28.0.1"', "hub_machine", "publish",
                     id="a way that an overlay has not"),
        pytest.param("reserve_mb = 512", 'homes = "h"', "homes", "remove it", id="homes as a folder"),
        pytest.param('"swarm"', '"swarms"', "kind", "swarm", id="a misspelt kind"),
    ],
)  # fmt: skip
def test_a_wrong_swarm_names_field_and_remedy(path, old, new, field, remedy):
    assert PRIVATE.count(old) == 1
    path.write_text(PRIVATE.replace(old, new))
    with pytest.raises(BackendsError) as told:
        read_backends(path)
    assert f"`backend[0].{field}`" in str(told.value)
    assert remedy in str(told.value)


def test_one_swarm_may_carry_both_tiers_by_label_alone(path):
    """Two backends of one manager: their nodes are apart by `tier`, and so are their networks and stores."""
    path.write_text(
        PRIVATE + PRIVATE.replace("campus", "cloud").replace("private", "public").replace("8.0/22", "4.0/22")
    )
    campus, cloud = read_backends(path)
    assert campus.site.nodes.labels["tier"] != cloud.site.nodes.labels["tier"]


def test_servers_are_of_one_kind(path):
    path.write_text(PRIVATE + PUBLIC.replace('"swarm"', '"docker"').replace('publish = "node"\n', ""))
    with pytest.raises(BackendsError, match="one kind"):
        read_backends(path)
