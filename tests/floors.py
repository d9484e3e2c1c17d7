"""The security floors of SECURITY.md: what is older is not run."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

from packaging.version import Version

VERSIONS = """
import json
from importlib.metadata import distributions
print(json.dumps({one.name.lower().replace("_", "-"): one.version for one in distributions()}))
"""
"""Asks a Python for the versions of all that is installed."""
ROOT = Path(__file__).resolve().parents[1]


@cache
def floors() -> dict[str, str]:
    """Read package and least version from the page's table."""
    table = (ROOT / "SECURITY.md").read_text().split("## Floors", 1)[1]
    return dict(re.findall(r"^\| ([a-z-]+) \| ([0-9.]+) \|", table, re.MULTILINE))


def below_the_floor(there: dict[str, str]) -> dict[str, str]:
    """Name what is older than it may be, of what is there."""
    return {
        name: there[name]
        for name, floor in floors().items()
        if name in there and Version(there[name]) < Version(floor)
    }
