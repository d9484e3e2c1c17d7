"""The folder and the stack of a lab in two Swarms: what is made, and that it fits the stack file and who reads it."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import pytest
import yaml
from maximalab_hub.deploy.init import make
from maximalab_hub.deploy.plan import PlanError
from maximalab_hub.deploy.swarmplan import SwarmPlan
from maximalab_hub.settings import load_settings
from maximalab_spawner import nodemeter
from maximalab_spawner.backends import read_backends
from maximalab_spawner.nodefigures import service_of
from maximalab_spawner.swarmcheck import METER as LABEL
from maximalab_spawner.tiers import Tier

ROOT = Path(__file__).resolve().parents[3]
STACK = yaml.safe_load((ROOT / "deploy/swarm/stack.yaml").read_text())
METER = yaml.safe_load((ROOT / "deploy/swarm/meter.yaml").read_text())
COMPOSE = yaml.safe_load((ROOT / "deploy/compose/compose.yaml").read_text())
GIVEN = {"VERSION": "1", "DOCKER_GROUP": "109", "DOCKER_SOCKET": "/var/run/docker.sock"}


def plan(**changed) -> SwarmPlan:
    usual = {
        "name": "maximalab", "host": "lab.example.edu", "block": IPv4Network("172.28.0.0/16"),
        "pool": IPv4Network("172.20.0.0/20"), "port": 443, "vpn_port": 51820, "tls": False,
        "public": "tcp://172.20.0.11:2376", "machine": IPv4Address("172.20.0.1"), "dns": (IPv4Address("9.9.9.9"),),
    }  # fmt: skip
    return SwarmPlan(**{**usual, **changed})


@pytest.fixture
def lab(tmp_path):
    (tmp_path / "engine").mkdir()
    for part in ("ca", "cert", "key"):
        (tmp_path / f"engine/{part}.pem").write_text(f"the public manager's {part}")
    make(plan(), tmp_path, "1", GIVEN)
    return tmp_path


def variables(lab) -> dict[str, str]:
    lines = (lab / ".env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def test_the_programs_read_what_was_written(lab):
    settings = load_settings(lab / "lab/maximalab.toml")
    assert settings.entrances["vpn"].url == "http://172.20.0.1"
    assert settings.hub.connect_url == "http://hub-control:8081"
    text = (lab / "lab/backends.toml").read_text().replace("/run/secrets", str(lab / "secrets"))
    (lab / "lab/backends.toml").write_text(text)
    public, private = read_backends(lab / "lab/backends.toml")
    assert (public.tier, private.tier) == tuple(Tier)
    assert public.site.hub_machine == "172.20.0.1"
    assert (public.site.hub_url, private.site.hub_url) == ("http://172.20.0.1:8081", "http://gate:8081")
    assert not private.site.net.internet


def test_a_second_time_keeps_all_and_a_new_key_gets_a_new_name(lab):
    before = variables(lab)
    assert make(plan(), lab, "1", GIVEN) == []
    assert variables(lab) == before
    (lab / "engine/key.pem").write_text("another")
    make(plan(), lab, "1", GIVEN)
    changed = {name for name, value in variables(lab).items() if value != before[name]}
    assert changed == {"MARK_engine_key"}


def test_each_variable_of_the_stack_is_written_and_none_is_a_key(lab):
    wanted = set(re.findall(r"\$\{(\w+)\}", (ROOT / "deploy/swarm/stack.yaml").read_text()))
    assert wanted <= set(variables(lab))
    text = (lab / ".env").read_text()
    keys = [path.read_text().strip() for path in (lab / "secrets").iterdir()]
    assert [key[:4] for key in keys if key in text] == []


def test_a_certificate_of_the_public_entrance_gets_a_name_as_well(lab):
    (lab / "tls/certificate.pem").write_text("certificate")
    (lab / "tls/key.pem").write_text("key")
    make(plan(tls=True), lab, "1", GIVEN)
    wanted = set(re.findall(r"\$\{(\w+)\}", (ROOT / "deploy/swarm/tls.yaml").read_text()))
    assert wanted <= set(variables(lab))


@pytest.mark.parametrize("place", ["tls", "tls/vpn"], ids=["the public entrance's", "one of its own"])
def test_a_certificate_of_the_vpn_entrance_gets_a_name_and_the_settings_follow(lab, place):
    named = plan(vpn_host="vpn.example.edu", tls=place == "tls")
    with pytest.raises(PlanError, match=r"certificate --vpn --host vpn\.example\.edu"):
        make(replace(named, tls=False), lab, "1", GIVEN)
    (lab / place).mkdir(exist_ok=True)
    (lab / place / "certificate.pem").write_text("certificate")
    (lab / place / "key.pem").write_text("key")
    make(named, lab, "1", GIVEN)
    wanted = set(re.findall(r"\$\{(\w+)\}", (ROOT / "deploy/swarm/vpn-tls.yaml").read_text()))
    assert wanted <= set(variables(lab))
    assert variables(lab)["VPN_TLS"] == str(lab / place)
    assert ("MARK_tls_key" in variables(lab)) is (place == "tls")
    assert load_settings(lab / "lab/maximalab.toml").entrances["vpn"].url == "https://vpn.example.edu"


def test_without_a_name_the_vpn_entrance_has_no_certificate(lab):
    assert variables(lab)["VPN_TLS"] == "no"
    assert "MARK_vpn_tls_key" not in variables(lab)


def test_each_service_sees_the_keys_that_it_sees_on_one_machine():
    """With those by which the hub is known to the public manager, and nothing more."""
    for name, service in STACK["services"].items():
        sees = {one["source"] for one in service.get("secrets", ())}
        more = {"engine_ca", "engine_cert", "engine_key"} if name == "hub" else set()
        assert sees == {*COMPOSE["services"][name].get("secrets", ()), *more}, name
        for one in service.get("secrets", ()):
            assert one["mode"] == 0o400, (name, one)
    assert set(STACK["services"]) == {*COMPOSE["services"]} - {"firewall", "lab"}


def test_no_service_sees_more_than_it_must():
    services = STACK["services"]
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert service["cap_drop"] == ["ALL"], name
        assert service.get("cap_add", []) == (["NET_ADMIN"] if name == "gateway" else []), name
        assert service["deploy"]["endpoint_mode"] == "dnsrr", name
        assert service["deploy"]["placement"]["constraints"] == [
            "node.labels.maximalab.lab==${COMPOSE_PROJECT_NAME}"
        ], name
    sockets = [name for name, one in services.items() if "DOCKER_SOCKET" in str(one.get("volumes"))]
    assert sockets == ["engine"]
    assert services["engine"]["networks"] == ["alone"]
    assert "private-servers" not in services["public"]["networks"]
    internal = {name for name, one in STACK["networks"].items() if one.get("internal")}
    assert set(STACK["networks"]) - internal == {"front", "private-servers"}
    published = {name: one["ports"] for name, one in services.items() if "ports" in one}
    assert set(published) == {"public", "gateway", "gate"}
    assert all(port["mode"] == "host" for ports in published.values() for port in ports)


def test_the_meter_reads_control_groups_and_has_nothing_else():
    meter = METER["services"]["meter"]
    assert set(METER["services"]) == {"meter"}
    assert (meter["read_only"], meter["cap_drop"], meter["user"]) == (True, ["ALL"], "950:950")
    assert meter.keys().isdisjoint({"cap_add", "ports", "secrets", "environment"})
    assert meter["volumes"] == [
        {"type": "bind", "source": "/sys/fs/cgroup", "target": "/control-groups", "read_only": True}
    ]
    assert METER["networks"] == {"nowhere": {"driver": "overlay", "internal": True}}
    assert (meter["networks"], meter["deploy"]["mode"]) == (["nowhere"], "global")
    assert (ROOT / "deploy/swarm" / METER["configs"]["meter"]["file"]).resolve() == Path(
        nodemeter.__file__
    ).resolve()


def test_what_the_meter_s_stack_wants_is_said_by_up(lab):
    wanted = set(re.findall(r"\$\{(\w+)\}", (ROOT / "deploy/swarm/meter.yaml").read_text()))
    assert wanted - set(variables(lab)) == {"TIER", "MARK_meter"}
    up = (ROOT / "deploy/swarm/up").read_text()
    assert "export MARK_meter TIER=private" in up
    assert service_of("lab") == f"lab_{next(iter(METER['services']))}"
    assert METER["services"]["meter"]["deploy"]["labels"].keys() == {LABEL}


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        ({"public": "172.20.0.11"}, "--public"),
        ({"public": "unix:///var/run/docker.sock"}, "--public"),
        ({"machine": IPv4Address("127.0.0.1")}, "--address"),
        ({"dns": ()}, "--dns"),
        ({"dns": (IPv4Address("127.0.0.53"),)}, "--dns"),
        ({"name": "My Lab"}, "--name"),
    ],
)
def test_a_lab_that_cannot_be_is_refused(wrong, word):
    with pytest.raises(PlanError, match=word):
        plan(**wrong)


def test_scripts_may_be_run():
    for script in ("up", "down", "lab", "wait", "certificate"):
        assert os.access(ROOT / "deploy/swarm" / script, os.X_OK), script
