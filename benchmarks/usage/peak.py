"""`python benchmarks/usage/peak.py URL ARCHIVE`: export a store's events, and print how much memory it took, in MB.

It needs no more than an export does, and is no part of its package here, which loads all that is measured.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from maximalab_hub.compare import Parameters
from maximalab_hub.export.columns import COLUMNS
from maximalab_hub.export.parquet import write_tables
from maximalab_hub.export.source import Source
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.store.engine import open_engine
from maximalab_hub.store.research import Selection, snapshot
from maximalab_hub.study import Study

if TYPE_CHECKING:
    from sqlalchemy import Engine

KYIV: Final = ZoneInfo("Europe/Kyiv")
STUDY: Final = Study("bench", 1, pseudonyms_of("bench", "not a secret, as this is no study"), Parameters())


def export(engine: Engine, path: Path) -> None:
    """Write the study's table of events."""
    with snapshot(engine) as connection, path.open("wb") as file:
        tables = Source(connection, STUDY, Selection(), KYIV).event_tables()
        for part in write_tables(tables, COLUMNS):
            file.write(part)


class _NoPandas:
    """Keeps pandas out: tests bring it, a lab has none, and Arrow would load it where it is there."""

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> None:
        """Raise `ModuleNotFoundError` for it, and leave all others to those who find them."""
        if name == "pandas":
            raise ModuleNotFoundError(name)


def main(url: str, archive: Path) -> None:
    """Export everybody's events."""
    sys.meta_path.insert(0, _NoPandas())
    engine = open_engine(url, archive=archive)
    with tempfile.TemporaryDirectory() as name:
        export(engine, Path(name) / "events.parquet")
    engine.dispose()
    print(most_memory() / 1024)


def most_memory() -> int:
    """Read how many KB this process had at most; its `ru_maxrss` begins with what had whoever started it."""
    told = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) for line in told.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
