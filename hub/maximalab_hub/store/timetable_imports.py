"""Imports in the store: drafts that somebody looks over, and calendars at addresses.

Like `queries`, every function takes a connection of `engine.writing` or `engine.reading`; none commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select, update

from maximalab_hub.store.models import DraftRow, SourceRow

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

DRAFT_LASTS: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Draft:
    """An import that is not in the timetable yet."""

    draft_id: str
    course: str
    made_by: str
    made_at: datetime
    based_on: int
    content: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """A calendar at an address, as it was fetched last without a fault."""

    source_id: str
    course: str
    address: str
    group: str
    made_by: str
    asked_at: datetime
    good_at: datetime
    content: dict[str, Any]
    trouble: str = ""
    trouble_at: str = ""


def add_draft(connection: Connection, draft: Draft) -> None:
    """Keep a draft, and drop those that nobody came back to."""
    connection.execute(delete(DraftRow).where(DraftRow.made_at < draft.made_at - DRAFT_LASTS))
    values = {name: getattr(draft, name) for name in Draft.__slots__}
    connection.execute(insert(DraftRow).values(**values))


def draft_of(connection: Connection, course: str, draft_id: str, made_by: str) -> Draft | None:
    """Give a person's own draft."""
    row = connection.execute(
        select(DraftRow.__table__).where(
            DraftRow.draft_id == draft_id, DraftRow.course == course, DraftRow.made_by == made_by
        )
    ).one_or_none()
    return None if row is None else Draft(**row._asdict())


def drop_draft(connection: Connection, draft_id: str) -> None:
    """Forget a draft."""
    connection.execute(delete(DraftRow).where(DraftRow.draft_id == draft_id))


def add_source(connection: Connection, source: Source) -> None:
    """Remember an address; the same one for the same course takes the place of the one before."""
    connection.execute(
        delete(SourceRow).where(SourceRow.course == source.course, SourceRow.address == source.address)
    )
    values = {name: getattr(source, name) for name in Source.__slots__ if name != "group"}
    connection.execute(insert(SourceRow).values(group_name=source.group, **values))


def sources(connection: Connection, course: str | None = None) -> list[Source]:
    """Give the addresses, of one course where asked, those that were asked longest ago first."""
    statement = select(SourceRow.__table__).order_by(SourceRow.asked_at, SourceRow.source_id)
    if course is not None:
        statement = statement.where(SourceRow.course == course)
    return [_source(row) for row in connection.execute(statement)]


def drop_source(connection: Connection, course: str, source_id: str) -> None:
    """Forget an address."""
    connection.execute(delete(SourceRow).where(SourceRow.course == course, SourceRow.source_id == source_id))


def fetched(connection: Connection, source_id: str, content: dict[str, Any], at: datetime) -> None:
    """Keep what was fetched without a fault."""
    values = {"content": content, "asked_at": at, "good_at": at, "trouble": "", "trouble_at": ""}
    connection.execute(update(SourceRow).where(SourceRow.source_id == source_id).values(**values))


def failed(connection: Connection, source_id: str, trouble: str, where: str, at: datetime) -> None:
    """Remember why a fetch failed; what was fetched before stays."""
    values = {"asked_at": at, "trouble": trouble, "trouble_at": where}
    connection.execute(update(SourceRow).where(SourceRow.source_id == source_id).values(**values))


def _source(row: Row[Any]) -> Source:
    values = row._asdict()
    return Source(group=values.pop("group_name"), **values)
