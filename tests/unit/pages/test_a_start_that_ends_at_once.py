"""What *Open* makes of a start that ends while it looks: refused, failed, or stopped in another window."""

from __future__ import annotations

import asyncio
import logging
from types import SimpleNamespace

import pytest
from maximalab_hub.pages.opening import OpenHandler
from maximalab_spawner.tiers import Entrance
from tornado.web import HTTPError


def handler(start):
    """Somebody who presses *Open*; `start` is what the hub does then."""
    words = {"entrance": Entrance.PUBLIC, "language": "uk", "current_user": None, "log": logging.getLogger()}
    return SimpleNamespace(**words, spawn_single_user=start)


def server(*, active: bool = False):
    return SimpleNamespace(
        name="public-maxima", active=active, _spawn_future=None, _log_name="ada:public-maxima"
    )


async def press(start, spawner) -> None:
    await OpenHandler._start(handler(start), spawner, SimpleNamespace(id="simplex"))


async def test_a_start_that_was_stopped_meanwhile_is_no_error():
    """The API cancels a start that is pending; the browser goes on to the page that says so."""

    async def stopped(*_: object) -> None:
        started = asyncio.get_running_loop().create_future()
        asyncio.get_running_loop().call_soon(started.cancel)
        await started

    await press(stopped, server())


async def test_a_refusal_and_a_failure_are_told():
    async def refused(*_: object) -> None:
        raise HTTPError(403, "no seat")

    async def failed(*_: object) -> None:
        raise RuntimeError("172.21.1.2 is away")

    with pytest.raises(HTTPError, match="no seat"):
        await press(refused, server())
    with pytest.raises(HTTPError, match="did not start") as told:
        await press(failed, server())
    assert (told.value.status_code, "172" in str(told.value)) == (500, False)
    await press(failed, server(active=True))  # a second press at the same moment finds it on its way
