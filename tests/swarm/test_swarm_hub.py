"""A hub that is killed and an engine that goes away, with real kernels in a real Swarm."""

from __future__ import annotations

import httpx
import pytest
import serverimage
from labrun import until
from maximalab_spawner.tiers import Tier
from swarmhub import SwarmHub
from swarmlab import SwarmLab

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
