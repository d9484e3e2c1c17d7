"""The usage service beside the database that it writes to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

# The hub, service and databases that the tests start are those that are measured.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from benchmarks.usage.ingest import ingest
from benchmarks.usage.large import large

if TYPE_CHECKING:
    from benchmarks.table import Figure


def run(*, quick: bool = False) -> list[Figure]:
    """Measure everything: some minutes, and 4 GB of disk for a while; `quick` for whether it runs at all."""
    return [*(ingest(1, 2) if quick else ingest(9, 20)), *large(quick=quick)]
