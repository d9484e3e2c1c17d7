"""A proxy that is away, silent or not ours: told as such, and nothing waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from types import SimpleNamespace

import pytest
from maximalab_spawner.leg import LegDown, PublicLeg
from maximalab_spawner.proxy import TieredProxy
from maximalab_spawner.routes import Route
from traitlets.config import Config

HUB = SimpleNamespace(host="http://127.0.0.1:9", base_url="/hub/", routespec="/")
APP = SimpleNamespace(hub=HUB, users={}, _service_map={}, internal_ssl=False)
GIVEN = {"app": APP, "hub": HUB, "host_routing": False, "public_url": "http://127.0.0.1:9"}


class Listener:
    """A real socket that answers every request with the same bytes, or not at all."""

    def __init__(self, answer: bytes | None):
        self.answer, self.asked = answer, 0

    async def __aenter__(self):
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_):
        self.server.close()

    async def serve(self, reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        self.asked += 1
        if self.answer is None:
            await reader.read()
        else:
            writer.write(self.answer)
            await writer.drain()
        writer.close()


def said(status: str, body: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        pytest.param(said("403 Forbidden"), "answers 403", id="it does not take our token"),
        pytest.param(said("500 Oh no"), "answers 500", id="it is ill"),
        pytest.param(said("200 OK", "<html>"), "no table of routes", id="it is something else"),
        pytest.param(said("200 OK", "[]"), "no table of routes", id="it answers a list"),
        pytest.param(b"", "does not answer", id="it hangs up"),
        pytest.param(None, "does not answer", id="it is silent"),
    ],
)
async def test_a_proxy_that_does_not_answer_as_it_should_is_away(answer, why):
    async with Listener(answer) as listener:
        leg = PublicLeg(api_url=listener.url, auth_token="t", api_timeout=0.3, **GIVEN)
        with pytest.raises(LegDown, match=why):
            await leg.table()


async def test_a_proxy_that_nobody_runs_is_away():
    leg = PublicLeg(api_url="http://127.0.0.1:9", auth_token="t", **GIVEN)
    with pytest.raises(LegDown, match="does not answer"):
        await leg.put(Route("/x/", "http://y"))


async def test_what_is_gone_already_is_no_fault():
    async with Listener(said("404 Not Found")) as listener:
        await PublicLeg(api_url=listener.url, auth_token="t", **GIVEN).remove("/x/")


def test_an_entrance_without_a_token_is_told_at_the_start(monkeypatch):
    monkeypatch.setenv("CONFIGPROXY_AUTH_TOKEN", "one for all")
    with pytest.raises(ValueError, match=r"PublicLeg\.auth_token"):
        PublicLeg(api_url="http://127.0.0.1:9", **GIVEN)


async def test_going_and_coming_back_are_logged_once_each(caplog):
    caplog.set_level(logging.INFO)
    leg = PublicLeg(auth_token="t", log=logging.getLogger("leg"), **GIVEN)
    for fault in (None, LegDown("why"), LegDown("why"), None, None):
        leg.found(fault)
    assert [record.getMessage() for record in caplog.records] == [
        "The proxy of the public entrance is away: why",
        "The proxy of the public entrance is back",
    ]


async def test_t23_a_silent_proxy_costs_the_other_one_nothing_but_its_first_wait():
    async with Listener(said("201 Created")) as public, Listener(None) as vpn:
        config = Config()
        config.PublicLeg.api_url, config.PublicLeg.auth_token = public.url, "p"
        config.VpnLeg.api_url, config.VpnLeg.auth_token = vpn.url, "v"
        config.VpnLeg.api_timeout = 0.5
        proxy = TieredProxy(config=config, db_factory=lambda: None, **GIVEN)
        await proxy.add_route("/services/one/", "http://one", {"service": "one"})
        before = time.monotonic()
        for number in range(20):
            await proxy.add_route(f"/services/{number}/", "http://one", {"service": str(number)})
        assert (public.asked, vpn.asked) == (21, 1)
        assert time.monotonic() - before < 20 * 0.5


@pytest.mark.parametrize(
    ("section", "trait", "value"),
    [("TieredProxy", "scenario", 5), ("TieredProxy", "entrances", ["public", "backdoor"])],
)
def test_a_scenario_or_an_entrance_that_is_none_is_refused_at_the_start(section, trait, value):
    config = Config(
        {"PublicLeg": {"auth_token": "p"}, "VpnLeg": {"auth_token": "v"}, section: {trait: value}}
    )
    with pytest.raises(ValueError, match=str(value if trait == "scenario" else "backdoor")):
        TieredProxy(config=config, db_factory=lambda: None, **GIVEN)
