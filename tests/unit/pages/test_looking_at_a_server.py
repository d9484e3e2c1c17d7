"""What *Open* makes of a server that ended a moment ago: it is started again, whoever sees the end first."""

from __future__ import annotations

import asyncio

import pytest
from maximalab_hub.pages import opening
from maximalab_hub.pages.opening import looked_at
from tornado.web import HTTPError


class Server:
    """A server as JupyterHub keeps it: ready until all callbacks of its end are done."""

    def __init__(self, *, alive: bool):
        self.ready, self.alive, self.callbacks = True, alive, [self.clear_up]
        self.proxies = asyncio.Event()

    @property
    def active(self) -> bool:
        return self.ready

    async def poll(self) -> int | None:
        return None if self.alive else 0

    async def clear_up(self) -> None:
        await self.proxies.wait()
        self.ready = False

    async def poll_and_notify(self) -> None:
        if not self.alive:
            self.callbacks, callbacks = [], self.callbacks
            for callback in callbacks:
                await callback()


class User:
    """A person with this one server; where it has ended, the next one is made."""

    def __init__(self, server: Server):
        self.server = server

    def get_or_create_spawner(self, name: str, _path: str, *, replace_failed: bool) -> Server | str:
        assert replace_failed
        return self.server if self.server.ready else f"a new {name}"


async def test_a_living_server_is_the_same():
    server = Server(alive=True)
    assert await looked_at(User(server), "public-maxima") is server


async def test_who_sees_the_end_clears_up_and_gets_a_new_server():
    server = Server(alive=False)
    server.proxies.set()
    assert await looked_at(User(server), "public-maxima") == "a new public-maxima"


async def test_while_the_hub_clears_up_by_itself_nobody_is_sent_to_the_server_that_ended():
    server = Server(alive=False)
    by_itself = asyncio.ensure_future(server.poll_and_notify())
    await asyncio.sleep(0)
    look = asyncio.ensure_future(looked_at(User(server), "public-maxima"))
    await asyncio.sleep(0)
    assert server.callbacks == []
    assert not look.done()
    server.proxies.set()
    assert await look == "a new public-maxima"
    await by_itself


async def test_a_clearing_up_without_end_is_an_error_that_says_so(monkeypatch):
    monkeypatch.setattr(opening, "_CLEARING_UP", 0.01)
    server = Server(alive=False)
    server.callbacks = []
    with pytest.raises(HTTPError, match="not gone yet"):
        await looked_at(User(server), "public-maxima")
