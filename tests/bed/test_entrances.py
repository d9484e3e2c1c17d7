"""Attempts to get at what is private, from each place of the paper's figure, with the whole lab behind the doors."""

from __future__ import annotations

import socket
from concurrent.futures import ThreadPoolExecutor

import pytest
from bed.asking import PRIVATE, URLS
from bed.figure import (
    BEYOND,
    DOOR,
    ENGINE_PORT,
    GATEWAY,
    HUB,
    HUB_INSIDE,
    HUB_PORT,
    NODES,
    POOL,
    SITE,
    USAGE_PORT,
    WIREGUARD,
)
from bed.forging import SPELLINGS, forged
from bed.people import browser, closing, greeting, raw
from bed.reaching import a_container_at, reached, within
from bed.smallserver import SECRET
from labrun import until

pytestmark = pytest.mark.bed

PLACES = ["home", "campus", "pub1"]
PATH = f"/user/ada/{PRIVATE}/"


@pytest.mark.parametrize("at", PLACES)
def test_t01_the_private_server_is_not_at_the_public_entrance(settled, at):
    with closing(settled.person("ada", at)) as ada:
        for path in (PATH, f"{PATH}lab/tree/a?b=c", PATH.rstrip("/")):
            answer = ada.http.get(path)
            assert (answer.status_code, SECRET in answer.text) == (403, False)
            assert "VPN" in answer.text
        headers = {"Cookie": ada.cookies(), "Origin": URLS["public"]}
        assert greeting(ada.machine, f"{URLS['public']}{PATH}ws", headers) == "403"
    served = settled.ada.http.get(PATH)
    assert (served.status_code, SECRET in served.text) == (200, True), "it is there, and the VPN leads to it"
    assert (
        greeting(settled.ada.machine, f"{URLS['vpn']}{PATH}ws", {"Cookie": settled.ada.cookies()}) == SECRET
    )


FORGED = forged(HUB_INSIDE, f"{POOL}.2")


@pytest.mark.parametrize("forged", FORGED, ids=[next(iter(one)) for one in FORGED])
@pytest.mark.parametrize("at", PLACES)
def test_t02_no_header_changes_that(settled, at, forged):
    with browser(settled.figure[at], URLS["public"]) as asker:
        answer = asker.get(PATH, headers=forged)
        assert (answer.status_code, SECRET in answer.text) == (403, False)
    assert greeting(settled.figure[at], f"{URLS['public']}{PATH}ws", forged) == "403"


@pytest.mark.parametrize("host", [HUB, f"{HUB}.", HUB_INSIDE, "172.21.1.2:8888"])
def test_t03_no_spelling_does(settled, host):
    def ask(path: str) -> bytes:
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        return raw(settled.figure["campus"], HUB, DOOR, request.encode())

    with ThreadPoolExecutor(len(SPELLINGS)) as pool:
        for path, answer in zip(SPELLINGS, pool.map(ask, SPELLINGS), strict=True):
            assert answer.startswith(b"HTTP/1.1 "), path
            assert SECRET.encode() not in answer, path


@pytest.fixture(scope="module")
def goals(settled):
    """What somebody may want to reach; the hub's database listens on every address it has."""
    student = settled.nodes["prv1"].client.inspect_container(f"maximalab.{PRIVATE}.ada")
    address = next(iter(student["NetworkSettings"]["Networks"].values()))["IPAddress"]
    with settled.hub_machine.inside():
        database = socket.create_server(("0.0.0.0", 5432))
    yield {
        "private engine": (NODES["prv1"], ENGINE_PORT),
        "private student": (address, 8888),
        "VPN entrance": (HUB_INSIDE, DOOR),
        "hub inside": (HUB_INSIDE, HUB_PORT),
        "database": (HUB, 5432),
        "database inside": (HUB_INSIDE, 5432),
        "proxy's API": (HUB, 8001),
        "gateway": (GATEWAY, DOOR),
        "gateway inside": (f"{SITE}.1", DOOR),
    }
    database.close()


def test_the_goals_of_t04_are_there_for_the_hub(settled, goals):
    there = reached(goals, settled.hub_machine.inside)
    assert there == {
        "private engine",
        "private student",
        "VPN entrance",
        "hub inside",
        "database",
        "database inside",
    }


@pytest.mark.parametrize("at", ["campus", "pub1", "pub2"])
def test_t04_a_machine_outside_reaches_nothing_inside(settled, goals, at):
    assert reached(goals, settled.figure[at].inside) == set()


def test_t04_a_device_in_the_vpn_reaches_the_entrance_alone(settled, goals):
    assert reached(goals, settled.figure["home"].inside) == {"VPN entrance"}


@pytest.mark.parametrize("name", ["pub1", "pub2"])
def test_t04_an_open_server_reaches_the_hub_and_nothing_inside(settled, goals, name):
    """pub1's servers have no way out; pub2's have one, to the internet."""
    node, container = settled.nodes[name], a_container_at(settled, name)
    told = node.client.inspect_container(container)["Config"]["Env"]
    api = next(one for one in told if one.startswith("JUPYTERHUB_API_URL=")).partition("//")[2]
    hub = (api.partition(":")[0], HUB_PORT)
    more = {"its hub": hub, "its usage service": (hub[0], USAGE_PORT), "itself": ("127.0.0.1", 8888)}
    wanted = set(more)
    assert reached(goals | more, lambda: within(node, container)) == wanted


def test_t04_a_private_server_reaches_the_hub_and_nothing_else(settled, goals):
    node = settled.nodes["prv1"]
    more = {"its hub": ("172.21.1.1", HUB_PORT), "its usage service": ("172.21.1.1", USAGE_PORT)}
    reaches = reached(
        {**goals, **more, "home": ("172.28.81.10", 80)}, lambda: within(node, f"maximalab.{PRIVATE}.ada")
    )
    assert reaches == {*more, "private student"}, "which is itself"


def test_no_flow_from_the_public_segment_but_wireguard_s(settled, goals):
    """After all that the tests above have tried."""
    before = settled.figure["gateway"].packets(WIREGUARD)
    assert SECRET in settled.ada.http.get(PATH).text
    until(lambda: settled.figure["gateway"].packets(WIREGUARD) > before, "it came through WireGuard")
    assert settled.figure["gateway"].packets(BEYOND) == settled.figure["prv1"].packets(BEYOND) == 0
