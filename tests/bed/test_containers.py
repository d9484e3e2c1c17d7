"""What a server's container is by its engine's own account, and what it reaches, on the nodes of the paper's figure."""

from __future__ import annotations

import socket
from contextlib import closing as shut

import pytest
from bed.asking import PRIVATE, PUBLIC
from bed.figure import GATEWAY, INNER, NODES
from bed.people import closing
from bed.reaching import a_container_at, reached, within
from confined import assert_given_nothing
from maximalab_spawner.backends import read_backends
from maximalab_spawner.hardening import USER, Volumes, host_config
from outside import METADATA

pytestmark = pytest.mark.bed

CAMPUS = "172.28.81.20"
ASK = ["python3", "-c", "import socket; socket.getaddrinfo('probe.example.org', 80)"]


@pytest.mark.parametrize("server", [PUBLIC, PRIVATE])
def test_t06_the_engine_s_account_of_a_server_is_the_table(settled, server):
    node = settled.servers("ada")[server]["state"]["backend"]
    found = settled.nodes[node].client.inspect_container(f"maximalab.{server}.ada")
    site = next(one.site for one in read_backends(settled.folder / "backends.toml") if one.name == node)
    wanted = host_config(site.limits, site.net, Volumes("", "", ""))
    mounts = {one["Source"]: one["Target"] for one in found["HostConfig"]["Mounts"]}
    del wanted["Mounts"]
    assert {name: found["HostConfig"][name] for name in wanted} == wanted
    assert_given_nothing(found["HostConfig"])
    assert found["Config"]["User"] == USER
    assert {one["Type"] for one in found["Mounts"]} == {"volume"}
    tier = server.partition("-")[0]
    assert mounts[f"maximalab.home.{tier}.ada"] == "/home/student"
    assert all(name.startswith("maximalab.") for name in mounts)


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"image": "debian:trixie-slim"}, id="another image"),
        pytest.param(
            {"mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]}, id="the machine's disk"
        ),
        pytest.param({"user": "root"}, id="another user"),
        pytest.param({"tier": "public"}, id="another tier"),
    ],
)
def test_t06_nothing_but_the_material_may_be_said(settled, options):
    with closing(settled.person("dan", door="vpn")) as dan:
        dan.http.get("/hub/lab")
        answer = dan.http.post(
            f"/hub/api/users/dan/servers/{PRIVATE}",
            json={"material": "game", **options},
            headers={"X-XSRFToken": dan.xsrf()},
        )
    assert answer.status_code == 400, answer.text[:500]
    assert f"maximalab.{PRIVATE}.dan" not in settled.all_containers()


@pytest.fixture
def outside(settled):
    """A web server on the campus, which is the metadata service too; every node knows a way there."""
    campus, ways = (
        settled.figure["campus"],
        {"pub1": CAMPUS, "pub2": CAMPUS, "gateway": CAMPUS, "prv1": f"{INNER}.3"},
    )
    campus.sh(f"ip address add {METADATA}/32 dev lo")
    for name, way in ways.items():
        settled.figure[name].sh(f"ip route add {METADATA}/32 via {way}")
    with (
        campus.inside(),
        shut(socket.create_server(("0.0.0.0", 80))),
        shut(socket.socket(type=socket.SOCK_DGRAM)) as names,
    ):
        names.bind(("0.0.0.0", 53))
        names.setblocking(False)
        yield names
    for name in ways:
        settled.figure[name].sh(f"ip route del {METADATA}/32")
    campus.sh(f"ip address del {METADATA}/32 dev lo")


@pytest.mark.parametrize("name", NODES)
def test_t08_a_server_reaches_neither_metadata_nor_another_machine_nor_its_own_nor_a_resolver(
    settled, outside, name
):
    """pub2's servers have a way out; with the node's rules away they get through, so the rules are what stops them."""
    node = settled.nodes[name]
    container = a_container_at(settled, name)
    goals = {"metadata": (METADATA, 80), "another machine": (CAMPUS, 80), "a gateway": (GATEWAY, 80)}
    with node.machine.inside(), shut(socket.create_server(("0.0.0.0", 9999))):
        goals["its own machine"] = (NODES[name], 9999)
        assert reached(goals, lambda: within(node, container)) == set()
        if name == "pub2":
            settled.firewall(node.machine, "public-node", name, do="down")
            try:
                assert reached(goals, lambda: within(node, container)) >= {"metadata", "another machine"}
            finally:
                settled.put_up_rules(node)
    made = node.client.exec_create(container, ASK)
    assert b"gaierror" in node.client.exec_start(made["Id"])
    with pytest.raises(BlockingIOError):
        outside.recv(512)
