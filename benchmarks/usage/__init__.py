"""The usage service beside the database that it writes to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

# The hub, service and databases that the tests start are those that are measured.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from benchmarks.usage.ingest import ingest
from benchmarks.usage.large import large
from benchmarks.usage.pages import pages

if TYPE_CHECKING:
    from benchmarks.table import Figure


def run(*, quick: bool = False) -> list[Figure]:
    """Measure everything: half an hour, and 15 GB of disk for a while; `quick` for whether it runs at all."""
    seen = pages(2_000, 1) if quick else pages(10_000_000, 9)
    return [*(ingest(1, 2) if quick else ingest(9, 20)), *large(quick=quick), *seen]
