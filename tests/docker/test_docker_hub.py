"""A hub that is killed, and an engine that goes away, with real kernels in real containers."""

from __future__ import annotations

import json

import httpx
import pytest
from confined import assert_confined
from dockerhub import make_hub
from maximalab_spawner.tiers import Tier
from shadows import PLANT
from tieredhub import until

pytestmark = pytest.mark.docker

SERVERS = ("public-maxima", "private-maxima")


@pytest.fixture(scope="module")
def lab(server_image, tmp_path_factory):
    """Ada's open and private server run, each with a kernel that remembers something."""
    hub = make_hub(tmp_path_factory.mktemp("dockerhub"))
    hub.line = hub.lab.behind_a_line(Tier.PRIVATE)
    try:
        hub.prepare()
        hub.start()
        rows = zip(SERVERS, ("simplex", "game"), strict=True)
        hub.kernels = {server: hub.open_kernel("ada", server, material) for server, material in rows}
        for number, kernel in enumerate(hub.kernels.values()):
            assert kernel.run(f"kept: 41 + {number};").status == "ok"
        yield hub
    finally:
        hub.close()
        hub.lab.clean()


def remembered(hub) -> list[str]:
    return [kernel.run("kept;").text.split()[-1] for kernel in hub.kernels.values()]


def restart(hub):
    hub.kill()
    hub.start()


def all_ready(hub) -> bool:
    return all(hub.ready("ada", server) for server in SERVERS)


def test_t10_a_killed_hub_finds_containers_routes_and_variables_again(lab):
    before = {one["Id"] for one in lab.lab.containers()}
    lab.kill()
    for server in SERVERS:
        page = httpx.get(f"{lab.doors['vpn'].url}/user/ada/{server}/api", timeout=10)
        assert page.json()["version"], "the proxy goes on serving"
    lab.start()
    until(lambda: all_ready(lab), "both servers are ready")
    until(lambda: "/user/ada/private-maxima" in lab.doors["vpn"].routes(), "the route is back")
    assert {one["Id"] for one in lab.lab.containers()} == before
    assert remembered(lab) == ["41", "42"]
    assert sorted(one["kind"] for one in lab.told("ada")) == ["server_start"] * 2


def test_t11_hub_restarted_while_the_private_engine_is_away(lab):
    lab.kill()
    lab.line.break_off()
    lab.start()
    assert lab.visit("eve", "public").http.get("/hub/home").status_code == 200
    until(lambda: lab.ready("ada", "public-maxima"), "the other tier's server is ready")
    assert lab.servers("ada")["private-maxima"]["pending"] == "check"
    lab.line.heal()
    until(lambda: all_ready(lab), "the private server is ready again")
    assert remembered(lab) == ["41", "42"]
    assert [one["kind"] for one in lab.told("ada")].count("server_stop") == 0


SPOOLED = """
import json, sqlite3
spool = sqlite3.connect("file:/srv/spool/events.sqlite?mode=ro", uri=True)
print(json.dumps([json.loads(payload)["kind"] for payload, in spool.execute("SELECT payload FROM event")]))
"""


def test_a_run_that_cannot_be_delivered_yet_is_kept_outside_the_home(lab):
    assert lab.kernels["public-maxima"].run("6*7;").status == "ok"
    container = f"{lab.lab.name}.public-maxima.ada"

    def kinds() -> list[str]:
        made = lab.lab.engine.exec_create(container, ["python3", "-c", SPOOLED])
        return json.loads(lab.lab.engine.exec_start(made["Id"]))

    until(lambda: "run" in kinds(), "the run is in the spool")


def test_t13_what_a_student_writes_changes_no_server(lab):
    lab.open_kernel("eve", "public-maxima", "simplex")
    container = f"{lab.lab.name}.public-maxima.eve"

    def run(*words: str) -> str:
        made = lab.lab.engine.exec_create(container, list(words))
        return lab.lab.engine.exec_start(made["Id"]).decode()

    assert run(*PLANT) == ""
    lab.stop("eve", "public-maxima")
    kernel = lab.open_kernel("eve", "public-maxima", "simplex")
    assert kernel.run("6*7;").text.split()[-1] == "42"
    assert "jupyterhub.py" in run("ls", "/home/student"), "the home is the same"
    assert "taken-over" not in run("ls", "/home/student")
    assert run("sh", "-c", "find / -name 'jpserver-*' -not -path '/tmp/*' 2>/dev/null") == ""


def test_t09_a_kernel_is_confined_interrupted_and_started_again(lab):
    assert_confined(lab.kernels["public-maxima"])
    assert lab.ready("ada", "public-maxima")
