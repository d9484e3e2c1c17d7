"""What the machine of an engine lets in: the rules, as they are printed."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from maximalab_spawner.engine import Address
from maximalab_spawner.firewall import NEIGHBOURS, rules
from maximalab_spawner.hardening import Limits, Net
from maximalab_spawner.nodes import Wanted
from maximalab_spawner.site import Site

HUB = "172.29.0.2"
RECORD = """
[[backend]]
name = "{0}"
tier = "public"
kind = "docker"
capacity = 1
materials = "/srv/materials"
engine = "unix:///run/{0}.sock"
subnet = "172.28.{1}.0/24"
hub_url = "http://172.28.{1}.1:8081"
usage_url = "http://172.28.{1}.1:8082/services/usage/events"
images = {{maxima = "maxima:1"}}
"""


def site(*, hub_machine="", nodes=None, **net):
    return Site(
        nodes=nodes,
        hub_machine=hub_machine,
        engine=Address("here", "unix:///var/run/docker.sock"),
        net=Net("maximalab-here", "172.28.1.0/24", **net),
        hub_url="http://172.28.1.1:8081",
        usage_url="https://lab.example.org/services/usage/events",
        images={},
        limits=Limits(),
    )


def printed(one: Site) -> list[str]:
    return list(rules([one]).lines())


@pytest.mark.parametrize(
    "line",
    [
        "-A MAXIMALAB-IN -s 172.28.1.0/24 -p tcp -d 172.28.1.1 --dport 8081 -j ACCEPT",
        "-A MAXIMALAB-IN -s 172.28.1.0/24 -p tcp -d lab.example.org --dport 443 -j ACCEPT",
        "-A MAXIMALAB-IN -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        "-A MAXIMALAB-OUT -s 172.28.1.0/24 -p udp -d 9.9.9.9 --dport 53 -j RETURN",
        *(f"-A MAXIMALAB-OUT -s 172.28.1.0/24 -d {one} -j REJECT" for one in NEIGHBOURS),
    ],
)
def test_a_rule_is_there(line):
    assert line in printed(site(internet=True, dns=("9.9.9.9",)))


def test_what_is_let_through_stands_before_what_is_not():
    for chain in ("MAXIMALAB-IN", "MAXIMALAB-OUT"):
        own = [one.words.rpartition(" ")[2] for one in rules([site()]).rules if one.chain == chain]
        assert own == sorted(own, key="REJECT".__eq__), chain
        assert own[-1] == "REJECT"


def test_all_rules_of_a_table_are_given_over_by_one_change():
    text = "\n".join(printed(replace(site(hub_machine=HUB), usage_url="http://172.28.1.1:8082/events")))
    change, _, after = text.partition("\nRULES\n")
    assert change.startswith('"${IPTABLES:-iptables}-restore" -w --noflush')
    assert change.count("COMMIT") == 3
    assert not [word for word in (" -F ", " -A ", "-N ") if word in after]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(
            "-A MAXIMALAB-OUT -s 172.29.0.2 -d 172.28.1.0/24 -p tcp --dport 8888 -j ACCEPT",
            id="the hub's machine reaches servers",
        ),
        pytest.param(
            "-A MAXIMALAB-OUT ! -s 172.29.0.2 -d 172.28.1.0/24 -m conntrack --ctstate NEW -j REJECT",
            id="nobody else does",
        ),
        pytest.param(
            "-A MAXIMALAB-TO -s 172.28.1.0/24 -d 172.28.1.1 -p tcp --dport 8081 "
            "-j DNAT --to-destination 172.29.0.2",
            id="what servers ask the gate for is the hub's",
        ),
        pytest.param(
            "-A MAXIMALAB-OUT -s 172.28.1.0/24 -d 172.29.0.2 -p tcp --dport 8081 -m conntrack --ctstate DNAT -j ACCEPT",
            id="servers reach it there",
        ),
        pytest.param(
            "-A MAXIMALAB-RAW -s 172.29.0.2 -d 172.28.1.0/24 -j ACCEPT",
            id="newer engines stop it no earlier",
        ),
    ],
)
def test_a_hub_on_another_machine_is_led_to_its_servers(line):
    assert line in printed(site(hub_machine=HUB))


SWARM = Wanted({"tier": "public"}, 512)


def test_an_overlay_without_a_way_out_needs_no_rule_of_its_nodes():
    assert not any("172.28.1" in line or "gwbridge" in line for line in printed(site(nodes=SWARM)))


@pytest.mark.parametrize(
    "line",
    [
        "-A MAXIMALAB-IN -i docker_gwbridge -p tcp -d 172.28.1.1 --dport 8081 -j ACCEPT",
        "-A MAXIMALAB-IN -i docker_gwbridge -j REJECT",
        "-A MAXIMALAB-OUT -i docker_gwbridge -d 169.254.0.0/16 -j REJECT",
        f"-A MAXIMALAB-OUT ! -s {HUB} -o docker_gwbridge -p tcp --dport 8888 -m conntrack --ctstate NEW -j REJECT",
    ],
)
def test_a_swarm_s_servers_are_known_by_the_bridge_that_they_leave_by(line):
    lines = printed(site(nodes=SWARM, internet=True, dns=("9.9.9.9",), hub_machine=HUB))
    assert line in lines
    assert not any("172.28.1.0/24" in one or "DNAT" in one for one in lines)


def test_where_the_hub_is_at_hand_nothing_is_led_anywhere():
    assert not any("nat" in line or "raw" in line for line in printed(site()))


def test_docker_s_chain_for_us_is_moved_to_the_front_by_one_change():
    order = [line for line in printed(site(hub_machine=HUB)) if " FORWARD " in line]
    assert order == ["-D FORWARD -j DOCKER-USER", "-I FORWARD -j DOCKER-USER"]
    assert not [line for line in printed(site()) if " FORWARD " in line]


def test_only_what_is_the_hub_s_is_handed_on():
    """The usage service of the example has a name of its own: it is no port of the gate."""
    handed_on = [one for one in rules([site(hub_machine=HUB)]).rules if "-j DNAT" in one.words]
    assert len(handed_on) == 1


def test_rules_of_one_backend_alone(tmp_path):
    (tmp_path / "backends.toml").write_text("".join(map(RECORD.format, ("one", "two"), (1, 2))))

    def ask(*names: str):
        command = [sys.executable, "-m", "maximalab_spawner.firewall", "backends.toml", *names]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert "172.28.2.0/24" in ask().stdout
    assert "172.28.2.0/24" not in ask("one").stdout
    assert "has no backend three" in ask("one", "three").stderr


def test_a_wrong_file_is_told_and_no_rule_is_printed(tmp_path):
    command = [sys.executable, "-m", "maximalab_spawner.firewall", str(tmp_path / "none.toml")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "cannot be read" in ran.stderr
