"""A walk at random over the whole lab (`walk.py`), short enough for each run of the tests, and that it sees faults."""

from __future__ import annotations

import os
from contextlib import contextmanager
from datetime import UTC, datetime

import pytest
from bed import papers
from bed.asking import PRIVATE, PUBLIC
from bed.engines import Node
from bed.figure import HUB_PORT, USAGE_PORT
from bed.lab import LONG, Lab
from bed.never import doubles, private_bytes, seats_too_many, wrong_routes
from bed.people import browser
from bed.plan import KINDS, SOLVER, Step, part, plan
from bed.smallserver import SECRET
from bed.walk import BrokenError, Walk
from labrun import until
from maximalab_hub.secret_files import Secret, read_secret
from maximalab_spawner.seats import Pool, Seats

OPERATIONS = int(os.environ.get("MAXIMALAB_TEST_WALK", "300"))
SEED = 20261128
ASKED = {"name": "ada", "server": PRIVATE, "method": "GET", "rest": "", "forged": "0", "by": ""}
"""What the operation `forge` may draw."""


@pytest.fixture(scope="module")
def walk(lab: Lab):
    """One walk for all tests here: ten people sign in, which takes a while."""
    made = Walk(lab, SEED)
    yield made
    made.close()


@pytest.mark.bed
def test_whatever_dies_or_is_cut_nothing_private_shows(lab: Lab, walk: Walk):
    walk.go(list(plan(SEED, OPERATIONS)))
    assert walk.checks["game served"], "private servers were served through the VPN"
    assert walk.checks["private servers asked for"], "and asked for at the public entrance"
    assert "faults found: 0" in walk.report()
    lab.stop_all()


# That it sees what must never be: each fault is put into the lab by hand


@contextmanager
def planted_route(lab: Lab, path: str, target: str):
    """Give the public entrance a route that the hub knows nothing of; the hub takes it away when it looks next."""
    token = read_secret(lab.folder / "secrets", Secret.PROXY_TOKEN_PUBLIC)
    api = f"http://127.0.0.1:{papers.API_PORTS['public']}"
    with browser(lab.hub_machine, api, headers={"Authorization": f"token {token}"}) as asker:
        asker.post(f"/api/routes{path}", json={"target": target}).raise_for_status()
        yield
        asker.delete(f"/api/routes{path}")


def seen(look) -> str:
    """What the walk says of a fault; empty where it sees none."""
    try:
        look()
    except BrokenError as broken:
        return str(broken)
    return ""


@pytest.mark.bed
def test_the_walk_sees_a_private_route_and_a_private_byte_at_the_public_entrance(settled: Lab, walk: Walk):
    container = settled.nodes["prv1"].client.inspect_container(f"maximalab.{PRIVATE}.ada")
    address = next(iter(container["NetworkSettings"]["Networks"].values()))["IPAddress"]
    walk.check()
    path = f"/user/ada/{PRIVATE}"

    def routes_and_pages() -> bool:
        with planted_route(settled, path, f"http://{address}:8888"):
            route, page = seen(walk.check_routes), seen(walk.check_pages)
        return f"leads {path} to {address}" in route and "a private byte" in page

    def an_operation() -> bool:
        forge = Step(1, "forge", ASKED)
        with planted_route(settled, path, f"http://{address}:8888"):
            walk.deeds.do(forge)
        return "a private byte" in seen(walk.check)

    # The hub may have taken the route away before it was looked at; then it is put in again.
    until(routes_and_pages, "the walk sees route and byte", LONG)
    until(an_operation, "and so does what it asks by itself", LONG)
    until(lambda: not seen(walk.check), "afterwards all is well", LONG)


@contextmanager
def planted_containers(image: str, *places: tuple[Node, str]):
    """Run containers of which the hub knows nothing, by node and name."""
    try:
        for node, name in places:
            idle = ("--network", "none", "--entrypoint", "sleep", image, "900")
            node.docker("run", "--detach", "--name", name, *idle)
        yield
    finally:
        for node, name in places:
            node.try_docker("rm", "--force", name)


@pytest.mark.bed
def test_the_walk_sees_two_servers_of_one_name(settled: Lab, walk: Walk):
    walk.check()
    name = "maximalab.public-maxima.zoe"
    with planted_containers(settled.image, *((settled.nodes[node], name) for node in ("pub1", "pub2"))):
        assert seen(walk.check) == f"two servers of one name: {name}"
    walk.check()


@pytest.mark.bed
def test_the_walk_sees_a_seat_too_many(settled: Lab, walk: Walk):
    settled.stop_all(but={f"maximalab.{server}.ada" for server in (PUBLIC, PRIVATE)})
    walk.check()
    names = [f"maximalab.{SOLVER}.{name}" for name in ("yan", "zoe")]
    with planted_containers(settled.image, (settled.nodes["prv1"], names[0])):
        walk.check()
        with planted_containers(settled.image, (settled.nodes["prv1"], names[1])):
            assert seen(walk.check).startswith("a seat too many: [")
    walk.check()


@pytest.mark.bed
def test_the_walk_sees_a_lease_too_many(settled: Lab, walk: Walk):
    seats, many = (
        Seats(settled.folder / "seats.sqlite", lambda: datetime.now(UTC)),
        Pool("solver", 9, ("solver",)),
    )
    holders = ["yan", "zoe"]
    try:
        for holder in holders:
            assert seats.ask(many, holder, "prv1") is None
        assert seen(walk.check) == f"a lease too many: {holders}"
    finally:
        for holder in holders:
            seats.give_back(holder)
    walk.check()


HUB, USAGE = f"127.0.0.1:{HUB_PORT}", f"127.0.0.1:{USAGE_PORT}"


@pytest.mark.parametrize(
    ("path", "target", "told"),
    [
        pytest.param("/", HUB, 0, id="the hub"),
        pytest.param("/services/usage/", USAGE, 0, id="the usage service"),
        pytest.param("/user/a/public-maxima/", "172.20.1.2:8888", 0, id="an open server"),
        pytest.param("/user/a/public-maxima/", "172.28.81.32:32768", 0, id="a published open server"),
        pytest.param(
            "/user/a/private-maxima/", f"{HUB}/hub/vpn-needed/user/a/private-maxima/", 0, id="a gate"
        ),
        pytest.param("/user/a/private-maxima/", "172.21.1.2:8888", 1, id="a private server"),
        pytest.param(
            "/user/a/public-maxima/", "172.21.1.2:8888", 1, id="a private server by an open one's name"
        ),
        pytest.param("/user/a/private-maxima/", "172.20.1.2:8888", 1, id="a private server at a public node"),
        pytest.param("/user/a/private-maxima/", f"{HUB}/hub/lab", 1, id="a gate that is none"),
        pytest.param("/services/x/", "172.21.1.1:80", 1, id="the private node"),
        pytest.param("/x/", "172.28.82.41:2376", 1, id="the private engine"),
        pytest.param("/x/", "172.28.91.2:80", 1, id="the VPN entrance"),
        pytest.param("/x/", "127.0.0.1:8002", 1, id="the VPN entrance's table"),
        pytest.param("/x/", "prv1:8888", 1, id="a name that says nothing"),
    ],
)
def test_a_route_that_is_not_known_to_be_right_is_wrong(path, target, told):
    assert len(list(wrong_routes({path: {"target": f"http://{target}"}}))) == told


def test_the_other_rules_tell_what_must_never_be():
    solver = [(f"maximalab.{SOLVER}.{name}", name) for name in ("ada", "bob")]
    assert not list(doubles(solver))
    assert list(doubles([solver[0], (solver[0][0], "another")]))
    assert not list(seats_too_many(solver[:1], {"ada"}, 1))
    assert len(list(seats_too_many(solver, {"ada", "bob"}, 1))) == 2
    assert not list(private_bytes("open bytes"))
    assert list(private_bytes(f"<p>{SECRET}</p>"))


# That it can be walked again


def test_the_seed_alone_draws_the_walk_and_every_kind_is_in_it():
    whole = part(plan(7, 3000))
    assert whole == part(plan(7, 3000)) != part(plan(8, 3000))
    assert whole[:500] == part(plan(7, 500)), "a shorter walk is the beginning of a longer one"
    assert {step.kind for step in whole} == set(KINDS)
    assert [str(step) for step in part(plan(7, 3000), first=2990)] == [str(step) for step in whole[2989:]]
    assert part(plan(7, 3000), kinds={"cut"}) == [step for step in whole if step.kind == "cut"]
