"""Pages about one course of 240 students, in a store with many such courses, through the running service.

A teacher opens the rhythm, the exercises and the completeness, a researcher the comparison and the study page; they are
all the pages that read a course's events. Exercises, comparison and study page are measured twice: a first view, for
which nothing is kept, and a view of what is kept. On a machine with other work the clock tells little: each page has
the processor time of the service beside it, that of PostgreSQL left out.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
from databases import running_postgres
from maximalab_hub import migrations
from maximalab_hub.settings import load_settings
from maximalab_hub.store import queries, schedules
from maximalab_hub.store.engine import open_engine, writing
from usagelab import running_usage_lab

from benchmarks.table import Figure, Goal
from benchmarks.usage.histories import BEGIN, WEEKS
from benchmarks.usage.stores import Term, fill

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import httpx
    from usagelab import UsageLab

MOST_MS = 300
COURSE = "course-01"
PAGES = {
    "rhythm": f"timetable/{COURSE}/rhythm?",
    "exercises": f"timetable/{COURSE}/exercises?",
    "completeness": f"completeness?course={COURSE}&",
    "comparison": f"compare?course={COURSE}&",
    "study page": f"?course={COURSE}&",
}
KEPT = {"exercises", "comparison", "study page"}
"""Pages whose results the service keeps."""
PATIENCE = 120.0


def pages(events: int, times: int, spans: Sequence[int] = (4, WEEKS)) -> list[Figure]:
    """Both databases; each page `times` times in each way, after one visit that counts for nothing.

    `spans` are the weeks that are looked at, up to the term's end.
    """
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
                for figure in _both(
                    lab, f"{events:,} events in {title}", _filled(url, Term(events)), times, spans
                )
            ]


def _filled(url: str, term: Term) -> str:
    engine = open_engine(url)
    try:
        migrations.upgrade(engine)
        fill(engine, term)
    finally:
        engine.dispose()
    return url


def _both(lab: UsageLab, stored: str, url: str, times: int, spans: Sequence[int]) -> list[Figure]:
    lab.use_store(url)
    _agreed(lab)
    with lab.browser("root") as client:
        client.timeout = PATIENCE
        return [
            Figure(f"{name} of a course of 240 students over {weeks} weeks{way}, {stored}{of}",
                   "ms", took, None, goal)
            for name, page in PAGES.items()
            for weeks in spans
            for way, addresses in _ways(name, page, weeks, times)
            for of, took, goal in _visited(lab, client, addresses)
        ]  # fmt: skip


def _ways(name: str, page: str, weeks: int, times: int) -> Iterator[tuple[str, list[str]]]:
    """Give the ways in which a page is opened, and the addresses of the visits."""
    last = (BEGIN + timedelta(weeks=WEEKS)).date()

    def until(days: int) -> str:
        return f"{page}since={last - timedelta(weeks=weeks)}&until={last + timedelta(days=days)}"

    if name in KEPT:
        # Nothing happens after the term: another last day asks for the same events, of which nothing is kept yet.
        yield ", the first view", [until(days) for days in range(times + 1)]
        yield ", a view of what is kept", [until(0)] * (times + 1)
    else:
        yield "", [until(0)] * (times + 1)


def _agreed(lab: UsageLab) -> None:
    """Let all students agree to the study, so that the comparison is about them."""
    study = load_settings(lab.folder / "maximalab.toml").study
    with writing(lab.engine) as connection:
        for user in schedules.enrolments_by_user(connection):
            queries.record_consent(
                connection, user=user, study=study.id, agreed=True, decided_at=BEGIN,
                consent_version=study.consent_version,
            )  # fmt: skip


def _visited(lab: UsageLab, client: httpx.Client, addresses: list[str]) -> Iterator[tuple[str, float, Goal]]:
    """Give the median milliseconds that a visit takes, through the public entrance, and the service's own."""
    took, worked = [], []
    for address in addresses:
        begin, before = time.perf_counter(), _processor_ms(lab)
        client.get(f"/services/usage/{address}").raise_for_status()
        took.append((time.perf_counter() - begin) * 1000)
        worked.append(_processor_ms(lab) - before)
    yield "", statistics.median(took[1:]), Goal(most=MOST_MS)
    yield ", processor time of the service", statistics.median(worked[1:]), Goal()


def _processor_ms(lab: UsageLab) -> float:
    """Read how long the service has kept a processor busy so far, to some ten milliseconds."""
    times = psutil.Process(lab.processes["service"].pid).cpu_times()
    return (times.user + times.system) * 1000
