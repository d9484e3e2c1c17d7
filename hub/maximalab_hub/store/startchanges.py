"""Notes of which starts' events came or went since they were counted (`store.startcounts`).

Whoever adds events to the table, or takes them out of the store for ever, says so here in the same transaction. It is
one small row for a start and post, so that to store events costs hardly more than before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from sqlalchemy import delete, text, update

from maximalab_hub.store.erasure_lock import hold_off_erasure
from maximalab_hub.store.models import StartChangeRow, StartCountRow, StartCourseRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from sqlalchemy import Connection

ANYTHING: Final = -1
"""In the place of a number: anything may have changed."""
_LESS: Final = (
    "ON CONFLICT (boot_id) DO UPDATE SET from_seq = excluded.from_seq"
    " WHERE excluded.from_seq < start_change.from_seq"
)
_NOTE: Final = "INSERT INTO start_change (boot_id, from_seq)"
NOTE_SQLITE: Final = f"{_NOTE} VALUES (?, ?) {_LESS}"
"""For who speaks to SQLite's driver itself."""
NOTE_TOLD: Final = f"{_NOTE} SELECT boot_id, min(seq) FROM told GROUP BY boot_id ORDER BY boot_id {_LESS}"  # noqa: S608  our own words
"""The same in PostgreSQL, of the rows of a query `told`."""
_NOTE_POSTGRESQL: Final = text(
    f"{_NOTE} SELECT * FROM unnest(CAST(:boots AS text[]), CAST(:lowest AS bigint[])) {_LESS}"  # noqa: S608  our words
)


def lowest_of(numbers: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Give the least number of each start."""
    found: dict[str, int] = {}
    for boot_id, seq in numbers:
        known = found.get(boot_id)
        if known is None or seq < known:
            found[boot_id] = seq
    return found


def lowest_in(events: Any) -> dict[str, int]:  # noqa: ANN401  pyarrow has no types
    """Give the same of a table of events."""
    least = pa.TableGroupBy(events.select(["boot_id", "seq"]), "boot_id").aggregate([("seq", "min")])
    return dict(zip(least.column("boot_id").to_pylist(), least.column("seq_min").to_pylist(), strict=True))


def came(connection: Connection, lowest: Mapping[str, int]) -> None:
    """Note that events with these starts' numbers, or larger ones, came into the table."""
    if not lowest:
        return
    # In order: who notes the same starts at the same time waits in line, not in a circle.
    ordered = sorted(lowest.items())
    if connection.dialect.name == "postgresql":
        hold_off_erasure(connection)  # whoever counts holds everybody off, and misses no note
        boots, numbers = zip(*ordered, strict=True)
        connection.execute(_NOTE_POSTGRESQL, {"boots": list(boots), "lowest": list(numbers)})
    else:
        connection.exec_driver_sql(NOTE_SQLITE, ordered)


def went(connection: Connection, boots: Collection[str]) -> None:
    """Note that events of these starts went for ever, and forget at once what was known of them."""
    came(connection, dict.fromkeys(boots, ANYTHING))
    for part in _parts(sorted(set(boots))):
        for table in (StartCountRow, StartCourseRow):
            connection.execute(delete(table).where(table.boot_id.in_(part)))


def moved(connection: Connection) -> None:
    """Note that events are about to leave the table for the archive.

    What starts came to stays the same; but what came since they were counted is not all in the table any more.
    """
    connection.execute(update(StartChangeRow).values(from_seq=ANYTHING))


def _parts(values: list[str]) -> Iterable[list[str]]:
    return (values[start : start + 500] for start in range(0, len(values), 500))
