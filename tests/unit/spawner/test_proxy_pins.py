"""What `npm ci` installs is pinned, and says nothing of where it was fetched."""

from __future__ import annotations

import json
import re
from pathlib import Path

FOLDER = Path(__file__).parents[3] / "deploy/proxy"


def test_the_lock_pins_the_proxy_and_names_no_registry():
    text = (FOLDER / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert re.fullmatch(r"5\.3\.\d+", packages["node_modules/configurable-http-proxy"]["version"])
    assert packages[""]["dependencies"] == json.loads((FOLDER / "package.json").read_text())["dependencies"]
    assert '"resolved"' not in text
    assert all(one["integrity"].startswith("sha512-") for name, one in packages.items() if name)
