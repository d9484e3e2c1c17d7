"""A hub that is killed and an engine that goes away, with real kernels in a real Swarm."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from urllib.parse import urlsplit

import httpx
import pytest
import serverimage
from confined import assert_a_neighbour_feels_nothing, assert_confined
from labrun import until
from maximalab_spawner import metering, nodefigures
from maximalab_spawner.seen import LAB, SERVER, USER
from maximalab_spawner.tiers import Tier
from shadows import PLANT
from swarmhub import SwarmHub
from swarmlab import SwarmLab
from swarmmeters import BURN, Meters

pytestmark = [pytest.mark.bed, pytest.mark.docker]

SERVERS = {"public-maxima": "simplex", "private-maxima": "game"}


@pytest.fixture(scope="module")
def hub(swarms, gate, tmp_path_factory):
    """Ada's open and private server run, each with a kernel that remembers something."""
    image = serverimage.build()
    swarms.load(image, "pub2", "prv1")
    swarms.update("pub1", "--label-rm", "tier")
    folder = tmp_path_factory.mktemp("swarmhub")
    lab = SwarmLab(folder, swarms)
    lab.images, lab.limits = {"maxima": image}, dict.fromkeys(Tier, "memory_mb = 512")
    lab.write()
    hub = SwarmHub(folder, lab=lab)
    with gate.inside():
        try:
            hub.prepare()
            hub.start()
            hub.kernels = {name: hub.open_kernel("ada", name, material) for name, material in SERVERS.items()}
            for number, kernel in enumerate(hub.kernels.values()):
                assert kernel.run(f"kept: 41 + {number};").status == "ok"
            yield hub
        finally:
            hub.close()
            lab.clean()
    swarms.whole()


def remembered(hub) -> list[str]:
    return [kernel.run("kept;").text.split()[-1] for kernel in hub.kernels.values()]


def ready_servers(hub) -> set[str]:
    return {server for server in SERVERS if hub.ready("ada", server)}


def all_ready(hub) -> bool:
    return ready_servers(hub) == set(SERVERS)


def test_a_kernel_runs_in_each_tier_s_swarm(hub):
    assert remembered(hub) == ["41", "42"]
    assert hub.kernels["private-maxima"].run("6*7;").text.split()[-1] == "42"
    nodes = {tier: {one.node for one in hub.lab.tasks(tier)} for tier in Tier}
    assert nodes == {
        Tier.PUBLIC: {hub.lab.swarms.id_of("pub2")},
        Tier.PRIVATE: {hub.lab.swarms.id_of("prv1")},
    }
    routes = {name: door.routes()["/user/ada/private-maxima"] for name, door in hub.doors.items()}
    assert str(routes["public"]["target"]).endswith("/hub/vpn-needed")
    assert str(routes["vpn"]["target"]).startswith("http://172.22.2.")


def test_t10_a_killed_hub_finds_services_routes_and_variables_again(hub):
    before = {tier: {one.id for one in hub.lab.tasks(tier)} for tier in Tier}
    hub.kill()
    for server in SERVERS:
        page = httpx.get(f"{hub.doors['vpn'].url}/user/ada/{server}/api", timeout=10)
        assert page.json()["version"], "the proxy goes on serving"
    hub.start()
    until(lambda: all_ready(hub), "both servers are ready")
    until(lambda: "/user/ada/private-maxima" in hub.doors["vpn"].routes(), "the route is there")
    assert {tier: {one.id for one in hub.lab.tasks(tier)} for tier in Tier} == before
    assert remembered(hub) == ["41", "42"]
    assert sorted(one["kind"] for one in hub.told("ada")) == ["server_start"] * 2


def test_t11_hub_restarted_while_the_public_manager_is_away(hub):
    """The public servers run at a worker, and live on; the private tier notices nothing."""
    hub.kill()
    hub.lab.swarms.nodes["pub1"].stop()
    hub.start()
    assert hub.visit("eve", "public").http.get("/hub/home").status_code == 200
    until(lambda: hub.ready("ada", "private-maxima"), "the other tier's server is ready")
    assert hub.servers("ada")["public-maxima"]["pending"] == "check"
    hub.lab.swarms.nodes["pub1"].start()
    until(lambda: all_ready(hub), "the public server is ready again", 120)
    assert remembered(hub) == ["41", "42"]
    assert [one["kind"] for one in hub.told("ada")].count("server_stop") == 0


def tables(hub):
    return {
        (name, spec): route["target"]
        for name, door in hub.doors.items()
        for spec, route in door.routes().items()
    }


def reached(hub, door: str, server: str) -> int:
    return httpx.get(f"{hub.doors[door].url}/user/ada/{server}/api", timeout=30).status_code


@pytest.mark.parametrize(("dead", "alive"), [("vpn", "public"), ("public", "vpn")])
def test_t23_an_entrance_dies_alone_and_comes_back_with_all_its_routes(hub, dead, alive):
    before = tables(hub)
    hub.doors[dead].kill()
    try:
        assert hub.ask("POST", "/proxy", door=alive).status_code == 200, "its routes are looked after"
        assert reached(hub, alive, "public-maxima") == 200
        assert (reached(hub, alive, "private-maxima") == 200) is (alive == "vpn")
    finally:
        hub.doors[dead].open()
    until(lambda: tables(hub) == before, "all routes are back")
    assert remembered(hub) == ["41", "42"]


def test_t23_both_entrances_die_with_the_hub_and_all_come_back(hub):
    before = tables(hub)
    for door in hub.doors.values():
        door.kill()
    hub.kill()
    hub.start()
    assert httpx.get(f"{hub.url}/hub/login", timeout=30).status_code == 200
    for door in hub.doors.values():
        door.open()
    until(lambda: all_ready(hub) and tables(hub) == before, "all servers and routes are there")
    assert remembered(hub) == ["41", "42"]


def test_t13_what_a_student_writes_changes_no_server_and_nothing_of_others_is_there_to_read(hub):
    hub.open_kernel("eve", "public-maxima", "simplex")

    def run(*words: str) -> str:
        return hub.run("pub2", "eve", "public-maxima", *words)

    assert run(*PLANT) == ""
    hub.stop("eve", "public-maxima")
    kernel = hub.open_kernel("eve", "public-maxima", "simplex")
    assert kernel.run("6*7;").text.split()[-1] == "42"
    home = run("ls", "-A", "/home/student")
    assert "jupyterhub.py" in home, "the home is the same"
    assert "taken-over" not in home
    assert run("sh", "-c", "find / -name 'jpserver-*' -not -path '/tmp/*' 2>/dev/null") == ""
    assert run("ls", "/home") == "student\n"
    assert "game" not in run("ls", "/srv/materials").split(), "private material is not of this tier"
    assert "Read-only" in run("touch", "/srv/materials/simplex/mine")
    volumes = [line.split()[1] for line in run("cat", "/proc/mounts").splitlines() if "/home" in line]
    assert volumes == ["/home/student"], "no other home is mounted"


def test_t09_a_kernel_is_confined_interrupted_and_started_again(hub):
    assert_confined(hub.open_kernel("bob", "public-maxima", "simplex"))
    hub.stop("bob", "public-maxima")
    assert all_ready(hub)


def test_t07_what_one_server_does_to_itself_its_neighbour_does_not_feel(hub):
    """Ada's own kernel, beside it at the same node, is the neighbour."""
    if not hub.ready("eve", "public-maxima"):
        hub.open_kernel("eve", "public-maxima", "simplex")
    client = hub.lab.swarms.nodes["pub2"].client
    labels = [f"{LAB}={hub.lab.name}", f"{USER}=eve", f"{SERVER}=public-maxima"]
    (container,) = client.containers(filters={"label": labels})
    assert_a_neighbour_feels_nothing(client, container["Id"], hub.kernels["public-maxima"])
    hub.stop("eve", "public-maxima")
    assert remembered(hub) == ["41", "42"]


FROM_HER_PAGE = {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin", "Sec-Fetch-Dest": "empty"}
OTHERS = [
    ("GET", "/user/eve/public-maxima/api/contents"),
    ("POST", "/user/eve/public-maxima/api/kernels"),
    ("GET", "/user/eve/public-maxima/lab"),
    ("GET", "/hub/api/users/eve"),
    ("GET", "/hub/api/users"),
    ("POST", "/hub/api/users/eve/servers/public-maxima"),
    ("DELETE", "/hub/api/users/eve/servers/public-maxima"),
    ("POST", "/hub/api/users/ada/tokens"),
    ("DELETE", "/hub/api/users/ada/servers/private-maxima"),
]
"""What a page of Ada's server may try with her cookies; the last two are her own, without the hub's token."""


def test_t12_a_page_of_a_student_s_server_gets_nothing_of_others_and_nothing_of_the_hub(hub):
    if not hub.ready("eve", "public-maxima"):
        hub.open_kernel("eve", "public-maxima", "simplex")
    ada = hub.visit("ada")
    ada.http.get("/user/ada/private-maxima/lab")
    ada.http.follow_redirects = False
    page = {"Referer": f"{hub.doors['vpn'].url}/user/ada/private-maxima/lab", "Origin": hub.doors["vpn"].url}
    told = {
        f"{method} {path}": ada.http.request(method, path, headers={**page, **FROM_HER_PAGE})
        for method, path in OTHERS
    }
    statuses = {what: answer.status_code for what, answer in told.items()}
    lab_page = "GET /user/eve/public-maxima/lab"
    assert {what for what, status in statuses.items() if status not in {403, 404}} <= {lab_page}, statuses
    assert not told[lab_page].is_success, "she is sent to ask the hub, which does not let her in"
    ada.http.follow_redirects = True
    assert ada.http.get("/user/eve/public-maxima/lab").status_code in {403, 404}
    assert hub.ready("eve", "public-maxima")
    assert all_ready(hub)


@pytest.mark.parametrize("evil", ["//evil.example", "/\\evil.example", "https://evil.example"])
def test_t12_signing_in_leads_nowhere_else(hub, evil):
    visitor = hub.visit("eve", "public")
    visitor.http.cookies.clear()
    visitor.http.get("/hub/login")
    visitor.http.follow_redirects = False
    form = {"username": "eve", "password": "any", "_xsrf": visitor.xsrf()}
    target = visitor.http.post("/hub/login", params={"next": evil}, data=form).headers["Location"]
    assert urlsplit(target.replace("\\", "/")).netloc == ""


@pytest.mark.parametrize("door", ["public", "vpn"])
def test_t12_a_form_without_its_token_starts_and_stops_nothing(hub, door):
    ada = hub.visit("ada", door)
    hidden = {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Site": "cross-site"}
    for path in ("/hub/spawn/ada/public-octave", "/hub/api/users/ada/servers/public-octave"):
        assert ada.http.post(path, headers=hidden, data={"material": "simplex"}).status_code == 403
    assert "public-octave" not in hub.servers("ada")
    assert all_ready(hub)


WAYS = [
    ("GET", "/users"), ("GET", "/users/eve"), ("POST", "/users/mallory"), ("DELETE", "/users/eve"),
    ("PATCH", "/users/eve"), ("GET", "/users/eve/tokens"), ("POST", "/users/ada/tokens"),
    ("POST", "/users/eve/activity"), ("POST", "/users/eve/servers/public-maxima"),
    ("DELETE", "/users/ada/servers/private-maxima"), ("GET", "/groups"), ("POST", "/groups/study:or/users"),
    ("GET", "/services"), ("GET", "/proxy"), ("POST", "/proxy"), ("POST", "/shutdown"), ("GET", "/info"),
]  # fmt: skip


@pytest.mark.parametrize("tier", Tier)
def test_t22_the_token_that_a_service_carries_opens_no_way_in(hub, tier):
    """Whoever looks at a service reads its environment: what the token there may is all that they get."""
    (service,) = (one for one in hub.lab.services(tier) if one["Spec"]["Labels"][USER] == "ada")
    told = dict(one.split("=", 1) for one in service["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"])
    headers = {"Authorization": f"token {told['JUPYTERHUB_API_TOKEN']}"}
    own = httpx.get(f"{hub.url}/hub/api/user", headers=headers, timeout=30)
    assert own.json()["name"] == "ada"
    assert "admin" not in " ".join(own.json()["scopes"])
    answers = {
        f"{method} {path}": httpx.request(
            method, f"{hub.url}/hub/api{path}", headers=headers, json={}, timeout=30
        )
        for method, path in WAYS
    }
    assert {
        way: one.status_code for way, one in answers.items() if one.status_code not in {400, 403, 404}
    } == {}
    assert all_ready(hub)


def test_t24_a_node_s_engine_is_restarted_its_server_is_shown_as_stopped_and_starts_again(hub):
    hub.lab.swarms.nodes["pub2"].stop()
    hub.lab.swarms.nodes["pub2"].start()
    until(lambda: "public-maxima" not in ready_servers(hub), "the server is shown as stopped", 120)
    (stop,) = (one["detail"] for one in hub.told("ada") if one["kind"] == "server_stop")
    assert stop["how"] == "died"
    assert stop["why"] in {"engine_restarted", "node_away"}
    assert hub.ready("ada", "private-maxima")
    until(lambda: hub.lab.swarms.state("pub2") == "ready", "the node is back", 120)
    kernel = hub.open_kernel("ada", "public-maxima", "simplex")
    assert kernel.run("6*7;").text.split()[-1] == "42"


def shares(hub) -> list[dict]:
    return [fields for kind, fields in hub.lab.told if kind == metering.USE]


def used(hub, tier) -> int:
    return sum(one["detail"]["cpu_ms"] for one in shares(hub) if one["tier"] == tier)


async def polled_until(condition, what: str, *spawners) -> None:
    """Look at servers, as a hub does, until something is so."""
    async with asyncio.timeout(120):
        while not await condition():
            for one in spawners:
                assert await one.poll() is None, what
            await asyncio.sleep(0.3)


async def test_what_servers_use_is_metered_over_a_hub_s_restart_and_a_silent_node(hub, monkeypatch, tmp_path):
    """By the meters of deploy/swarm at a worker and at a manager; the times themselves are tested with the meter."""
    monkeypatch.setattr(metering, "READ_EVERY", timedelta(0))
    monkeypatch.setattr(metering, "TELL_EVERY", timedelta(milliseconds=1))
    monkeypatch.setattr(nodefigures, "LOOK_EVERY", 0.3)
    monkeypatch.setattr(nodefigures, "STALE", 5.0)
    lab, meters = hub.lab, Meters(hub.lab, hub.lab.images["maxima"], tmp_path)
    with meters.up():
        first = {tier: lab.spawner(tier, "mia") for tier in Tier}
        for one in first.values():
            await one.start()

        def burnt(spawners):
            before = {tier: used(hub, tier) for tier in Tier}
            for one in spawners.values():
                assert lab.run(one, "perl", "-e", BURN) == (0, str(64 * 2**20))

            async def seen() -> bool:
                return all(used(hub, tier) >= before[tier] + 300 for tier in Tier)

            return polled_until(seen, "what was burnt is told", *spawners.values())

        await burnt(first)
        before = {tier: used(hub, tier) for tier in Tier}
        after = {tier: lab.again(one) for tier, one in first.items()}
        await burnt(after)
        assert all(used(hub, tier) < before[tier] + 60_000 for tier in Tier), "the counter was not begun anew"
        engine, meter = lab.swarms.nodes["pub2"].client, meters.container("pub2")
        engine.pause(meter)

        async def figures_of(*tiers) -> bool:
            return [tier for tier, one in after.items() if await one.use() is not None] == [*tiers]

        await polled_until(lambda: figures_of(Tier.PRIVATE), "one node is silent", *after.values())
        engine.unpause(meter)
        await polled_until(lambda: figures_of(*Tier), "it is heard again", *after.values())
        for one in after.values():
            await one.stop()
    assert {(one["user"], one["server"], one["backend"]) for one in shares(hub)} == {
        ("mia", f"{tier}-maxima", lab.backend(tier)) for tier in Tier
    }
    assert all_ready(hub)
