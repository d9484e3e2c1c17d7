"""What the machine of an engine lets in: the rules, as they are printed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from maximalab_spawner.engine import Address
from maximalab_spawner.firewall import NEIGHBOURS, rules
from maximalab_spawner.hardening import Limits, Net
from maximalab_spawner.site import Site


def site(**net):
    return Site(
        engine=Address("here", "unix:///var/run/docker.sock"),
        net=Net("maximalab-here", "172.28.1.0/24", **net),
        hub_url="http://172.28.1.1:8081",
        usage_url="https://lab.example.org/services/usage/events",
        images={},
        limits=Limits(),
    )


@pytest.mark.parametrize(
    "line",
    [
        "iptables -w -A MAXIMALAB-IN -s 172.28.1.0/24 -p tcp -d 172.28.1.1 --dport 8081 -j ACCEPT",
        "iptables -w -A MAXIMALAB-IN -s 172.28.1.0/24 -p tcp -d lab.example.org --dport 443 -j ACCEPT",
        "iptables -w -A MAXIMALAB-IN -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
        "iptables -w -A MAXIMALAB-OUT -s 172.28.1.0/24 -p udp -d 9.9.9.9 --dport 53 -j RETURN",
        *(f"iptables -w -A MAXIMALAB-OUT -s 172.28.1.0/24 -d {one} -j REJECT" for one in NEIGHBOURS),
    ],
)
def test_a_rule_is_there(line):
    assert line in list(rules([site(internet=True, dns=("9.9.9.9",))]))


def test_what_is_let_through_stands_before_what_is_not():
    lines = list(rules([site()]))
    for chain in ("MAXIMALAB-IN", "MAXIMALAB-OUT"):
        own = [line.rpartition(" ")[2] for line in lines if f"-A {chain} " in line]
        assert own == sorted(own, key="REJECT".__eq__), chain
    assert lines[-1].endswith("REJECT")


def test_a_wrong_file_is_told_and_no_rule_is_printed(tmp_path):
    command = [sys.executable, "-m", "maximalab_spawner.firewall", str(tmp_path / "none.toml")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 1
    assert ran.stdout == ""
    assert "cannot be read" in ran.stderr
