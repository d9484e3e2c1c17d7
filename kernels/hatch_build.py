"""Puts the extension of JupyterLab, built, into the wheel."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def all_there(folder: Path) -> bool:
    """Whether what is built from is fetched, in the wanted versions: what a developer has beside it is to stay."""
    wanted = json.loads((folder / "package.json").read_text())["dependencies"]
    found = {name: folder / "node_modules" / name / "package.json" for name in wanted}
    return all(
        place.is_file() and json.loads(place.read_text())["version"] == wanted[name]
        for name, place in found.items()
    )


class LabExtension(BuildHookInterface[Any]):
    """A wheel holds the built extension, so that whoever installs it needs no Node.

    An editable installation is left alone: `./lab setup` builds into its environment.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Build with npm; raises where there is no Node, since a wheel without the extension is not whole."""
        if version == "editable":
            return
        folder = Path(self.root) / "labextension"
        npm, node = shutil.which("npm"), shutil.which("node")
        if npm is None or node is None:
            raise RuntimeError(
                "building the wheel needs Node >= 20 with npm; installing the built wheel does not"
            )
        if not all_there(folder):
            fetch = [npm, "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(fetch, cwd=folder, check=True)
        subprocess.run([node, "build.mjs", "dist"], cwd=folder, check=True)
        build_data["shared_data"][str(folder / "dist")] = "share/jupyter/labextensions/maximalab"
