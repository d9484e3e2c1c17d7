"""One person's events after another's: the table is asked for each by its index, the archive for many at a time.

A question to the archive reads a column of each file, whoever is asked for; for a course's two hundred people, that
would be the same reading two hundred times.
"""

from __future__ import annotations

from collections import defaultdict
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final

from maximalab_hub.store.archive.reading import archive_of
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.queries import events_stored
from maximalab_hub.store.research import conditions

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from maximalab_hub.store.archive.reading import Archive
    from maximalab_hub.store.research import Selection

EVENTS_AT_ONCE: Final = 20_000
"""Archived events that are held, at least those of one person."""


def events_of_each(
    connection: Connection, selection: Selection, counts: Mapping[str, int]
) -> Iterator[tuple[str, list[Row[Any]]]]:
    """Give each person's chosen events, ordered by time and event, person by person as in `counts`.

    `counts` says how many events each person has at most, so that not too many are held.
    """
    archive = archive_of(connection, selection.since, selection.until)
    for some in _parts(counts):
        archived = _archived(archive, selection, some) if archive else {}
        for user in some:
            stored = list(events_stored(connection, [*conditions(selection), EventRow.user == user]))
            mine = archived.pop(user, [])
            yield user, list(merge(mine, stored, key=attrgetter("at", "event_id"))) if mine else stored


def _parts(counts: Mapping[str, int]) -> Iterator[Sequence[str]]:
    some: list[str] = []
    held = 0
    for user, count in counts.items():
        if some and held + count > EVENTS_AT_ONCE:
            yield some
            some, held = [], 0
        some.append(user)
        held += count
    if some:
        yield some


def _archived(archive: Archive, selection: Selection, users: Collection[str]) -> dict[str, list[Row[Any]]]:
    found: dict[str, list[Row[Any]]] = defaultdict(list)
    for row in archive.events([*conditions(selection), EventRow.user.in_(users)]):
        found[row.user].append(row)
    return found
