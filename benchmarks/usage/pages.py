"""A teacher's page of one course of 240 students, in a store with many such courses, through the running service."""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from databases import running_postgres
from maximalab_hub import migrations
from maximalab_hub.store.engine import open_engine
from usagelab import running_usage_lab

from benchmarks.table import Figure, Goal
from benchmarks.usage.histories import BEGIN, WEEKS
from benchmarks.usage.stores import Term, fill

if TYPE_CHECKING:
    import httpx
    from usagelab import UsageLab

MOST_MS = 300
COURSE = "course-01"
PATIENCE = 120.0


def pages(events: int, times: int) -> list[Figure]:
    """Both databases; each page `times` times, after one visit that counts for nothing."""
    with tempfile.TemporaryDirectory() as name, running_postgres() as postgres:
        folder = Path(name)
        urls = {
            "SQLite": f"sqlite:///{folder / 'term.sqlite'}",
            "PostgreSQL": postgres.create_database("term"),
        }
        with running_usage_lab(folder, f"sqlite:///{folder / 'usage.sqlite'}") as lab:
            return [
                figure
                for title, url in urls.items()
                for figure in _both(lab, title, _filled(url, Term(events)), events, times)
            ]


def _filled(url: str, term: Term) -> str:
    engine = open_engine(url)
    try:
        migrations.upgrade(engine)
        fill(engine, term)
    finally:
        engine.dispose()
    return url


def _both(lab: UsageLab, title: str, url: str, events: int, times: int) -> list[Figure]:
    lab.use_store(url)
    last = (BEGIN + timedelta(weeks=WEEKS)).date()
    with lab.browser("root") as client:
        client.timeout = PATIENCE
        return [
            Figure(
                f"rhythm of a course of 240 students over {weeks} weeks, {events:,} events in {title}",
                "ms", _visited(client, f"?since={last - timedelta(weeks=weeks)}&until={last}", times), None,
                Goal(most=MOST_MS),
            )
            for weeks in (4, WEEKS)
        ]  # fmt: skip


def _visited(client: httpx.Client, asked: str, times: int) -> float:
    """Give the median of the milliseconds that the page takes, through the public entrance."""
    address = f"/services/usage/timetable/{COURSE}/rhythm{asked}"
    took = []
    for _ in range(times + 1):
        begin = time.perf_counter()
        client.get(address).raise_for_status()
        took.append((time.perf_counter() - begin) * 1000)
    return statistics.median(took[1:])
