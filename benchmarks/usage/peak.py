"""`python -m benchmarks.usage.peak FILE`: export a file's events, and print how much memory that took, in MB."""

from __future__ import annotations

import resource
import sys
import tempfile
from pathlib import Path

from maximalab_hub.compare import Timetables

from benchmarks.usage.histories import History
from benchmarks.usage.large import export, people_in


def main(path: Path) -> None:
    """Export all people of the file, without a timetable."""
    told = History(path, 0, Timetables((), dict.fromkeys(people_in(path), ())), ())
    with tempfile.TemporaryDirectory() as name:
        export(told, Path(name) / "events.parquet")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
