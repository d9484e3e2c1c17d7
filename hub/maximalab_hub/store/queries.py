"""The store's queries by name: what is written, and what everybody reads.

Every function takes a connection of `engine.writing` or `engine.reading`; none commits. Whoever needs a query
of its own puts it in a file beside this one.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from heapq import merge
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, TypedDict

from sqlalchemy import Select, bindparam, insert, select
from sqlalchemy.dialects import postgresql, sqlite

from maximalab_hub.events import Kind
from maximalab_hub.store import cellcode
from maximalab_hub.store.archive.reading import archive_of, event_rows
from maximalab_hub.store.models import (
    Base,
    ConsentRow,
    EnrolmentRow,
    EventRow,
    ServerRow,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

AUDIT = (Kind.LOOK.value, Kind.EXPORT.value)
"""Kinds of event that are about the usage data, not about the lab's work."""
FEW_PEOPLE = 2000
"""So many are named in a statement; of more, everybody is read."""
STREAM_ROWS = 1000
"""How many rows a streamed answer keeps in memory at a time."""


class EventValues(TypedDict):
    """The values of one row of the table `event`; see `models.EventRow` and docs/events.md."""

    event_id: str
    boot_id: str
    seq: int
    kind: str
    at: datetime
    at_reported: str
    at_clamped: bool
    received_at: datetime
    user: str
    server: str | None
    tier: str | None
    backend: str | None
    entrance: str | None
    course: str | None
    material: str | None
    notebook: str | None
    cell_id: str | None
    kernel: str | None
    duration_ms: int | None
    outcome: str | None
    error_name: str | None
    source: str
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ServerMoment:
    """That the hub saw a server start, and where, or stop."""

    moment: datetime
    running: bool
    tier: str | None = None
    backend: str | None = None
    entrance: str | None = None


def _insert_new(connection: Connection, table: type[Base]) -> Any:  # noqa: ANN401  two dialects, no common type
    """Begin an INSERT in which a row that is there already changes nothing, on either database."""
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    return dialect.insert(table).on_conflict_do_nothing()


def insert_server_moments(connection: Connection, moments: Sequence[tuple[str, str, ServerMoment]]) -> None:
    """Remember what the hub saw of servers: (user, server, what). The same moment again changes nothing."""
    if moments:
        connection.execute(
            _insert_new(connection, ServerRow),
            [
                {
                    "user": user,
                    "server": server,
                    "moment": seen.moment,
                    "running": seen.running,
                    "tier": seen.tier,
                    "backend": seen.backend,
                    "entrance": seen.entrance,
                }
                for user, server, seen in moments
            ],
        )


# Asked at every post: put together once.
_MOMENTS: Final = (
    select(ServerRow.moment, ServerRow.running, ServerRow.tier, ServerRow.backend, ServerRow.entrance)
    .where(ServerRow.user == bindparam("user"), ServerRow.server == bindparam("server"))
    .order_by(ServerRow.moment.desc())
    .limit(bindparam("most"))
)
_STUDIES: Final = select(EnrolmentRow.user, EnrolmentRow.course).where(EnrolmentRow.until_version.is_(None))
_STUDIES_OF_ONE: Final = _STUDIES.where(EnrolmentRow.user == bindparam("user"))
_STUDIES_OF_SOME: Final = _STUDIES.where(EnrolmentRow.user.in_(bindparam("users", expanding=True)))


def server_moments(connection: Connection, user: str, server: str, *, limit: int = 200) -> list[ServerMoment]:
    """Give the newest `limit` moments of this server, the oldest first."""
    rows = connection.execute(_MOMENTS, {"user": user, "server": server, "most": limit}).all()
    return [ServerMoment(*row) for row in reversed(rows)]


def _chosen(
    *, course: str | None, kinds: Collection[str] | None, users: Collection[str] | None
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if course is not None:
        found.append(EventRow.course == course)
    if kinds is not None:
        found.append(EventRow.kind.in_(kinds))
    if users is not None:
        found.append(EventRow.user.in_(users))
    return found


def last_events(  # noqa: PLR0913  as `events_between`
    connection: Connection,
    limit: int,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    course: str | None = None,
    kinds: Collection[str] | None = None,
    users: Collection[str] | None = None,
) -> Sequence[Row[Any]]:
    """Give the newest `limit` events with `start` <= at < `end`, the newest first; None leaves nothing out."""
    conditions = [*_chosen(course=course, kinds=kinds, users=users), *_between(start, end)]
    chosen = select(EventRow.__table__).where(*conditions)
    newest = chosen.order_by(EventRow.at.desc(), EventRow.event_id.desc()).limit(limit)
    found = connection.execute(newest).all()
    archive = archive_of(connection, start, end)
    if archive is None or (len(found) == limit and found[-1].at >= archive.end):
        return found
    both = [*found, *event_rows(archive.rows(newest))]
    return sorted(both, key=attrgetter("at", "event_id"), reverse=True)[:limit]


def events_between(  # noqa: PLR0913  each is one way to choose, all by name
    connection: Connection,
    start: datetime | None = None,
    end: datetime | None = None,
    *,
    course: str | None = None,
    kinds: Collection[str] | None = None,
    users: Collection[str] | None = None,
) -> Iterator[Row[Any]]:
    """Stream events with `start` <= at < `end`, ordered by (at, event_id), a few rows in memory at a time."""
    conditions = [*_chosen(course=course, kinds=kinds, users=users), *_between(start, end)]
    archive = archive_of(connection, start, end)
    stored = events_stored(connection, conditions)
    if archive is None:
        yield from stored
    else:
        yield from merge(archive.events(conditions), stored, key=attrgetter("at", "event_id"))


def events_stored(connection: Connection, conditions: Collection[ColumnElement[bool]]) -> Iterator[Row[Any]]:
    """Stream the events of the table alone under the conditions, in the same order."""
    ordered = select(EventRow.__table__).where(*conditions).order_by(EventRow.at, EventRow.event_id)
    with connection.execution_options(yield_per=STREAM_ROWS).execute(ordered) as result:
        yield from result


def last_stops(
    connection: Connection, users: Collection[str] | None = None
) -> Mapping[tuple[str, str], datetime]:
    """Give the last moment at which the hub saw each server stop, by (user, server).

    Of these people alone where they are few; whoever asks for many gets everybody's.
    """
    servers = select(ServerRow.user, ServerRow.server).distinct()
    if users is not None and len(users) <= FEW_PEOPLE:
        servers = servers.where(ServerRow.user.in_(users))
    each = servers.subquery("each_server")
    # The newest of each by the key: to look at every stop of a term took a second.
    mine = (ServerRow.user == each.c.user, ServerRow.server == each.c.server, ServerRow.running.is_(False))
    newest = select(ServerRow.moment).where(*mine).order_by(ServerRow.moment.desc()).limit(1)
    rows = connection.execute(select(each.c.user, each.c.server, newest.scalar_subquery()))
    return {(user, server): moment for user, server, moment in rows if moment is not None}


def within(statement: Select[Any], start: datetime | None, end: datetime | None) -> Select[Any]:
    """Keep a statement about events to `start` <= at < `end`."""
    return statement.where(*_between(start, end))


def _between(start: datetime | None, end: datetime | None) -> list[ColumnElement[bool]]:
    since = [] if start is None else [EventRow.at >= start]
    return since if end is None else [*since, EventRow.at < end]


def courses_by_user(connection: Connection, users: Collection[str]) -> Mapping[str, frozenset[str]]:
    """Give the courses in which each of these users is enrolled; whoever is in none is not named."""
    found: dict[str, set[str]] = defaultdict(set)
    if len(users) == 1:  # a server's post: no statement has to be written anew for its number of names
        rows = connection.execute(_STUDIES_OF_ONE, {"user": next(iter(users))})
    else:
        rows = connection.execute(_STUDIES_OF_SOME, {"users": list(users)})
    for user, course in rows:
        found[user].add(course)
    return {user: frozenset(courses) for user, courses in found.items()}


def record_consent(  # noqa: PLR0913  one argument for each column
    connection: Connection,
    *,
    user: str,
    study: str,
    agreed: bool,
    decided_at: datetime,
    consent_version: int = 1,
) -> None:
    """Add a decision; earlier ones stay, and the newest counts. With a withdrawal goes the code that was kept."""
    if not agreed:
        cellcode.drop(connection, study, user)
    connection.execute(
        insert(ConsentRow).values(
            user=user, study=study, agreed=agreed, decided_at=decided_at, consent_version=consent_version
        )
    )
