"""The usage service beside the database that it writes to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

# The hub, service and databases that the tests start are those that are measured.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from benchmarks.usage.ingest import ingest

if TYPE_CHECKING:
    from benchmarks.table import Figure


def run(*, quick: bool = False) -> list[Figure]:
    """Measure everything: a minute; `quick` in some seconds, for what that is worth."""
    return ingest(1, 2) if quick else ingest(9, 20)
