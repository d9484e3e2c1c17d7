"""deploy/compose from a clean folder: one command, and what docs/admins.md says of the lab that is then there."""

from __future__ import annotations

import json
import os
import signal
import uuid

import composelife as life
import httpx
import pytest
from composelab import SERVICES, ComposeLab, docker
from deployed import DOOR, PASSWORD
from enginequestions import asked_of_the_engine
from floors import VERSIONS, below_the_floor, floors
from labclient import NotebookKernel, Visitor, wait_for
from labimages import build, tag
from publishing import Author, material

pytestmark = [pytest.mark.docker, pytest.mark.compose]

RELAY = """
import asyncio, sys
async def pour(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
    writer.close()
async def join(reader, writer):
    far = await asyncio.open_connection(sys.argv[1], 80)
    await asyncio.gather(pour(reader, far[1]), pour(far[0], writer), return_exceptions=True)
async def main():
    async with await asyncio.start_server(join, "0.0.0.0", 8000) as server:
        await server.serve_forever()
asyncio.run(main())
"""
"""Runs on the person's device: what the test says to it goes into the VPN."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """The lab, with a student and materials of both tiers, and an open notebook that remembers a word."""
    build()
    folder = tmp_path_factory.mktemp("compose")
    for one in (folder, *folder.parents[:3]):
        one.chmod(one.stat().st_mode | 0o055)  # as /srv is
    lab = ComposeLab(folder)
    try:
        lab.said = lab.first_up()
        lab.run("lab", "materials", "publish", "notebooks/simplex", "notebooks/matrix-game")
        lab.account("ada", "--group", "study:operations-research")
        lab.ada = lab.visit("ada")
        lab.ada.open_and_wait("simplex", "public-maxima", seconds=180)
        lab.kernel = NotebookKernel(lab.ada, "public-maxima", "simplex/simplex.en.ipynb")
        assert lab.kernel.run("kept: 6*7;").text.split()[-1] == "42"
        yield lab
    except AssertionError as error:
        raise AssertionError(f"{error}{lab.logs()}") from error
    finally:
        lab.clean()
        life.forget_newer_images()


@pytest.fixture(scope="module")
def device(lab):
    """Ada's computer, outside of all the lab's networks, with the file that the lab gave her; in the VPN."""
    lab.run("lab", "vpn", "enrol", "ada", "Laptop", "--out", "/out/ada.conf")
    given = (lab.folder / "out/ada.conf").read_text()
    endpoint = f"{lab.block}.3.1:51820"
    assert f"Endpoint = {lab.loopback}:51820" in given
    told = dict(line.split(" = ", 1) for line in given.splitlines() if " = " in line)
    plain = "\n".join(line for line in given.splitlines() if not line.startswith(("Address", "DNS")))
    image = lab.inspect(lab.container("gateway"))["Config"]["Image"]
    name = f"{lab.name}-device"
    words = ("--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "--device", "/dev/net/tun", "--tmpfs", "/run")
    docker("run", "-d", "--name", name, "--user", "0:0", *words, image, "sleep", "infinity")
    try:
        script = (
            "ip link add wg0 type wireguard 2>/dev/null || wireguard-go wg0 >/dev/null 2>&1; set -e\n"
            f"cat >/run/conf <<'CONF'\n{plain.replace(told['Endpoint'], endpoint)}\nCONF\nwg setconf wg0 /run/conf\n"
            f"ip address add {told['Address']} dev wg0\nip link set wg0 mtu 1420 up\n"
            f"ip route add {told['AllowedIPs']} dev wg0\n"
        )
        docker("exec", "-i", name, "sh", "-s", input=script)
        lab.know_gateway = lambda key: docker("exec", name, "sh", "-c", life.peer(told, key, endpoint))
        docker("exec", "-d", name, "python3", "-c", RELAY, told["AllowedIPs"].partition("/")[0])
        address = lab.inspect(name)["NetworkSettings"]["IPAddress"]
        yield f"http://{address}:8000"
    finally:
        docker("rm", "-f", name)


@pytest.fixture(scope="module")
def private(lab, device):
    """Ada's server on the private tier, opened from her device; its container."""
    there = wait_for(lambda: lab.visit("ada", device), seconds=60, why="the VPN entrance answers the device")
    there.open_and_wait("matrix-game", "private-maxima", seconds=180)
    lab.private_kernel = NotebookKernel(there, "private-maxima", "matrix-game/matrix-game.en.ipynb")
    return f"{lab.name}.private-maxima.ada"


def test_the_command_says_where_the_lab_is_and_what_comes_next(lab):
    assert f"The lab answers at {lab.url}" in lab.said
    assert f"The lab answers at http://{lab.block}.1.3" in lab.said
    assert "accounts add NAME --admin" in lab.said


def test_typed_again_it_makes_no_key_anew_and_restarts_nothing(lab):
    def state():
        keys = {path.name: path.read_text() for path in (lab.folder / "secrets").iterdir()}
        return keys, [lab.inspect(lab.container(service))["Id"] for service in SERVICES]

    before = state()
    lab.up()
    assert state() == before


def test_a_run_is_an_event_in_postgresql_and_the_hub_has_its_own_database(lab):
    question = "SELECT count(*) FROM event WHERE kind = 'run' AND tier = 'public' AND entrance = 'public'"
    wait_for(
        lambda: int(lab.sql("maximalab_usage", question)) >= 1, seconds=60, why="the run is in the store"
    )
    assert lab.sql("maximalab_hub", "SELECT name FROM users WHERE name = 'ada'") == "ada"
    owners = "SELECT datname || ' ' || pg_get_userbyid(datdba) FROM pg_database WHERE datname LIKE 'maxima%' ORDER BY 1"
    assert lab.sql("postgres", owners).splitlines() == ["maximalab_hub hub", "maximalab_usage usage"]
    assert not list((lab.folder / "lab").glob("*sage*.sqlite")) + list(
        (lab.folder / "lab").glob("hub.sqlite")
    )


def test_private_material_opens_in_the_vpn_and_nowhere_else(lab, private):
    assert lab.private_kernel.run("2^10;").text.split()[-1] == "1024"
    refused = lab.ada.open("matrix-game")
    assert (refused.status_code, "VPN" in refused.text) == (403, True)
    gate = lab.ada.http.get("/user/ada/private-maxima/api")
    assert "version" not in gate.text
    networks = lab.inspect(lab.container("public"))["NetworkSettings"]["Networks"]
    assert f"maximalab-{lab.name}-private" not in networks, "there is not even a wire"


def test_the_gateway_has_shaken_hands(lab, private):
    said = docker("exec", lab.container("gateway"), "wg", "show", "wg0", "latest-handshakes")
    assert int(said.split()[1]) > 0


TRY = """
import json, socket, sys
found = {}
for host, port in json.loads(sys.argv[1]):
    try:
        socket.create_connection((host, port), 2).close()
        found[f"{host}:{port}"] = True
    except OSError:
        found[f"{host}:{port}"] = False
print(json.dumps(found))
"""


@pytest.mark.parametrize(("server", "third"), [("public-maxima", 4), ("private-maxima", 8)])
def test_a_server_reaches_the_gate_and_nothing_else(lab, private, server, third):
    """Neither another machine (here a container that is no part of the lab) nor the engine's own."""
    outside = lab.inspect(f"{lab.name}-device")["NetworkSettings"]
    net = f"{lab.block}.{third}"
    gate = (f"{net}.5", 8081)
    closed = [
        (f"{net}.2", 8081),  # the hub itself
        *((f"{net}.{door}", port) for door in (3, 4) for port in (80, 8001)),
        *(
            (f"{lab.block}.0.{one}", port)
            for one, port in ((2, 8081), (3, 8003), (4, 8001), (5, 8001), (7, 8081))
        ),
        (f"{lab.block}.1.3", 80),
        (
            lab.inspect(lab.container("db"))["NetworkSettings"]["Networks"][f"{lab.name}_data"]["IPAddress"],
            5432,
        ),
        (outside["IPAddress"], 8000),
        (f"{net}.1", 22),
        (f"{net}.1", 8480),
    ]
    container = f"{lab.name}.{server}.ada"
    found = json.loads(lab.python(container, TRY, json.dumps([gate, *closed])))
    assert found.pop(f"{gate[0]}:{gate[1]}")
    assert not any(found.values()), found


ASK = """
import json, sys, urllib.request, urllib.error
for path in json.loads(sys.argv[2]):
    request = urllib.request.Request(sys.argv[1] + path, headers={"X-MaximaLab-Entrance": "vpn"})
    try:
        print(urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10).status)
    except urllib.error.HTTPError as error:
        print(error.code)
"""


def test_the_gate_lets_the_hub_s_api_and_events_through_and_no_page(lab):
    paths = [
        "/hub/api/",
        "/hub/api/user",
        "/hub/login",
        "/hub/api/../login",
        "/hub/api/%2e%2e/login",
        "/services/usage/",
    ]
    said = lab.python(f"{lab.name}.public-maxima.ada", ASK, f"http://{lab.block}.4.5:8081", json.dumps(paths))
    assert said.split() == ["200", "403", "404", "404", "404", "404"]


def test_the_hub_gets_no_more_of_the_engine_than_its_servers_need(lab):
    rows = asked_of_the_engine(lab)
    asked = json.dumps([row[:3] for row in rows])
    said = [int(word) for word in lab.exec("hub", "python3", "-c", DOOR, input=asked).split()]
    wrong = [
        (row[:2], str(row[2])[:300], status)
        for row, status in zip(rows, said, strict=True)
        if (status != 403) is not row[3] or status >= 500
    ]
    docker("volume", "rm", f"{lab.name}.x.y")
    assert wrong == []


@pytest.mark.parametrize(("access", "tier"), [("open", "public"), ("private", "private")])
def test_a_teacher_publishes_on_the_page_and_the_hub_needs_no_store_for_it(lab, device, access, tier):
    lab.account("tom", "--group", "teach:operations-research")
    teacher = Author(lab.visit("tom", lab.url if access == "open" else device).http)
    answer = teacher.publish(material(f"fresh-{access}", access=access))
    assert answer.status_code == 200, answer.text[-1500:]
    assert (lab.folder / "materials" / tier / f"fresh-{access}" / "1" / "material.toml").is_file()
    assert not any("materials" in one["Destination"] for one in lab.inspect(lab.container("hub"))["Mounts"])


def test_no_service_has_more_rights_than_its_work_needs(lab):
    more = {"gateway": ["NET_ADMIN"], "firewall": ["NET_ADMIN", "NET_RAW"]}
    for service in SERVICES:
        seen = lab.inspect(lab.container(service))
        host = seen["HostConfig"]
        assert host["CapDrop"] == ["ALL"], service
        assert [one.removeprefix("CAP_") for one in host["CapAdd"] or []] == more.get(service, []), service
        assert "no-new-privileges:true" in host["SecurityOpt"], service
        assert host["ReadonlyRootfs"], service
        assert not host["Privileged"], service
        assert seen["Config"]["User"] == ("0:0" if service in more else "950:950"), service
        sockets = [one for one in seen["Mounts"] if one["Source"].endswith("/docker.sock")]
        assert bool(sockets) is (service == "engine"), service


def test_no_key_is_in_what_docker_shows_or_keeps(lab, private):
    keys = {
        word
        for path in (lab.folder / "secrets").iterdir()
        if path.name != "gateway_public_key"
        for word in path.read_text().strip().split(":")[-1:]
    }
    keys.add(PASSWORD)
    assert len(keys) >= 10
    shown = (lab.folder / ".env").read_text() + lab.run("compose", "config")
    for service in SERVICES:
        container = lab.container(service)
        seen = docker("inspect", container)
        shown += seen + docker("history", "--no-trunc", json.loads(seen)[0]["Image"])
        shown += docker("top", container, "-o", "pid,args")
    shown += lab.run("compose", "logs", "--no-color")
    assert [key[:4] for key in keys if key in shown] == []
    for path in (lab.folder / "secrets").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def test_nothing_in_the_hub_s_image_is_below_its_security_floor(lab):
    there = json.loads(lab.exec("hub", "python3", "-c", VERSIONS))
    assert {"jupyterhub", "oauthenticator", "pyjwt", "tornado"} <= there.keys() & floors().keys()
    assert below_the_floor(there) == {}


def test_each_service_that_is_killed_comes_back_alone_and_takes_no_kernel_with_it(lab, private):
    def look(service):
        return lab.inspect(lab.container(service))

    before = {service: look(service)["State"]["StartedAt"] for service in SERVICES}
    for service in SERVICES:
        os.kill(look(service)["State"]["Pid"], signal.SIGKILL)

    def back(service) -> bool:
        state = look(service)["State"]
        return state["StartedAt"] != before[service] and state["Health"]["Status"] == "healthy"

    for service in SERVICES:
        wait_for(lambda one=service: back(one), seconds=240, why=f"{service} is back and well")
    lab.assert_no_kernel_was_lost()


if os.environ.get(
    "MAXIMALAB_TEST_LIFE"
):  # minutes on a busy machine, so only where somebody asks for it (CONTRIBUTING.md)

    def test_every_key_made_anew_counts_and_the_old_one_no_more_and_no_kernel_is_lost(lab, private):
        old = life.keys(lab)
        assert life.let_in(lab, old) == ["200"] * 4 + ["in"] * 2
        lab.run("rotate", "all", "gateway_key")
        new = life.keys(lab)
        assert {name for name in old if old[name] == new[name]} == {"pseudonym_key"}
        assert life.let_in(lab, new) == ["200"] * 4 + ["in"] * 2
        assert life.let_in(lab, old) == ["403"] * 4 + ["out"] * 2
        lab.know_gateway(new["gateway_public_key"])
        lab.assert_no_kernel_was_lost()
        assert "pseudonym" in life.refused(lab, "rotate", "pseudonym_key")
        assert new == life.keys(lab)

    def test_a_newer_version_comes_up_and_goes_back_and_no_kernel_is_lost(lab, private):
        docker("exec", f"{lab.name}.public-maxima.ada", "sh", "-c", "echo work >/home/student/work")
        newer, copies = life.newer_images(lab), str(lab.folder.parent / "copies")
        question = "SELECT version_num FROM maximalab_alembic_version"
        head = lab.sql("maximalab_usage", question)
        said = lab.run("upgrade", copies, env={**lab.env, "TAG": newer})
        assert "run on as they were, until they are stopped and opened again: 2" in said
        assert lab.sql("maximalab_usage", question) == "9999"
        assert lab.inspect(lab.container("hub"))["Config"]["Image"] == f"maximalab/hub:{newer}"
        assert f"maximalab/singleuser:{newer}" in (lab.folder / "lab/backends.toml").read_text()
        lab.sql("maximalab_usage", "INSERT INTO of_tomorrow VALUES (1)")
        assert "deploy/compose/back" in life.refused(lab, "up")
        assert "of_tomorrow" in life.refused(lab, "back", copies)
        lab.run("back", copies, "--lose")
        assert lab.sql("maximalab_usage", question) == head
        assert lab.inspect(lab.container("hub"))["Config"]["Image"] == f"maximalab/hub:{tag()}"
        lab.assert_no_kernel_was_lost()

    def test_a_certificate_brings_tls_and_a_renewed_one_disconnects_nobody(lab):
        first, second = life.certificate(lab, "first"), life.certificate(lab, "second")
        lab.run("certificate", *map(str, first[:2]))
        url = f"https://{lab.loopback}:8480"
        plain = httpx.get(f"http://{lab.loopback}/hub/lab?a=b", trust_env=False)
        assert (plain.status_code, plain.headers["Location"]) == (308, f"{url}/hub/lab?a=b")
        ada = Visitor(url, "ada", PASSWORD, trust=first[2])
        page = wait_for(ada.sign_in, seconds=60, why="the entrance answers by TLS")
        assert (page.status_code, str(page.url)) == (200, f"{url}/hub/lab")
        kernel = NotebookKernel(ada, "public-maxima", "simplex/simplex.en.ipynb")
        assert kernel.run("kept + 1;").text.split()[-1] == "43"
        assert [one.name for one in ada.http.cookies.jar if not one.secure] == []
        for path in ("/hub/lab", "/user/ada/public-maxima/lab", "/services/usage/me"):
            assert "max-age=" in ada.http.get(path).headers["Strict-Transport-Security"], path

        session, shown, before = (
            uuid.uuid4().hex,
            life.shown(lab),
            lab.inspect(lab.container("public"))["State"],
        )
        with kernel.connect(session) as socket:
            life.echo(socket, session)
            lab.run("certificate", *map(str, second[:2]))
            wait_for(
                lambda: life.shown(lab) != shown, seconds=60, why="a new handshake has the new certificate"
            )
            life.echo(socket, session)
        assert lab.inspect(lab.container("public"))["State"]["StartedAt"] == before["StartedAt"]
        assert "another certificate" in life.refused(lab, "certificate", str(first[0]), str(second[1]))

    def test_a_lab_whose_machine_is_lost_comes_back_from_its_copy(lab, private):
        """The copy is that of before the upgrade: what the machine has become since is gone with it."""
        copy = str(min((lab.folder.parent / "copies").iterdir()))
        assert "nothing was changed" in life.refused(lab, "restore", copy)
        keys, runs = life.keys(lab), "SELECT count(*) FROM event WHERE kind = 'run'"
        life.destroy(lab)
        lab.run("restore", copy)
        assert life.keys(lab) == keys
        assert int(lab.sql("maximalab_usage", runs)) >= 1
        assert "Laptop" in lab.run("lab", "vpn", "list")
        ada = lab.visit("ada")
        ada.open_and_wait("simplex", "public-maxima", seconds=180)
        server = f"{lab.name}.public-maxima.ada"
        assert docker("exec", server, "cat", "/home/student/work") == "work\n"
        assert docker("exec", server, "ls", "/home/student/simplex").split()
