"""A store of the usage service with a made-up term in it: events, what the hub saw of servers, and timetables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pyarrow as pa
from maximalab_hub.histories.cast import Plan, faculty
from maximalab_hub.histories.telling import blocks
from maximalab_hub.store.engine import writing
from maximalab_hub.store.load import load_events
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.startcounts import settle
from sqlalchemy import text

from benchmarks.usage.histories import BEGIN, STUDENTS, WEEKS, enrol

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

EVENTS_OF_A_COURSE = 250_000
"""Fewer than a course of `STUDENTS` leaves in the term."""
ROWS_AT_ONCE = 200_000
_SEEN = text(
    'INSERT INTO server ("user", server, moment, running, tier, backend, entrance)'
    ' SELECT DISTINCT "user", server, "at", kind = \'server_start\', tier, backend, entrance FROM event'
    " WHERE source = 'hub' AND kind IN ('server_start', 'server_stop') ON CONFLICT DO NOTHING"
)


@dataclass(frozen=True)
class Term:
    """So many events of whole courses of 240 students, in one term."""

    events: int

    @property
    def plan(self) -> Plan:
        """Whose, from when to when."""
        groups = faculty(-(-self.events // EVENTS_OF_A_COURSE), STUDENTS, BEGIN, WEEKS)
        return Plan(groups, BEGIN, BEGIN + timedelta(weeks=WEEKS), 1)


def fill(engine: Engine, term: Term) -> None:
    """Put the term into a store that is empty and at its newest version, indexes last."""
    indexes = sorted(EventRow.__table__.indexes, key=lambda one: str(one.name))  # type: ignore[attr-defined]
    with writing(engine) as connection:
        for index in indexes:
            index.drop(connection)
        enrol(connection, term.plan.groups)
    for part in _parts(term):
        with writing(engine) as connection:
            load_events(connection, part)
    with writing(engine) as connection:
        for index in indexes:
            index.create(connection)
        connection.execute(_SEEN)
    settle(engine)  # the service does so every few minutes
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if engine.dialect.name == "sqlite" else "VACUUM ANALYZE"))


def _parts(term: Term) -> Iterator[Any]:
    waiting: list[Any] = []
    told = rows = 0
    for block in blocks(term.plan):
        part = block.slice(0, term.events - told)
        told, rows = told + len(part), rows + len(part)
        waiting.append(part)
        if rows >= ROWS_AT_ONCE or told == term.events:
            yield pa.concat_tables(waiting)
            waiting, rows = [], 0
        if told == term.events:
            return
