"""A local server's life, with real processes: start, poll, restart of the hub, stop, and what is told."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
import time
from contextlib import suppress
from types import SimpleNamespace

import pytest
from jupyterhub import orm
from jupyterhub.objects import Hub
from jupyterhub.spawner import SpawnException
from labsettings import mark_homes
from maximalab_spawner.catalog import publish
from maximalab_spawner.local import TieredLocalSpawner
from maximalab_spawner.process import marked
from maximalab_spawner.tiers import Entrance, Tier
from tornado.httputil import HTTPHeaders

MATERIAL = """id = "{name}"
version = 1
access = "{access}"
image = "maxima"
courses = ["or"]
title = {{uk = "Назва", en = "Title"}}
summary = {{uk = "Про що", en = "What"}}
notebooks = {{en = "a.ipynb"}}
"""
LISTENS = """
import os, pathlib, signal, socket, sys, time
from urllib.parse import urlparse
signal.signal(signal.SIGTERM, {on_term})
url = urlparse(os.environ["JUPYTERHUB_SERVICE_URL"])
line = socket.create_server((url.hostname, url.port))
pathlib.Path("environment").write_text("\\n".join(f"{{k}}={{v}}" for k, v in os.environ.items()))
print("hello")
while True: line.accept()
"""
OBEYS, STUBBORN = LISTENS.format(on_term="lambda *_: sys.exit(3)"), LISTENS.format(on_term="signal.SIG_IGN")

LIFE = {
    "mark": "gone",
    "start_id": "0193a000-0000-7000-8000-000000000001",
    "stop_id": "0193a000-0000-7000-8000-000000000002",
    "began": "2026-11-22T10:00:00+00:00",
    "launched": True,
    "start_told": True,
}


class Lab:
    """A catalogue, two backends, and spawners on them."""

    def __init__(self, root):
        self.root, self.told, self.names, self.spawners = root, [], set(), []
        stores = {tier: root / "materials" / tier for tier in Tier}
        for name, access in (("simplex", "open"), ("game", "private")):
            source = root / "source" / name
            source.mkdir(parents=True)
            (source / "material.toml").write_text(MATERIAL.format(name=name, access=access))
            (source / "a.ipynb").write_text("{}")
            (root / "source/courses.toml").write_text('[[course]]\nid="or"\ntitle={uk="ДО", en="OR"}\n')
            publish(source, catalogue=root / "catalogue", stores=stores)
        for tier in Tier:
            mark_homes(root / "homes" / tier)
        (root / "backends.toml").write_text(
            "".join(
                f'[[backend]]\nname="local-{tier}"\ntier="{tier}"\nkind="local"\ncapacity=1\n'
                f'materials="materials/{tier}"\nhomes="homes/{tier}"\n'
                for tier in Tier
            )
        )

    def spawner(self, server="public-maxima", material="simplex", user="ada", program=OBEYS, **given):
        groups = [SimpleNamespace(name="study:or")]
        spawner = TieredLocalSpawner(
            hub=Hub(),
            user=SimpleNamespace(name=user, url=f"/user/{user}", groups=groups, admin=False),
            orm_spawner=orm.Spawner(name=server),
            catalog_dir=str(self.root / "catalogue"),
            backends_file=str(self.root / "backends.toml"),
            spool_dir=str(self.root / "spool"),
            usage_url="http://usage/events",
            usage_sink=self.take,
            user_options={"material": material},
            oauth_client_id="mock",
            cmd=[sys.executable, "-c", program],
            **{"stop_grace": 5.0, **given},
        )
        spawner.opened_at = Entrance.VPN
        spawner.handler = None
        self.spawners.append(spawner)
        return spawner

    def take(self, kind, *, event_id=None, at=None, **fields):  # noqa: ARG002  # the moment is not compared
        """Take an event as the store does: once by its name."""
        if event_id is None or event_id not in self.names:
            self.told.append((kind, fields))
            self.names.add(event_id)

    def kinds(self):
        return [kind for kind, _ in self.told]


@pytest.fixture
async def lab(tmp_path):
    lab = Lab(tmp_path)
    yield lab
    for spawner in lab.spawners:
        await spawner.stop(now=True)


@pytest.fixture
def stranger():
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


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


TWO = (
    '[[backend]]\nname="{name}"\ntier="private"\nkind="local"\ncapacity={capacity}\n'
    'materials="materials/private"\nhomes="homes/{name}"\n'
)


def two_backends(lab, first=1, second=9):
    """Write down two places of one tier; the emptier one is `second`."""
    for name in ("first", "second"):
        mark_homes(lab.root / "homes" / name)
    (lab.root / "backends.toml").write_text(
        TWO.format(name="first", capacity=first) + TWO.format(name="second", capacity=second)
    )


async def test_a_home_is_written_down_and_found_again(lab):
    two_backends(lab)
    spawner = lab.spawner("private-maxima", "game")
    await spawner.start()
    assert (lab.root / "placed/private/ada").read_text() == "first\n"
    await spawner.stop()
    lab.spawner("private-maxima", "game")  # both are empty: only the record speaks for the first
    again = lab.spawner("private-maxima", "game")
    await again.start()
    assert again.backend == "first"


@pytest.mark.parametrize(
    "lose",
    [
        pytest.param(lambda root: (root / "homes/first").rename(root / "x"), id="the disk is not mounted"),
        pytest.param(
            lambda root: (
                (root / "homes/first").rename(root / "x"),
                (root / "homes/first").write_text("no folder"),
            ),
            id="the disk cannot be looked at",
        ),
        pytest.param(
            lambda root: (root / "backends.toml").write_text(TWO.format(name="second", capacity=9)),
            id="its backend is no longer named",
        ),
        pytest.param(
            lambda root: (root / "placed/private/ada").write_text("?"), id="the record is unreadable"
        ),
    ],
)
async def test_promise_3_nobody_meets_an_empty_home_while_their_own_is_away(lab, lose):
    two_backends(lab)
    spawner = lab.spawner("private-maxima", "game")
    await spawner.start()
    await spawner.stop()
    lose(lab.root)
    with pytest.raises(SpawnException, match="tier_unavailable"):
        await lab.spawner("private-maxima", "game").start()
    assert not (lab.root / "homes/second/ada").exists()
