"""Starting students' servers in containers: beside an engine that hangs, and beside stock DockerSpawner."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

# The lab, engine and hubs that the tests start are those that are measured.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from benchmarks.spawn.blackhole import black_hole
from benchmarks.spawn.hubs import pressed_at_once

if TYPE_CHECKING:
    from benchmarks.table import Figure


def run(*, quick: bool = False) -> list[Figure]:
    """Measure everything: a quarter of an hour; `quick` in two minutes, for what that is worth."""
    if quick:
        return [*black_hole(1, 3), *pressed_at_once(1, 2)]
    return [*black_hole(7, 20), *pressed_at_once(5, 20)]
