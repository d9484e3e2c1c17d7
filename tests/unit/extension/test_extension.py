"""The extension as it is built and shipped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from maximalab_hub.lab import node

ROOT = Path(__file__).parents[3]


def test_its_types_are_right(run_node):
    run_node("node_modules/typescript/bin/tsc", "--noEmit")


@pytest.fixture(scope="module")
def share(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder `share/jupyter` of a wheel that was built anew."""
    folder = tmp_path_factory.mktemp("wheel")
    found = node.find(Path(sys.prefix))
    assert found, "no Node: run ./lab setup"
    env = os.environ | {"PATH": f"{Path(found.node).parent}{os.pathsep}{os.environ['PATH']}"}
    words = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "-w",
        str(folder),
        str(ROOT / "kernels"),
    ]
    subprocess.run(words, check=True, env=env)
    (wheel,) = folder.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(folder)
    (data,) = folder.glob("*.data/data/share/jupyter")
    return data


def test_the_wheel_brings_it_built(share: Path):
    folder = share / "labextensions" / "maximalab"
    built = json.loads((folder / "package.json").read_text())["jupyterlab"]["_build"]
    assert (folder / built["load"]).is_file()
    assert {built["extension"], built["mimeExtension"]} == {"./language", "./surface"}


def test_jupyterlab_takes_it(share: Path):
    env = os.environ | {"JUPYTER_PATH": str(share), "NO_COLOR": "1"}
    words = [sys.executable, "-m", "jupyter", "labextension", "list"]
    told = subprocess.run(words, capture_output=True, text=True, check=True, env=env)
    line = next(line for line in (told.stdout + told.stderr).splitlines() if " maximalab v" in line)
    assert "enabled" in line
    assert "OK" in line
