"""A million events exported and ten million compared, beside what DuckDB alone needs for the same file."""

from __future__ import annotations

import statistics
import time
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

import duckdb
from maximalab_hub.compare import Parameters
from maximalab_hub.comparison.grid import GAPS, GRACES, IDLE_LIMITS, SIZE
from maximalab_hub.comparison.parts import READ as WORK
from maximalab_hub.comparison.reckoning import Reckoning, figures_of
from maximalab_hub.comparison.work import work_in
from maximalab_hub.histories.cast import KYIV
from maximalab_hub.setting import Rule
from maximalab_hub.store.research import Selection, snapshot
from maximalab_hub.study import timetables_of, work

from benchmarks.table import Figure, Goal
from benchmarks.turns import medians
from benchmarks.usage.exporting import exports, memory
from benchmarks.usage.histories import STUDY, History, archived, history

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Engine

RATIO_OF_COMPARISON, RATIO_OF_MEMORY = 2.0, 1.25
ROWS_AT_ONCE = 262_144
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


def spending(work: Callable[[], object], spent: list[float]) -> float:
    """How long it takes; and keep how much processor time, of all threads."""
    begin = time.process_time()
    took = seconds(work)
    spent.append(time.process_time() - begin)
    return took


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
    reckoning = Reckoning(work_in(told.tables(WORK, ROWS_AT_ONCE)), told.timetables, KYIV)
    for gap, idle, grace in product(GAPS, IDLE_LIMITS, GRACES):
        lengths = (timedelta(minutes=one) for one in (grace, gap, idle))
        rule, *others = lengths
        reckoning.people(Parameters(Rule(rule), *others))


def comparisons(events: int, times: int) -> list[Figure]:
    """Comparison beside one group-by, and the grid beside a single comparison."""
    spent: tuple[list[float], list[float]] = ([], [])
    with history(events) as told, archived(told) as engine:
        took = medians(
            times,
            lambda: spending(lambda: compared(engine), spent[0]),
            lambda: spending(lambda: grouped(told), spent[1]),
        )
        choices = every_choice(told)
    return [
        Figure(
            f"everybody's figures of {events:,} archived events, before tests (peer: one bare group-by of DuckDB)",
            "s", *took, Goal(ratio=RATIO_OF_COMPARISON),
        ),
        Figure(
            "processor time of both", "s", *(statistics.median(one) for one in spent),
            Goal(ratio=RATIO_OF_COMPARISON),
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
    return [*exports(middle, times), *_memories(small, middle, most), *comparisons(most, times)]


def _memories(small: int, middle: int, most: int) -> list[Figure]:
    least = memory(small)
    return [
        Figure(
            f"memory of an export of {events:,} archived events{of} (peer: of {small:,})",
            "MB", memory(events, one_day=bool(of)), least, Goal(ratio=RATIO_OF_MEMORY),
        )
        for events, of in ((most, ""), (middle, " of one day"))
    ]  # fmt: skip
