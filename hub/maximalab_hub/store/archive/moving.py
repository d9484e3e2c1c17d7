"""Takes closed months out of the table of events into files, and back: whatever dies, each event is in one place.

A month's file is written and read back first, beside whatever is there. Then one transaction takes the rows out of the
table, notes their ids, and names the file: before its commit the file counts for nothing, after it the rows are
nowhere else. What a crash leaves beside that is a file that nobody names, and the next run removes it.
"""

from __future__ import annotations

import heapq
import json
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from sqlalchemy import func, select, text

from maximalab_hub.store.archive import ids
from maximalab_hub.store.archive.files import events_in, write_month
from maximalab_hub.store.archive.months import Month, month_of
from maximalab_hub.store.archive.places import (
    Archived,
    archived_months,
    folder_of,
    name_in_force,
    next_path,
    no_longer,
    sole_changer,
    tidy,
)
from maximalab_hub.store.archive.reading import by_day
from maximalab_hub.store.archive.whole import gone_with_partition
from maximalab_hub.store.arrow import SCHEMA
from maximalab_hub.store.engine import StoreAwayError, reading, writing
from maximalab_hub.store.erasure_lock import hold_everybody_off
from maximalab_hub.store.load import load_events
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.startchanges import moved
from maximalab_hub.store.tables import stored_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection, Engine

_AT_ONCE: Final = 10_000
_TAKE_OUT: Final = {
    "sqlite": text("DELETE FROM event WHERE event_id IN (SELECT value FROM json_each(:ids))"),
    "postgresql": text("DELETE FROM event WHERE event_id = ANY(CAST(:ids AS text[]))"),
}
PATIENCE: Final = 60.0
"""Seconds that a transaction of SQLite's waits for its turn here."""


@dataclass(frozen=True, slots=True)
class Moved:
    """What is, or would be, moved of one month."""

    month: Month
    from_table: int
    in_file: int
    """Events that lay in its file before."""


def due(connection: Connection, through: Month) -> list[Moved]:
    """Say which months up to `through` have events in the table, in order."""
    before = {one.month: one.rows for one in archived_months(connection)}
    found: list[Moved] = []
    at = _oldest(connection, None)
    while at is not None and (month := month_of(at)) <= through:
        counted = select(func.count()).select_from(EventRow).where(*_within(month))
        found.append(Moved(month, connection.execute(counted).scalar_one(), before.get(month, 0)))
        at = _oldest(connection, month.end)
    return found


def archive(engine: Engine, through: Month, now: datetime) -> Iterator[Moved]:
    """Move the months up to `through`, which have all ended, one after another; tell of each once it is moved.

    Raises `StoreAwayError`; the months that were told of are moved then, and nothing is half moved.
    """
    if through >= month_of(now):
        raise ValueError(f"{through} has not ended yet")
    with sole_changer(engine):
        tidy(engine)
        with reading(engine) as connection:
            months = due(connection, through)
        for one in months:
            _move(engine, one.month, now)
            yield one
        tidy(engine)


def bring_back(engine: Engine, month: Month) -> int:
    """Put an archived month's events back into the table; say how many. Raises `StoreAwayError`."""
    with sole_changer(engine):
        with writing(engine, PATIENCE) as connection:
            hold_everybody_off(connection)
            one = next(one for one in archived_months(connection) if one.month == month)
            for table in events_in(one.path):
                ids.forget(connection, table.column("event_id").to_pylist())
            no_longer(connection, one)
            count = sum(load_events(connection, table) for table in events_in(one.path))
            if count != one.rows:
                raise StoreAwayError(
                    f"{one.path}: {one.rows} events were archived, and {count} can be brought back"
                )
        tidy(engine)
    return count


def _move(engine: Engine, month: Month, now: datetime) -> None:
    taken: list[Any] = []
    with reading(engine) as connection:
        before = next((one for one in archived_months(connection) if one.month == month), None)
        new = _remembering(stored_tables(connection, SCHEMA.names, _within(month)), taken)
        days = by_day(new) if before is None else _together(by_day(events_in(before.path)), by_day(new))
        path = next_path(folder_of(connection), month, before.path if before else None)
        made = write_month(path, month, days, now)
    event_ids = [one for part in taken for one in part.to_pylist()]
    with writing(engine, PATIENCE) as connection:
        hold_everybody_off(connection)
        ids.add(connection, event_ids)
        name_in_force(connection, made)
        _take_out(connection, event_ids, made, before)


def _take_out(connection: Connection, event_ids: list[str], made: Archived, before: Archived | None) -> None:
    """Take exactly what the file has of the table out of the table."""
    moved(connection)
    whole = gone_with_partition(connection, made.month, event_ids)
    left = [one for one in event_ids if one not in whole]
    gone = len(whole) + sum(
        _deleted(connection, left[n : n + _AT_ONCE]) for n in range(0, len(left), _AT_ONCE)
    )
    if not gone == len(event_ids) == made.rows - (before.rows if before else 0):
        raise StoreAwayError(
            f"events of {made.month} went elsewhere meanwhile; nothing was moved, come again"
        )


def _deleted(connection: Connection, event_ids: list[str]) -> int:
    name = connection.dialect.name
    those = event_ids if name == "postgresql" else json.dumps(event_ids)
    return connection.execute(_TAKE_OUT[name], {"ids": those}).rowcount


def _oldest(connection: Connection, since: datetime | None) -> datetime | None:
    asked = select(func.min(EventRow.at))
    found: datetime | None = connection.execute(
        asked if since is None else asked.where(EventRow.at >= since)
    ).scalar()
    return found


def _within(month: Month) -> tuple[Any, ...]:
    return (EventRow.at >= month.start, EventRow.at < month.end)


def _remembering(tables: Iterable[Any], taken: list[Any]) -> Iterator[Any]:
    for table in tables:
        taken.append(table.column("event_id"))
        yield table


def _together(first: Iterator[Any], second: Iterator[Any]) -> Iterator[Any]:
    """Put the days of two streams together, each day once, in order."""
    for _, parts in groupby(heapq.merge(first, second, key=_day), key=_day):
        yield pa.concat_tables(list(parts))


def _day(table: Any) -> int:  # noqa: ANN401  pyarrow has no types
    return int(table.column("at").cast(pa.int64())[0].as_py()) // 86_400_000_000
