"""A term exported to Parquet from each place where events can lie, beside DuckDB's COPY of the same rows.

Ours reads the store, leaves out who did not agree, puts in pseudonyms, other ids and settings, and sorts by time; the
peer copies the same columns of the same rows from one Parquet file into another, in no order, by all of the machine's
cores. What it costs to get rows out of a database is no work of that peer. So DuckDB reads the same database by its own
extension, too, in no order and in ours (`scanning`), where that is installed; no peer replaces another.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb
import psutil
from databases import running_postgres
from maximalab_hub import migrations
from maximalab_hub.export.seen import READ
from maximalab_hub.store.archive.places import archived_months
from maximalab_hub.store.engine import open_engine, reading, writing

from benchmarks.table import Figure, Goal
from benchmarks.turns import in_turns
from benchmarks.usage import peak
from benchmarks.usage.histories import agree, archived, history
from benchmarks.usage.peak import export
from benchmarks.usage.scanning import can_scan, scanned
from benchmarks.usage.stores import Term, fill

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from databases import Postgres
    from sqlalchemy import Engine

    from benchmarks.usage.histories import History

RATIO = 1.5


def copied(told: History, path: Path) -> None:
    """Let DuckDB copy the same columns."""
    names = ", ".join(f'"{name}"' for name in READ)
    with duckdb.connect() as connection:
        asked = f"SELECT {names} FROM '{told.path}'"  # noqa: S608  our own names
        connection.execute(f"COPY ({asked}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")


def exports(events: int, times: int, *, databases: bool = True) -> list[Figure]:
    """Export archived events and, where asked, events of both databases."""
    with history(events) as told, archived(told) as engine:
        found = _beside(f"{events:,} archived events", told, engine, times)
        if not databases:
            return found
        with tempfile.TemporaryDirectory() as name:
            url = f"sqlite:///{Path(name) / 'term.sqlite'}"
            with _filled(url, events) as filled:
                found += _beside(f"{events:,} events out of SQLite", told, filled, times)
        with running_postgres() as postgres, _filled(postgres.create_database("term"), events) as filled:
            found += _beside(f"{events:,} events out of PostgreSQL", told, filled, times, postgres)
    return found


@contextmanager
def _filled(url: str, events: int) -> Iterator[Engine]:
    """Give a store with the same events."""
    engine = open_engine(url)
    try:
        migrations.upgrade(engine)
        fill(engine, Term(events))
        with writing(engine) as connection:
            agree(connection, Term(events).plan.groups)
        yield engine
    finally:
        engine.dispose()


def _beside(
    title: str, told: History, engine: Engine, times: int, server: Postgres | None = None
) -> list[Figure]:
    """Give the figures by the clock and of processors, beside each peer."""
    clocks: tuple[Callable[[], float], ...] = (
        time.perf_counter,
        lambda: time.process_time() + spent_by(server),
    )
    with tempfile.TemporaryDirectory() as name:
        ours, theirs = (Path(name) / f"{one}.parquet" for one in ("ours", "theirs"))
        return [
            Figure(
                f"export of {title} to Parquet, {what} (peer: DuckDB's COPY {peer})",
                "s",
                *took,
                Goal(ratio=RATIO),
            )
            for place, what in enumerate(("by the clock", "of processors"))
            for peer, took in _in_turns(
                times,
                partial(_took, clocks[place], lambda: export(engine, ours)),
                {"from Parquet": partial(_took, clocks[place], lambda: copied(told, theirs))}
                | _scans(engine, theirs, place, server),
            ).items()
        ]


def _in_turns(
    times: int, ours: Callable[[], float], peers: Mapping[str, Callable[[], float]]
) -> dict[str, tuple[float, float]]:
    mine, *others = in_turns(times, ours, *peers.values())
    return {name: (mine, other) for name, other in zip(peers, others, strict=True)}


def _scans(engine: Engine, path: Path, place: int, server: Postgres | None) -> dict[str, Callable[[], float]]:
    """Give the peers that read the same database, where there is one and they are there."""
    with reading(engine) as connection:
        if not can_scan() or archived_months(connection):
            return {}

    def scan(*, ordered: bool) -> float:
        before = spent_by(server)
        took = scanned(engine, path, ordered=ordered)
        return took[place] + (spent_by(server) - before if place else 0)

    names = {False: "out of the same database", True: "out of the same database in the same order"}
    return {name: partial(scan, ordered=ordered) for ordered, name in names.items()}


def _took(now: Callable[[], float], work: Callable[[], object]) -> float:
    begin = now()
    work()
    return now() - begin


def spent_by(server: Postgres | None) -> float:
    """Give the seconds of processors of a database's server, of all its processes."""
    if server is None:
        return 0.0
    first = psutil.Process(int((server.data / "postmaster.pid").read_text().split()[0]))
    seconds = sum(first.cpu_times()[:4])  # its own, and those of its processes that have ended
    for process in first.children():
        # One that has ended meanwhile counts with the first one's next time.
        with suppress(psutil.NoSuchProcess):
            seconds += sum(process.cpu_times()[:2])
    return seconds


def memory(events: int, *, one_day: bool = False) -> float:
    """The most memory, in MB, of a process of its own that exports so many archived events."""
    with history(events) as told, archived(told, one_day=one_day) as engine:
        asked = [sys.executable, peak.__file__, str(engine.url), str(told.path.parent)]
        return float(subprocess.run(asked, check=True, capture_output=True, text=True).stdout)
