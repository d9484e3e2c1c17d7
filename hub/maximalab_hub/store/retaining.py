"""Removing what grew too old: told in the export log before anything goes, then batch by batch.

Each batch is a transaction of its own, so that a store with years to remove takes events meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import and_, delete, exists, func, or_, select, update

from maximalab_hub.events import Source
from maximalab_hub.export_log import LogKind
from maximalab_hub.retention import KINDS, Keep
from maximalab_hub.store import log
from maximalab_hub.store.archive.changing import archived_count, hold_archive, take_out
from maximalab_hub.store.archive.reading import everywhere
from maximalab_hub.store.boots import boots_among
from maximalab_hub.store.cellcode import drop_of_events
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.erasing import removed_numbers
from maximalab_hub.store.erasure_lock import hold_everybody_off
from maximalab_hub.store.models import (
    Base,
    CellCodeRow,
    EnrolmentRow,
    EventRow,
    LogEntryRow,
    LogHeadRow,
    RemovedNumberRow,
    ServerRow,
)
from maximalab_hub.store.startchanges import went

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Engine

    from maximalab_hub.privacy import Pseudonyms

BATCH: Final = 5_000
"""Events that one transaction removes: some tenths of a second."""
THE_SERVICE: Final = ""
"""In whose name the log says it: nobody's."""


def due(connection: Connection, before: Mapping[Keep, datetime]) -> dict[str, int]:
    """Count what is too old, by class and table; what has nothing is not named."""
    parts: list[tuple[str, type[Base], ColumnElement[bool]]] = [
        (keep.value, EventRow, and_(EventRow.kind.in_(KINDS[keep]), EventRow.at < at))
        for keep, at in before.items()
        if keep in KINDS
    ]
    if Keep.EVENTS in before:
        parts += [(table.__tablename__, table, old) for table, old in _beside_events(before[Keep.EVENTS])]
    if Keep.EXPORT_LOG in before:
        parts.append((Keep.EXPORT_LOG.value, LogEntryRow, _old_entries(connection, before[Keep.EXPORT_LOG])))
    counted = {
        name: connection.execute(select(func.count()).select_from(table).where(old)).scalar_one()
        + (archived_count(connection, old) if table is EventRow else 0)
        for name, table, old in parts
    }
    return {name: count for name, count in counted.items() if count}


def retain(
    engine: Engine, before: Mapping[Keep, datetime], names: Pseudonyms, now: datetime
) -> dict[str, int]:
    """Remove what is too old; say how much it was. Raises `maximalab_hub.store.engine.StoreAwayError`."""
    with reading(engine) as connection:
        rows = due(connection, before)
    if not rows:
        return {}
    with writing(engine) as connection:
        _begin(connection, before, rows, names, now)
    while True:
        with writing(engine) as connection:
            if not _remove_events(connection, _old_events(before)):
                break
    with writing(engine) as connection:
        if hold_archive(connection):
            hold_everybody_off(connection)
            _remove_archived(connection, _old_events(before), now)
        _forget_numbers(connection)
    return rows


def _begin(
    connection: Connection,
    before: Mapping[Keep, datetime],
    rows: Mapping[str, int],
    names: Pseudonyms,
    now: datetime,
) -> None:
    """Log what goes, and remove all but the events."""
    told: dict[str, Any] = {
        "before": {keep.value: at.isoformat() for keep, at in before.items()},
        "rows": rows,
    }
    if Keep.EVENTS in before:
        for table, old in _beside_events(before[Keep.EVENTS]):
            connection.execute(delete(table).where(old))
    if Keep.EXPORT_LOG.value in rows:
        told["log"] = _cut_log(connection, before[Keep.EXPORT_LOG])
    who = names.of(THE_SERVICE)
    log.append(connection, at=now, kind=LogKind.RETENTION, who=who, study=None, detail=told)


def _old_events(before: Mapping[Keep, datetime]) -> ColumnElement[bool]:
    return or_(
        *(
            and_(EventRow.kind.in_(KINDS[keep]), EventRow.at < at)
            for keep, at in before.items()
            if keep in KINDS
        )
    )


def _beside_events(at: datetime) -> list[tuple[type[Base], ColumnElement[bool]]]:
    return [
        (ServerRow, ServerRow.moment < at),
        (EnrolmentRow, EnrolmentRow.valid_until < at),
        (CellCodeRow, CellCodeRow.at < at),
    ]


def _remove_events(connection: Connection, old: ColumnElement[bool]) -> int:
    """Remove a batch; note the numbers of starts of which something stays, which would look like gaps."""
    asked = (
        select(EventRow.event_id, EventRow.boot_id, EventRow.seq, EventRow.source)
        .where(old)
        .order_by(EventRow.at)
        .limit(BATCH)
    )
    rows = connection.execute(asked).all()
    if not rows:
        return 0
    boots = {row.boot_id for row in rows}
    went(connection, boots)
    staying = select(EventRow.boot_id).where(EventRow.boot_id.in_(boots), ~old).distinct()
    stay = {row[0] for row in everywhere(connection, staying)}
    hubs = boots_among(connection, stay, of_the_hub=True)
    removed_numbers(connection, _to_note([(row.boot_id, row.seq, row.source) for row in rows], stay, hubs))
    ids = [row.event_id for row in rows]
    drop_of_events(connection, ids)
    connection.execute(delete(EventRow).where(EventRow.event_id.in_(ids)))
    return len(rows)


def _remove_archived(connection: Connection, old: ColumnElement[bool], now: datetime) -> None:
    """Remove what is too old from the archive, whose files are written anew without it."""
    gone = take_out(connection, old, now)
    for start in range(0, len(gone), BATCH):
        drop_of_events(connection, [row[0] for row in gone[start : start + BATCH]])
    boots = {boot_id for _, boot_id, _, _ in gone}
    went(connection, boots)
    stay, hubs = boots_among(connection, boots), boots_among(connection, boots, of_the_hub=True)
    removed_numbers(connection, _to_note([row[1:] for row in gone], stay, hubs))


def _to_note(
    gone: Iterable[tuple[str, int, str]], stay: Collection[str], hubs: Collection[str]
) -> list[tuple[str, int]]:
    """Choose the numbers that would look like gaps, of starts of which something stays.

    A server may claim any start for its own. Under one of the hub's, which people find in their own records, it would
    give the hub numbers that the hub never gave.
    """
    return [
        (boot_id, seq)
        for boot_id, seq, source in gone
        if boot_id in stay and (source == Source.HUB or boot_id not in hubs)
    ]


def _forget_numbers(connection: Connection) -> None:
    """Forget the numbers of starts of which no event is left: nobody counts them any more."""
    there = exists().where(EventRow.boot_id == RemovedNumberRow.boot_id)
    asked = select(RemovedNumberRow.boot_id).where(~there).distinct()
    boots = set(connection.execute(asked).scalars())
    gone = sorted(boots - boots_among(connection, boots))
    for start in range(0, len(gone), BATCH):
        some = gone[start : start + BATCH]
        connection.execute(delete(RemovedNumberRow).where(RemovedNumberRow.boot_id.in_(some)))


def _old_entries(connection: Connection, at: datetime) -> ColumnElement[bool]:
    """The beginning of the log, up to the first entry that is young enough."""
    first = connection.execute(select(func.min(LogEntryRow.position)).where(LogEntryRow.at >= at)).scalar()
    return LogEntryRow.at < at if first is None else LogEntryRow.position < first


def _cut_log(connection: Connection, at: datetime) -> dict[str, Any]:
    """Remove the old beginning of the log; say which entry was the last of it."""
    log.hold(connection)
    old = _old_entries(connection, at)
    asked = select(LogEntryRow.position, LogEntryRow.hash).where(old).order_by(LogEntryRow.position.desc())
    last = connection.execute(asked.limit(1)).one()
    connection.execute(delete(LogEntryRow).where(old))
    connection.execute(update(LogHeadRow).values(base_position=last.position, base_hash=last.hash))
    return {"position": last.position, "hash": last.hash}
