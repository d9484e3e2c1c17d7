"""Which routes an entrance must have, for every scenario and whatever it has now."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.routes import (
    GATE,
    Change,
    Route,
    ServerRoute,
    change,
    merged,
    strangers,
    strict_tier,
    wanted,
)
from maximalab_spawner.tiers import Entrance, Scenario, Tier

HUB = Route("/", "http://hub", {"hub": True})
GATE_URL = "http://hub/hub/vpn-needed"
OPEN = ServerRoute(Route("/user/a/public-maxima/", "http://one", {"user": "a"}), Tier.PUBLIC)
SECRET = ServerRoute(Route("/user/a/private-maxima/", "http://two", {"user": "a"}), Tier.PRIVATE)
GATED = {SECRET.route.spec: Route(SECRET.route.spec, GATE_URL, {GATE: True})}


def want(entrance="public", scenario=3, servers=(OPEN, SECRET)):
    return wanted(Entrance(entrance), Scenario(scenario), shared=[HUB], servers=servers, gate=GATE_URL)


@pytest.mark.parametrize(
    ("scenario", "entrance", "reached"),
    [
        pytest.param(1, "public", {"http://one"}, id="1 from home"),
        pytest.param(1, "vpn", set(), id="1 through a VPN that should not be"),
        pytest.param(2, "public", {"http://one", "http://two"}, id="2 from home"),
        pytest.param(2, "vpn", set(), id="2 through a VPN that should not be"),
        pytest.param(3, "public", {"http://one"}, id="3 from home"),
        pytest.param(3, "vpn", {"http://one", "http://two"}, id="3 through the VPN"),
        pytest.param(4, "public", set(), id="4 from home"),
        pytest.param(4, "vpn", {"http://one", "http://two"}, id="4 through the VPN"),
    ],
)
def test_an_entrance_leads_to_the_servers_that_the_scenario_gives_it(scenario, entrance, reached):
    routes = want(entrance, scenario).routes
    assert {route.target for route in routes.values()} - {"http://hub", GATE_URL} == reached
    assert set(routes) == {"/", OPEN.route.spec, SECRET.route.spec}


@pytest.mark.parametrize(
    ("recorded", "name", "tier"),
    [
        pytest.param(Tier.PUBLIC, "public-maxima", "public", id="record and name agree"),
        pytest.param("public", "public-maxima", "public", id="a record from the database"),
        pytest.param(Tier.PRIVATE, "public-maxima", "private", id="the record is private"),
        pytest.param(Tier.PUBLIC, "private-maxima", "private", id="the name is private"),
        pytest.param(None, "public-maxima", "private", id="no record"),
        pytest.param(Tier.PUBLIC, "", "private", id="no name"),
        pytest.param(Tier.PUBLIC, "public", "private", id="half a name"),
        pytest.param("open", "public-maxima", "private", id="an unknown record"),
    ],
)
def test_what_is_not_surely_public_is_private(recorded, name, tier):
    assert strict_tier(recorded, name) == Tier(tier)


@pytest.mark.parametrize(
    ("present", "put", "remove"),
    [
        pytest.param({}, {"/", OPEN.route.spec, SECRET.route.spec}, set(), id="an empty proxy gets all"),
        pytest.param(
            {"/": HUB, OPEN.route.spec: OPEN.route} | GATED, set(), set(), id="a right one gets nothing"
        ),
        pytest.param(
            {"/": HUB, OPEN.route.spec: OPEN.route, SECRET.route.spec: SECRET.route},
            {SECRET.route.spec},
            set(),
            id="a leaked route becomes a gate",
        ),
        pytest.param(
            {"/": HUB, OPEN.route.spec: OPEN.route, "/x/": SECRET.route} | GATED,
            set(),
            {"/x/"},
            id="a stranger goes",
        ),
        pytest.param(
            {"/": HUB, OPEN.route.spec: Route(OPEN.route.spec, "http://old")} | GATED,
            {OPEN.route.spec},
            set(),
            id="a server that moved",
        ),
    ],
)
def test_what_is_changed_at_the_public_entrance(present, put, remove):
    todo = change(want(), present)
    assert ({route.spec for route in todo.put}, set(todo.remove)) == (put, remove)
    assert bool(todo) == bool(put or remove)


def test_a_server_on_its_way_keeps_what_it_has_and_gets_its_gate():
    starting = ServerRoute(SECRET.route, Tier.PRIVATE, settled=False)
    vpn = want("vpn", servers=[starting])
    assert change(vpn, {"/": HUB}) == Change()
    assert change(vpn, {"/": HUB, SECRET.route.spec: SECRET.route}) == Change()
    assert change(want("public", servers=[starting]), {"/": HUB}).put == tuple(GATED.values())


@pytest.mark.parametrize(
    ("present", "found"),
    [
        pytest.param({"/": HUB} | GATED, (), id="a gate is no stranger"),
        pytest.param({SECRET.route.spec: SECRET.route}, (SECRET.route.spec,), id="its own path"),
        pytest.param({"/x/": Route("/x/", "http://two/")}, ("/x/",), id="another path, a slash after"),
        pytest.param({"/x/": Route("/x/", "http://three")}, (), id="somewhere else"),
    ],
)
def test_routes_to_private_servers_are_told_by_their_target(present, found):
    assert strangers(want(), present, frozenset({"http://two"})) == found


TARGETS = st.sampled_from(["http://hub", "http://one", "http://two", "http://three", GATE_URL])
SPECS = st.sampled_from(["/", OPEN.route.spec, SECRET.route.spec, "/x/", "/services/usage/"])
TABLES = st.dictionaries(SPECS, TARGETS).map(
    lambda t: {spec: Route(spec, target) for spec, target in t.items()}
)
SERVERS = st.lists(
    st.builds(ServerRoute, st.sampled_from([OPEN.route, SECRET.route]), st.sampled_from(Tier), st.booleans()),
    unique_by=lambda server: server.route.spec,
)


@given(TABLES, SERVERS, st.sampled_from(Entrance), st.sampled_from(Scenario))
def test_after_a_change_no_tier_is_reached_where_the_scenario_has_it_not(
    present, servers, entrance, scenario
):
    aim = wanted(entrance, scenario, shared=[HUB], servers=servers, gate=GATE_URL)
    todo = change(aim, present)
    after = {spec: route for spec, route in present.items() if spec not in todo.remove}
    after |= {route.spec: route for route in todo.put}
    assert {spec: route.target for spec, route in after.items() if spec not in aim.kept} == {
        spec: route.target for spec, route in aim.routes.items()
    }
    for server in servers:
        if entrance not in scenario.entrances_of(server.tier):
            assert after[server.route.spec].target == GATE_URL
    assert not change(aim, after)


def test_the_newest_activity_of_all_entrances_counts_and_gates_do_not():
    old = Route(OPEN.route.spec, "http://one", {"user": "a", "last_activity": "2026-11-22T10:00:00.000Z"})
    new = Route(OPEN.route.spec, "http://one", {"user": "a", "last_activity": "2026-11-22T10:00:01.000Z"})
    for tables in ([{old.spec: old}, {new.spec: new}], [{new.spec: new} | GATED, {old.spec: old}]):
        assert merged(tables) == {new.spec: new}
    assert merged([GATED, {SECRET.route.spec: SECRET.route}]) == {SECRET.route.spec: SECRET.route}
