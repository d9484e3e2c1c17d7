"""A server's life in a container at the real engine: start, hub's restart, outage, death, stop, and what is told."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import httpx
import pytest
from jupyterhub.spawner import SpawnException
from maximalab_spawner.catalog import publish
from maximalab_spawner.homes import HomeRecords
from maximalab_spawner.tiers import Tier
from serverlab import MATERIAL

pytestmark = pytest.mark.docker


async def word_of(spawner, *, until_it_answers: bool = False) -> str:
    """Ask the server for its tier, its process and what only its own life knows."""
    async with httpx.AsyncClient(trust_env=False) as browser:
        while True:
            try:
                return (await browser.get(f"http://{spawner._seen.host}:{spawner._seen.port}/")).text
            except httpx.TransportError:
                if not until_it_answers:
                    raise


@pytest.mark.parametrize("tier", Tier)
async def test_a_server_starts_answers_and_stops(lab, tier):
    spawner = lab.spawner(tier)
    ip, port = await spawner.start()
    assert (ip, port) == (f"{lab.subnet(tier)}.2", 8888)
    assert (await word_of(spawner)).startswith(f"{tier} ")
    assert await spawner.poll() is None
    assert HomeRecords(lab.folder / "placed").read(tier, "ada") == lab.backend(tier)
    state = spawner.get_state()
    assert state["backend"] == lab.backend(tier)
    assert not any("172." in str(value) or "docker" in str(value) for value in state.values())
    await spawner.stop()
    assert await spawner.poll() == 0
    assert lab.containers() == []
    (_, start), (_, stop) = lab.told
    assert lab.kinds() == ["server_start", "server_stop"]
    assert start["backend"] == stop["backend"] == lab.backend(tier)
    assert stop["detail"] == {"how": "stopped", "status": 3}


async def test_a_home_is_kept_and_found_again_where_it_lies(lab):
    spawner = lab.spawner()
    await spawner.start()
    assert lab.run(spawner, "sh", "-c", "echo mine > ~/work && cat ~/work") == (0, "mine\n")
    await spawner.stop()
    await spawner.start()
    assert lab.run(spawner, "cat", "/home/student/work") == (0, "mine\n")
    other = lab.spawner(user="eve")
    await other.start()
    assert lab.run(other, "ls", "-A", "/home/student") == (0, "")


def publish_exam(lab):
    """Put a private material of another course into the store, beside what is there."""
    source = lab.folder / "other" / "exam"
    source.mkdir(parents=True)
    text = MATERIAL.format(name="exam", access="private", image="maxima").replace('"or"', '"exams"')
    (source / "material.toml").write_text(text)
    (source / "a.ipynb").write_text('{"text": "an exam paper"}')
    (source.parent / "courses.toml").write_text('[[course]]\nid="exams"\ntitle={uk="Іспити", en="Exams"}\n')
    stores = {tier: lab.folder / "materials" / tier for tier in Tier}
    publish(source, catalogue=lab.folder / "catalogue", stores=stores)


async def test_a_private_server_sees_what_its_person_may_open_and_nothing_else_of_the_store(lab):
    publish_exam(lab)
    spawner = lab.spawner(Tier.PRIVATE)
    await spawner.start()
    assert lab.run(spawner, "ls", "/srv/materials") == (0, "game\n")
    assert lab.run(spawner, "cat", "/srv/materials/game/1/a.ipynb") == (0, "{}")
    assert "exam" not in lab.run(spawner, "cat", "/proc/self/mountinfo")[1]
    assert lab.run(spawner, "sh", "-c", "grep -rs 'an exam paper' /srv /home /mnt")[0] != 0
    examiner = lab.spawner(Tier.PRIVATE, "eve", material="exam")
    examiner.user.groups = [SimpleNamespace(name="teach:exams")]
    await examiner.start()
    assert lab.run(examiner, "ls", "/srv/materials") == (0, "exam\n")


async def test_the_tier_s_store_is_there_and_cannot_be_changed(lab):
    spawner = lab.spawner(Tier.PRIVATE)
    await spawner.start()
    assert lab.run(spawner, "ls", "/srv/materials")[1].split() == ["game"]
    for place in ("/srv/materials/mine", "/srv/materials/game/mine", "/srv/materials/game/1/a.ipynb"):
        assert lab.run(spawner, "touch", place)[0] != 0


async def test_t10_a_hub_that_comes_back_finds_the_server_as_it_was(lab):
    spawner = lab.spawner()
    await spawner.start()
    before = await word_of(spawner)
    after = lab.again(spawner)
    assert await after.poll() is None
    assert await word_of(after) == before
    await after.stop()
    assert lab.kinds() == ["server_start", "server_stop"]


async def test_t10_a_hub_killed_between_start_and_note_finds_its_server(lab):
    spawner = lab.spawner()
    await spawner.start()
    state = {**spawner.get_state(), "launched": False, "start_told": False}
    after = lab.spawner()
    after.load_state(state)
    assert await after.poll() is None
    assert len(lab.containers()) == 1
    await after.stop()
    assert lab.kinds() == ["server_start", "server_stop"]


async def test_t11_while_the_engine_is_away_the_server_counts_as_running(lab):
    line = lab.behind_a_line(Tier.PRIVATE)
    spawner = lab.spawner(Tier.PRIVATE)
    await spawner.start()
    before = await word_of(spawner)
    line.break_off()
    assert await spawner.poll() is None
    with pytest.raises(SpawnException) as refused:
        await lab.spawner(Tier.PRIVATE, "bob").start()
    assert refused.value.reason == "tier_unavailable"
    line.heal()
    assert await spawner.poll() is None
    assert await word_of(spawner) == before


async def test_t11_a_hub_started_during_an_outage_waits_and_finds_the_server(lab):
    line = lab.behind_a_line(Tier.PRIVATE)
    spawner = lab.spawner(Tier.PRIVATE)
    await spawner.start()
    before = await word_of(spawner)
    line.break_off()
    after = lab.again(spawner)
    after._check_pending = True
    check = asyncio.ensure_future(after.poll())
    await asyncio.wait([check], timeout=3)
    assert not check.done(), "JupyterHub would go on to ask a server that it cannot reach, and drop it"
    line.heal()
    assert await asyncio.wait_for(check, 30) is None
    assert await word_of(after) == before


async def test_t11_beyond_the_grace_it_is_given_up_and_taken_up_again_at_the_next_start(lab):
    line = lab.behind_a_line(Tier.PRIVATE)
    spawner = lab.spawner(Tier.PRIVATE, outage_grace=0)
    await spawner.start()
    before = await word_of(spawner)
    line.break_off()
    assert await spawner.poll() is not None
    assert lab.told[-1][1]["detail"]["how"] == "lost"
    line.heal()
    after = lab.spawner(Tier.PRIVATE)
    await after.start()
    assert await word_of(after) == before
    assert len(lab.containers()) == 1


async def test_t25_after_a_lost_database_the_running_server_is_taken_up_with_its_token(lab):
    spawner = lab.spawner()
    spawner.api_token = "the-token-of-the-first-hub"
    await spawner.start()
    before = await word_of(spawner)
    after = lab.spawner()
    after.api_token = "a-new-one"
    await after.start()
    assert await word_of(after) == before
    assert after.api_token == "the-token-of-the-first-hub"


async def test_what_is_not_ours_is_not_taken_up(lab):
    spawner = lab.spawner()
    await spawner.start()
    before = await word_of(spawner)
    stranger = lab.spawner()
    stranger.labels = lambda: {"io.maximalab.user": "somebody-else"}
    await stranger.start()
    assert await word_of(stranger) != before
    assert len(lab.containers()) == 1


async def test_t24_a_container_removed_by_hand_is_told_and_the_next_start_is_clean(lab):
    spawner = lab.spawner()
    await spawner.start()
    before = await word_of(spawner)
    lab.engine.remove_container(spawner.container_name, force=True)
    assert await spawner.poll() == 0
    assert lab.told[-1][1]["detail"]["how"] == "died"
    await spawner.start()
    assert await word_of(spawner) != before


async def test_a_server_that_dies_is_told_with_its_status_and_may_be_looked_at(lab):
    spawner = lab.spawner(
        program=f"import os,threading; threading.Timer(2, os._exit, (7,)).start()\n{LISTENS}"
    )
    await spawner.start()
    assert await spawner.wait_for_death(30)
    assert lab.told[-1][1]["detail"] == {"how": "died", "status": 7}
    assert [one["State"] for one in lab.containers()] == ["exited"]
    await spawner.start()
    assert len(lab.containers()) == 1


LISTENS = "import socket; s = socket.create_server(('0.0.0.0', 8888))\nwhile True: s.accept()"


async def test_a_server_that_ends_while_it_starts_is_an_answer_and_no_hang(lab):
    with pytest.raises(SpawnException) as failed:
        await lab.spawner(program="raise SystemExit(4)").start()
    assert failed.value.reason == "ended_early"


async def test_t24_a_missing_image_is_named(lab):
    with pytest.raises(SpawnException) as failed:
        await lab.spawner(material="lost").start()
    assert failed.value.reason == "image_missing"
    assert "“nowhere”" in failed.value.jupyterhub_message
    assert "«nowhere»" in failed.value.jupyterhub_message
    assert lab.containers() == []
    assert lab.kinds() == ["spawn_refused"]
    assert lab.told[0][1]["detail"] == {"reason": "image_missing"}


async def test_t21_two_starts_at_once_make_one_container(lab):
    outcomes = await asyncio.gather(*(lab.spawner().start() for _ in range(4)), return_exceptions=True)
    assert len(lab.containers()) == 1
    assert any(not isinstance(one, BaseException) for one in outcomes)


async def test_a_network_that_lets_students_reach_each_other_is_not_used(lab):
    lab.engine.create_network(
        lab.network(Tier.PUBLIC),
        ipam={"Config": [{"Subnet": f"{lab.subnet(Tier.PUBLIC)}.0/24"}]},
        labels={"io.maximalab.lab": lab.name},
    )
    with pytest.raises(SpawnException) as refused:
        await lab.spawner().start()
    assert refused.value.reason == "tier_unavailable"
    assert lab.containers() == []


async def test_a_subnet_that_is_another_network_s_is_said_in_the_log(lab, caplog):
    lab.engine.create_network(
        f"{lab.name}-other",
        ipam={"Config": [{"Subnet": f"{lab.subnet(Tier.PUBLIC)}.0/24"}]},
        labels={"io.maximalab.lab": lab.name},
    )
    with pytest.raises(SpawnException) as refused:
        await lab.spawner().start()
    assert refused.value.reason == "tier_unavailable"
    assert "EngineRefused" in caplog.text
    assert "overlaps" in caplog.text


async def test_servers_of_a_published_backend_are_reached_at_the_engine_s_machine(lab):
    lab.more[Tier.PUBLIC] = 'internet = true\ndns = ["192.0.2.53"]\npublish = "127.0.0.1"\n'
    lab.write()
    spawner = lab.spawner()
    ip, port = await spawner.start()
    assert ip == "127.0.0.1"
    assert port > 1024
    async with asyncio.timeout(30):  # the engine's own proxy takes connections before the server does
        assert (await word_of(spawner, until_it_answers=True)).startswith("public ")


async def test_the_start_is_told_step_by_step_in_both_languages(lab):
    spawner = lab.spawner()

    async def steps():
        return [step async for step in spawner.progress()]

    telling = asyncio.ensure_future(steps())
    await spawner.start()
    told = await asyncio.wait_for(telling, 10)
    assert [step["progress"] for step in told] == [10, 40, 80]
    assert all(" / " in step["message"] for step in told)
