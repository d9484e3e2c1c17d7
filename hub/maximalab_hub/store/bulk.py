"""Writing many events at once, in each database's quickest way, with the result that a plain INSERT would have.

A classroom posts thousands of events in a minute, and SQLAlchemy's statement for many rows with `RETURNING` costs
several times what the database itself needs: it grows with the rows, so that no driver keeps it prepared. Here
the statement is always the same. PostgreSQL takes the rows as one JSON text; SQLite takes them one by one within
its own process, where nothing is sooner.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import to_json
from sqlalchemy import text

from maximalab_hub.store.archive.ids import archived_among
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.startchanges import came, lowest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from maximalab_hub.store.queries import EventValues

_COLUMNS: Final = tuple(EventRow.__table__.columns.keys())
_NAMES: Final = ", ".join(f'"{name}"' for name in _COLUMNS)  # `user` is a word of SQL's own
_FROM_JSON: Final = text(
    f"INSERT INTO event ({_NAMES}) SELECT {_NAMES}"  # noqa: S608  the model's own names
    " FROM json_populate_recordset(CAST(NULL AS event), CAST(:rows AS json))"
    " ON CONFLICT DO NOTHING RETURNING event_id"
)
_ONE_BY_ONE: Final = (
    f"INSERT INTO event ({_NAMES}) VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT DO NOTHING"  # noqa: S608
)
_BEFORE, _BETWEEN = itemgetter("event_id", "boot_id", "seq", "kind"), itemgetter("at_reported", "at_clamped")
_AFTER: Final = itemgetter(*_COLUMNS[8:-1])
"""The columns before and after those that SQLite keeps as text: `at`, `received_at`, `detail`."""
_MOMENT: Final = len("2026-11-22 10:19:42.123456")
_THERE: Final = text("SELECT event_id FROM event WHERE event_id IN (SELECT value FROM json_each(:ids))")


def insert_events(connection: Connection, rows: Sequence[EventValues]) -> frozenset[str]:
    """Add the events that are not here yet; say the ids of those that were new.

    The first event of an id stands for ever: whatever comes later under the same id changes nothing. Raises
    `ValueError` where a moment has no time zone: PostgreSQL would take it in the session's.
    """
    rows = _not_archived(connection, rows)
    if not rows:
        return frozenset()
    # Always in the same order: two posts with the same events then wait for each other in line, not in a circle.
    ordered = sorted(rows, key=lambda row: row["event_id"])
    came(connection, lowest_of((row["boot_id"], row["seq"]) for row in rows))
    if connection.dialect.name == "postgresql":
        for row in rows:
            _zoned(row["at"])
            _zoned(row["received_at"])
        return frozenset(connection.execute(_FROM_JSON, {"rows": to_json(ordered).decode()}).scalars())
    return _insert_one_by_one(connection, ordered)


def _not_archived(connection: Connection, rows: Sequence[EventValues]) -> Sequence[EventValues]:
    """Leave out what lies in the archive: it is here already."""
    there = archived_among(connection, [row["event_id"] for row in rows]) if rows else ()
    return [row for row in rows if row["event_id"] not in there] if there else rows


def _insert_one_by_one(connection: Connection, rows: Sequence[EventValues]) -> frozenset[str]:
    """Insert into SQLite, whose transactions that write come one after another: what is there cannot change."""
    ids = [row["event_id"] for row in rows]
    there = connection.execute(_THERE, {"ids": json.dumps(ids)}).scalars()
    new = frozenset(ids).difference(there)
    if new:
        added = rows if len(new) == len(rows) else [row for row in rows if row["event_id"] in new]
        connection.exec_driver_sql(_ONE_BY_ONE, _for_sqlite(added))
    return new


def _for_sqlite(rows: Sequence[EventValues]) -> list[tuple[Any, ...]]:
    received = cache(_moment)  # a post has one time of arrival
    return [
        (
            *_BEFORE(row),
            _moment(row["at"]),
            *_BETWEEN(row),
            received(row["received_at"]),
            *_AFTER(row),
            to_json(row["detail"]).decode() if row["detail"] else "{}",
        )
        for row in rows
    ]


def _moment(value: datetime) -> str:
    """Write a moment as SQLAlchemy does, which reads it."""
    utc = value if value.tzinfo is UTC else _zoned(value).astimezone(UTC)
    return utc.isoformat(" ", "microseconds")[:_MOMENT]


def _zoned(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a moment without a time zone cannot be stored")
    return moment
