"""deploy/swarm from a clean folder: one command, and what docs/deploy.md says of the lab that is then there."""

from __future__ import annotations

import json
import os
import signal
import ssl

import httpx
import labimages
import pytest
from bed.forging import SPELLINGS, forged
from bed.people import greeting, raw
from bed.reaching import reached, within
from deployed import DOOR, PASSWORD
from floors import VERSIONS, below_the_floor, floors
from givenaway import PAGES, given_away
from labclient import NotebookKernel, Visitor, wait_for
from managerasked import asked_of_the_manager
from maximalab_spawner.tiers import Tier
from publishing import Author, material
from swarmstack import GATE_PORT, PARTS, PORT, StackLab
from tokentable import MAY, SERVICES, scopes_of, ways

pytestmark = [pytest.mark.bed, pytest.mark.docker]


@pytest.fixture(scope="module")
def lab(swarms, tmp_path_factory):
    """The lab, with Ada at home and in the VPN, and a notebook open on each tier; the test is at her computer."""
    labimages.build()
    folder = tmp_path_factory.mktemp("stack")
    for one in (folder, *folder.parents[:3]):
        one.chmod(one.stat().st_mode | 0o055)  # as /srv is
    home = swarms.spaces.machine("home")
    swarms.spaces.join(home, "lan", "172.28.85.31/24")
    lab = StackLab(folder, swarms)
    lab.home = home
    swarms.update("pub1", "--label-rm", "tier")
    try:
        lab.bring_images()
        lab.known_to_the_public_manager()
        lab.said = lab.first_up()
        lab.run("lab", "materials", "publish", "notebooks/simplex", "notebooks/matrix-game")
        lab.account("ada", "--group", "study:operations-research")
        lab.run("lab", "vpn", "enrol", "ada", "Laptop", "--out", "/out/ada.conf")
        lab.join_vpn(home, (folder / "out/ada.conf").read_text())
        with home.inside():
            lab.ada = lab.visit("ada")
            lab.ada.open_and_wait("simplex", "public-maxima", seconds=180)
            lab.kernel = NotebookKernel(lab.ada, "public-maxima", "simplex/simplex.en.ipynb")
            inside = wait_for(
                lambda: lab.visit("ada", "http://172.20.0.1"), seconds=120, why="the VPN answers"
            )
            inside.open_and_wait("matrix-game", "private-maxima", seconds=180)
            lab.inside = inside
            lab.private_kernel = NotebookKernel(inside, "private-maxima", "matrix-game/matrix-game.en.ipynb")
            yield lab
    except AssertionError as error:
        raise AssertionError(f"{error}{lab.logs()}") from error
    finally:
        lab.clean()
        swarms.whole()


def node_of(lab, tier: Tier) -> str:
    client = lab.swarms.nodes[{Tier.PUBLIC: "pub1", Tier.PRIVATE: "prv1"}[tier]].client
    (service,) = lab.servers(tier)
    (task,) = client.tasks(filters={"service": service["ID"], "desired-state": "running"})
    return client.inspect_node(task["NodeID"])["Description"]["Hostname"]


def test_one_command_brings_up_a_lab_whose_servers_are_in_two_swarms(lab):
    assert f"The lab answers at {lab.url}" in lab.said
    assert "The lab answers at http://172.20.0.1" in lab.said
    assert lab.kernel.run("kept: 6*7;").text.split()[-1] == "42"
    assert lab.private_kernel.run("2^10;").text.split()[-1] == "1024"
    assert {tier: node_of(lab, tier) for tier in Tier} == {Tier.PUBLIC: "pub2", Tier.PRIVATE: "prv1"}
    question = "SELECT count(*) FROM event WHERE kind = 'run' AND tier = '{}' AND entrance = '{}'"
    for tier, entrance in (("public", "public"), ("private", "vpn")):
        asked = question.format(tier, entrance)
        wait_for(
            lambda one=asked: int(lab.sql("maximalab_usage", one)) >= 1,
            seconds=60,
            why=f"the {tier} run is stored",
        )
    assert lab.sql("maximalab_hub", "SELECT name FROM users WHERE name = 'ada'") == "ada"


def test_private_material_opens_in_the_vpn_alone_and_the_public_entrance_has_no_wire_to_it(lab):
    refused = lab.ada.open("matrix-game")
    assert (refused.status_code, "VPN" in refused.text) == (403, True)
    assert "version" not in lab.ada.http.get("/user/ada/private-maxima/api").text
    assert f"maximalab-{lab.name}-private" not in lab.container("public")["NetworkSettings"]["Networks"]


INSIDE = "172.20.0.1"
PATH = "/user/ada/private-maxima/"


def refused(answer: httpx.Response) -> bool:
    """Say whether an answer is the page about the VPN, and nothing of the server's."""
    return answer.status_code == 403 and "VPN" in answer.text and '"version"' not in answer.text


def test_t01_the_private_server_is_not_at_the_public_entrance(lab):
    assert "version" in lab.inside.http.get(f"{PATH}api").json(), "it is there, and the VPN leads to it"
    for path in (PATH, f"{PATH}api", f"{PATH}lab/tree/a?b=c", PATH.rstrip("/")):
        assert refused(lab.ada.http.get(path)), path
    cookies = "; ".join(f"{one.name}={one.value}" for one in lab.ada.http.cookies.jar)
    channels = f"{lab.url}{PATH}api/kernels/{lab.private_kernel.kernel_id}/channels"
    assert greeting(lab.home, channels, {"Cookie": cookies, "Origin": lab.url}) == "403"


@pytest.mark.parametrize("headers", forged(INSIDE, "172.20.0.2"), ids=lambda one: next(iter(one)))
def test_t02_no_header_changes_that(lab, headers):
    assert refused(lab.ada.http.get(f"{PATH}api", headers=headers))


@pytest.mark.parametrize("host", [INSIDE, f"{INSIDE}.", "172.25.8.2:8888"])
def test_t03_no_spelling_does(lab, host):
    for path in SPELLINGS:
        request = f"GET {path}api HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
        answer = raw(lab.home, lab.address, PORT, request.encode())
        assert answer.startswith(b"HTTP/1.1 "), path
        assert b'"version"' not in answer, path


@pytest.fixture
def walls(lab):
    """Each machine with the firewall that docs/deploy.md says, by the scripts that deploy/firewall prints."""
    pub1, pub2 = (lab.swarms.address(name) for name in ("pub1", "pub2"))
    rows = [
        ("prv1", "private-node", f"{lab.name}-private", "--nodes", lab.address, "--chains", "PRIVATE"),
        ("prv1", "hub-node", "--let-in", f"{pub1},{pub2}"),
        *(
            (name, "public-node", f"{lab.name}-public", "--nodes", f"{pub1},{pub2}")
            for name in ("pub1", "pub2")
        ),
    ]
    scripts = [(name, lab.run("../firewall", *words)) for name, *words in rows]
    for name, script in scripts:
        lab.swarms.nodes[name].machine.run("sh", "-s", "up", input=script)
    yield
    for name, script in scripts:
        lab.swarms.nodes[name].machine.run("sh", "-s", "down", input=script)


def test_t04_from_public_nodes_and_servers_nothing_inside_is_reached(lab, walls):
    """Nor does anybody at home reach what is the nodes' own, and the lab goes on."""
    networks = lab.container("vpn")["NetworkSettings"]["Networks"]
    (student,) = (one for one in lab.node.client.containers() if "private-maxima-ada" in one["Names"][0])
    overlay = f"maximalab-{lab.name}-private"
    goals = {
        "private manager": (lab.address, 2377),
        "private student": (
            student["NetworkSettings"]["Networks"][overlay]["IPAMConfig"]["IPv4Address"],
            8888,
        ),
        "VPN entrance": (INSIDE, 80),
        "VPN entrance in its overlay": (networks[overlay]["IPAMConfig"]["IPv4Address"], 80),
        "database": (lab.address, 5432),
        "hub": (lab.address, 8081),
        "public manager": (lab.swarms.address("pub1"), 2376),
        "a node's Swarm port": (lab.swarms.address("pub2"), 7946),
    }
    doors = {"public entrance": (lab.address, PORT), "gate": (lab.address, GATE_PORT)}
    own = {"public manager", "a node's Swarm port"}
    machines = {name: lab.swarms.nodes[name].machine.inside for name in ("pub1", "pub2")} | {
        "home": lab.home.inside
    }
    found = {name: reached({**goals, **doors}, inside) for name, inside in machines.items()}
    assert found["home"] == {"public entrance", "VPN entrance"}
    assert found["pub1"] - own == found["pub2"] - own == {"public entrance", "gate"}
    container = f"{lab.name}-public"
    (server,) = (one for one in lab.swarms.nodes["pub2"].client.containers() if container in one["Names"][0])
    assert reached({**goals, **doors}, lambda: within(lab.swarms.nodes["pub2"], server["Id"])) == {"gate"}
    lab.assert_no_kernel_was_lost()


def test_t05_a_student_s_walk_finds_no_address_and_nobody_else(lab):
    lab.account("eve", "--group", "study:operations-research")
    eve, told = lab.visit("eve"), frozenset({lab.address, INSIDE})
    answers = {path: eve.http.get(path) for path in PAGES}
    assert "eve" in answers["/hub/lab"].text, "it is a walk of somebody signed in"
    found = {path: given_away(path, one.text + str(one.headers), told) for path, one in answers.items()}
    assert {path: names for path, names in found.items() if names} == {}
    assert [path for path, one in answers.items() if one.status_code == 500] == []


@pytest.mark.parametrize("access", ["open", "private"])
def test_a_teacher_publishes_on_the_page_and_it_lies_on_its_tier_alone(lab, access):
    """What is private comes in at the VPN entrance and nowhere else, here in two versions."""
    lab.account("tom", "--group", "teach:operations-research")
    name, tier, words = f"fresh-{access}", {"open": "public"}.get(access, access), f"canary-{access}-8d21"
    if access == "private":
        outside = Author(lab.visit("tom").http).send(material(name, access=access, text=words))
        assert (outside.status_code, "upload" in outside.text) == (403, False)
    teacher = Author(lab.visit("tom", f"http://{INSIDE}" if access == "private" else lab.url).http)
    versions = (1, 2) if access == "private" else (1,)
    for version in versions:
        answer = teacher.publish(material(name, access=access, version=version, text=words))
        assert answer.status_code == 200, answer.text[-1500:]
    store = lab.folder / "materials"
    holding = [str(one.relative_to(lab.folder)) for one in lab.folder.rglob(f"{name}.ipynb")]
    assert sorted(holding) == [f"materials/{tier}/{name}/{version}/{name}.ipynb" for version in versions]
    assert words in (store / tier / name / str(versions[-1]) / f"{name}.ipynb").read_text()
    if access == "private":
        for mount in lab.container("hub")["Mounts"]:
            assert "materials" not in mount["Destination"]
        assert words not in lab.logs()
        # Not Ada: her server has what there was at its start.
        lab.account("zoe", "--group", "study:operations-research")
        lab.visit("zoe", f"http://{INSIDE}").open_and_wait(name, "private-maxima", seconds=300)
    else:
        lab.ada.open_and_wait(name, "public-maxima", seconds=180)


def test_nothing_in_the_hub_s_image_is_below_its_security_floor(lab):
    there = json.loads(lab.exec("hub", "python3", "-c", VERSIONS))
    assert {"jupyterhub", "oauthenticator", "pyjwt", "tornado"} <= there.keys() & floors().keys()
    assert below_the_floor(there) == {}


def test_typed_again_it_makes_no_key_anew_and_restarts_nothing(lab):
    def state():
        keys = {path.name: path.read_text() for path in (lab.folder / "secrets").iterdir()}
        return keys, [lab.container(service)["Id"] for service in PARTS]

    before = state()
    lab.run("up")
    assert state() == before
    printed = lab.run("up", "--print")
    assert "dnsrr" in printed
    assert state() == before


def test_what_keeps_something_runs_where_it_lies_and_no_service_has_more_rights_than_its_work_needs(lab):
    for service in PARTS:
        spec = lab.service(service)["Spec"]
        task = spec["TaskTemplate"]
        assert task["Placement"]["Constraints"] == [f"node.labels.maximalab.lab=={lab.name}"], service
        assert spec["EndpointSpec"]["Mode"] == "dnsrr", service
        container = lab.container(service)
        host = container["HostConfig"]
        assert host["CapDrop"] == ["ALL"], service
        more = [one.removeprefix("CAP_") for one in host["CapAdd"] or []]
        assert more == (["NET_ADMIN"] if service == "gateway" else []), service
        assert host["ReadonlyRootfs"], service
        assert not host["Privileged"], service
        assert container["Config"]["User"].partition(":")[0] == ("0" if service == "gateway" else "950"), (
            service
        )
        sockets = [one for one in container["Mounts"] if one["Destination"] == "/run/docker.sock"]
        assert bool(sockets) is (service == "engine"), service


METERED = """
import asyncio, json
from pathlib import Path
from maximalab_spawner.backends import read_backends
from maximalab_spawner.engine import Engines
from maximalab_spawner.nodefigures import Figures
from maximalab_spawner.services import Services
from maximalab_spawner.servicespec import object_name

async def use(backend, lab):
    engine = Engines().of(backend.site.engine)
    seen = await Services(engine, lab, backend.site.net).find(object_name(lab, f"{backend.tier}-maxima", "ada"))
    return await Figures().of(engine, lab).use(seen.node, seen.container)

backends = read_backends(Path("/srv/maximalab/lab/backends.toml"))
print(json.dumps({one.tier: asyncio.run(use(one, "LAB")) for one in backends}))
"""


def test_the_hub_reads_what_servers_of_both_tiers_use_and_the_doctor_sees_their_meters(lab):
    """Through its relay at the one manager, by TLS at the other."""
    asked = METERED.replace("LAB", lab.name)
    found = {}

    def heard() -> bool:
        found.update(json.loads(lab.exec("hub", "python3", "-c", asked)))
        return all(found[tier] for tier in Tier)

    wait_for(heard, seconds=90, why="figures of both tiers come")
    for tier, (cpu_ms, memory) in found.items():
        assert cpu_ms > 100, tier
        assert memory > 20 * 2**20, tier
    looked = lab.exec(
        "hub", "python3", "-m", "maximalab_spawner.enginecheck", "/srv/maximalab/lab/backends.toml"
    )
    assert "no meter runs" not in looked


def test_a_meter_has_no_way_to_the_engine_and_none_out(lab):
    for node in ("pub2", "prv1"):
        client = lab.swarms.nodes[node].client
        (there,) = client.containers(filters={"label": f"com.docker.swarm.service.name={lab.name}_meter"})
        told = client.inspect_container(there["Id"])
        assert [one["Source"] for one in told["Mounts"] if one["Type"] == "bind" and one["RW"]] == [], node
        assert {one["Destination"] for one in told["Mounts"]} <= {"/control-groups", "/meter.py"}, node
        assert (told["Config"]["User"], told["HostConfig"]["CapDrop"]) == ("950:950", ["ALL"]), node
        assert set(told["NetworkSettings"]["Networks"]) == {f"{lab.name}_nowhere"}, node
        assert not {name for name in told["Config"]["Env"] if "TOKEN" in name.upper()}, node


def test_no_key_is_in_what_docker_shows_or_keeps(lab):
    keys = {
        word
        for path in (lab.folder / "secrets").iterdir()
        if path.name not in {"gateway_public_key", "engine_ca", "engine_cert"}
        for word in (path.read_text().strip().split(":")[-1].splitlines()[-2:][0],)
    }
    keys.add(PASSWORD)
    assert len(keys) >= 11
    shown = lab.shown()
    assert [key[:4] for key in keys if key in shown] == []
    public = lab.swarms.nodes["pub1"].client
    assert public.secrets() == [], "no key of the lab is in the public Swarm"


@pytest.mark.parametrize("name", MAY)
def test_t22_a_token_has_the_scopes_of_the_table_and_every_way_in_is_refused(lab, name):
    if name == "server":
        (service,) = lab.servers(Tier.PUBLIC)
        env = service["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"]
        token = dict(one.split("=", 1) for one in env)["JUPYTERHUB_API_TOKEN"]
    else:
        token = (lab.folder / "secrets" / SERVICES[name]).read_text().strip()
    headers = {"Authorization": f"token {token}"}
    with httpx.Client(base_url=f"{lab.url}/hub/api", headers=headers, timeout=60, trust_env=False) as asker:
        told = asker.get("/user").json()
        assert scopes_of(told) == MAY[name]
        answers = {
            f"{method} {path}": asker.request(method, path, json={}).status_code
            for method, path in ways("tom")
        }
    assert {way: status for way, status in answers.items() if status not in {400, 403, 404}} == {}


def test_the_hub_gets_no_more_of_the_manager_than_its_servers_need(lab):
    rows = asked_of_the_manager(lab)
    asked = json.dumps([row[:3] for row in rows])
    said = [int(word) for word in lab.exec("hub", "python3", "-c", DOOR, input=asked).split()]
    wrong = [
        (row[:2], str(row[2])[-300:], status)
        for row, status in zip(rows, said, strict=True)
        if (status != 403) is not row[3] or status >= 500 or (row[3] and status >= 400)
    ]
    assert wrong == []


def test_all_services_are_killed_at_once_and_come_back_alone_with_no_kernel_lost(lab):
    before = {service: lab.container(service) for service in PARTS}
    for container in before.values():
        os.kill(container["State"]["Pid"], signal.SIGKILL)

    def back(service) -> bool:
        now = lab.container(service)
        return (
            bool(now) and now["Id"] != before[service]["Id"] and now["State"]["Health"]["Status"] == "healthy"
        )

    for service in PARTS:
        wait_for(lambda one=service: back(one), seconds=300, why=f"{service} is back and well")
    lab.assert_no_kernel_was_lost()


def test_with_certificates_both_entrances_speak_tls_and_the_hub_knows(lab):
    """The commands of docs/deploy.md; this test is the last, as the entrances are others from then on."""
    authority = lab.swarms.authority
    public, inside = (
        authority.issue(name, at) for name, at in (("entrance", lab.address), ("inside", INSIDE))
    )
    lab.run("certificate", "--host", lab.address, *map(str, public))
    lab.run("certificate", "--vpn", "--host", INSIDE, *map(str, inside))
    said = lab.first_up("--vpn-host", INSIDE)
    url, context = lab.url.replace("http:", "https:"), ssl.create_default_context(cafile=authority.ca)
    assert f"The lab answers at {url}" in said
    assert f"The lab answers at https://{INSIDE}" in said
    with httpx.Client(verify=context, trust_env=False, timeout=30) as asker:
        for place, entrance in ((lab.address, url), (INSIDE, f"https://{INSIDE}")):
            wait_for(
                lambda at=entrance: asker.get(f"{at}/hub/health").status_code == 200,
                seconds=180,
                why=f"{entrance} answers by TLS",
            )
            plain = asker.get(f"http://{place}/hub/login")
            assert (plain.status_code, plain.headers["Location"]) == (308, f"{entrance}/hub/login")
    ada = Visitor(url, "ada", PASSWORD, trust=context)
    assert ada.sign_in().status_code == 200
    refusal = ada.open("matrix-game")
    assert (refusal.status_code, f"https://{INSIDE}" in refusal.text) == (403, True)
    within_vpn = Visitor(f"https://{INSIDE}", "ada", PASSWORD, trust=context)
    assert within_vpn.sign_in().status_code == 200
    assert "version" in within_vpn.http.get(f"{PATH}api").json()
    for _, file in (public, inside):
        assert file.read_text().splitlines()[1] not in lab.shown()
