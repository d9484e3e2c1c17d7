"""DuckDB as a peer that reads the same database as we do, by its own extension for it.

The extensions come with wheels of PyPI, one version of DuckDB behind the lab's, and so lie in a folder of their own.
What is to be installed there (`pip install --no-deps --target .lab/peers ...`), all of version 1.5.5: `duckdb`,
`duckdb-extension-sqlite-scanner`, `duckdb-extension-postgres-scanner`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from maximalab_hub.export.seen import READ

from benchmarks.usage import scan

if TYPE_CHECKING:
    from sqlalchemy import Engine

FOLDER: Final = Path(__file__).parents[2] / ".lab" / "peers"
ORDER: Final = '"at", event_id'


def can_scan() -> bool:
    """Whether the peer is there."""
    return (FOLDER / "duckdb").is_dir()


def scanned(engine: Engine, path: Path, *, ordered: bool) -> tuple[float, float]:
    """Give the seconds, by the clock and of processors, that DuckDB needs for the same columns of the same rows.

    What it needs to start and to find the table is not in them; nor is what a database's server works.
    """
    url = engine.url.set(drivername=engine.dialect.name).render_as_string(hide_password=False)
    asked = [sys.executable, scan.__file__, url, str(path), ",".join(READ), *([ORDER] if ordered else [])]
    environment = os.environ | {"PYTHONPATH": str(FOLDER)}
    told = subprocess.run(asked, check=True, capture_output=True, text=True, env=environment).stdout
    clock, processors = map(float, told.split())
    return clock, processors
