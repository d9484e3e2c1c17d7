"""Monthly partitions of PostgreSQL's table `event`: which there are, and who makes the next.

An event's id is a UUIDv7, which begins with the millisecond at which it was made. So the table is divided by ranges of
ids, a month (in UTC) each, and the id alone stays the key. What lies in no month's range waits in `event_other`:
nothing is refused for want of a partition. SQLite's table is one; nothing here is for it.
"""

from __future__ import annotations

import logging
import re
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

import pyarrow.compute as pc
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from maximalab_hub.store.archive.months import Month, month_of
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.erasure_lock import hold_everybody_off

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import Connection, Engine

log = logging.getLogger(__name__)

AHEAD: Final = 3
"""Months after the present one that have their partitions already."""
BACK: Final = 120
"""Months before it that may have one: a sender can make ids up, and no more partitions come of it than these."""
LEAST: Final = 1_000
"""Events of a past month for which it gets a partition; fewer are as well off in `event_other`."""
PATIENCE: Final = 1.0
"""Seconds to wait for those who read: who asks meanwhile waits behind us."""
_NAMED: Final = re.compile(r"event_(\d{4})_(\d\d)")
_MADE: Final = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = 'event'::regclass")
_WAITING: Final = text(
    "SELECT m.month, count(*) FROM unnest(CAST(:months AS text[]), CAST(:first AS text[]), CAST(:after AS text[]))"
    ' AS m(month, first, after) JOIN event_other ON event_id >= m.first COLLATE "C" AND event_id < m.after COLLATE "C"'
    " GROUP BY m.month"
)
_PREFIX: Final = 6
"""Digits of an id that tell its month well enough to guess by: some five hours."""


def name_of(month: Month) -> str:
    """Name the month's partition."""
    return f"event_{month.year:04}_{month.number:02}"


def first_id(month: Month) -> str:
    """Give the bound of the month's ids: no UUIDv7 made in it is less, and each one made before it is."""
    return str(UUID(int=int(month.start.timestamp() * 1000) << 80))


def months_made(connection: Connection) -> frozenset[Month]:
    """Say which months have a partition; none on SQLite."""
    if connection.dialect.name != "postgresql":
        return frozenset()
    found = (_NAMED.fullmatch(name.rpartition(".")[2]) for name in connection.execute(_MADE).scalars())
    return frozenset(Month(int(one[1]), int(one[2])) for one in found if one)


def many_of(event_ids: Any, now: datetime) -> list[Month]:  # noqa: ANN401  pyarrow has no types
    """Say of which months a column of ids has so many that each should have a partition. A guess, and pure."""
    counts: dict[Month, int] = {}
    for one in pc.value_counts(pc.utf8_slice_codeunits(event_ids, 0, _PREFIX)).to_pylist():
        month = _guessed(one["values"])
        if month is not None:
            counts[month] = counts.get(month, 0) + one["counts"]
    return [month for month in _possible(now) if counts.get(month, 0) >= LEAST]


def prepare(connection: Connection, months: Iterable[Month]) -> list[Month]:
    """Make these months' partitions where they are missing; say which were made.

    In a transaction of `engine.writing`, whatever else it does. What cannot be made now, because somebody reads for
    longer than `PATIENCE` or the account may make no tables, is left for another day: its events wait in `event_other`.
    """
    if connection.dialect.name != "postgresql":
        return []
    missing = sorted(set(months) - months_made(connection))
    return [month for month in missing if _tried(connection, month)]


def keep(engine: Engine, now: datetime) -> list[Month]:
    """Make the partitions that are needed from now on, remove those that stand empty; say which were made.

    Raises `maximalab_hub.store.engine.StoreAwayError`.
    """
    if engine.dialect.name != "postgresql":
        return []
    with reading(engine) as connection:
        made = months_made(connection)
        missing = {*_coming(now), *_waiting(connection, now)} - made
        empty = [one for one in sorted(made) if one < month_of(now) and _is_empty(connection, one)]
    new: list[Month] = []
    if missing:
        with writing(engine) as connection:
            hold_everybody_off(
                connection
            )  # whoever stores just now would meet a partition that was not there
            new = prepare(connection, missing)
    for month in empty:
        with writing(engine) as connection:
            remove_empty(connection, month)
    if new or empty:
        with writing(engine) as connection:
            # PostgreSQL does so by itself for each partition, and not for the whole.
            connection.execute(text("ANALYZE event"))
    return new


def remove_empty(connection: Connection, month: Month) -> bool:
    """Remove the month's partition if nothing is in it, and nobody reads; say whether it went."""
    with attempted(connection, f"the empty partition of {month} stays for now") as gone:
        connection.execute(text("LOCK TABLE event IN ACCESS EXCLUSIVE MODE"))
        if _is_empty(connection, month):
            connection.execute(text(f"DROP TABLE {name_of(month)}"))
            gone.append(True)
    return bool(gone)


@contextmanager
def attempted(connection: Connection, otherwise: str) -> Iterator[list[Any]]:
    """Try what needs a table to oneself, for a short while; where it cannot be had, nothing of it was done.

    The list is for what the block has to tell: it is emptied where the block came to nothing.
    """
    told: list[Any] = []
    before = connection.execute(text("SELECT current_setting('lock_timeout')")).scalar_one()
    try:
        with connection.begin_nested():
            _patient(connection, f"{PATIENCE}s")
            yield told
            _patient(connection, before)
    except DBAPIError as error:
        if error.connection_invalidated:
            raise
        told.clear()
        log.info("%s: %s", otherwise, str(error.orig).strip().splitlines()[0][:200])


def _patient(connection: Connection, how_long: str) -> None:
    connection.execute(text("SELECT set_config('lock_timeout', :how_long, true)"), {"how_long": how_long})


def _tried(connection: Connection, month: Month) -> bool:
    with attempted(connection, f"the partition of {month} has to wait") as made:
        # One at a time; readers and writers go on, except that nobody may be in `event_other`.
        connection.execute(text("LOCK TABLE ONLY event IN SHARE UPDATE EXCLUSIVE MODE"))
        if month in months_made(connection):
            return False
        connection.execute(text("LOCK TABLE event_other IN ACCESS EXCLUSIVE MODE"))
        _make(connection, month)
        made.append(month)
    return bool(made)


def _make(connection: Connection, month: Month) -> None:
    name, first, after = name_of(month), first_id(month), first_id(month.later(1))
    within = f"event_id >= '{first}' AND event_id < '{after}'"
    for statement in (
        f"CREATE TABLE {name} (LIKE event)",
        f"WITH gone AS (DELETE FROM event_other WHERE {within} RETURNING *) INSERT INTO {name} SELECT * FROM gone",  # noqa: S608  our own words
        f"ALTER TABLE event ATTACH PARTITION {name} FOR VALUES FROM ('{first}') TO ('{after}')",
    ):
        connection.execute(text(statement))


def _coming(now: datetime) -> list[Month]:
    return [month_of(now).later(n) for n in range(AHEAD + 1)]


def _possible(now: datetime) -> list[Month]:
    return [month_of(now).later(n) for n in range(-BACK, AHEAD + 1)]


def _waiting(connection: Connection, now: datetime) -> list[Month]:
    """Say of which months so many events wait in `event_other` that each should have a partition."""
    months = {str(one): one for one in _possible(now)}
    bounds: dict[str, Collection[str]] = {
        "months": list(months),
        "first": [first_id(one) for one in months.values()],
        "after": [first_id(one.later(1)) for one in months.values()],
    }
    return [months[name] for name, count in connection.execute(_WAITING, bounds) if count >= LEAST]


def _is_empty(connection: Connection, month: Month) -> bool:
    asked = text(f"SELECT NOT EXISTS (SELECT FROM {name_of(month)})")  # noqa: S608  our own name
    return bool(connection.execute(asked).scalar_one())


def _guessed(prefix: str) -> Month | None:
    """Say when the ids with these digits begin; None where they are no UUID's."""
    try:
        return month_of(datetime.fromtimestamp((int(prefix, 16) << 4 * (12 - _PREFIX)) / 1000, UTC))
    except (ValueError, OverflowError, OSError):
        return None
