"""How many events of each start of each sender are here, out of how many that it numbered.

Like `queries`, every function takes a connection of `engine.writing` or `engine.reading`; none commits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import func, select

from maximalab_hub.store.archive.reading import archive_of
from maximalab_hub.store.models import EventRow, RemovedNumberRow
from maximalab_hub.store.startchoice import Choice, chosen
from maximalab_hub.store.startcounting import (
    BY_THE_HUB,
    STARTS,
    among,
    boots_within,
    counted_of,
    everywhere_counted,
)
from maximalab_hub.store.startcounts import EVERYTHING, changes
from maximalab_hub.store.startsums import newest, sums, unusual

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from maximalab_hub.store.startsums import Page, Sum

MOST_CHANGED: Final = 5_000
"""Starts that may have changed since they were counted for a page to count them for itself; of more, it counts all."""


class BootCount(NamedTuple):
    """How many events of one start of one sender are here, out of how many that it numbered.

    `user` is empty where the sender is the hub.
    """

    boot_id: str
    user: str
    server: str | None
    stored: int
    """Different numbers, so that a sender that gives a number twice hides no gap."""
    numbered: int
    """As the sender says: the largest number that came, and one."""
    ended: bool
    """Whether the sender said, as the last thing before it ended, that it numbered no more."""
    first_at: datetime
    last_at: datetime
    first_received: datetime
    last_received: datetime
    removed: int = 0
    """Numbers of events that were here, and were erased or grew too old."""

    @property
    def missing(self) -> int:
        """How many numbers never came. A number that came twice may have been removed once."""
        return max(0, self.numbered - self.stored - self.removed)


def boot_counts(
    connection: Connection,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    courses: Collection[str] | None = None,
) -> list[BootCount]:
    """Say of each sender's start how many of its events are here and how many it numbered (from 0).

    Of starts with an event at `start` <= at < `end` only; these are counted whole. A difference is a gap: events
    on their way, refused, or lost. What a start lost after its last event that is here cannot be seen; that it may
    have lost some can, where it did not say that it `ended`. Starts that told of looks and exports alone are not
    counted: looking at a study must not change it. With `courses`, starts of students' own senders alone, with an
    event of one of these courses.
    """
    choice = Choice(start, end, None if courses is None else frozenset(courses))
    changed = changes(connection, MOST_CHANGED + 1)
    if EVERYTHING in changed or len(changed) > MOST_CHANGED:
        return in_order(connection, counted_anew(connection, choice))
    return in_order(connection, chosen(connection, choice, changed))


def summed_counts(
    connection: Connection, choice: Choice, most_missing: int
) -> tuple[list[Sum], list[BootCount]]:
    """Give the same as sums by sender, and one by one the starts that need a look of their own.

    No start is in both. A start that is summed misses `most_missing` numbers at most.
    """
    changed = changes(connection, MOST_CHANGED + 1)
    if EVERYTHING in changed or len(changed) > MOST_CHANGED:
        return [], in_order(connection, counted_anew(connection, choice))
    one_by_one = chosen(connection, choice, changed, unusual(choice, most_missing))
    return sums(connection, choice, most_missing), in_order(connection, one_by_one)


def newest_summed(connection: Connection, choice: Choice, most_missing: int, page: Page) -> list[BootCount]:
    """Give, of the starts that `summed_counts` sums, those that a page shows: no order is promised."""
    changed = changes(connection, MOST_CHANGED + 1)
    if EVERYTHING in changed or len(changed) > MOST_CHANGED:
        return []
    return in_order(connection, newest(connection, choice, most_missing, page))


def counted_anew(connection: Connection, choice: Choice) -> list[tuple[Any, ...]]:
    """Count the chosen starts event by event, whatever was counted before."""
    archive = archive_of(connection)
    statement = STARTS if choice.courses is None else STARTS.where(~BY_THE_HUB)
    if choice.is_all:
        return everywhere_counted(connection, statement, statement, archive)
    inside = boots_within(choice.start, choice.end, choice.courses)
    return counted_of(connection, statement, inside, archive)


def boots_among(
    connection: Connection, boot_ids: Collection[str], *, of_the_hub: bool = False
) -> frozenset[str]:
    """Say of which of these starts there is an event, archived or not; with `of_the_hub`, one that the hub told."""
    ids = sorted(boot_ids)
    asked = select(EventRow.boot_id).distinct()
    if of_the_hub:
        asked = asked.where(BY_THE_HUB)
    archive = archive_of(connection)
    found = connection.execute(asked.where(among(EventRow.boot_id, ids, connection.dialect.name))).scalars()
    more = archive.rows(asked.where(among(EventRow.boot_id, ids))) if archive and ids else []
    return frozenset(found) | {row[0] for row in more}


def in_order(connection: Connection, counted: list[tuple[Any, ...]]) -> list[BootCount]:
    """Make counts of what the events came to, ordered."""
    removed = _removed(connection)
    counted.sort(key=lambda row: (row[0], row[1], row[2] or ""))
    told = [BootCount(*row[:-1]) for row in counted if row[-1] > 0]  # it told of more than looks
    if not removed:
        return told
    return [_with_removed(one, *removed.get(one.boot_id, (0, 0))) for one in told]


def _removed(connection: Connection) -> dict[str, tuple[int, int]]:
    """Say of each start whose events were removed in part how many, and the largest number of them and one."""
    counts = (func.count(), func.max(RemovedNumberRow.seq) + 1)
    rows = connection.execute(select(RemovedNumberRow.boot_id, *counts).group_by(RemovedNumberRow.boot_id))
    return {boot_id: (count, numbered) for boot_id, count, numbered in rows}


def _with_removed(one: BootCount, removed: int, numbered: int) -> BootCount:
    return one._replace(removed=removed, numbered=max(one.numbered, numbered))
