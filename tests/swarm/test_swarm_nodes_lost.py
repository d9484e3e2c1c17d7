"""Nodes and managers that go away: servers end or are held, and nobody meets an empty home."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from jupyterhub.spawner import SpawnException
from labrun import until
from maximalab_spawner.tiers import Tier
from swarmlab import connects

pytestmark = pytest.mark.bed


async def word_of(spawner) -> str:
    async with httpx.AsyncClient(trust_env=False) as browser:
        return (await browser.get(f"http://{spawner._seen.host}:{spawner._seen.port}/")).text


async def at_the_worker(lab, **given):
    """Start a server of which the manager's engine knows nothing."""
    lab.swarms.update("pub1", "--label-rm", "tier")
    spawner = lab.spawner(**given)
    await spawner.start()
    lab.swarms.update("pub1", "--label-add", "tier=public")
    assert lab.node_of(spawner) == "pub2"
    return spawner


async def test_t24_a_node_s_engine_stops_its_servers_end_and_none_starts_elsewhere(lab, caplog):
    spawner = await at_the_worker(lab)
    impatient = await at_the_worker(lab, user="eve", outage_grace=0)
    assert lab.run(spawner, "sh", "-c", "echo mine > ~/work")[0] == 0
    lab.swarms.nodes["pub2"].stop()
    until(lambda: lab.swarms.state("pub2") == "down", "the managers miss the node", 120)
    # Whether the server runs on nobody can say: it is held, and no second one gets its home.
    assert await spawner.poll() is None
    assert "nothing is heard of the node pub2" in caplog.text
    other = lab.spawner()
    with pytest.raises(SpawnException) as refused:
        await other.start()
    assert refused.value.reason == "home_away"
    assert len(lab.tasks()) == 2
    assert await impatient.poll() is not None
    assert lab.told[-1][1]["detail"]["how"] == "lost"
    lab.swarms.nodes["pub2"].start()
    assert await spawner.wait_for_death(120)
    assert lab.told[-1][0] == "server_stop"
    assert lab.told[-1][1]["detail"]["how"] == "died"
    assert lab.told[-1][1]["detail"]["why"] in {"node_away", "engine_restarted"}
    assert "was cut off" in spawner.ended_html or "was restarted" in spawner.ended_html
    assert [one.alive for one in lab.tasks()] == [False, False]
    await spawner.start()
    assert lab.node_of(spawner) == "pub2"
    assert lab.run(spawner, "cat", "/home/student/work") == (0, "mine\n")


async def test_t11_a_hub_started_while_the_manager_is_away_waits_and_finds_the_server(lab):
    """A worker's servers live on while the only manager is restarted."""
    spawner = await at_the_worker(lab)
    before = await word_of(spawner)
    lab.swarms.nodes["pub1"].stop()
    assert await spawner.poll() is None
    with pytest.raises(SpawnException) as refused:
        await lab.spawner(user="bob").start()
    assert refused.value.reason == "tier_unavailable"
    after = lab.again(spawner)
    after._check_pending = True
    check = asyncio.ensure_future(after.poll())
    await asyncio.wait([check], timeout=3)
    assert not check.done(), "JupyterHub would go on to ask a server that it cannot reach, and drop it"
    lab.swarms.nodes["pub1"].start()
    assert await asyncio.wait_for(check, 120) is None
    assert await word_of(after) == before
    assert lab.kinds().count("server_stop") == 0


async def test_nothing_of_the_private_tier_is_on_public_nodes(lab):
    private = lab.spawner(Tier.PRIVATE)
    await private.start()
    public = await at_the_worker(lab)
    for name in ("pub1", "pub2"):
        client = lab.swarms.nodes[name].client
        networks = {one["Name"] for one in client.networks()}
        assert lab.network(Tier.PRIVATE) not in networks
        assert not any("private" in str(one["Labels"]) for one in client.containers(all=True))
        assert not connects(lab.swarms.nodes[name].machine, private._seen.host, private._seen.port)
    assert (await word_of(public)).startswith("public ")
    assert (await word_of(private)).startswith("private ")
