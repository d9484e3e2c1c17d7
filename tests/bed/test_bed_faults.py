"""What dies, is cut off or comes in crowds, with the whole lab on its machines; at the end of each test all is well."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import httpx
import pytest
from bed.asking import PRIVATE, PUBLIC
from bed.people import closing
from bed.plan import SOLVER
from bed.smallserver import SECRET
from labrun import until
from maximalab_spawner.containers import LAB

pytestmark = pytest.mark.bed

LONG = 300
"""Seconds: a limit against waiting forever, not a measure of anything."""


def word(lab, name: str, server: str) -> str:
    """What a server remembers; read where the hub's machine sees it, through the VPN entrance."""
    with lab.person(name, at="hub", door="vpn") as asker:
        try:
            answer = asker.http.get(f"/user/{name}/{server}/")
        except httpx.TransportError:
            return ""
        return answer.text if answer.status_code == 200 else ""


def words(lab) -> dict[tuple[str, str], str]:
    return {one: word(lab, *one) for one in SERVERS}


def kept_state(lab, name: str, server: str) -> dict[str, object]:
    """What the hub knows of a server; without what it has used, which each hub goes on telling every few minutes."""
    return {key: value for key, value in lab.servers(name)[server]["state"].items() if key != "meter"}


SERVERS = [("ada", PUBLIC), ("ada", PRIVATE), ("bob", PUBLIC)]


@pytest.fixture
def three(settled):
    """Three servers of both tiers run, and each remembers something of its own."""
    with closing(settled.person("bob")) as bob:
        if not settled.ready("bob", PUBLIC):
            settled.bring(bob, "simplex", PUBLIC)
    before = words(settled)
    assert len(set(before.values())) == 3
    yield settled
    until(lambda: all(settled.ready(*one) for one in SERVERS), "all is well again", LONG)
    until(lambda: words(settled) == before, "nothing is forgotten", LONG)


def test_t10_a_killed_hub_finds_servers_routes_and_words_again(three):
    before = {one: kept_state(three, *one) for one in SERVERS}
    routes = {door: three.table(door) for door in three.doors}
    kept = words(three)
    three.parts["hub"].kill()
    assert words(three) == kept, "the entrances go on serving"
    three.parts["hub"].begin()
    three.wait()
    until(lambda: all(three.ready(*one) for one in SERVERS), "all servers are ready", LONG)
    assert {one: kept_state(three, *one) for one in SERVERS} == before
    until(lambda: {door: three.table(door) for door in three.doors} == routes, "all routes are there", LONG)


CUTS = [
    pytest.param("prv1", "inner", id="the private node"),
    pytest.param("gateway", "internet", id="the VPN"),
]


@pytest.mark.parametrize(("machine", "segment"), CUTS)
def test_t11_hub_restarted_while_the_private_engine_is_away(three, machine, segment):
    three.figure.cut(three.figure[machine], segment)
    try:
        three.restart_hub()
        with closing(three.person("eve", at="campus")) as eve:
            assert eve.http.get("/hub/lab").status_code == 200, "people sign in"
        until(
            lambda: three.ready("ada", PUBLIC) and three.ready("bob", PUBLIC), "open servers are ready", LONG
        )
        assert three.servers("ada")[PRIVATE]["pending"] == "check"
    finally:
        three.figure.heal(three.figure[machine], segment)
    until(lambda: three.ready("ada", PRIVATE), "the private server is ready again", LONG)


def test_t11_beyond_the_grace_it_is_lost_and_taken_up_at_the_next_start(three):
    three.change(outage_grace=3.0)
    until(lambda: three.ready("ada", PRIVATE), "the private server is ready", LONG)
    three.figure.cut(three.figure["prv1"], "inner")
    try:
        until(lambda: not three.ready("ada", PRIVATE), "it is given up", LONG)
        until(lambda: f"ada:{PRIVATE} is given up" in three.log(), "and the log says so")
    finally:
        three.figure.heal(three.figure["prv1"], "inner")
    labels = three.nodes["prv1"].client.inspect_container(f"maximalab.{PRIVATE}.ada")["Config"]["Labels"]
    assert labels[LAB] == "maximalab", "an administrator finds it"
    three.bring(three.ada, "game", PRIVATE)
    three.change(outage_grace=900.0)


def test_a_black_holed_private_engine_keeps_no_open_server_from_starting(three):
    three.figure.cut(three.figure["prv1"], "inner")
    try:
        with closing(three.person("cai")) as cai:
            three.bring(cai, "simplex", PUBLIC)
            assert "open bytes" in cai.http.get(f"/user/cai/{PUBLIC}/").text
            assert cai.stop(PUBLIC).status_code in (202, 204)
    finally:
        three.figure.heal(three.figure["prv1"], "inner")


@pytest.mark.parametrize(("dead", "alive"), [("vpn", "public"), ("public", "vpn")])
def test_t23_an_entrance_dies_alone_and_comes_back_with_all_its_routes(three, dead, alive):
    wanted = three.table(dead)
    three.parts[dead].kill()
    with closing(three.person("dan", door=alive)) as dan:
        three.bring(dan, "simplex", PUBLIC)
        assert "open bytes" in dan.http.get(f"/user/dan/{PUBLIC}/").text
        assert three.ask("POST", "/proxy").status_code == 200, "its routes are looked after"
        three.parts[dead].begin()
        until(lambda: three.table(dead) == wanted | {f"/user/dan/{PUBLIC}"}, "all routes are there", LONG)
        assert dan.stop(PUBLIC).status_code in (202, 204)
    until(lambda: three.table(dead) == wanted, "and no more", LONG)


def test_t23_both_entrances_die_and_come_back(three):
    for door in three.doors:
        three.parts[door].kill()
    three.restart_hub_alone()
    for door in three.doors:
        three.parts[door].begin()
    three.wait()


@pytest.mark.parametrize("how", ["stop", "kill"])
@pytest.mark.parametrize("server", [PUBLIC, PRIVATE])
def test_t24_servers_outlive_their_engine(three, how, server):
    node = three.nodes[three.servers("ada")[server]["state"]["backend"]]
    kept = word(three, "ada", server)
    getattr(node, how)()
    assert word(three, "ada", server) == kept, "the server runs on"
    three.start_engine(node)
    until(lambda: word(three, "ada", server) == kept, "the hub reaches it again", LONG)
    assert three.ready("ada", server)


def comes_up(lab, material: str, server: str) -> bool:
    """Whether Ada's server is ready; where it is not, she presses *Open* once more."""
    if not lab.ready("ada", server):
        lab.ada.open(material)
        return False
    return True


@pytest.mark.parametrize("how", ["stop", "kill"])
def test_t24_after_its_engine_s_restart_a_node_starts_servers_with_their_materials(three, how):
    """Of a material that no server has at that moment, as well: its volume is there, and nothing holds it."""
    node, container = three.nodes["prv1"], f"maximalab.{SOLVER}.ada"
    three.bring(three.ada, "solver", SOLVER)
    assert three.ada.stop(SOLVER).status_code in (202, 204)
    until(lambda: container not in three.all_containers(), "the licensed server is gone", LONG)
    getattr(node, how)()
    three.start_engine(node)
    until(lambda: comes_up(three, "solver", SOLVER), "the licensed server starts again", LONG)
    assert "solver" in node.docker("exec", container, "find", "/srv/materials")
    assert three.ada.stop(SOLVER).status_code in (202, 204)


def test_t24_a_container_removed_by_hand_is_told_and_the_next_start_is_clean(three):
    with closing(three.person("eve")) as eve:
        three.bring(eve, "simplex", PUBLIC)
        node = three.nodes[three.servers("eve")[PUBLIC]["state"]["backend"]]
        old = word(three, "eve", PUBLIC)
        node.client.remove_container(f"maximalab.{PUBLIC}.eve", force=True)
        until(lambda: not three.ready("eve", PUBLIC), "it is told as stopped", LONG)
        three.bring(eve, "simplex", PUBLIC)
        until(lambda: "open bytes" in word(three, "eve", PUBLIC), "there is another one", LONG)
        assert word(three, "eve", PUBLIC) != old
        assert eve.stop(PUBLIC).status_code in (202, 204)


CROWD = 50


@pytest.fixture
def narrow(three):
    """Few places, and few who may start at a time."""
    three.change(capacity=3, spawn_limit=4)
    yield three
    three.stop_all(but={f"maximalab.{server}.{name}" for name, server in SERVERS})
    three.change(capacity=20, spawn_limit=100)


def test_t21_a_crowd_beyond_the_limits_is_turned_away_with_a_page(narrow):
    names = narrow.admit_crowd(CROWD)
    until(lambda: all(narrow.ready(*one) for one in SERVERS), "the hub has found its servers", LONG)
    with ExitStack() as stack:
        people = [stack.enter_context(narrow.person(name, at="campus")) for name in names]

        def come(person):
            person.http.timeout = 2 * LONG  # fifty passwords are checked one after the other
            signed_in = person.sign_in()
            if signed_in.status_code != 200:
                return signed_in
            return person.open("simplex")

        with ThreadPoolExecutor(CROWD) as pool:
            answers = list(pool.map(come, people))
    statuses = {answer.status_code for answer in answers}
    assert statuses <= {200, 403, 429, 503}, statuses
    assert all("<html" in answer.text and "Traceback" not in answer.text for answer in answers)
    until(
        lambda: not any(narrow.servers(name).get(PUBLIC, {}).get("pending") for name in names),
        "all is decided",
        LONG,
    )
    ready = {name for name in names if narrow.ready(name, PUBLIC)}
    assert ready, "those who came first have a server"
    until(
        lambda: narrow.people_with_containers(PUBLIC) == ready | {"ada", "bob"}, "nothing half-made is left"
    )
    assert len(ready) + 2 <= 2 * 3, "no place too many"


def test_t21_two_presses_at_once_make_one_container(three):
    with closing(three.person("eve")) as one, closing(three.person("eve", at="campus")) as other:
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda person: person.open("simplex"), (one, other)))
        assert {answer.status_code for answer in answers} <= {200, 400, 409, 429}
        until(lambda: three.ready("eve", PUBLIC), "the server is ready", LONG)
        assert len([name for name in three.all_containers() if name.endswith(f"{PUBLIC}.eve")]) == 1
        assert one.stop(PUBLIC).status_code in (202, 204)


def test_no_word_of_the_private_server_is_on_the_hub_s_disk_or_in_a_log(three):
    told = [path for path in three.folder.rglob("*") if path.is_file() and path.stat().st_size < 10**8]
    assert not [path for path in told if SECRET.encode() in path.read_bytes() and path.name != "given.json"]
