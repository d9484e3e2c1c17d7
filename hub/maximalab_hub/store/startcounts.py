"""What senders' starts came to, kept in a table, so that a page need not count ten million events.

A start is counted once, and what came of it since is added: by pages for themselves, and for good by `settle`, which
the service does now and then. `startchanges` says of which starts events came or went. The count of a start is of all
its events, archived or not, so that to archive a month changes none.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import sleep
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from maximalab_hub.store.archive.reading import archive_of
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.erasure_lock import hold_everybody_off
from maximalab_hub.store.models import EventRow, StartChangeRow, StartCountRow, StartCourseRow
from maximalab_hub.store.startchanges import ANYTHING, came
from maximalab_hub.store.startcounting import COURSES, KEY, STARTS, added_up, among, counted_among, grouped

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from sqlalchemy import Connection, Engine

EVERYTHING: Final = ""
"""In the place of a start's id: nothing was counted yet."""
AT_ONCE: Final = 500
"""Starts that one transaction counts: some hundredths of a second, and some seconds where an archive is large."""
REST_SECONDS: Final = 0.2
"""Between two such transactions: who waits for SQLite's lock looks ten times a second whether it is free."""
COLUMNS: Final = tuple(column for column in StartCountRow.__table__.columns if column.name != "place")
"""A start's count, in the order of `startcounting.STARTS`."""


@dataclass(frozen=True, slots=True)
class Counted:
    """Some starts as they are now."""

    starts: Sequence[tuple[Any, ...]]
    """As `startcounting.STARTS` gives them."""
    courses: Sequence[tuple[Any, ...]]
    """As `startcounting.COURSES` gives them."""


def changes(connection: Connection, most: int) -> Mapping[str, int]:
    """Say which starts changed since they were counted, and from which number on; `most` of them."""
    asked = (
        select(StartChangeRow.boot_id, StartChangeRow.from_seq).order_by(StartChangeRow.boot_id).limit(most)
    )
    return {row.boot_id: row.from_seq for row in connection.execute(asked)}


def counted_now(connection: Connection, changed: Mapping[str, int]) -> Counted:
    """Count these starts as they are now: wholly where anything may have changed, else only what came since."""
    known = _known(connection, changed)
    numbered: dict[str, int] = {}
    for row in known.starts:
        numbered[row[0]] = max(numbered.get(row[0], 0), row[KEY + 1])
    more = {boot for boot, seq in changed.items() if seq > ANYTHING and seq >= numbered.get(boot, 0)}
    whole = _whole(connection, changed.keys() - more)
    new = _since(connection, more)
    before = Counted(
        [row for row in known.starts if row[0] in more], [row for row in known.courses if row[0] in more]
    )
    return Counted(
        [*whole.starts, *_together(before.starts, new.starts)],
        [*whole.courses, *_courses_together(before.courses, new.courses)],
    )


def settle(engine: Engine, rest: Callable[[float], object] = sleep, *, at_once: int = AT_ONCE) -> int:
    """Count what changed, for good, `at_once` by `at_once`; say how many starts. Raises `StoreAwayError`.

    Between these batches there is a `rest`: without one, nobody else could store anything until all was counted.
    """
    count = 0
    with reading(engine) as connection:
        if not changes(connection, 1):
            return count  # nobody has to wait for that
    while True:
        with writing(engine) as connection:
            hold_everybody_off(connection)
            changed = changes(connection, at_once)
            if EVERYTHING in changed:
                _begin(connection)
                continue
            _keep(connection, changed.keys(), counted_now(connection, changed))
            count += len(changed)
        if len(changed) < at_once:
            return count  # what came meanwhile is the next time's
        rest(REST_SECONDS)


def begin_anew(engine: Engine) -> None:
    """Forget all counts, so that `settle` makes them anew. Raises `StoreAwayError`."""
    with writing(engine) as connection:
        hold_everybody_off(connection)
        _begin(connection)


def _begin(connection: Connection) -> None:
    """Note every start as changed."""
    for table in (StartChangeRow, StartCountRow, StartCourseRow):
        connection.execute(delete(table))
    boots = select(EventRow.boot_id).distinct()
    archive = archive_of(connection)
    archived = {row[0] for row in archive.rows(boots)} if archive else set()
    came(connection, dict.fromkeys(archived.union(connection.execute(boots).scalars()), ANYTHING))


def _known(connection: Connection, boots: Collection[str]) -> Counted:
    ids, name = sorted(boots), connection.dialect.name
    starts = select(*COLUMNS).where(among(StartCountRow.boot_id, ids, name))
    columns = (StartCourseRow.boot_id, StartCourseRow.course, StartCourseRow.first_at, StartCourseRow.last_at)
    courses = select(*columns).where(among(StartCourseRow.boot_id, ids, name))
    return Counted(*(list(map(tuple, connection.execute(asked))) for asked in (starts, courses)))


def _whole(connection: Connection, boots: Collection[str]) -> Counted:
    if not boots:
        return Counted([], [])
    archive = archive_of(connection)
    starts = counted_among(connection, STARTS, boots, archive)
    ids = sorted(boots)
    here = connection.execute(COURSES.where(among(EventRow.boot_id, ids, connection.dialect.name)))
    there = archive.rows(COURSES.where(among(EventRow.boot_id, ids))) if archive else []
    return Counted(starts, _courses_together(list(map(tuple, here)), there))


def _since(connection: Connection, boots: Collection[str]) -> Counted:
    """Count what came of these starts since: all of it is in the table still (`startchanges.moved`)."""
    if not boots:
        return Counted([], [])
    new = among(StartChangeRow.boot_id, sorted(boots), connection.dialect.name)
    came_since = (EventRow.boot_id == StartChangeRow.boot_id) & (EventRow.seq >= StartChangeRow.from_seq)
    starts, courses = (
        connection.execute(asked.join_from(StartChangeRow, EventRow, came_since).where(new))
        for asked in (grouped(STARTS), COURSES)
    )
    return Counted(list(map(tuple, starts)), list(map(tuple, courses)))


def _together(before: Sequence[tuple[Any, ...]], new: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    found = {row[:KEY]: row for row in before}
    for row in new:
        known = found.get(row[:KEY])
        found[row[:KEY]] = row if known is None else added_up(row[:KEY], known, row)
    return list(found.values())


def _courses_together(
    one: Sequence[tuple[Any, ...]], other: Sequence[tuple[Any, ...]]
) -> list[tuple[Any, ...]]:
    found = {row[:2]: row for row in one}
    for row in other:
        known = found.get(row[:2], row)
        found[row[:2]] = (*row[:2], min(known[2], row[2]), max(known[3], row[3]))
    return list(found.values())


def _keep(connection: Connection, boots: Collection[str], counted: Counted) -> None:
    ids, name = sorted(boots), connection.dialect.name
    for table in (StartChangeRow, StartCountRow, StartCourseRow):
        connection.execute(delete(table).where(among(table.boot_id, ids, name)))
    places: dict[str, int] = {}
    starts = []
    for row in sorted(counted.starts, key=lambda row: (row[0], row[1], row[2] or "")):
        places[row[0]] = places.get(row[0], -1) + 1
        values = dict(zip((column.name for column in COLUMNS), row, strict=True))
        starts.append({**values, "ended": bool(values["ended"]), "place": places[row[0]]})
    names = ("boot_id", "course", "first_at", "last_at")
    courses = [dict(zip(names, row, strict=True)) for row in counted.courses]
    for table, rows in ((StartCountRow, starts), (StartCourseRow, courses)):
        if rows:
            connection.execute(insert(table), rows)
