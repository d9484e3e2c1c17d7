"""A local server's life, with real processes: start, poll, refusal, stop, and what is told."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
from types import SimpleNamespace

import pytest
from jupyterhub.spawner import SpawnException
from localservers import STUBBORN
from maximalab_spawner.tiers import Entrance
from tornado.httputil import HTTPHeaders


async def dead(spawner):
    assert await spawner.wait_for_death(10), "it does not die"


async def test_a_server_is_told_where_it_is_and_has_a_home_of_its_own(lab):
    spawner = lab.spawner()
    spawner.language = "en"
    ip, port = await spawner.start()
    assert (ip, await spawner.poll()) == ("127.0.0.1", None)
    assert port == spawner.port
    home = lab.root / "homes/public/ada"
    assert stat.S_IMODE(home.stat().st_mode) == 0o700
    environment = dict(
        line.split("=", 1) for line in (home / "environment").read_text().splitlines() if "=" in line
    )
    expected = {
        "HOME": str(home),
        "USER": "ada",
        "MAXIMALAB_TIER": "public",
        "MAXIMALAB_MATERIALS": str(lab.root / "materials/public"),
        "MAXIMALAB_SPOOL": str(lab.root / "spool/public/ada/public-maxima"),
        "MAXIMALAB_USAGE_URL": "http://usage/events",
        "MAXIMALAB_LANG": "en",
        "MAXIMALAB_MAY_OPEN": "*",
        "JUPYTERHUB_DISABLE_USER_CONFIG": "1",
        "JUPYTERHUB_ROOT_DIR": str(home),
    }
    assert {name: environment.get(name) for name in expected} == expected
    assert stat.S_IMODE((lab.root / "spool/public/ada/public-maxima").stat().st_mode) == 0o700
    assert "CONFIGPROXY_AUTH_TOKEN" not in environment


async def test_a_start_and_its_end_are_told_once_each(lab):
    spawner = lab.spawner("private-maxima", "game")
    await spawner.start()
    await spawner.stop()
    assert await spawner.poll() == 0
    await spawner.stop()
    where = {
        "user": "ada",
        "server": "private-maxima",
        "tier": "private",
        "backend": "local-private",
        "entrance": "vpn",
        "material": "game",
    }
    assert lab.told == [
        ("server_start", {**where, "detail": {}}),
        ("server_stop", {**where, "detail": {"how": "stopped", "status": 3}}),
    ]


async def test_a_server_that_crashes_is_told_as_dead(lab):
    spawner = lab.spawner()
    await spawner.start()
    os.kill(spawner.process.pid, signal.SIGKILL)
    await dead(spawner)
    await spawner.stop()
    assert lab.kinds() == ["server_start", "server_stop"]
    assert lab.told[1][1]["detail"] == {"how": "died", "status": -signal.SIGKILL}


async def test_a_server_that_does_not_listen_to_sigterm_is_killed(lab):
    spawner = lab.spawner(program=STUBBORN, stop_grace=0.3)
    await spawner.start()
    process = spawner.process
    await spawner.stop()
    assert not process.alive()
    assert lab.told[-1][1]["detail"] == {"how": "stopped", "status": -signal.SIGKILL}


async def test_a_server_that_ends_while_starting_is_an_error_at_once(lab):
    spawner = lab.spawner(program="import sys; sys.exit(7)")
    with pytest.raises(SpawnException, match="ended_early: status 7"):
        await asyncio.wait_for(spawner.start(), 30)
    assert lab.kinds() == ["server_start", "server_stop"]
    assert await spawner.poll() == 0


async def test_a_full_backend_takes_no_more_and_never_the_other_tier(lab):
    await lab.spawner().start()
    second = lab.spawner(user="bob")
    with pytest.raises(SpawnException, match="no_capacity"):
        await second.start()
    assert lab.kinds() == ["server_start", "spawn_refused"]
    assert lab.told[1][1]["detail"] == {"reason": "no_capacity"}
    await lab.spawner("private-maxima", "game", user="bob").start()


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        pytest.param(
            lambda root: (root / "materials/private").rename(root / "x"), "tier_unavailable", id="no store"
        ),
        pytest.param(
            lambda root: (root / "backends.toml").write_text("x"), "tier_unavailable", id="no backends"
        ),
        pytest.param(
            lambda root: (root / "homes/private").rename(root / "x"), "tier_unavailable", id="no homes"
        ),
        pytest.param(
            lambda root: (root / "homes/private/.maximalab-homes").unlink(),
            "tier_unavailable",
            id="another disk where the homes should be",
        ),
        pytest.param(
            lambda root: (root / "spool").write_text("x"), "tier_unavailable", id="no place for events"
        ),
        pytest.param(
            lambda root: (root / "catalogue").rename(root / "x"), "catalogue_unreadable", id="no catalogue"
        ),
        pytest.param(
            lambda root: (root / "catalogue/game.toml").write_text("x"), "unknown_material", id="bad material"
        ),
    ],
)
async def test_promise_2_what_is_broken_is_refused_with_the_reason(lab, break_it, reason):
    break_it(lab.root)
    spawner = lab.spawner("private-maxima", "game")
    with pytest.raises(SpawnException, match=reason):
        await spawner.start()
    assert lab.kinds() == ["spawn_refused"]
    assert await spawner.poll() == 0


async def test_a_program_that_cannot_be_run_is_a_refusal_and_no_start_that_ended(lab):
    spawner = lab.spawner(program="pass\0")  # no OSError but a ValueError
    with pytest.raises(SpawnException, match="tier_unavailable"):
        await spawner.start()
    assert await spawner.poll() == 0
    assert lab.kinds() == ["spawn_refused"]


@pytest.mark.parametrize(
    ("headers", "by_token", "opened_at", "starts"),
    [
        pytest.param(
            {"X-MaximaLab-Entrance": "vpn"}, False, "public", True, id="the request came through the VPN"
        ),
        pytest.param({"X-MaximaLab-Entrance": "vpn"}, True, "vpn", False, id="a program says VPN"),
        pytest.param(
            {"X-MaximaLab-Entrance": "public"}, False, "vpn", False, id="the request came from home"
        ),
        pytest.param({}, False, "vpn", False, id="the request came past the proxies"),
        pytest.param(None, False, "vpn", True, id="the page said VPN"),
        pytest.param(None, False, "public", False, id="the page said public"),
    ],
)
async def test_the_request_at_hand_says_where_it_came_from(lab, headers, by_token, opened_at, starts):
    spawner = lab.spawner("private-maxima", "game")
    spawner.opened_at = Entrance(opened_at)
    if headers is not None:
        spawner.handler = SimpleNamespace(
            request=SimpleNamespace(headers=HTTPHeaders(headers), cookies={}), _token_authenticated=by_token
        )
    if starts:
        await spawner.start()
        return
    with pytest.raises(SpawnException, match="needs_vpn"):
        await spawner.start()


async def test_progress_is_told_in_both_languages(lab):
    spawner = lab.spawner()
    start = asyncio.create_task(spawner.start())
    steps = [step async for step in spawner.progress()]
    await start
    assert [step["progress"] for step in steps] == [10, 40, 80]
    assert all('lang="uk"' in step["html_message"] and 'lang="en"' in step["html_message"] for step in steps)


async def test_a_sink_that_fails_costs_nobody_a_server(lab):
    def failing(kind, **_):
        raise OSError(kind)

    spawner = lab.spawner()
    spawner.usage_sink = failing
    await spawner.start()
    assert await spawner.poll() is None
