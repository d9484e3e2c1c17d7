"""The usage service beside the database that it writes to."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

# The hub, service and databases that the tests start are those that are measured.
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests"))

from benchmarks.usage.histories import WEEKS
from benchmarks.usage.ingest import ingest
from benchmarks.usage.large import large
from benchmarks.usage.pages import pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.table import Figure


def run(*, quick: bool = False, steps: Sequence[str] = ()) -> list[Figure]:
    """Measure everything, or these parts: half an hour, and 15 GB of disk for a while; `quick` to see that it runs."""
    parts = {
        "pages": lambda: pages(2_000, 1, (WEEKS,)) if quick else pages(10_000_000, 9),
        "ingest": lambda: ingest(1, 2) if quick else ingest(9, 20),
        "large": lambda: large(quick=quick),
    }
    return [figure for name, part in parts.items() if name in (steps or parts) for figure in part()]
