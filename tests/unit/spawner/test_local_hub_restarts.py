"""What becomes of a local server whose hub was started anew, or killed at any step, with real processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress

import pytest
from localservers import LIFE
from maximalab_spawner.process import marked
from maximalab_spawner.tiers import Entrance, Tier


@pytest.fixture
def stranger():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


async def test_another_hub_takes_the_server_up_by_its_state(lab):
    first = lab.spawner("private-maxima", "game")
    await first.start()
    second = lab.spawner("private-maxima", "game")
    second.load_state(first.get_state())
    assert await second.poll() is None
    assert (second.tier, second.port, second.entrance) == (Tier.PRIVATE, first.port, Entrance.VPN)
    assert (second.opens("game"), second.opens("simplex")) == (True, False)
    process = second.process
    await second.stop()
    assert not process.alive()
    assert lab.kinds() == ["server_start", "server_stop"]
    first.forget()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"started": 1}, id="another process has its number"),
        pytest.param({"boot": "x"}, id="the machine was started anew"),
        pytest.param({"pid": 2**22 + 1}, id="no process has its number"),
    ],
)
async def test_a_server_that_died_with_the_hub_is_told_once_and_nothing_else_is_hit(lab, stranger, change):
    spawner = lab.spawner()
    state = {"pid": stranger.pid, "started": 5, "boot": "b", "port": 1, "tier": "public", **LIFE}
    spawner.load_state(state | change)
    assert await spawner.poll() == 0
    await spawner.stop()
    assert await spawner.poll() == 0
    assert stranger.poll() is None
    assert [kind for kind in lab.kinds() if kind == "server_stop"] == ["server_stop"]


@pytest.mark.parametrize(
    "state", [{}, {"pid": 7}, {"pid": "x"}, LIFE | {"mark": None}, LIFE | {"began": "x"}]
)
async def test_a_state_that_is_not_whole_is_no_server(lab, state):
    spawner = lab.spawner()
    spawner.load_state(state)
    assert await spawner.poll() == 0
    assert lab.told == []


class HubKilledError(BaseException):
    """Stands for a `kill -9`: nothing that was to follow is done."""


def kill_at(spawner, step):
    """Let the hub die before the numbered thing that it wants to write down or tell."""
    left = [step]

    def dies(act):
        def acting(*words):
            left[0] -= 1
            if left[0] < 0:
                raise HubKilledError
            act(*words)

        return acting

    keeper = spawner._keeper
    keeper._save, keeper._tell = dies(keeper._save), dies(keeper._tell)


def next_hub(lab, killed):
    """Take up what is in the hub's database, in a new hub."""
    follower = lab.spawner("private-maxima", "game")
    follower.load_state(dict(killed.orm_spawner.state or {}))
    return follower


@pytest.mark.parametrize("step", range(8))
async def test_t10_a_hub_that_is_killed_while_it_starts_a_server_leaves_one_server_and_one_start(lab, step):
    first = lab.spawner("private-maxima", "game")
    kill_at(first, step)
    try:
        await first.start()
    except HubKilledError:
        killed = True
    else:
        killed = False
    second = next_hub(lab, first)
    alive = await second.poll() is None
    running = [one for life in [first._keeper.life] if life for one in marked(life.mark)]
    assert len(running) == int(alive), "no more than the one that the new hub knows"
    await second.stop()
    told = [] if not alive and not first.orm_spawner.state else ["server_start", "server_stop"]
    assert lab.kinds() == told
    assert killed == (step < 4)
    first.forget()


@pytest.mark.parametrize("step", range(5))
async def test_t10_a_hub_that_is_killed_while_a_server_ends_tells_the_end_once(lab, step):
    first = lab.spawner("private-maxima", "game")
    await first.start()
    kill_at(first, step)
    with suppress(HubKilledError):
        await first.stop()
    second = next_hub(lab, first)
    await second.stop()
    assert await second.poll() == 0
    assert lab.kinds() == ["server_start", "server_stop"]
    first.forget()


async def test_a_server_that_the_hub_does_not_count_any_more_is_ended_and_told(lab):
    spawner = lab.spawner()
    await spawner.start()
    process = spawner.process
    spawner.clear_state()
    until_ended(process)
    assert lab.kinds() == ["server_start", "server_stop"]


def until_ended(process):
    deadline = time.monotonic() + 10
    while process.alive():
        assert time.monotonic() < deadline, "it does not end"
        os.sched_yield()
