"""Seats with real servers: who waits is told so, and a seat is free when the server is known to be gone."""

from __future__ import annotations

import asyncio

import pytest
from jupyterhub.spawner import SpawnException
from maximalab_spawner import seated
from maximalab_spawner.seats import read_pools
from maximalab_spawner.tiers import Tier

pytestmark = pytest.mark.docker


@pytest.fixture
def one_seat(lab):
    lab.pools = '[[pool]]\nname = "licensed"\nseats = 1\nimages = ["maxima"]\n'
    lab.write()
    return lab


def use(lab, spawner):
    return next(iter(spawner._seats().use(read_pools(lab.folder / "backends.toml"))))


async def first_step(spawner, word):
    """Follow the progress until a step says the word."""
    async with asyncio.timeout(60):
        async for step in spawner.progress():
            if word in step["message"]:
                return step["message"]
    raise AssertionError(f"no step says {word}")


async def waiting(lab, user, **given):
    """Let somebody start, and wait until the progress tells of the queue; gives the start and what was told."""
    spawner = lab.spawner(user=user, **given)
    start = asyncio.ensure_future(spawner.start())
    return spawner, start, await first_step(spawner, "queue")


@pytest.mark.parametrize("end", ["stop", "crash"])
async def test_who_waits_is_told_the_place_and_starts_when_the_seat_is_free(one_seat, end):
    ada = one_seat.spawner()
    await ada.start()
    bob, start, told = await waiting(one_seat, "bob")
    assert "number 1 in the queue" in told
    assert "Ви 1-й у черзі" in told
    assert (use(one_seat, bob).taken, use(one_seat, bob).waiting) == (1, 1)
    if end == "stop":
        await ada.stop()
    else:
        one_seat.engine.kill(ada.container_name)
        assert await ada.wait_for_death(30)
    await asyncio.wait_for(start, 60)
    assert use(one_seat, bob).taken == use(one_seat, bob).peak == 1


async def test_whoever_waits_too_long_reads_so_and_the_queue_is_left(one_seat):
    await one_seat.spawner().start()
    with pytest.raises(SpawnException) as refused:
        await one_seat.spawner(user="bob", seat_wait=0).start()
    assert refused.value.reason == "no_seat"
    ada = one_seat.spawners[0]
    assert (use(one_seat, ada).waiting, use(one_seat, ada).refused) == (0, 1)
    assert one_seat.told[-1][1]["detail"] == {"reason": "no_seat"}


async def test_a_start_that_is_given_up_leaves_the_queue(one_seat):
    ada = one_seat.spawner()
    await ada.start()
    _, start, _ = await waiting(one_seat, "bob")
    start.cancel()
    await asyncio.wait([start])
    assert use(one_seat, ada).waiting == 0


async def test_a_start_given_up_while_the_engine_starts_it_leaves_no_server_without_a_seat(one_seat):
    """JupyterHub gives a start up, then asks whether something runs, and stops it only then."""
    line = one_seat.behind_a_line(Tier.PUBLIC)
    line.hold = b"/start "
    ada = one_seat.spawner()
    start = asyncio.ensure_future(ada.start())
    assert await asyncio.to_thread(line.held.wait, 60)
    start.cancel()
    assert await ada.poll() is None, "it may still come"
    assert use(one_seat, ada).taken == 1
    stop = asyncio.ensure_future(ada.stop())
    line.go.set()
    await asyncio.wait([start, stop])
    assert start.cancelled()
    stop.result()
    assert one_seat.containers() == []
    assert use(one_seat, ada).taken == 0
    assert one_seat.kinds() == ["server_start", "server_stop"]


async def test_the_seat_of_a_start_given_up_is_kept_while_nobody_knows_what_became_of_it(one_seat):
    line = one_seat.behind_a_line(Tier.PUBLIC)
    line.hold = b"/start "
    ada = one_seat.spawner()
    start = asyncio.ensure_future(ada.start())
    assert await asyncio.to_thread(line.held.wait, 60)
    start.cancel()
    line.break_off()
    await asyncio.wait([start])
    await ada.poll()
    ada.clear_state()
    assert use(one_seat, ada).taken == 1


async def test_a_killed_hub_keeps_the_seat_of_what_runs(one_seat):
    ada = one_seat.spawner()
    await ada.start()
    seated.Seated._open.clear()
    again = one_seat.again(ada)
    assert await again.poll() is None
    assert use(one_seat, again).taken == 1
    await again.stop()
    assert use(one_seat, again).taken == 0


async def test_the_seat_of_a_server_that_nobody_knows_is_free_once_it_is_ended(one_seat, monkeypatch):
    """Its hub's database was lost, or it was given up in an outage."""
    monkeypatch.setattr(seated, "SILENT", 0.0)
    ada = one_seat.spawner()
    await ada.start()
    ada.forget()
    bob = one_seat.spawner(user="bob")
    await bob.start()
    running = [one["Names"] for one in one_seat.containers() if one["State"] == "running"]
    assert running == [[f"/{bob.container_name}"]]
    assert use(one_seat, bob).taken == 1


async def test_while_an_engine_is_away_its_servers_keep_their_seats(one_seat, monkeypatch):
    monkeypatch.setattr(seated, "SILENT", 0.0)
    line = one_seat.behind_a_line(Tier.PRIVATE)
    eve = one_seat.spawner(Tier.PRIVATE, "eve", outage_grace=0)
    await eve.start()
    line.break_off()
    assert await eve.poll() is not None
    with pytest.raises(SpawnException) as refused:
        await one_seat.spawner(user="bob", seat_wait=0).start()
    assert refused.value.reason == "no_seat"
