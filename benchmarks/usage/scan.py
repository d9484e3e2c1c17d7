"""`python benchmarks/usage/scan.py URL PATH COLUMNS [ORDER]`: let DuckDB copy a database's events to Parquet.

It prints the seconds of the clock and of processors that the copying took, and runs with the DuckDB of
`scanning.FOLDER`, which is older than the lab's.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import duckdb


def main(url: str, path: str, columns: str, order: str = "") -> None:
    """Copy once."""
    kind = "sqlite" if url.startswith("sqlite:///") else "postgres"
    [extension] = (Path(duckdb.__file__).parents[1] / f"duckdb_extension_{kind}_scanner").glob(
        "**/*.duckdb_extension"
    )
    names = ", ".join(f'"{name}"' for name in columns.split(","))
    sorting = f" ORDER BY {order}" if order else ""
    with duckdb.connect() as connection:
        connection.execute(f"LOAD '{extension}'")
        connection.execute(f"ATTACH '{url.removeprefix('sqlite:///')}' AS store (TYPE {kind}, READ_ONLY)")
        clock, processors = time.perf_counter(), time.process_time()
        asked = f"SELECT {names} FROM store.event{sorting}"  # noqa: S608  our own names
        connection.execute(f"COPY ({asked}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
        print(time.perf_counter() - clock, time.process_time() - processors)


if __name__ == "__main__":
    main(*sys.argv[1:])
