"""Which ids are archived: 16 bytes for each, beside the files, so that an event that comes again is known again.

A post asks one small question first: which is the largest archived id. Ids of events begin with the time at which they
were made (UUIDv7), so what a classroom sends is larger than all that is archived, and nothing further is asked.
"""

from __future__ import annotations

from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from sqlalchemy import bindparam, func, select, text

from maximalab_hub.store.models import ArchivedIdRow, ArchivedMonthRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from sqlalchemy import Connection

_AT_ONCE: Final = 500
"""Ids asked for in one statement."""
_WRITTEN_AT_ONCE: Final = 10_000
_LARGEST: Final = select(func.max(ArchivedMonthRow.last_id))
_THERE: Final = select(ArchivedIdRow.id).where(ArchivedIdRow.id.in_(bindparam("ids", expanding=True)))
_ADD: Final = {
    "sqlite": "INSERT INTO archived_id (id) VALUES (?)",
    "postgresql": "INSERT INTO archived_id (id) SELECT unnest(CAST(:ids AS bytea[]))",
}
_FORGET: Final = {
    "sqlite": "DELETE FROM archived_id WHERE id = ?",
    "postgresql": "DELETE FROM archived_id WHERE id = ANY(CAST(:ids AS bytea[]))",
}


def key_of(event_id: str) -> bytes:
    """Give an id's 16 bytes: a UUID's own, or the beginning of a hash where the id is none as we write them."""
    try:
        one = UUID(event_id)
    except ValueError:
        one = None
    if one is None or str(one) != event_id:
        return sha256(event_id.encode()).digest()[:16]
    return one.bytes


def archived_among(connection: Connection, event_ids: Collection[str]) -> frozenset[str]:
    """Say which of these ids are archived."""
    largest = connection.execute(_LARGEST).scalar()
    if largest is None:
        return frozenset()
    asked = {key_of(one): one for one in event_ids if one <= largest}
    found = (
        key for part in _parts(asked, _AT_ONCE) for key in connection.execute(_THERE, {"ids": part}).scalars()
    )
    return frozenset(asked[bytes(key)] for key in found)


def add(connection: Connection, event_ids: Iterable[str]) -> None:
    """Remember these ids as archived."""
    _change(connection, _ADD, event_ids)


def forget(connection: Connection, event_ids: Iterable[str]) -> None:
    """Forget that these ids were archived."""
    _change(connection, _FORGET, event_ids)


def _change(connection: Connection, words: dict[str, str], event_ids: Iterable[str]) -> None:
    statement = words[connection.dialect.name]
    for part in _parts(map(key_of, event_ids), _WRITTEN_AT_ONCE):
        if connection.dialect.name == "postgresql":
            connection.execute(text(statement), {"ids": part})
        else:
            connection.exec_driver_sql(statement, [(one,) for one in part])


def _parts(some: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rest = iter(some)
    while part := list(islice(rest, size)):
        yield part
