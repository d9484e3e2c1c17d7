"""Servers that run and take no connection: at a start, at a start anew, and when a hub comes back."""

from __future__ import annotations

import asyncio
import itertools
import socket
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyterhub.httpclient import JupyterHubHTTPClient
from jupyterhub.objects import Server
from jupyterhub.spawner import SpawnException
from maximalab_spawner import atengine, held, process, services
from maximalab_spawner.core import client_options
from maximalab_spawner.engine import EngineUnreachable
from maximalab_spawner.hardening import Net
from maximalab_spawner.homes import Look
from maximalab_spawner.process import listens
from maximalab_spawner.seen import SERVER, TOKEN, USER, NotInTime, Seen
from maximalab_spawner.services import Services
from maximalab_spawner.spawner import TieredDockerSpawner
from maximalab_spawner.tiers import Tier
from serverlab import ServerLab

MARK = "m" * 32
#: Seconds until a test that would hang fails.
LONG = 30


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(atengine, "LOOK_EVERY", 0.02)
    monkeypatch.setattr(held, "ASK_EVERY", 0.02)
    monkeypatch.setattr(services, "LOOK_EVERY", 0.02)


class SmallEngine:
    """Remembers the one server that it has; whoever is `silent` for some looks answers none of them."""

    def __init__(self, port):
        self.port, self.there, self.done, self.silent, self.looks = port, None, [], 0, itertools.count(1)

    async def find(self, name):  # noqa: ARG002
        if next(self.looks) <= self.silent:
            raise EngineUnreachable("pub1: no answer in time")
        return self.there

    async def image(self, reference):  # noqa: ARG002
        return "sha"

    async def has_volume(self, name):  # noqa: ARG002
        return Look.THERE

    async def use(self, name):  # noqa: ARG002
        return None

    async def prepare(self, *what):
        pass

    async def run(self, name, config):  # noqa: ARG002
        self.done.append("run")
        environment = dict(line.partition("=")[::2] for line in config["Env"])
        self.there = server(labels=config["Labels"], environment=environment, port=self.port)
        return self.there

    async def end(self, name, grace):  # noqa: ARG002
        self.done.append("end")

    async def remove(self, name):  # noqa: ARG002
        self.done.append("remove")
        self.there = None


def server(**what):
    labels = {"io.maximalab.mark": MARK, USER: "ada", SERVER: "public-maxima"}
    given = {"labels": labels, "environment": {TOKEN: "t"}, "port": 0, **what}
    return Seen("id", "sha", running=True, status=0, host="127.0.0.1", **given)


class Lab(ServerLab):
    word, kind, answers = "docker", TieredDockerSpawner, ""

    def subnet(self, tier):
        return {"public": "172.20.9", "private": "172.21.9"}[str(tier)]


@pytest.fixture
def engine(tmp_path, monkeypatch):
    """An engine whose servers listen, at a port of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as line:
        small = SmallEngine(line.getsockname()[1])
        small.lab = Lab(tmp_path, {"maxima": "x"}, dict.fromkeys(Tier, "unix:///none"))

        async def well(self, backend):
            return True

        monkeypatch.setattr(TieredDockerSpawner, "is_well", well)
        monkeypatch.setattr(TieredDockerSpawner, "servers", lambda _self, _site: small)
        yield small


def closed_port():
    with socket.create_server(("127.0.0.1", 0)) as line:
        return line.getsockname()[1]


async def refused(spawner):
    async with asyncio.timeout(LONG):
        with pytest.raises(SpawnException) as failed:
            await spawner.start()
    return failed.value


async def test_a_start_without_an_answer_ends_with_words_for_the_person(engine):
    engine.port = closed_port()
    failed = await refused(engine.lab.spawner(start_timeout=2))
    assert failed.reason == "not_in_time"
    assert "did not answer in time" in failed.jupyterhub_message
    assert "не відповів вчасно" in failed.jupyterhub_message


async def test_a_local_start_without_an_answer_does_as_well(lab):
    failed = await refused(lab.spawner(program="import time; time.sleep(60)", start_timeout=2))
    assert failed.reason == "not_in_time"


async def test_a_server_that_runs_and_never_listens_is_started_anew(engine, monkeypatch):
    monkeypatch.setattr(atengine, "TAKEN_UP_WITHIN", 0.2)
    engine.there = server(port=closed_port())
    async with asyncio.timeout(LONG):
        assert await engine.lab.spawner().start() == ("127.0.0.1", engine.port)
    assert engine.done == ["remove", "run"]


async def test_one_that_listens_a_little_later_is_taken_up(engine):
    engine.there = replace(server(), host="")

    async def find(name):
        return server(port=engine.port) if next(engine.looks) > 5 else engine.there

    engine.find = find
    async with asyncio.timeout(LONG):
        assert await engine.lab.spawner().start() == ("127.0.0.1", engine.port)
    assert engine.done == []


@pytest.fixture
def after_a_restart(engine):
    """A spawner of a hub that has just started, whose JupyterHub checks on its servers."""
    spawner = engine.lab.spawner(http_timeout=1)
    spawner.backend, spawner.tier = engine.lab.backend(Tier.PUBLIC), Tier.PUBLIC
    spawner._keeper.begin(MARK)
    spawner._keeper.launched()
    spawner._check_pending = True
    return spawner


async def test_a_hub_that_comes_back_does_not_wait_for_ever_for_a_server_that_does_not_listen(
    engine, after_a_restart
):
    engine.there = server(port=closed_port())
    async with asyncio.timeout(LONG):
        assert await after_a_restart.poll() is None
    assert next(engine.looks) > 10, "nor is it given up at once"


async def test_but_it_waits_for_an_engine_that_is_silent(engine, after_a_restart):
    engine.there, engine.silent = server(port=engine.port), 100
    async with asyncio.timeout(LONG):
        assert await after_a_restart.poll() is None
    assert next(engine.looks) == 102


@pytest.fixture
async def asking():
    """JupyterHub's client, whose one question takes a moment at most, as the hub's configuration has it."""
    JupyterHubHTTPClient.clear_instance()
    client = JupyterHubHTTPClient.instance(session_options=client_options(0.3))
    yield client
    await client.close()


async def test_a_server_that_takes_connections_and_never_answers_is_given_up_in_time(asking):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        host, port = deaf.getsockname()
        async with asyncio.timeout(LONG):
            with pytest.raises(TimeoutError):
                await Server(ip=host, port=port, base_url="/").wait_up(http=True, timeout=0.3)


def test_the_hub_asks_so():
    text = (Path(__file__).parents[3] / "jupyterhub_config.py").read_text()
    assert "c.JupyterHubHTTPClient.session_options = client_options()" in text
    assert client_options()["timeout"].total == TieredDockerSpawner().http_timeout


async def test_a_look_into_the_void_has_an_end(monkeypatch):
    monkeypatch.setattr(process, "CONNECTS_WITHIN", 0.2)
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        line.listen(0)
        with socket.create_connection(line.getsockname()):  # now its queue is full, and more is dropped
            async with asyncio.timeout(LONG):
                assert not await listens(*line.getsockname())


async def test_a_service_that_never_runs_is_removed_in_time():
    removed = []
    spec = {"Name": "s", "TaskTemplate": {"ContainerSpec": {}}}
    node = {"ID": "n", "Status": {"State": "ready"}, "Spec": {"Availability": "active"}}
    task = {"ID": "t", "NodeID": "n", "DesiredState": "running", "Status": {"State": "preparing"}}
    client = SimpleNamespace(
        create_service=lambda *_a, **_k: {"ID": "s"},
        inspect_service=lambda _name: {"ID": "s", "Spec": spec},
        tasks=lambda **_which: [task],
        inspect_node=lambda _name: node,
        remove_service=removed.append,
    )

    async def call(do, *, extra=0.0):
        return do(client)

    manager = Services(
        SimpleNamespace(call=call, call_to_its_end=call), "lab", Net(name="net", subnet="172.20.9.0/24")
    )
    async with asyncio.timeout(LONG):
        with pytest.raises(NotInTime, match="its task is"):
            await manager.run("s", {}, {}, port=0, within=0.3)
    assert removed == ["s"]
