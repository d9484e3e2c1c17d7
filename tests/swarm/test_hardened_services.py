"""What a service may do, by the account of the engines and from inside."""

from __future__ import annotations

import pytest
from maximalab_spawner.tiers import Tier
from swarmlab import connects

pytestmark = pytest.mark.bed

STATUS = "grep -E '^(CapEff|CapPrm|CapBnd|NoNewPrivs|Seccomp):' /proc/self/status"

IN_MEMORY = ("/tmp", "/run")  # noqa: S108  # of the container
REACH = "use IO::Socket::INET; exit(IO::Socket::INET->new(PeerAddr => $ARGV[0], Timeout => 1) ? 0 : 1)"


async def test_t06_the_node_s_account_of_a_server_is_the_hardening_table(lab):
    spawner = lab.spawner(Tier.PRIVATE)
    await spawner.start()
    client = lab.swarms.nodes["prv1"].client
    (found,) = client.containers(filters={"label": f"io.maximalab.lab={lab.name}"})
    told = client.inspect_container(found["Id"])
    host, config = told["HostConfig"], told["Config"]
    assert config["User"] == "1000:1000"
    assert host["CapDrop"] == ["ALL"]
    assert not host["CapAdd"]
    assert host["ReadonlyRootfs"] is True
    assert host["Privileged"] is False
    assert host["Memory"] == 256 * 1024 * 1024
    assert host["PidsLimit"] == 256
    assert host["NanoCpus"] == 10**9
    assert host["Init"] is True
    assert {one["Name"]: one["Hard"] for one in host["Ulimits"]} == {"core": 0, "nofile": 4096}
    assert host["Dns"] == ["192.0.2.1"]
    assert not host["Binds"]
    assert {one["Type"] for one in told["Mounts"]} <= {"volume", "tmpfs"}
    assert host["RestartPolicy"]["Name"] in {"", "no"}
    assert host["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "10m", "max-file": "2"}}
    assert config["Healthcheck"]["Test"] == ["NONE"]


async def test_t06_from_inside_nothing_can_be_gained_and_nothing_written_but_the_own_places(lab):
    spawner = lab.spawner(Tier.PRIVATE)
    await spawner.start()
    status = dict(line.split(":\t") for line in lab.run(spawner, "sh", "-c", STATUS)[1].splitlines())
    assert {int(status[name], 16) for name in ("CapEff", "CapPrm", "CapBnd")} == {0}
    assert status["NoNewPrivs"] == "1", "of the engine, which docs/admins.md has set so"
    assert status["Seccomp"] == "2"
    assert lab.run(spawner, "sh", "-c", "echo x > /usr/mine")[0] != 0
    assert lab.run(spawner, "touch", "/srv/materials/mine")[0] != 0
    assert lab.run(spawner, "ls", "/srv/materials")[1].split() == ["game"]
    for place in (*IN_MEMORY[:1], "/home/student", "/srv/spool"):
        assert lab.run(spawner, "touch", f"{place}/mine") == (0, "")
    mounts = lab.run(spawner, "cat", "/proc/mounts")[1].splitlines()
    for place in IN_MEMORY:
        (options,) = (line.split()[3].split(",") for line in mounts if line.split()[1] == place)
        assert {"nosuid", "nodev", "noexec", "rw"} <= set(options)
    assert lab.run(spawner, "cat", "/proc/sys/net/ipv4/conf/all/accept_redirects")[1] == "0\n"


async def test_t08_the_private_overlay_leads_nowhere(lab):
    spawner = lab.spawner(Tier.PRIVATE)
    await spawner.start()
    code, routes = lab.run(spawner, "cat", "/proc/net/route")
    assert code == 0
    destinations = [line.split()[1] for line in routes.splitlines()[1:]]
    assert destinations == ["000216AC"], "172.22.2.0, and no way beyond"
    for address, port in (("172.28.85.21", 2377), ("172.28.85.11", 2377), ("172.22.2.1", 8081)):
        assert lab.run(spawner, "perl", "-e", REACH, f"{address}:{port}")[0] == 1, address


async def test_t08_a_node_s_rules_let_the_hub_in_and_servers_out_to_nobody_near(lab):
    spawner = lab.spawner()
    await spawner.start()
    node = lab.node_of(spawner)
    (neighbour,) = {"pub1", "pub2"} - {node}
    near = [f"{lab.swarms.address('pub1')}:2377", f"{lab.swarms.address(node)}:7946"]
    seen = spawner._seen
    machine = lab.swarms.nodes[neighbour].machine
    assert connects(machine, seen.host, seen.port)
    assert [lab.run(spawner, "perl", "-e", REACH, one)[0] for one in near] == [0, 0]
    with lab.firewall(Tier.PUBLIC, "pub1", "pub2"):
        assert not connects(machine, seen.host, seen.port)
        assert [lab.run(spawner, "perl", "-e", REACH, one)[0] for one in near] == [1, 1]
        assert await spawner._listens(), "the hub goes on reaching its server"
        assert lab.swarms.state(node) == "ready"
