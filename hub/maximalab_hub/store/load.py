"""Whole tables of events into the store, in each database's quickest way: COPY on PostgreSQL, `executemany` on SQLite.

For histories and archives, which come by the hundred thousand; a post of a sender goes through `bulk`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from io import BytesIO
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
import pyarrow.compute as pc
from pyarrow import csv

from maximalab_hub.store.archive.ids import archived_among
from maximalab_hub.store.arrow import SCHEMA
from maximalab_hub.store.partitions import many_of, prepare
from maximalab_hub.store.startchanges import came, lowest_in

if TYPE_CHECKING:
    from sqlalchemy import Connection

_NAMES: Final = ", ".join(f'"{name}"' for name in SCHEMA.names)  # `user` is a word of SQL's own
_MARKS: Final = ", ".join("?" * len(SCHEMA.names))
_INSERT: Final = f"INSERT INTO event ({_NAMES}) VALUES ({_MARKS}) ON CONFLICT DO NOTHING"  # noqa: S608  our names
_STAGE: Final = (
    "CREATE TEMPORARY TABLE IF NOT EXISTS incoming_event (LIKE event) ON COMMIT DROP",
    "TRUNCATE incoming_event",
)
_COPY: Final = f"COPY incoming_event ({_NAMES}) FROM STDIN (FORMAT csv)"
_TAKE: Final = (
    f"INSERT INTO event ({_NAMES}) SELECT {_NAMES} FROM incoming_event"  # noqa: S608  our names
    " ORDER BY event_id ON CONFLICT DO NOTHING"
)
ROWS_AT_ONCE: Final = 50_000


def load_events(connection: Connection, events: Any) -> int:  # noqa: ANN401  pyarrow has no types
    """Add the events of an Arrow table that are not here yet; say how many were new.

    As with every way in, what is here already under an id stays as it is. The table has the columns of
    `store.arrow.SCHEMA`, in any order.
    """
    ordered = events.select(SCHEMA.names).cast(SCHEMA)
    if connection.dialect.name == "postgresql":
        prepare(connection, many_of(ordered.column("event_id"), datetime.now(UTC)))
    came(connection, lowest_in(ordered))
    put = _copied if connection.dialect.name == "postgresql" else _inserted
    parts = (ordered.slice(n, ROWS_AT_ONCE) for n in range(0, len(ordered), ROWS_AT_ONCE))
    return sum(put(connection, new) for part in parts if len(new := _not_archived(connection, part)))


def _not_archived(connection: Connection, part: Any) -> Any:  # noqa: ANN401
    """Leave out what lies in the archive: it is here already."""
    there = archived_among(connection, part.column("event_id").to_pylist())
    known = pc.is_in(part.column("event_id"), pa.array(sorted(there), pa.string()))
    return part.filter(pc.invert(known)) if there else part


def _copied(connection: Connection, part: Any) -> int:  # noqa: ANN401
    for statement in _STAGE:
        connection.exec_driver_sql(statement)
    text = BytesIO()
    # Quoted throughout but for what is missing, so that PostgreSQL tells an empty text from none.
    csv.write_csv(part, text, csv.WriteOptions(include_header=False, quoting_style="needed"))
    driver: Any = connection.connection.driver_connection
    with driver.cursor().copy(_COPY) as copy:
        copy.write(text.getvalue())
    return int(connection.exec_driver_sql(_TAKE).rowcount)


def _inserted(connection: Connection, part: Any) -> int:  # noqa: ANN401
    plain = part
    for name in ("at", "received_at"):
        # As SQLAlchemy writes moments in SQLite, which reads them.
        place = plain.schema.get_field_index(name)
        local = pc.cast(plain.column(name), pa.timestamp("us"))
        plain = plain.set_column(place, name, pc.cast(local, pa.string()))
    rows = list(zip(*(column.to_pylist() for column in plain.columns), strict=True))
    there = "SELECT total_changes()"
    before = connection.exec_driver_sql(there).scalar_one()
    connection.exec_driver_sql(_INSERT, rows)
    return int(connection.exec_driver_sql(there).scalar_one()) - int(before)
