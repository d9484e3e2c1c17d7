"""deploy/swarm from a clean folder: one command, and what docs/deploy.md says of the lab that is then there."""

from __future__ import annotations

import json
import os
import re
import signal

import composelab
import httpx
import pytest
from deployed import DOOR, PASSWORD
from labclient import NotebookKernel, wait_for
from maximalab_hub.secret_files import Secret
from maximalab_spawner.tiers import Tier
from swarmstack import SERVICES, StackLab

pytestmark = [pytest.mark.bed, pytest.mark.docker]


@pytest.fixture(scope="module")
def lab(swarms, tmp_path_factory):
    """The lab, with Ada at home and in the VPN, and a notebook open on each tier; the test is at her computer."""
    composelab.build()
    folder = tmp_path_factory.mktemp("stack")
    for one in (folder, *folder.parents[:3]):
        one.chmod(one.stat().st_mode | 0o055)  # as /srv is
    home = swarms.spaces.machine("home")
    swarms.spaces.join(home, "lan", "172.28.85.31/24")
    lab = StackLab(folder, swarms)
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


def test_typed_again_it_makes_no_key_anew_and_restarts_nothing(lab):
    def state():
        keys = {path.name: path.read_text() for path in (lab.folder / "secrets").iterdir()}
        return keys, [lab.container(service)["Id"] for service in SERVICES]

    before = state()
    lab.run("up")
    assert state() == before
    printed = lab.run("up", "--print")
    assert "dnsrr" in printed
    assert state() == before


def test_what_keeps_something_runs_where_it_lies_and_no_service_has_more_rights_than_its_work_needs(lab):
    for service in SERVICES:
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


SCOPES = {
    "usage": set(),
    "witness": set(),
    "vpn-gateway": set(),
    "server": {
        "users:activity!user=ada",
        "read:users:activity!user=ada",
        "access:servers!server=ada/public-maxima",
        "access:services!service=usage",
    },
}
"""Every scope that a token has, of all that JupyterHub knows; to tell who one is oneself is no scope of the table."""
IDENTITY = re.compile(r"read:(users:name|services:name|users:groups|services)!(user|service|server)=.*")
FILES = {
    "usage": Secret.USAGE_TOKEN,
    "witness": Secret.WITNESS_TOKEN,
    "vpn-gateway": Secret.VPN_GATEWAY_TOKEN,
}
WAYS = [
    ("GET", "/users"), ("GET", "/users/tom"), ("POST", "/users/mallory"), ("DELETE", "/users/tom"),
    ("PATCH", "/users/tom"), ("GET", "/users/tom/tokens"), ("POST", "/users/ada/tokens"),
    ("POST", "/users/tom/activity"), ("POST", "/users/tom/servers/public-maxima"),
    ("DELETE", "/users/ada/servers/private-maxima"), ("DELETE", "/users/ada/servers/public-maxima"),
    ("GET", "/groups"), ("POST", "/groups/mine"), ("GET", "/services"), ("GET", "/services/witness"),
    ("GET", "/proxy"), ("POST", "/proxy"), ("PATCH", "/proxy"), ("POST", "/shutdown"), ("GET", "/info"),
]  # fmt: skip


@pytest.mark.parametrize("name", SCOPES)
def test_t22_a_token_has_the_scopes_of_the_table_and_every_way_in_is_refused(lab, name):
    if name == "server":
        (service,) = lab.servers(Tier.PUBLIC)
        env = service["Spec"]["TaskTemplate"]["ContainerSpec"]["Env"]
        token = dict(one.split("=", 1) for one in env)["JUPYTERHUB_API_TOKEN"]
    else:
        token = (lab.folder / "secrets" / FILES[name]).read_text().strip()
    headers = {"Authorization": f"token {token}"}
    with httpx.Client(base_url=f"{lab.url}/hub/api", headers=headers, timeout=60, trust_env=False) as asker:
        told = asker.get("/user").json()
        assert {scope for scope in told["scopes"] if not IDENTITY.fullmatch(scope)} == SCOPES[name]
        answers = {
            f"{method} {path}": asker.request(method, path, json={}).status_code for method, path in WAYS
        }
    assert {way: status for way, status in answers.items() if status not in {400, 403, 404}} == {}


def asked_of_the_manager(lab) -> list[tuple[str, str, str | None, bool]]:
    """What somebody who took over the hub may try: method, path, body, and whether it is let through."""
    name, api = lab.name, "/v1.41"
    (server,) = lab.servers(Tier.PRIVATE)
    spec = server["Spec"]
    task = spec["TaskTemplate"]
    template = {
        "ContainerSpec": {
            "Image": task["ContainerSpec"]["Image"], "User": "1000:1000", "ReadOnly": True, "CapabilityDrop": ["ALL"],
            "Privileges": {"NoNewPrivileges": True, "Seccomp": {"Mode": "default"}},
            "Mounts": [{"Type": "volume", "Source": f"{name}.home.private.ada", "Target": "/home/student"}],
        },
        "Resources": {"Limits": {"Pids": 64}},
        "RestartPolicy": {"Condition": "none", "MaxAttempts": 0},
        "Networks": [{"Target": f"maximalab-{name}-private"}],
        "Placement": {"Constraints": ["node.labels.tier==nowhere"]},
    }  # fmt: skip
    body = {"Name": f"{name}-test", "Labels": {}, "TaskTemplate": template}
    good = json.dumps(body)
    container = template["ContainerSpec"]

    def changed(**parts: object) -> str:
        return json.dumps({**body, "TaskTemplate": {**template, "ContainerSpec": {**container, **parts}}})

    refused = [
        changed(Mounts=[{"Type": "bind", "Source": "/", "Target": "/mnt"}]),
        changed(Mounts=[{"Type": "volume", "Source": f"{name}_engine", "Target": "/mnt"}]),
        changed(CapabilityAdd=["CAP_SYS_ADMIN"]),
        changed(Secrets=[{"SecretName": "x"}]),
        changed(Configs=[{"ConfigName": "x"}]),
        changed(CapabilityDrop=[]),
        changed(User="0:0"),
        changed(ReadOnly=False),
        good[:-1] + ', "tasktemplate": {"ContainerSpec": {"Image": "x"}}}',
        good.replace('"Mounts": [', '"Mo\\u0075nts": [{"Type": "bind"}], "Mounts": ['),
        good.replace(f"maximalab-{name}-private", f"{name}_data"),
        good.replace('"Condition": "none"', '"Condition": "any"'),
        good.replace('"Pids": 64', '"Pids": 0'),
        good.replace(f'"Name": "{name}-test"', f'"Name": "{name}_hub"'),
        good.replace(
            '"Target": "/home/student"',
            '"VolumeOptions": {"DriverConfig": {"Name": "local", "Options": {"o": "bind", "device": "/"}}}',
        ),
    ]
    (stranger,) = (one for one in lab.node.client.services() if one["Spec"]["Name"] == f"{name}_db")
    return [
        ("GET", f"{api}/info", None, True),
        ("GET", f"{api}/nodes", None, True),
        ("GET", f"{api}/services/{spec['Name']}", None, True),
        ("POST", f"{api}/services/create", good, True),
        ("DELETE", f"{api}/services/{name}-test", None, True),
        *(("POST", f"{api}/services/create", wrong, False) for wrong in refused),
        ("DELETE", f"{api}/services/{name}_db", None, False),
        ("DELETE", f"{api}/services/{stranger['ID']}", None, False),
        ("POST", f"{api}/services/{name}_db/update?version=1", good, False),
        ("GET", f"{api}/secrets", None, False),
        ("POST", f"{api}/secrets/create", "{}", False),
        ("GET", f"{api}/configs", None, False),
        ("GET", f"{api}/swarm", None, False),
        ("GET", f"{api}/swarm/unlockkey", None, False),
        ("POST", f"{api}/swarm/update?version=1", "{}", False),
        ("POST", f"{api}/nodes/{lab.swarms.id_of('prv1')}/update?version=1", "{}", False),
        ("GET", f"{api}/containers/json", None, False),
        ("GET", f"{api}/services/{name}_db/logs?stdout=1", None, False),
        ("POST", f"{api}/networks/create", '{"Name": "x"}', False),
    ]


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
    before = {service: lab.container(service) for service in SERVICES}
    for container in before.values():
        os.kill(container["State"]["Pid"], signal.SIGKILL)

    def back(service) -> bool:
        now = lab.container(service)
        return (
            bool(now) and now["Id"] != before[service]["Id"] and now["State"]["Health"]["Status"] == "healthy"
        )

    for service in SERVICES:
        wait_for(lambda one=service: back(one), seconds=300, why=f"{service} is back and well")
    lab.assert_no_kernel_was_lost()
