"""A server's life as a service of a real Swarm: start, hub's restart, outage, drain, death, stop, and what is told."""

from __future__ import annotations

import asyncio

import httpx
import pytest
from jupyterhub.spawner import SpawnException
from maximalab_spawner import services
from maximalab_spawner.homes import HomeRecords
from maximalab_spawner.tiers import Tier
from swarmlab import ANSWERS

pytestmark = pytest.mark.bed


async def word_of(spawner) -> str:
    """Ask the server for its tier, its process and what only its own life knows."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        return (await browser.get(f"http://{spawner._seen.host}:{spawner._seen.port}/")).text


@pytest.mark.parametrize("tier", Tier)
async def test_a_server_starts_answers_and_stops(lab, tier):
    spawner = lab.spawner(tier)
    ip, port = await spawner.start()
    assert ip.startswith({Tier.PUBLIC: "172.28.85.1", Tier.PRIVATE: "172.22.2."}[tier])
    assert (port == 8888) is (tier is Tier.PRIVATE)
    assert (await word_of(spawner)).startswith(f"{tier} ")
    assert await spawner.poll() is None
    assert HomeRecords(lab.folder / "placed").read(tier, "ada") == lab.backend(tier)
    state = spawner.get_state()
    assert state["backend"] == lab.backend(tier)
    assert not any("172." in str(value) for value in state.values())
    await spawner.stop()
    assert await spawner.poll() == 0
    assert lab.services(tier) == []
    (_, start), (_, stop) = lab.told
    assert lab.kinds() == ["server_start", "server_stop"]
    assert start["backend"] == stop["backend"] == lab.backend(tier)
    assert stop["detail"]["how"] == "stopped"


async def test_a_home_is_kept_and_found_again_at_its_node(lab):
    spawner = lab.spawner()
    await spawner.start()
    node = lab.node_of(spawner)
    assert lab.run(spawner, "sh", "-c", "echo mine > ~/work && cat ~/work") == (0, "mine\n")
    await spawner.stop()
    # The other node has more room now, and would be the Swarm's choice.
    await asyncio.gather(*(lab.spawner(user=name).start() for name in ("eve", "bob")))
    await spawner.start()
    assert lab.node_of(spawner) == node
    assert lab.run(spawner, "cat", "/home/student/work") == (0, "mine\n")


async def test_a_node_s_label_is_a_constraint_and_what_its_own_engine_says_is_not(lab):
    lab.swarms.update("pub1", "--label-rm", "tier")
    spawners = [lab.spawner(user=name) for name in ("ada", "bob", "eve")]
    await asyncio.gather(*(one.start() for one in spawners))
    assert {lab.node_of(one) for one in spawners} == {"pub2"}
    told = lab.services()[0]["Spec"]["TaskTemplate"]["Placement"]["Constraints"]
    assert "node.labels.tier==public" in told
    assert not any("engine" in one for one in told)


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        pytest.param(("--label-rm", "tier"), "no_node", id="no node has the label"),
        pytest.param(("--availability", "drain"), "tier_unavailable", id="all are drained"),
    ],
)
async def test_without_a_node_a_start_says_so_in_both_languages_at_once(lab, words, reason):
    for name in ("pub1", "pub2"):
        lab.swarms.update(name, *words)
    with pytest.raises(SpawnException) as refused:
        await lab.spawner().start()
    assert refused.value.reason == reason
    assert 'lang="uk"' in refused.value.jupyterhub_html_message
    assert 'lang="en"' in refused.value.jupyterhub_html_message
    assert lab.services() == []
    assert lab.kinds() == ["spawn_refused"]


async def test_a_label_that_goes_while_it_is_wanted_is_told_and_no_hang(lab, monkeypatch):
    """The Swarm keeps such a task waiting for ever; the start does not."""
    monkeypatch.setattr(services, "NODE_WITHIN", 0.5)
    spawner = lab.spawner()
    chosen = spawner._node_for

    async def too_late(*given):
        node = await chosen(*given)
        for name in ("pub1", "pub2"):
            lab.swarms.update(name, "--label-rm", "tier")
        return node

    spawner._node_for = too_late
    with pytest.raises(SpawnException) as refused:
        await spawner.start()
    assert refused.value.reason == "no_node"
    assert lab.services() == []


async def test_without_memory_to_spare_all_places_are_taken(lab):
    lab.limits[Tier.PUBLIC] = "memory_mb = 60000"
    lab.write()
    with pytest.raises(SpawnException) as refused:
        await lab.spawner().start()
    assert refused.value.reason == "no_capacity"


async def test_t24_a_missing_image_is_named(lab):
    lab.images["nowhere"] = "maximalab-no-such-image"
    lab.write()
    with pytest.raises(SpawnException) as failed:
        await lab.spawner(material="lost").start()
    assert failed.value.reason == "image_missing"
    assert "“nowhere”" in failed.value.jupyterhub_message
    assert "«nowhere»" in failed.value.jupyterhub_message
    assert lab.services() == []


async def test_a_store_that_is_not_at_the_node_is_an_answer(lab, caplog):
    (lab.folder / "materials/public").rename(lab.folder / "elsewhere")
    with pytest.raises(SpawnException) as failed:
        await lab.spawner().start()
    assert failed.value.reason == "tier_unavailable"
    assert "no such file" in caplog.text
    assert lab.services() == []


async def test_a_server_that_ends_while_it_starts_is_an_answer_and_no_hang(lab):
    with pytest.raises(SpawnException) as failed:
        await lab.spawner(program="exit 4").start()
    assert failed.value.reason == "ended_early"


async def test_t10_a_hub_that_comes_back_finds_the_server_as_it_was(lab):
    spawner = lab.spawner()
    await spawner.start()
    before = await word_of(spawner)
    after = lab.again(spawner)
    assert await after.poll() is None
    assert await word_of(after) == before
    await after.stop()
    assert lab.kinds() == ["server_start", "server_stop"]


async def test_t25_after_a_lost_database_the_running_server_is_taken_up_with_its_token(lab):
    spawner = lab.spawner(Tier.PRIVATE)
    spawner.api_token = "the-token-of-the-first-hub"
    await spawner.start()
    before = await word_of(spawner)
    after = lab.spawner(Tier.PRIVATE)
    after.api_token = "a-new-one"
    await after.start()
    assert await word_of(after) == before
    assert after.api_token == "the-token-of-the-first-hub"


async def test_t21_starts_at_once_make_one_service_and_one_home(lab):
    outcomes = await asyncio.gather(*(lab.spawner().start() for _ in range(4)), return_exceptions=True)
    assert len(lab.services()) == 1
    assert any(not isinstance(one, BaseException) for one in outcomes), outcomes
    assert len({one.node for one in lab.tasks()}) == 1


async def test_t24_a_service_removed_by_hand_is_told_and_the_next_start_is_clean(lab):
    spawner = lab.spawner()
    await spawner.start()
    before = await word_of(spawner)
    lab.client(Tier.PUBLIC).remove_service(spawner.own_name)
    assert await spawner.poll() == 0
    assert lab.told[-1][1]["detail"]["how"] == "died"
    await spawner.start()
    assert await word_of(spawner) != before


async def test_a_server_that_dies_is_told_with_its_status_and_is_not_started_again(lab):
    spawner = lab.spawner(
        program=ANSWERS.replace("while (1)", "alarm 2; $SIG{ALRM} = sub { exit 7 }; while (1)")
    )
    await spawner.start()
    assert await spawner.wait_for_death(30)
    assert lab.told[-1][1]["detail"] == {"how": "died", "status": 7}
    assert [one.alive for one in lab.tasks()] == [False]
    await spawner.start()
    assert [one.alive for one in lab.tasks()] == [True]


async def test_a_drained_node_ends_its_servers_and_nobody_gets_an_empty_home_elsewhere(lab):
    spawner = lab.spawner()
    await spawner.start()
    node = lab.node_of(spawner)
    lab.swarms.update(node, "--availability=drain")
    assert await spawner.wait_for_death(30)
    assert lab.told[-1][1]["detail"]["why"] == "node_drained"
    assert "taken out of service" in spawner.ended_html
    assert [one.alive for one in lab.tasks()] == [False]
    with pytest.raises(SpawnException) as refused:
        await spawner.start()
    assert refused.value.reason == "home_away"
    assert "порожнє" in refused.value.jupyterhub_message.lower()
    assert "empty place" in refused.value.jupyterhub_message
    lab.swarms.update(node, "--availability=active")
    await spawner.start()
    assert lab.node_of(spawner) == node
