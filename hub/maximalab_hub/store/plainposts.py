"""A plain post in the store: one question about its sender, one statement for its events, each database's quickest.

The rows are those that `bulk.insert_events` would leave.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from operator import itemgetter
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from pydantic_core import to_json
from sqlalchemy import and_, bindparam, exists, func, literal_column, select, true

from maximalab_hub.plain import Place
from maximalab_hub.store.erasure_lock import HOLD_OFF_ERASURE
from maximalab_hub.store.fixed import Fixed, driver_of
from maximalab_hub.store.models import ArchivedMonthRow, EnrolmentRow, ErasedRow, EventRow, ServerRow
from maximalab_hub.store.startchanges import NOTE_SQLITE, NOTE_TOLD, lowest_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from maximalab_hub.plain import PlainPost

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
    "event_id", "boot_id", "seq", "kind", "at_reported", "notebook", "cell_id", "kernel", "duration_ms", "outcome",
    "error_name", "at", "detail",
)  # fmt: skip
_OF_MANY: Final = (
    "course", "material", "at_clamped", "received_at", "user", "server", "tier", "backend", "entrance", "source",
)  # fmt: skip
_IN_TURN: Final = ", ".join(f'"{name}"' for name in (*_OF_EACH, *_OF_MANY))
_INTO_SQLITE: Final = (
    f"INSERT INTO event ({_IN_TURN}) VALUES ({', '.join('?' * len(_COLUMNS))}) ON CONFLICT DO NOTHING"  # noqa: S608
)
"""In the order in which a row is soonest put together: what the sender said of each, then what many have in common."""
_LAST_ROW: Final = "SELECT coalesce(max(rowid), 0) FROM event"
_ROWS_SINCE: Final = "SELECT event_id FROM event WHERE rowid > ?"
"""A new row's number is larger than all that are there: nothing else is written meanwhile."""
_NUMBER: Final = itemgetter("boot_id", "seq")
_SAID: Final = itemgetter(*("at" if name == "at_reported" else name for name in _OF_EACH[:-2]))


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


def place_of(connection: Connection, user: str, server: str | None, who: str) -> Place:
    """Ask what the store knows of a sender; `who` is the person's pseudonym in the export log.

    From then on nobody is erased until this transaction's end.
    """
    asked = {"user": user, "server": server, "who": who}
    if connection.dialect.name == "postgresql":
        driver = driver_of(connection)
        with driver.pipeline():  # one way there and back for both, the lock first
            driver.execute(HOLD_OFF_ERASURE)
            rows = _PLACE.ask(connection, asked).fetchall()
    else:
        rows = _PLACE.ask(connection, asked).fetchall()
    archived, erased, since, running, tier, backend, entrance, _ = rows[0]
    courses = frozenset(row[-1] for row in rows if row[-1] is not None)
    return Place(archived, bool(erased), _moment(since), running, tier, backend, entrance, courses)


def _moment(found: datetime | str | None) -> datetime | None:
    """Read a moment as the driver gives it: of SQLite a text without a zone, in UTC."""
    return datetime.fromisoformat(found).replace(tzinfo=UTC) if isinstance(found, str) else found


def insert_plain(
    connection: Connection, post: PlainPost, shared: Shared, belongs: Belongs
) -> frozenset[str] | None:
    """Add the events that are not here yet; say the ids of those that were new, or `None` for all of them.

    None of them may be archived: `Place.holds`.
    """
    # Always in the same order: two posts with the same events then wait for each other in line, not in a circle.
    ordered = sorted(post, key=itemgetter("event_id"))
    if connection.dialect.name == "postgresql":
        return _into_postgresql(connection, ordered, shared, belongs)
    driver = driver_of(connection)
    (last,) = driver.execute(_LAST_ROW).fetchone()
    driver.executemany(NOTE_SQLITE, lowest_of(map(_NUMBER, ordered)).items())
    added = driver.executemany(_INTO_SQLITE, _for_sqlite(ordered, shared, belongs)).rowcount
    if added == len(ordered):
        return None
    return frozenset(event_id for (event_id,) in driver.execute(_ROWS_SINCE, [last]))


def _into_postgresql(
    connection: Connection, ordered: Sequence[Mapping[str, Any]], shared: Shared, belongs: Belongs
) -> frozenset[str] | None:
    places = {
        notebook: {"course": course, "material": material} for notebook, (course, material) in belongs.items()
    }
    told = to_json([{**event, **places[event["notebook"]]} for event in ordered]).decode()
    values = {**shared._asdict(), "told": told, "count": len(ordered)}
    ((new,),) = driver_of(connection).execute(_INTO_POSTGRESQL, values).fetchall()
    return None if new is None else frozenset(new)


def _for_sqlite(
    ordered: Sequence[Mapping[str, Any]], shared: Shared, belongs: Belongs
) -> list[tuple[Any, ...]]:
    common = (False, _written(shared.received_at), *shared[1:])
    of_many = {notebook: (*belonging, *common) for notebook, belonging in belongs.items()}
    written = cache(_json)
    return [
        (
            *_SAID(event),
            event["at"][:26].replace("T", " "),  # as SQLAlchemy writes a moment
            written(tuple(event["detail"].items())),
            *of_many[event["notebook"]],
        )
        for event in ordered
    ]


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(" ", "microseconds")[:26]


def _json(pairs: tuple[tuple[str, str], ...]) -> str:
    return to_json(dict(pairs)).decode()
