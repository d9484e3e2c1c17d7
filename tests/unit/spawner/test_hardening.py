"""What a container may do, before any engine is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.hardening import (
    ICC,
    NO_RESOLVER,
    Limits,
    Net,
    Volumes,
    container_config,
    host_config,
    materials_volume,
    network_config,
    network_faults,
    resolvers,
)

VOLUMES = Volumes("home", "spool", "materials")
CLOSED = Net("closed", "172.28.2.0/24")
OPEN = Net("open", "172.28.1.0/24", internet=True, dns=("9.9.9.9",), publish="203.0.113.9")
NETS = st.sampled_from([CLOSED, OPEN])
LIMITS = st.builds(
    Limits, st.integers(128, 10**6), st.floats(0.1, 64), st.integers(32, 10**5), st.integers(1, 10**5)
)


@given(LIMITS, NETS)
def test_no_limits_and_no_network_weaken_a_container(limits, net):
    config = container_config("image", ["run"], {"A": "b"}, {}, host_config(limits, net, VOLUMES))
    host = config["HostConfig"]
    assert config["User"].split(":")[0] not in {"", "0", "root"}
    assert host["CapDrop"] == ["ALL"]
    assert "CapAdd" not in host
    assert "no-new-privileges:true" in host["SecurityOpt"]
    assert not any("unconfined" in one for one in host["SecurityOpt"])
    assert host["ReadonlyRootfs"] is True
    assert host["Privileged"] is False
    assert 0 < host["Memory"] == host["MemorySwap"]
    assert min(host["PidsLimit"], host["NanoCpus"]) > 0
    assert all("size=" in options and "nosuid" in options for options in host["Tmpfs"].values())
    assert "Binds" not in host
    assert {mount["Type"] for mount in host["Mounts"]} == {"volume"}
    assert host["Dns"]
    assert host["RestartPolicy"]["Name"] == "no"


@pytest.mark.parametrize(
    ("net", "asked"),
    [
        pytest.param(CLOSED, (NO_RESOLVER,), id="without a way out nobody is asked"),
        pytest.param(OPEN, ("9.9.9.9",), id="with one the named resolver"),
        pytest.param(Net("n", "s", internet=True), (NO_RESOLVER,), id="never the engine's own"),
    ],
)
def test_names_are_asked_of_nobody_else(net, asked):
    assert resolvers(net) == asked


def as_inspected(net: Net, **changed) -> dict:
    made = network_config(net, {})
    return {
        "Driver": made["driver"],
        "Internal": made["internal"],
        "Options": made["options"],
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
        pytest.param(CLOSED, {"Options": {ICC: "true"}}, ["icc"], id="students reach each other"),
        pytest.param(CLOSED, {"Options": None}, ["icc"], id="nothing is said of students' traffic"),
        pytest.param(CLOSED, {"EnableIPv6": True}, ["ipv6"], id="a second family of addresses"),
        pytest.param(CLOSED, {"Driver": "macvlan"}, ["driver"], id="another driver"),
        pytest.param(CLOSED, {"IPAM": {"Config": None}}, ["subnet"], id="other addresses"),
    ],
)
def test_a_network_that_is_there_is_looked_at(net, changed, faults):
    assert network_faults(as_inspected(net, **changed), net) == faults


def test_a_store_that_moves_is_another_volume():
    (one, options), (other, _) = (materials_volume("lab", Path(path)) for path in ("/srv/a", "/srv/b"))
    assert one != other
    assert options == {"type": "none", "o": "bind,ro", "device": "/srv/a"}
