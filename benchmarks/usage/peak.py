"""`python -m benchmarks.usage.peak URL ARCHIVE`: export a store's events, and print how much memory it took, in MB."""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path

from maximalab_hub.store.engine import open_engine

from benchmarks.usage.exporting import export


def main(url: str, archive: Path) -> None:
    """Export everybody's events."""
    engine = open_engine(url, archive=archive)
    with tempfile.TemporaryDirectory() as name:
        export(engine, Path(name) / "events.parquet")
    engine.dispose()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
