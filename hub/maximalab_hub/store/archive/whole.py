"""Takes a closed month out of PostgreSQL's table of events by removing its partition, where that is possible.

Deleted rows are still there for whoever reads an older state of the database; a removed partition is not, and such a
reader would find the month in neither place. So every reader holds the table before the state that it sees is taken
(`engine.reading`), and here the table is taken only where nobody holds it. Else rows are deleted one by one, as in
SQLite.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from maximalab_hub.store.partitions import attempted, first_id, months_made, name_of

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection, CursorResult

    from maximalab_hub.store.archive.months import Month

_WITHIN: Final = '"at" >= :start AND "at" < :end'


def gone_with_partition(connection: Connection, month: Month, event_ids: Collection[str]) -> frozenset[str]:
    """Remove the month's partition if that takes none but these events; say which went with it, perhaps none.

    What lies in it and happened in other months stays in the table. Nobody may store events meanwhile
    (`erasure_lock.hold_everybody_off`). Call it last: until the transaction's end nobody reads.
    """
    if month not in months_made(connection):
        return frozenset()
    first, after = first_id(month), first_id(month.later(1))
    mine = frozenset(one for one in event_ids if first <= one < after)
    if not mine or _here(connection, month) != mine:
        return frozenset()  # something came or went since the file was written
    if _asked(connection, month, "SELECT count(*)", "NOT").scalar_one() > len(mine):
        return frozenset()  # more would have to stay than goes
    with attempted(connection, f"the events of {month} are deleted one by one") as gone:
        connection.execute(text("LOCK TABLE event IN ACCESS EXCLUSIVE MODE"))
        if _asked(connection, month, "SELECT count(*)", "").scalar_one() == len(mine):
            _remove(connection, month)
            gone.extend(mine)
    return frozenset(gone)


def _asked(connection: Connection, month: Month, what: str, which: str) -> CursorResult[Any]:
    """Ask the month's partition about its events that happened in the month, or did not."""
    asked = text(f"{what} FROM {name_of(month)} WHERE {which} ({_WITHIN})")
    return connection.execute(asked, {"start": month.start, "end": month.end})


def _here(connection: Connection, month: Month) -> frozenset[str]:
    return frozenset(_asked(connection, month, "SELECT event_id", "").scalars())


def _remove(connection: Connection, month: Month) -> None:
    _asked(connection, month, "CREATE TEMPORARY TABLE staying_event ON COMMIT DROP AS SELECT *", "NOT")
    connection.execute(text(f"DROP TABLE {name_of(month)}"))
    connection.execute(text("INSERT INTO event SELECT * FROM staying_event"))
    connection.execute(text("DROP TABLE staying_event"))
