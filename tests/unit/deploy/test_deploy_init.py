"""The folder of a lab in containers: what is made in it, and that it fits the compose file and who reads it."""

from __future__ import annotations

import os
import re
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
import yaml
from maximalab_hub.deploy.init import make
from maximalab_hub.deploy.plan import Plan, PlanError
from maximalab_hub.secret_files import Secret
from maximalab_hub.settings import load_settings
from maximalab_spawner.backends import read_backends
from maximalab_spawner.firewall import rules
from maximalab_spawner.tiers import Tier

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())
GIVEN = {
    "VERSION": "1",
    "DOCKER_GROUP": "109",
    "DOCKER_SOCKET": "/var/run/docker.sock",
    "PUBLIC_BIND": "0.0.0.0",
    "VPN_BIND": "0.0.0.0",
    "VPN_TLS": "no",
}


def plan(**changed) -> Plan:
    usual = {
        "name": "maximalab", "host": "lab.example.edu", "block": IPv4Network("172.28.0.0/16"),
        "pool": IPv4Network("172.20.0.0/20"), "port": 443, "vpn_port": 51820, "tls": True,
    }  # fmt: skip
    return Plan(**{**usual, **changed})


@pytest.fixture
def lab(tmp_path):
    make(plan(), tmp_path, "1", GIVEN)
    return tmp_path


def files(folder: Path) -> dict[str, tuple[str, int]]:
    return {
        str(path.relative_to(folder)): (path.read_text(), path.stat().st_mode & 0o777)
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_programs_read_what_was_written(lab):
    settings = load_settings(lab / "lab/maximalab.toml")
    assert settings.entrances["public"].url == "https://lab.example.edu"
    assert settings.gateway.endpoint == "lab.example.edu:51820"
    one, other = read_backends(lab / "lab/backends.toml")
    assert (one.tier, other.tier) == tuple(Tier)
    assert str(one.materials) == f"{lab}/materials/{one.tier}"


def test_a_second_time_makes_nothing_and_changes_no_file(lab):
    before = files(lab)
    assert make(plan(), lab, "1", GIVEN) == []
    assert files(lab) == before


def test_what_the_admin_wrote_stays(lab):
    (lab / "lab/maximalab.toml").write_text("# mine")
    make(plan(host="other.example.edu"), lab, "2", GIVEN)
    assert (lab / "lab/maximalab.toml").read_text() == "# mine"


def test_keys_are_for_their_owner_alone_and_in_no_other_file(lab):
    found = files(lab)
    keys = {name: text for name, (text, _) in found.items() if name.startswith("secrets/")}
    assert {name.partition("/")[2] for name in keys} >= {*Secret, "db_hub", "db_usage", "gateway_key"}
    assert [name for name in keys if found[name][1] != 0o600] == []
    assert (lab / "secrets").stat().st_mode & 0o077 == 0
    words = [
        text.strip().rpartition(":")[2] for name, text in keys.items() if name != "secrets/gateway_public_key"
    ]
    elsewhere = "".join(text for name, (text, _) in found.items() if name not in keys)
    assert [word[:4] for word in words if word in elsewhere] == []


def test_each_container_gets_the_keys_that_the_folder_has(lab):
    named = {Path(one["file"]).name for one in COMPOSE["secrets"].values()}
    made = {path.name for path in (lab / "secrets").iterdir()}
    assert named == made - {"gateway_public_key"}
    asked = {key for service in COMPOSE["services"].values() for key in service.get("secrets", ())}
    assert asked == set(COMPOSE["secrets"])


def test_each_variable_of_the_compose_file_is_written(lab):
    texts = [(ROOT / "deploy/compose" / name).read_text() for name in ("compose.yaml", "tls.yaml")]
    wanted = set(re.findall(r"\$\{(\w+)\}", "".join(texts)))
    written = {
        line.partition("=")[0] for line in (lab / ".env").read_text().splitlines() if not line.startswith("#")
    }
    assert wanted <= written


def test_the_compose_file_has_the_addresses_of_the_plan():
    def at(service: str, network: str) -> IPv4Address:
        given = COMPOSE["services"][service]["networks"][network]["ipv4_address"]
        return IPv4Address(given.replace("${LAB_NET}", "172.28"))

    for tier, network in ((Tier.PUBLIC, "public-servers"), (Tier.PRIVATE, "private-servers")):
        inside = [name for name, one in COMPOSE["services"].items() if network in one.get("networks", ())]
        assert [at(name, network) for name in inside if name != "gate"] == plan().doors(tier)
        assert plan().gate(tier) == f"http://{at('gate', network)}:8081"
        subnet = COMPOSE["networks"][network]["ipam"]["config"][0]["subnet"].replace("${LAB_NET}", "172.28")
        assert IPv4Network(subnet) == plan().subnet(tier)
    assert at("vpn", "inside-vpn") == plan().vpn_entrance


def test_the_firewall_opens_doors_and_gate_and_nothing_between_servers(lab):
    sites = [one.site for one in read_backends(lab / "lab/backends.toml")]
    lines = [line for line in rules(sites, "lab").lines() if "-A lab-OUT" in line and line.endswith("ACCEPT")]
    private = [line.partition("-A lab-OUT ")[2] for line in lines if "172.28.8." in line]
    assert private == [
        "-s 172.28.8.0/22 -d 172.28.8.0/22 -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        "-s 172.28.8.2 -d 172.28.8.0/22 -p tcp --dport 8888 -j ACCEPT",
        "-s 172.28.8.4 -d 172.28.8.0/22 -p tcp --dport 8888 -j ACCEPT",
        "-s 172.28.8.0/22 -p tcp -d 172.28.8.5 --dport 8081 -j ACCEPT",
    ]


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"name": "My Lab"}, "--name"),
        ({"host": "https://lab.example.edu"}, "--host"),
        ({"host": 'lab"\n'}, "--host"),
        ({"block": IPv4Network("172.28.0.0/24")}, "--block"),
        ({"block": IPv4Network("198.51.0.0/16")}, "--block"),
        ({"pool": IPv4Network("172.28.1.0/24")}, "--pool"),
    ],
)
def test_a_lab_that_cannot_be_is_refused(wrong, word):
    with pytest.raises(PlanError, match=word):
        plan(**wrong)


def test_no_service_sees_more_than_it_must():
    services = COMPOSE["services"]
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert "privileged" not in service, name
        assert not any(
            re.search("token|key|password|secret", key, re.IGNORECASE)
            for key in service.get("environment", ())
            if not key.endswith("_FILE")
        ), name
    sockets = [name for name, one in services.items() if "DOCKER_SOCKET" in str(one.get("volumes"))]
    assert sockets == ["engine"]
    assert services["engine"]["network_mode"] == "none"
    assert "private-servers" not in services["public"]["networks"]
    internal = {name for name, one in COMPOSE["networks"].items() if one.get("internal")}
    assert set(COMPOSE["networks"]) - internal == {"front"}


def test_scripts_may_be_run():
    for script in ("build", "compose/up", "compose/lab", "compose/compose"):
        assert os.access(ROOT / "deploy" / script, os.X_OK), script
    for image in (
        "hub/hub",
        "hub/usage",
        "hub/answers",
        "proxy/entrance",
        "relay/relay",
        "postgres/database",
        "gateway/gateway",
        "gateway/firewall",
    ):
        assert os.access(ROOT / "images" / image, os.X_OK), image
