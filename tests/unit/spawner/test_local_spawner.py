"""A local server's life, with real processes: start, poll, restart of the hub, stop, and what is told."""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import subprocess
import sys
from types import SimpleNamespace

import pytest
from jupyterhub import orm
from jupyterhub.objects import Hub
from jupyterhub.spawner import SpawnException
from maximalab_spawner.catalog import publish
from maximalab_spawner.local import TieredLocalSpawner
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


class Lab:
    """A catalogue, two backends, and spawners on them."""

    def __init__(self, root):
        self.root, self.told, self.spawners = root, [], []
        stores = {tier: root / "materials" / tier for tier in Tier}
        for name, access in (("simplex", "open"), ("game", "private")):
            source = root / "source" / name
            source.mkdir(parents=True)
            (source / "material.toml").write_text(MATERIAL.format(name=name, access=access))
            (source / "a.ipynb").write_text("{}")
            (root / "source/courses.toml").write_text('[[course]]\nid="or"\ntitle={uk="ДО", en="OR"}\n')
            publish(source, catalogue=root / "catalogue", stores=stores)
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
            usage_sink=lambda kind, **fields: self.told.append((kind, fields)),
            user_options={"material": material},
            oauth_client_id="mock",
            cmd=[sys.executable, "-c", program],
            **{"stop_grace": 5.0, **given},
        )
        spawner.opened_at = Entrance.VPN
        spawner.handler = None
        self.spawners.append(spawner)
        return spawner

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
    state = {"pid": stranger.pid, "started": 5, "boot": "b", "port": 1, "mark": "gone", "tier": "public"}
    spawner.load_state(state | change)
    assert await spawner.poll() == 0
    await spawner.stop()
    assert await spawner.poll() == 0
    assert stranger.poll() is None
    assert [kind for kind in lab.kinds() if kind == "server_stop"] == ["server_stop"]


@pytest.mark.parametrize("state", [{}, {"pid": 7}, {"pid": "x"}])
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
            lambda root: (root / "homes").write_text("x"), "tier_unavailable", id="no place for homes"
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


@pytest.mark.parametrize(
    ("headers", "opened_at", "starts"),
    [
        pytest.param({"X-MaximaLab-Entrance": "vpn"}, "public", True, id="the request came through the VPN"),
        pytest.param({"X-MaximaLab-Entrance": "public"}, "vpn", False, id="the request came from home"),
        pytest.param({}, "vpn", False, id="the request came past the proxies"),
        pytest.param(None, "vpn", True, id="the page said VPN"),
        pytest.param(None, "public", False, id="the page said public"),
    ],
)
async def test_the_request_at_hand_says_where_it_came_from(lab, headers, opened_at, starts):
    spawner = lab.spawner("private-maxima", "game")
    spawner.opened_at = Entrance(opened_at)
    if headers is not None:
        spawner.handler = SimpleNamespace(request=SimpleNamespace(headers=HTTPHeaders(headers), cookies={}))
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
