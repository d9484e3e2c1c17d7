"""What a container uses, as the real engine tells it: shares that go on over the restart of a hub."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from maximalab_spawner import metering

pytestmark = pytest.mark.docker

BURN = "import time\nkept = bytearray(64 * 2**20)\nwhile time.process_time() < 0.4: pass\nprint(len(kept))"


@pytest.fixture(autouse=True)
def often(monkeypatch):
    """Read at each look and tell each share at once; the times themselves are tested with the meter."""
    monkeypatch.setattr(metering, "READ_EVERY", timedelta(0))
    monkeypatch.setattr(metering, "TELL_EVERY", timedelta(milliseconds=1))


def shares(lab):
    return [fields for kind, fields in lab.told if kind == metering.USE]


def used(lab):
    return sum(one["detail"]["cpu_ms"] for one in shares(lab))


async def until_used(lab, spawner, cpu_ms):
    async with asyncio.timeout(60):
        while used(lab) < cpu_ms:
            assert await spawner.poll() is None
            await asyncio.sleep(0.05)


async def test_what_a_container_uses_is_told_over_a_hubs_restart(lab):
    spawner = lab.spawner()
    await spawner.start()
    assert lab.run(spawner, "python3", "-c", BURN)[0] == 0
    await until_used(lab, spawner, 400)
    before = used(lab)
    after = lab.again(spawner)
    assert lab.run(after, "python3", "-c", BURN)[0] == 0
    await until_used(lab, after, before + 400)
    assert used(lab) < before + 20_000, "the counter was not begun anew"
    assert {(one["user"], one["server"], one["backend"]) for one in shares(lab)} == {
        ("ada", "public-maxima", after.backend)
    }
    assert sum(one["detail"]["memory_mib_s"] for one in shares(lab)) >= 0
    await after.stop()
    assert [kind for kind in lab.kinds() if kind != metering.USE] == ["server_start", "server_stop"]


async def test_a_container_that_is_gone_has_no_use(lab):
    spawner = lab.spawner()
    await spawner.start()
    cpu_ms, memory = await spawner.use()
    assert cpu_ms >= 0
    assert memory > 2**20
    name = spawner.container_name
    servers = spawner.servers(spawner._own_site())
    await spawner.stop()
    assert await servers.use(name) is None
