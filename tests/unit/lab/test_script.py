"""`./lab` itself, run as a person runs it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
WORDS = ["up", "setup", "test", "check", "bench", "doctor"]


def run(*words: str, root: Path = ROOT, **env: str) -> subprocess.CompletedProcess[str]:
    ambient = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    return subprocess.run(
        ["./lab", *words],
        cwd=root,
        env=ambient | env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.mark.parametrize("words", [(), ("help",), ("--help",), ("-h",)])
def test_it_says_what_it_can_do(words):
    answer = run(*words)
    assert answer.returncode == 0
    assert [word for word in WORDS if f"./lab {word}" not in answer.stdout] == []


@pytest.mark.parametrize("word", ["start", "UP", "--port", "up;ls"])
def test_an_unknown_word_gets_one_line_and_the_list(word):
    answer = run(word)
    assert answer.returncode == 2
    assert answer.stderr.startswith(f"./lab does not know '{word}'. It knows:\n./lab up")
    assert answer.stdout == ""


def test_a_python_that_is_none_is_named():
    answer = run("setup", PYTHON="/bin/false")
    assert answer.returncode == 1
    assert "PYTHON=/bin/false is no Python 3.11 or newer" in answer.stderr


def test_a_machine_without_python_is_told_what_to_install(tmp_path):
    for tool in ("dirname", "cat"):
        (tmp_path / tool).symlink_to(shutil.which(tool))
    answer = run("setup", PATH=str(tmp_path))
    assert answer.returncode == 1
    assert "needs Python 3.11 or newer and found none" in answer.stderr


def test_the_doctor_does_not_set_up_what_it_is_asked_to_look_at(tmp_path):
    shutil.copy2(ROOT / "lab", tmp_path / "lab")
    answer = run("doctor", root=tmp_path)
    assert answer.returncode == 1
    assert answer.stderr == "The set-up is not finished here. Run: ./lab setup\n"
    assert [path.name for path in tmp_path.iterdir()] == ["lab"]


def test_it_is_plain_posix_shell():
    assert (ROOT / "lab").read_text().startswith("#!/bin/sh\n")
    assert subprocess.run(["sh", "-n", "lab"], cwd=ROOT, check=False).returncode == 0


def test_without_a_network_it_says_so_and_goes_on_later(tmp_path):
    root = tmp_path / "clone"
    root.mkdir()
    for name in ("lab", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy2(ROOT / name, root / name)
    for name in ("hub", "spawner_config", "kernels", "requirements"):
        shutil.copytree(ROOT / name, root / name)
    nowhere = {
        "PIP_INDEX_URL": "http://127.0.0.1:9/simple",
        "PIP_CONFIG_FILE": os.devnull,
    }
    first = run("setup", root=root, **nowhere)
    assert first.returncode == 1
    assert "No network: a package registry could not be reached." in first.stderr
    assert "Virtual environment: done" in first.stdout
    second = run("setup", root=root, **nowhere)
    assert second.returncode == 1
    assert "Virtual environment" not in second.stdout
    assert "Python packages" in second.stdout
    (root / ".venv" / "maximalab-unfinished").touch()
    third = run("setup", root=root, **nowhere)
    assert third.returncode == 1
    assert "Virtual environment" in third.stdout, "a set-up that was cut off begins anew"
    assert not (root / ".venv" / "maximalab-unfinished").exists()
