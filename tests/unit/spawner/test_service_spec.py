"""What a service may do, before any Swarm is asked."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.hardening import Limits, Net, Volumes
from maximalab_spawner.nodes import Wanted
from maximalab_spawner.servicespec import (
    AT_ITS_NODE,
    PORTS,
    Asked,
    endpoint,
    free_port,
    object_name,
    overlay_config,
    overlay_faults,
    port_of,
    task_template,
)

CLOSED = Net("closed", "172.22.2.0/24")
OPEN = Net("open", "172.22.1.0/24", internet=True, dns=("9.9.9.9",), publish=AT_ITS_NODE)
NETS = st.sampled_from([CLOSED, OPEN])
LIMITS = st.builds(
    Limits, st.integers(128, 10**6), st.floats(0.1, 64), st.integers(32, 10**5), st.integers(1, 10**5)
)
ASKED = Asked(
    image="image:1",
    command=["run"],
    environment={"A": "b"},
    labels={"io.maximalab.lab": "lab"},
    node="n1",
    grace=10.0,
    volumes=Volumes("home", "spool", "materials"),
    store={"type": "none", "o": "bind,ro", "device": "/srv/materials"},
)


@given(LIMITS, NETS, st.integers(1, 10**5))
def test_no_limits_and_no_network_weaken_a_service(limits, net, reserve):
    template = task_template(ASKED, limits, net, Wanted({"tier": "private"}, reserve))
    container, resources = template["ContainerSpec"], template["Resources"]
    assert container["User"].split(":")[0] not in {"", "0", "root"}
    assert container["CapabilityDrop"] == ["ALL"]
    assert "CapabilityAdd" not in container
    assert container["Privileges"] == {"NoNewPrivileges": True, "Seccomp": {"Mode": "default"}}
    assert container["ReadOnly"] is True
    assert min(resources["Limits"].values()) > 0
    assert set(resources["Limits"]) == {"MemoryBytes", "NanoCPUs", "Pids"}
    assert {mount["Type"] for mount in container["Mounts"]} == {"volume", "tmpfs"}
    assert all(one["TmpfsOptions"]["SizeBytes"] > 0 for one in container["Mounts"] if one["Type"] == "tmpfs")
    assert container["DNSConfig"]["Nameservers"]
    assert template["RestartPolicy"]["Condition"] == "none"
    assert template["Placement"]["Constraints"][0] == "node.id==n1"
    assert endpoint(0)["Mode"] == "dnsrr"


def test_only_a_store_s_folder_is_named_and_it_cannot_be_written():
    mounts = task_template(ASKED, Limits(), CLOSED, Wanted({}, 1))["ContainerSpec"]["Mounts"]
    with_folder = [
        one for one in mounts if one.get("VolumeOptions", {}).get("DriverConfig", {}).get("Options")
    ]
    assert [(one["Source"], one["ReadOnly"]) for one in with_folder] == [("materials", True)]


def test_nothing_is_published_unless_there_is_a_port():
    assert "Ports" not in endpoint(0)
    told = {"Protocol": "tcp", "TargetPort": 8888, "PublishedPort": 20001, "PublishMode": "host"}
    assert endpoint(20001)["Ports"] == [told]
    assert port_of({"EndpointSpec": endpoint(20001)}) == 20001
    assert port_of({"EndpointSpec": endpoint(0)}) == port_of({}) == 0


@given(st.sets(st.sampled_from(PORTS)), st.integers(0, len(PORTS) - 1))
def test_a_port_that_is_taken_is_not_given_twice(taken, draw):
    assert free_port(taken, draw) in set(PORTS) - taken


def test_where_all_are_taken_there_is_none():
    assert free_port(PORTS, 5) is None


@given(st.lists(st.text(min_size=1), min_size=1, max_size=4))
def test_a_name_is_one_that_a_swarm_takes(words):
    name = object_name(*words)
    assert re.fullmatch(r"[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*", name)
    assert len(name) <= 63


@given(st.lists(st.from_regex(r"[a-z0-9_-]{1,120}", fullmatch=True), min_size=3, max_size=3))
def test_two_people_never_share_a_name(words):
    lab, server, person = words
    assert object_name(lab, server, person) != object_name(lab, server, f"{person}x")


def as_inspected(net: Net, **changed) -> dict:
    made = overlay_config(net, {})
    return {
        "Driver": made["driver"],
        "Scope": made["scope"],
        "Internal": made["internal"],
        "EnableIPv6": made["enable_ipv6"],
        "IPAM": made["ipam"],
        **changed,
    }


@pytest.mark.parametrize(
    ("net", "changed", "faults"),
    [
        pytest.param(CLOSED, {}, [], id="as it is made"),
        pytest.param(OPEN, {}, [], id="as it is made, with a way out"),
        pytest.param(CLOSED, {"Internal": False}, ["internal"], id="a way out where none may be"),
        pytest.param(CLOSED, {"EnableIPv6": True}, ["ipv6"], id="a second family of addresses"),
        pytest.param(CLOSED, {"Driver": "bridge"}, ["driver"], id="a network of one machine"),
        pytest.param(CLOSED, {"Scope": "local"}, ["scope"], id="a network of one engine"),
        pytest.param(CLOSED, {"IPAM": {"Config": None}}, ["subnet"], id="other addresses"),
    ],
)
def test_an_overlay_that_is_there_is_looked_at(net, changed, faults):
    assert overlay_faults(as_inspected(net, **changed), net) == faults
