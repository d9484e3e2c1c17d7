"""The extension of JupyterLab: its sources in TypeScript, and Node to build and to run them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from maximalab_hub.lab import node

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "kernels" / "labextension"
DRIVER = Path(__file__).with_name("call.mjs")


@pytest.fixture(scope="session")
def run_node() -> Callable[..., str]:
    """Run Node with words, and text on its input; what it prints."""
    found = node.find(Path(sys.prefix))
    assert found, "no Node: run ./lab setup"
    assert (FOLDER / "node_modules").is_dir(), "the extension is not built: run ./lab setup"

    def run(*words: str, text: str = "") -> str:
        told = subprocess.run(
            [found.node, *words], input=text, capture_output=True, text=True, check=False, cwd=FOLDER
        )
        assert told.returncode == 0, told.stdout[-2000:] + told.stderr[-2000:]
        return told.stdout

    return run


@pytest.fixture(scope="session")
def call(run_node: Callable[..., str]) -> Callable[..., list[Any]]:
    """Call a function of a module once for each list of arguments."""

    def calling(module: str, function: str, *calls: list[Any]) -> list[Any]:
        lines = "".join(json.dumps(arguments) + "\n" for arguments in calls)
        told = run_node(str(DRIVER), str(FOLDER), module, function, text=lines)
        return [json.loads(line) for line in told.splitlines()]

    return calling
