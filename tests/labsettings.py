"""Settings and a catalogue of a small lab, for tests that start a part of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from maximalab_spawner.tiers import HOMES_MARKER

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

USUAL: Mapping[str, Mapping[str, object]] = {
    "lab": {"state_dir": "."},
    "entrances.public": {"url": "http://127.0.0.1:8000", "api_url": "http://127.0.0.1:8001"},
    "entrances.vpn": {"url": "http://127.0.0.2:8000", "api_url": "http://127.0.0.2:8001"},
    "hub": {},
    "usage": {},
    "people": {"accounts": "accounts.toml"},
    "catalogue": {"dir": "catalogue"},
    "backends": {"file": "backends.toml"},
    "secrets": {"dir": "secrets"},
    "gateway": {},
}
"""Section by section, in the file's order: the least that a lab is told."""

COURSES = """
[[course]]
id = "operations-research"
title = {uk = "Дослідження операцій", en = "Operations research"}
"""
SIMPLEX = """
id = "simplex"
version = 1
access = "open"
image = "maxima"
courses = ["operations-research"]
order = 1
title = {uk = "Симплекс-метод", en = "The simplex method"}
summary = {uk = "Як його роблять.", en = "How it is done."}
notebooks = {uk = "simplex.uk.ipynb", en = "simplex.en.ipynb"}
"""


def settings_toml(changes: Mapping[str, Mapping[str, object]] | None = None) -> str:
    """Write a settings file: the usual one, with these keys of these sections instead or besides."""
    told = {section: {**keys, **(changes or {}).get(section, {})} for section, keys in USUAL.items()}
    assert set(changes or {}) <= set(USUAL), "a section that is not in USUAL would be left out"
    return "\n".join(_section(name, keys) for name, keys in told.items() if keys)


def _section(name: str, keys: Mapping[str, object]) -> str:
    # Texts and whole numbers are written alike in JSON and in TOML.
    return "".join([f"[{name}]\n", *(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())])


def entrance_at(ip: str, port: int, api_port: int) -> dict[str, object]:
    """Say where an entrance and its proxy's API listen."""
    return {"url": f"http://{ip}:{port}", "api_url": f"http://{ip}:{api_port}"}


def mark_homes(folder: Path) -> None:
    """Make a backend's folder of homes, with the file that says so."""
    folder.mkdir(parents=True)
    (folder / HOMES_MARKER).touch()


def write_catalogue(folder: Path) -> None:
    """Write a catalogue of one course with one open material, `simplex`."""
    folder.mkdir()
    (folder / "courses.toml").write_text(COURSES, encoding="utf-8")
    (folder / "simplex.toml").write_text(SIMPLEX, encoding="utf-8")
