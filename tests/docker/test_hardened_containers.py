"""What the engine says of a container that was really started, against the table; and what it can do inside."""

from __future__ import annotations

import asyncio

import pytest
from confined import assert_given_nothing
from jupyterhub.spawner import SpawnException
from maximalab_spawner.backends import read_backends
from maximalab_spawner.hardening import ENVIRONMENT, USER, host_config
from maximalab_spawner.tiers import Tier

pytestmark = pytest.mark.docker


@pytest.mark.parametrize("tier", Tier)
async def test_t06_the_engine_s_own_account_of_a_container_is_the_table(lab, tier):
    spawner = lab.spawner(tier)
    await spawner.start()
    found = lab.inspect(spawner)
    backend = next(one for one in read_backends(lab.folder / "backends.toml") if one.tier is tier)
    wanted = host_config(backend.site.limits, backend.site.net, spawner.volumes(backend))
    assert {name: found["HostConfig"][name] for name in wanted} == wanted
    assert_given_nothing(found["HostConfig"])
    assert found["Config"]["User"] == USER
    assert {mount["Type"] for mount in found["Mounts"]} == {"volume"}
    assert list(found["NetworkSettings"]["Networks"]) == [lab.network(tier)]
    environment = dict(line.split("=", 1) for line in found["Config"]["Env"])
    assert {name: environment[name] for name in ENVIRONMENT} == dict(ENVIRONMENT)
    assert environment["MAXIMALAB_TIER"] == tier


@pytest.mark.parametrize(
    "options",
    [
        pytest.param({"image": "debian:trixie-slim"}, id="another image"),
        pytest.param(
            {"mounts": [{"Type": "bind", "Source": "/", "Target": "/host"}]}, id="the machine's disk"
        ),
        pytest.param({"user": "root"}, id="another user"),
        pytest.param({"tier": "public"}, id="another tier"),
        pytest.param({"privileged": True}, id="all rights"),
    ],
)
async def test_t06_nothing_but_the_material_may_be_said(lab, options):
    with pytest.raises(SpawnException) as refused:
        await lab.spawner(user_options={"material": "simplex", **options}).start()
    assert refused.value.status_code == 400
    assert lab.containers() == []


#: What a program of a student finds, asked of the kernel that runs it and not of the engine.
FACTS = {
    "it is nobody of rights": ("id -u", "1000"),
    "it has no capability": ("grep -c '^Cap[A-Za-z]*:.0*$' /proc/self/status", "5"),
    "it can gain none": ("grep NoNewPrivs /proc/self/status | tr -dc 0-9", "1"),
    "system calls are filtered": ("grep -w Seccomp: /proc/self/status | tr -dc 0-9", "2"),
    "programs cannot be changed": ("touch /usr/bin/mine 2>/dev/null || echo no", "no"),
    "nor the server's settings": ("touch /opt/lab/mine 2>/dev/null || echo no", "no"),
    "nothing in /tmp is a program": ("cp /bin/true /tmp/t && /tmp/t 2>/dev/null || echo no", "no"),
    "no device can be made": ("mknod /tmp/d b 8 0 2>/dev/null || echo no", "no"),
    "the engine's socket is not there": ("ls /var/run/docker.sock 2>/dev/null || echo no", "no"),
}


async def test_t06_the_kernel_agrees(lab):
    spawner = lab.spawner(Tier.PRIVATE)
    await spawner.start()
    found = {name: lab.run(spawner, "sh", "-c", line)[1].strip() for name, (line, _) in FACTS.items()}
    assert found == {name: answer for name, (_, answer) in FACTS.items()}


async def test_a_home_of_bounded_size_is_refused_by_an_engine_that_cannot_bound_it(lab):
    """Either the engine bounds it, or nothing starts: never a bound that is not there."""
    lab.limits[Tier.PUBLIC] = "memory_mb = 256\nhome_mb = 32"
    lab.write()
    spawner = lab.spawner()
    outcome = await asyncio.gather(spawner.start(), return_exceptions=True)
    if isinstance(outcome[0], SpawnException):
        assert outcome[0].reason == "tier_unavailable"
        assert lab.containers() == []
        return
    line = "dd if=/dev/zero of=/home/student/big bs=1M count=64 2>&1"
    assert "No space left" in lab.run(spawner, "sh", "-c", line)[1]
