"""What is told of a Swarm by what its manager says."""

from __future__ import annotations

import pytest
from maximalab_spawner.hardening import Net
from maximalab_spawner.nodes import Wanted
from maximalab_spawner.servicespec import overlay_config
from maximalab_spawner.swarmcheck import membership, meter_faults, network_fault, nodes_faults

WANTED = Wanted({"tier": "private"}, 512)
NET = Net("maximalab-campus", "172.28.8.0/22")


def node(*, state="ready", availability="active", labels=None, version="28.5.1") -> dict:
    return {
        "ID": "n1",
        "Status": {"State": state},
        "Spec": {"Availability": availability, "Labels": {"tier": "private"} if labels is None else labels},
        "Description": {"Hostname": "prv1", "Engine": {"EngineVersion": version}},
    }


@pytest.mark.parametrize(
    ("swarm", "what", "remedy"),
    [
        pytest.param(None, "no Swarm", "docker swarm init", id="an engine that knows of no Swarm"),
        pytest.param({"LocalNodeState": "inactive"}, "inactive", "docker swarm init", id="an engine alone"),
        pytest.param({"LocalNodeState": "locked"}, "locked", "docker swarm unlock", id="a locked manager"),
        pytest.param(
            {"LocalNodeState": "active", "ControlAvailable": False}, "worker", "docker node ls", id="a worker"
        ),
    ],
)
def test_what_is_no_manager_is_told_with_a_remedy(swarm, what, remedy):
    told, how = membership({"Swarm": swarm})
    assert what in told
    assert remedy in how


def test_of_a_manager_there_is_nothing_to_tell():
    assert membership({"Swarm": {"LocalNodeState": "active", "ControlAvailable": True}}) is None


@pytest.mark.parametrize(
    ("nodes", "what", "remedy"),
    [
        pytest.param([], "no node", "--label-add tier=private", id="no node at all"),
        pytest.param([node(labels={"tier": "public"})], "no node", "--label-add tier=private", id="no label"),
        pytest.param([node(state="down")], "not heard of", "docker node ls", id="a node that is down"),
        pytest.param([node(availability="drain")], "takes no servers", "active prv1", id="a drained node"),
        pytest.param(
            [node(version="20.10.24+dfsg1")], "no new privileges", "daemon.json", id="an old engine"
        ),
    ],
)
def test_what_is_wrong_with_nodes_is_told_with_a_remedy(nodes, what, remedy):
    ((told, how),) = nodes_faults(nodes, WANTED)
    assert what in told
    assert remedy in how


def test_of_good_nodes_there_is_nothing_to_tell():
    assert list(nodes_faults([node(), node(labels={"tier": "public"}, state="down")], WANTED)) == []


def test_a_private_overlay_with_a_way_out_is_told():
    made = overlay_config(NET, {})
    found = {"Driver": "overlay", "Scope": "swarm", "Internal": False, "IPAM": made["ipam"]}
    told, remedy = network_fault(found, NET)
    assert told == "network maximalab-campus: internal"
    assert "docker network rm maximalab-campus" in remedy
    assert network_fault({**found, "Internal": True}, NET) is None
    assert network_fault(None, NET) is None


def meter(state="running", node="n1") -> dict:
    return {"NodeID": node, "Status": {"State": state}}


@pytest.mark.parametrize(
    ("nodes", "tasks", "told"),
    [
        pytest.param([node()], [meter("failed"), meter()], 0, id="it runs again"),
        pytest.param([node()], [], 1, id="no meters at all"),
        pytest.param([node()], [meter("rejected")], 1, id="its image is not there"),
        pytest.param([node()], [meter(node="n2")], 1, id="another node's"),
        pytest.param([node(state="down")], [], 0, id="a node that is down is told of as such"),
        pytest.param([node(labels={"tier": "public"})], [], 0, id="a node of another tier"),
    ],
)
def test_a_node_without_a_meter_is_told(nodes, tasks, told):
    found = list(meter_faults(nodes, tasks, WANTED))
    assert len(found) == told
    assert all("prv1" in what and "docker service ps" in how for what, how in found)
