"""The paper's other three layouts on the same machines: which entrance leads to which tier."""

from __future__ import annotations

import socket

import pytest
from bed.asking import PRIVATE, PUBLIC
from bed.figure import DOOR, ENGINE_PORT, HUB, NODES
from bed.people import closing
from bed.smallserver import SECRET

pytestmark = pytest.mark.bed


@pytest.fixture(scope="module")
def idle(settled):
    """Nobody's server runs, before and after."""
    settled.stop_all()
    yield settled
    settled.stop_all()
    settled.change(scenario=3)


@pytest.fixture(scope="module", params=[1, 2, 4])
def scenario(idle, request):
    """The lab in another layout."""
    idle.stop_all()
    idle.change(scenario=request.param)
    return request.param


def opens(machine, address: str, port: int) -> bool:
    with machine.inside():
        try:
            socket.create_connection((address, port), 2).close()
        except OSError:
            return False
    return True


def test_each_tier_is_where_the_scenario_has_it(idle, scenario):
    door, at = ("vpn", "home") if scenario == 4 else ("public", "campus")
    with closing(idle.person("eve", at, door)) as eve:
        idle.bring(eve, "simplex", PUBLIC)
        assert "open bytes" in eve.http.get(f"/user/eve/{PUBLIC}/").text
        if scenario == 1:
            refused = eve.open("game")
            assert (refused.status_code, SECRET in refused.text) == (403, False)
            assert idle.all_containers() == {f"maximalab.{PUBLIC}.eve"}
        else:
            idle.bring(eve, "game", PRIVATE)
            assert SECRET in eve.http.get(f"/user/eve/{PRIVATE}/").text
            assert idle.nodes["prv1"].client.containers()
    assert not opens(idle.figure["campus"], NODES["prv1"], ENGINE_PORT), "the private subnet is out of reach"
    assert opens(idle.figure["campus"], HUB, DOOR) is (scenario != 4)
    with closing(idle.person("tea", at, door)) as stranger:
        assert stranger.http.get("/hub/lab").status_code == 200


def test_who_is_not_in_the_course_opens_nothing_private(idle, scenario):
    door, at = ("vpn", "home") if scenario == 4 else ("public", "campus")
    with closing(idle.person("mallory", at, door)) as stranger:
        assert stranger.open("game").status_code in (403, 404)
    assert f"maximalab.{PRIVATE}.mallory" not in idle.all_containers()
