"""The security floors of SECURITY.md: what is older is not run."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


@cache
def floors() -> dict[str, str]:
    """Read package and least version from the page's table."""
    table = (ROOT / "SECURITY.md").read_text().split("## Floors", 1)[1]
    return dict(re.findall(r"^\| ([a-z-]+) \| ([0-9.]+) \|", table, re.MULTILINE))
