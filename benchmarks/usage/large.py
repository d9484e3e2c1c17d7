"""A million events exported and ten million compared, beside what DuckDB alone needs for the same file."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
from maximalab_hub.compare import Parameters
from maximalab_hub.comparison.grid import GAPS, GRACES, IDLE_LIMITS, SIZE
from maximalab_hub.comparison.reckoning import Reckoning, figures_of
from maximalab_hub.comparison.work import READ as WORK
from maximalab_hub.comparison.work import work_in
from maximalab_hub.export.columns import COLUMNS
from maximalab_hub.export.parquet import ROWS_IN_A_GROUP, write_tables
from maximalab_hub.export.seen import READ, seen
from maximalab_hub.histories.cast import KYIV
from maximalab_hub.setting import Rule
from maximalab_hub.store.research import Selection, snapshot
from maximalab_hub.study import timetables_of, work

from benchmarks.table import Figure, Goal
from benchmarks.turns import medians
from benchmarks.usage.histories import STUDY, History, archived, history

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

RATIO_OF_EXPORT, RATIO_OF_COMPARISON, RATIO_OF_MEMORY = 1.5, 2.0, 1.25
AT_WORK_BY_DAY = """
SELECT "user", course, material, ("at" AT TIME ZONE 'Europe/Kyiv')::DATE AS day, count(*) AS events,
       count(*) FILTER (kind = 'run' AND outcome <> 'aborted') AS runs,
       count(*) FILTER (outcome IN ('error', 'dead')) AS errors, sum(duration_ms) AS lasted
FROM '{path}' WHERE kind IN ('run', 'notebook_open', 'notebook_save') GROUP BY ALL
"""
"""What somebody with DuckDB alone would ask first: everybody's events, runs and errors of each day."""


def seconds(work: Callable[[], object]) -> float:
    """How long it takes."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def export(told: History, path: Path) -> None:
    """Write the study's table of events from the file."""
    tables = told.tables(READ, ROWS_IN_A_GROUP)
    parts = write_tables(seen(tables, STUDY, told.timetables, told.timetables.enrolments.keys()), COLUMNS)
    with path.open("wb") as file:
        for part in parts:
            file.write(part)


def copied(told: History, path: Path) -> None:
    """Let DuckDB copy the same columns."""
    names = ", ".join(f'"{name}"' for name in READ)
    with duckdb.connect() as connection:
        asked = f"SELECT {names} FROM '{told.path}'"  # noqa: S608  our own names
        connection.execute(f"COPY ({asked}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


def compared(engine: Engine) -> None:
    """Say what everybody did in every setting: all that a comparison makes of archived events, before its tests."""
    with snapshot(engine) as connection:
        found, timetables = work(connection, STUDY, Selection()), timetables_of(connection, STUDY)
    figures_of(found, timetables, STUDY.parameters, KYIV)


def grouped(told: History) -> None:
    """Let DuckDB group the same files."""
    files = told.path.parent / "events" / "*.parquet"
    with duckdb.connect() as connection:
        connection.sql(AT_WORK_BY_DAY.format(path=files)).to_arrow_table()


def every_choice(told: History) -> float:
    """Seconds for the same under all choices of gap, idle limit and grace."""
    return seconds(lambda: _each_choice(told))


def _each_choice(told: History) -> None:
    reckoning = Reckoning(work_in(told.tables(WORK, ROWS_IN_A_GROUP * 8)), told.timetables, KYIV)
    for gap, idle, grace in product(GAPS, IDLE_LIMITS, GRACES):
        lengths = (timedelta(minutes=one) for one in (grace, gap, idle))
        rule, *others = lengths
        reckoning.people(Parameters(Rule(rule), *others))


def people_in(path: Path) -> list[str]:
    """Who is in the file."""
    with duckdb.connect() as connection:
        return [name for (name,) in connection.execute(f"SELECT DISTINCT \"user\" FROM '{path}'").fetchall()]  # noqa: S608


def memory(events: int) -> float:
    """The most memory, in MB, of a process of its own that exports so many events."""
    with history(events) as told:
        asked = [sys.executable, "-m", "benchmarks.usage.peak", str(told.path)]
        return float(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)


def exports(events: int, times: int) -> Figure:
    """Export beside COPY."""
    with history(events) as told, tempfile.TemporaryDirectory() as name:
        ours, theirs = Path(name) / "ours.parquet", Path(name) / "theirs.parquet"
        took = medians(
            times, lambda: seconds(lambda: export(told, ours)), lambda: seconds(lambda: copied(told, theirs))
        )
    title = f"export of {events:,} events to Parquet, pseudonyms and settings included (peer: DuckDB's COPY)"
    return Figure(title, "s", *took, Goal(ratio=RATIO_OF_EXPORT))


def comparisons(events: int, times: int) -> list[Figure]:
    """Comparison beside one group-by, and the grid beside a single comparison."""
    with history(events) as told, archived(told) as engine:
        took = medians(
            times, lambda: seconds(lambda: compared(engine)), lambda: seconds(lambda: grouped(told))
        )
        choices = every_choice(told)
    return [
        Figure(
            f"everybody's figures of {events:,} archived events, before tests (peer: one bare group-by of DuckDB)",
            "s", *took, Goal(ratio=RATIO_OF_COMPARISON),
        ),
        Figure(
            f"the same under {SIZE} choices of gap, idle limit and grace (peer: {SIZE} times one)",
            "s", choices, SIZE * took[0], Goal(ratio=1.0),
        ),
    ]  # fmt: skip


def large(*, quick: bool) -> list[Figure]:
    """Everything; `quick` with a hundredth of the events."""
    small, middle, most = (10_000, 20_000, 100_000) if quick else (100_000, 1_000_000, 10_000_000)
    times = 1 if quick else 5
    flat = Figure(
        f"memory of an export of {most:,} events (peer: of {small:,})",
        "MB", memory(most), memory(small), Goal(ratio=RATIO_OF_MEMORY),
    )  # fmt: skip
    return [exports(middle, times), flat, *comparisons(most, times)]
