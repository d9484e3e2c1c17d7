"""Who ran cells of a course, and when: a term of a course of 240 people in a few dozen milliseconds.

The one question of the teacher's pages that is about each run. An index of runs alone (`event_runs`) answers it
without reading any event, and each person's moments come as one text, so that no Python object stands for a run.
"""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import LargeBinary, String, bindparam, func, select, text

from maximalab_hub.events import Outcome
from maximalab_hub.store.archive.reading import archive_of
from maximalab_hub.store.base import UtcTime
from maximalab_hub.store.models import EventRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from numpy.typing import NDArray
    from sqlalchemy import Connection, TextualSelect

# The kind is no parameter: only so does a database know that the index of runs has them all.
_CHOSEN: Final = """kind = 'run' AND course = :course AND "at" >= :since AND "at" < :until"""
_RAN: Final = "coalesce(outcome, '') <> 'aborted'"
"""A cell that waited behind a failed one never ran: as in comparisons, it is no run (`compare.ran`)."""
_MOMENTS: Final = (bindparam("since", type_=UtcTime()), bindparam("until", type_=UtcTime()))


def _asked(moments: str, people: str, kind: type[Any]) -> TextualSelect:
    asked = text(
        f'SELECT "user", {moments} AS moments FROM event'  # noqa: S608  our own words
        f' WHERE {_CHOSEN} AND {_RAN} AND "user" {people} GROUP BY "user" ORDER BY "user"'
    )
    return asked.bindparams(*_MOMENTS).columns(user=String, moments=kind)


_SQLITE: Final = _asked("group_concat(\"at\", '')", "IN (SELECT value FROM json_each(:users))", String)
_POSTGRESQL: Final = _asked("string_agg(timestamptz_send(\"at\"), ''::bytea)", "= ANY(:users)", LargeBinary)
_WIDTH: Final = len("2026-11-22 10:19:42.123456")
_SINCE_2000: Final = 946_684_800_000_000
"""PostgreSQL sends moments as microseconds since 2000."""


class Runs(NamedTuple):
    """Runs of some people, person by person. `user` are places in `users`, `at` microseconds since 1970."""

    users: Sequence[str]
    user: NDArray[np.int64]
    at: NDArray[np.int64]


def runs_of(
    connection: Connection, course: str, people: Collection[str], since: datetime, until: datetime
) -> Runs:
    """Give these people's runs in the course at `since` <= at < `until`; who ran nothing is not named."""
    wanted = {"course": course, "since": since, "until": until}
    if connection.dialect.name == "postgresql":
        rows = connection.execute(_POSTGRESQL, {**wanted, "users": list(people)}).all()
        found = [(user, _sent(bytes(moments))) for user, moments in rows]
        return _joined([*found, *_archived(connection, course, people, since, until)])
    rows = connection.execute(_SQLITE, {**wanted, "users": json.dumps(list(people))}).all()
    found = [(user, _written(moments)) for user, moments in rows]
    return _joined([*found, *_archived(connection, course, people, since, until)])


def _archived(
    connection: Connection, course: str, people: Collection[str], since: datetime, until: datetime
) -> Iterator[tuple[str, NDArray[np.int64]]]:
    """Give each person's runs that lie in the archive."""
    archive = archive_of(connection, since, until)
    if archive is None:
        return
    chosen = (EventRow.kind == "run", EventRow.course == course, EventRow.at >= since, EventRow.at < until)
    ran = func.coalesce(EventRow.outcome, "") != Outcome.ABORTED.value
    table = archive.table(select(EventRow.user, EventRow.at).where(*chosen, ran))
    theirs = table.filter(pc.is_in(table.column("user"), pa.array(sorted(people), pa.string())))
    users = theirs.column("user").combine_chunks().dictionary_encode()
    moments, places = theirs.column("at").cast(pa.int64()).to_numpy(), users.indices.to_numpy()
    for place, user in enumerate(users.dictionary.to_pylist()):
        yield user, moments[places == place]


def joined(parts: Iterable[Runs]) -> Runs:
    """Put the runs of several stretches of time together."""
    return _joined(
        theirs
        for one in parts
        for theirs in zip(
            one.users, np.split(one.at, np.searchsorted(one.user, range(1, len(one.users)))), strict=False
        )
    )


def _joined(parts: Iterable[tuple[str, NDArray[np.int64]]]) -> Runs:
    by_user: dict[str, list[NDArray[np.int64]]] = defaultdict(list)
    for user, moments in parts:
        by_user[user].append(moments)
    each = [(user, np.concatenate(moments)) for user, moments in sorted(by_user.items())]
    lengths = [len(moments) for _, moments in each]
    nothing = np.zeros(0, np.int64)
    return Runs(
        [user for user, _ in each],
        np.repeat(np.arange(len(each)), lengths),
        np.concatenate([nothing, *(moments for _, moments in each)]),
    )


def _sent(moments: bytes) -> NDArray[np.int64]:
    return np.frombuffer(moments, ">i8").astype(np.int64) + _SINCE_2000


def _written(moments: str) -> NDArray[np.int64]:
    """Read moments as SQLAlchemy writes them in SQLite, each as long as the other."""
    raw = moments.encode()
    count, rest = divmod(len(raw), _WIDTH)
    if rest:
        raise ValueError("a moment in the store is not written as SQLAlchemy writes it")
    offsets = np.arange(0, len(raw) + 1, _WIDTH, dtype=np.int32)
    texts = pa.StringArray.from_buffers(count, pa.py_buffer(offsets), pa.py_buffer(raw))
    return np.asarray(pc.cast(texts, pa.timestamp("us")).cast(pa.int64()).to_numpy())
