"""A plain post in the store: one question about its sender, one statement for its events, each database's quickest.

The rows are those that `bulk.insert_events` would leave.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from itertools import chain
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from msgspec import json
from msgspec.structs import asdict
from sqlalchemy import and_, bindparam, exists, func, literal_column, select, true

from maximalab_hub.plain import Place
from maximalab_hub.store.erasure_lock import HOLD_OFF_ERASURE
from maximalab_hub.store.fixed import Driver, Fixed
from maximalab_hub.store.models import ArchivedMonthRow, EnrolmentRow, ErasedRow, EventRow, ServerRow
from maximalab_hub.store.startchanges import NOTE_SQLITE, NOTE_TOLD, lowest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_hub.plain import PlainPost, Told

_LAST: Final = (
    select(ServerRow.moment, ServerRow.running, ServerRow.tier, ServerRow.backend, ServerRow.entrance)
    .where(ServerRow.user == bindparam("user"), ServerRow.server == bindparam("server"))
    .order_by(ServerRow.moment.desc())
    .limit(literal_column("1"))
    .subquery("last")
)
_STUDIES: Final = and_(EnrolmentRow.user == bindparam("user"), EnrolmentRow.until_version.is_(None))
_PLACE: Final = Fixed(
    select(
        select(func.max(ArchivedMonthRow.last_id)).scalar_subquery(),
        exists(select(ErasedRow.who).where(ErasedRow.who == bindparam("who"))),
        *_LAST.c,
        EnrolmentRow.course,
    ).select_from(
        select(literal_column("1")).subquery("one").outerjoin(_LAST, true()).outerjoin(EnrolmentRow, _STUDIES)
    )
)
"""A row for each course of the person, and one where there is none."""

_COLUMNS: Final = tuple(EventRow.__table__.columns.keys())
_NAMES: Final = ", ".join(f'"{name}"' for name in _COLUMNS)  # `user` is a word of SQL's own
_TOLD: Final = (
    "event_id", "boot_id", "seq", "kind", "at", "notebook", "cell_id", "kernel", "duration_ms", "outcome",
    "error_name", "course", "material", "detail",
)  # fmt: skip
_TYPES: Final = dict.fromkeys(_TOLD, "text") | {"seq": "bigint", "duration_ms": "bigint", "detail": "json"}
_FROM: Final = {name: f'told."{name}"' for name in _TOLD} | {
    "at": "CAST(told.at AS timestamptz)",
    "at_reported": "told.at",
    "at_clamped": "false",
    "received_at": "CAST(%(received_at)s AS timestamptz)",
}
_INTO_POSTGRESQL: Final = (
    f"WITH told AS (SELECT * FROM json_to_recordset(%(told)s::json) AS told"  # noqa: S608  our own names
    f" ({', '.join(f'{name} {kind}' for name, kind in _TYPES.items())})),"
    f" new AS (INSERT INTO event ({_NAMES})"
    f" SELECT {', '.join(_FROM.get(name) or f'CAST(%({name})s AS text)' for name in _COLUMNS)} FROM told"
    f" ON CONFLICT DO NOTHING RETURNING event_id), noted AS ({NOTE_TOLD})"
    " SELECT CASE WHEN count(*) = %(count)s THEN NULL ELSE coalesce(array_agg(event_id), '{}') END FROM new"
)
_OF_EACH: Final = (
    "event_id", "boot_id", "seq", "kind", "at", "at_reported", "notebook", "cell_id", "kernel", "duration_ms",
    "outcome", "error_name", "detail", "course", "material",
)  # fmt: skip
_OF_ALL: Final = ("at_clamped", "received_at", "user", "server", "tier", "backend", "entrance", "source")
_IN_TURN: Final = ", ".join(f'"{name}"' for name in (*_OF_EACH, *_OF_ALL))
_INTO_SQLITE: Final = f"INSERT INTO event ({_IN_TURN}) VALUES "  # noqa: S608  the model's own names
_ONCE: Final = " ON CONFLICT DO NOTHING"
_ONE: Final = f"{_INTO_SQLITE}({', '.join('?' * len(_COLUMNS))}){_ONCE}"
_MANY: Final = 100 if sqlite3.sqlite_version_info >= (3, 32) else 0
"""Rows of one statement: as many as recorders send at once. Older SQLites take no more than 999 values."""
_LAST_ROWS: Final = "SELECT event_id FROM event WHERE rowid > (SELECT max(rowid) FROM event) - ?"
"""Of so many new rows: their numbers follow all that are there, one by one, for nothing else is written meanwhile."""
_NUMBER: Final = attrgetter("boot_id", "seq")
_JSON: Final = json.Encoder().encode


class Shared(NamedTuple):
    """What the events of a plain post have in common."""

    received_at: datetime
    user: str
    server: str | None
    tier: str | None
    backend: str | None
    entrance: str | None
    source: str


Belongs = Mapping[str | None, tuple[str | None, str | None]]
"""To which course and material a notebook belongs."""


def place_of(driver: Driver, user: str, server: str | None, who: str) -> Place:
    """Ask what the store knows of a sender; `who` is the person's pseudonym in the export log.

    From then on nobody is erased until this transaction's end.
    """
    asked = {"user": user, "server": server, "who": who}
    if driver.is_postgresql:
        with driver.connection.pipeline():  # one way there and back for both, the lock first
            driver.connection.execute(HOLD_OFF_ERASURE)
            rows = _PLACE.ask(driver, asked).fetchall()
    else:
        rows = _PLACE.ask(driver, asked).fetchall()
    archived, erased, since, running, tier, backend, entrance, _ = rows[0]
    courses = frozenset(row[-1] for row in rows if row[-1] is not None)
    return Place(archived, bool(erased), _moment(since), running, tier, backend, entrance, courses)


def _moment(found: datetime | str | None) -> datetime | None:
    """Read a moment as the driver gives it: of SQLite a text without a zone, in UTC."""
    return datetime.fromisoformat(found).replace(tzinfo=UTC) if isinstance(found, str) else found


def insert_plain(driver: Driver, post: PlainPost, shared: Shared, belongs: Belongs) -> frozenset[str] | None:
    """Add the events that are not here yet; say the ids of those that were new, or `None` for all of them.

    None of them may be archived: `Place.holds`.
    """
    # Always in the same order: two posts with the same events then wait for each other in line, not in a circle.
    ordered = sorted(post.told, key=attrgetter("event_id"))
    if driver.is_postgresql:
        return _into_postgresql(driver, ordered, shared, belongs)
    driver.connection.executemany(NOTE_SQLITE, lowest_of(map(_NUMBER, ordered)).items())
    added = _into_sqlite(driver, _of_each(ordered, belongs), _of_all(shared))
    if added == len(ordered):
        return None
    return frozenset(event_id for (event_id,) in driver.connection.execute(_LAST_ROWS, [added]))


def _into_postgresql(
    driver: Driver, ordered: Sequence[Told], shared: Shared, belongs: Belongs
) -> frozenset[str] | None:
    places = {
        notebook: {"course": course, "material": material} for notebook, (course, material) in belongs.items()
    }
    told = json.encode([{**asdict(event), **places[event.notebook]} for event in ordered]).decode()
    values = {**shared._asdict(), "told": told, "count": len(ordered)}
    ((new,),) = driver.connection.execute(_INTO_POSTGRESQL, values).fetchall()
    return None if new is None else frozenset(new)


def _into_sqlite(driver: Driver, rows: Sequence[tuple[Any, ...]], common: tuple[Any, ...]) -> int:
    """Insert rows; say how many were new.

    Many rows in one statement name what they have in common once, and SQLite begins and ends one statement.
    """
    added, whole = 0, len(rows) // _MANY * _MANY if _MANY else 0
    for start in range(0, whole, _MANY or 1):
        values = [*chain.from_iterable(rows[start : start + _MANY]), *common]
        added += driver.connection.execute(_many(_MANY), values).rowcount
    if whole < len(rows):
        each = [row + common for row in rows[whole:]]
        added += driver.connection.executemany(_ONE, each).rowcount
    return added


@cache
def _many(rows: int) -> str:
    """Write the statement for so many rows: each has places of its own, and those of what all have in common."""
    own = len(_OF_EACH)
    common = ", ".join(f"?{rows * own + place + 1}" for place in range(len(_OF_ALL)))
    each = (", ".join(f"?{row * own + place + 1}" for place in range(own)) for row in range(rows))
    return f"{_INTO_SQLITE}{', '.join(f'({one}, {common})' for one in each)}{_ONCE}"


def _of_all(shared: Shared) -> tuple[Any, ...]:
    return (False, _written(shared.received_at), *shared[1:])


def _of_each(ordered: Sequence[Told], belongs: Belongs) -> list[tuple[Any, ...]]:
    return [
        (
            event.event_id,
            event.boot_id,
            event.seq,
            event.kind,
            event.at[:26].replace("T", " "),  # as SQLAlchemy writes a moment
            event.at,
            event.notebook,
            event.cell_id,
            event.kernel,
            event.duration_ms,
            event.outcome,
            event.error_name,
            _JSON(event.detail).decode(),
            *belongs[event.notebook],
        )
        for event in ordered
    ]


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(" ", "microseconds")[:26]
