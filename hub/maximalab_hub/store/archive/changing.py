"""Takes events out of archived months, or a name out of their texts.

It is a new file each time, named by the same transaction that changes the database; the old file goes once that is
kept. Whoever changes the archive in a transaction calls `hold_archive` first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa
from sqlalchemy import func, not_, select, true

from maximalab_hub.store.archive import ids
from maximalab_hub.store.archive.files import write_month
from maximalab_hub.store.archive.places import (
    archived_months,
    folder_of,
    has_folder,
    name_in_force,
    next_path,
    no_longer,
    sole_changer,
)
from maximalab_hub.store.archive.reading import Archive, by_day
from maximalab_hub.store.arrow import SCHEMA
from maximalab_hub.store.engine import StoreAwayError, afterwards, has_archive_folder
from maximalab_hub.store.models import EventRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from maximalab_hub.store.archive.places import Archived

Texts = dict[str, dict[str, str | None]]
"""New values of columns of text (`detail` as JSON), by the event's id."""
_SEEN: Final = (EventRow.event_id, EventRow.boot_id, EventRow.seq, EventRow.source)


def hold_archive(connection: Connection) -> bool:
    """Be the only one to change the archive until this transaction's end; say whether anything is archived.

    Also where nothing is yet: a first month may be on its way. Raises `StoreAwayError` where somebody else changes it.
    """
    if has_archive_folder(connection):
        try:
            afterwards(connection).ended.enter_context(sole_changer(connection))
        except StoreAwayError:
            if archived_months(connection) or has_folder(connection):
                raise  # else nobody can make a folder for it, and nothing can be archived
    return bool(archived_months(connection))


def archived_count(connection: Connection, those: ColumnElement[bool]) -> int:
    """Count the archived events under a condition."""
    months = archived_months(connection)
    counted = select(func.count()).select_from(EventRow).where(those)
    return int(Archive(months).rows(counted)[0][0]) if months else 0


def take_out(connection: Connection, those: ColumnElement[bool], now: datetime) -> list[tuple[Any, ...]]:
    """Take archived events out of their files for ever; give id, boot, number and source of each."""
    gone: list[tuple[Any, ...]] = []
    for one in archived_months(connection):
        mine = Archive([one]).rows(select(*_SEEN).where(those))
        if mine:
            _rewrite(connection, one, not_(those), {}, now)
            gone += mine
    ids.forget(connection, [row[0] for row in gone])
    return gone


def put_texts(connection: Connection, texts: Texts, now: datetime) -> None:
    """Put these texts in the place of those before, in archived events."""
    for one in archived_months(connection):
        here = Archive([one]).rows(select(EventRow.event_id))
        mine = {event_id: texts[event_id] for (event_id,) in here if event_id in texts}
        if mine:
            _rewrite(connection, one, true(), mine, now)


def _rewrite(
    connection: Connection, one: Archived, kept: ColumnElement[bool], texts: Texts, now: datetime
) -> None:
    staying = Archive([one]).rows(select(func.count()).select_from(EventRow).where(kept))[0][0]
    if not staying:
        no_longer(connection, one)
        return
    days = by_day(Archive([one]).tables(SCHEMA.names, [kept]))
    path = next_path(folder_of(connection), one.month, one.path)
    made = write_month(path, one.month, _with_texts(days, texts) if texts else days, now)
    name_in_force(connection, made)


def _with_texts(days: Iterator[Any], texts: Mapping[str, Mapping[str, str | None]]) -> Iterator[Any]:
    for day in days:
        event_ids = day.column("event_id").to_pylist()
        changed = day
        for name in sorted({name for one in event_ids for name in texts.get(one, ())}):
            values = day.column(name).to_pylist()
            new = [
                texts.get(event_id, {}).get(name, value)
                for event_id, value in zip(event_ids, values, strict=True)
            ]
            place = day.schema.get_field_index(name)
            changed = changed.set_column(place, SCHEMA.field(name), pa.array(new, SCHEMA.field(name).type))
        yield changed
