"""Derived tables in the store: who needs them made anew, and what they hold.

Like `queries`, every function takes a connection of `engine.writing` or `engine.reading`; none commits.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, func, insert, select

from maximalab_hub.compare import AT_WORK
from maximalab_hub.setting import Setting
from maximalab_hub.store.archive.reading import everywhere
from maximalab_hub.store.models import (
    DerivationRow,
    EnrolmentRow,
    EventRow,
    SettingSpanRow,
    WorkSessionRow,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from maximalab_hub.derived import DerivedSession, SettingSpan

DERIVED: Final = (SettingSpanRow, WorkSessionRow, DerivationRow)
_MILLISECOND: Final = timedelta(milliseconds=1)


def people(connection: Connection) -> Mapping[str, tuple[object, ...]]:
    """Give everybody with work or a group, and what stands for their work: how much of it, and the newest."""
    counted = select(EventRow.user, func.count(), func.max(EventRow.at), func.max(EventRow.received_at))
    at_work = counted.where(EventRow.kind.in_(sorted(AT_WORK))).group_by(EventRow.user)
    found: dict[str, tuple[Any, ...]] = {}
    for user, count, last, received in everywhere(connection, at_work):
        known = found.get(user)
        mine = (count, last, received)
        found[user] = mine if known is None else (known[0] + count, *map(max, known[1:], mine[1:]))
    enrolled = select(EnrolmentRow.user).where(EnrolmentRow.until_version.is_(None)).distinct()
    for user in connection.execute(enrolled).scalars():
        found.setdefault(user, (0,))
    return dict(sorted(found.items()))


def keys(connection: Connection) -> Mapping[str, str]:
    """Give the key of everybody's derived rows."""
    return {row[0]: row[1] for row in connection.execute(select(DerivationRow.user, DerivationRow.key))}


def forget(connection: Connection, users: Collection[str]) -> None:
    """Take away the derived rows of these people."""
    for table in DERIVED:
        connection.execute(delete(table).where(table.user.in_(users)))


def remember(  # noqa: PLR0913, PLR0917  whose rows, what they are, and what they follow from
    connection: Connection,
    user: str,
    spans: Sequence[SettingSpan],
    sessions: Sequence[DerivedSession],
    key: str,
    version: str,
) -> None:
    """Put a person's derived rows in the place of those before."""
    forget(connection, [user])
    for table, rows in (
        (SettingSpanRow, [_span_values(user, one) for one in spans]),
        (WorkSessionRow, [_session_values(user, one) for one in sessions]),
        (DerivationRow, [{"user": user, "key": key, "version": version[:1000]}]),
    ):
        if rows:
            connection.execute(insert(table), rows)


def rows_of(connection: Connection, table: type[Any]) -> Sequence[Row[Any]]:
    """Give a derived table, ordered by its key."""
    return connection.execute(select(table.__table__).order_by(*table.__table__.primary_key)).all()


def _span_values(user: str, one: SettingSpan) -> dict[str, object]:
    return {
        "user": user,
        "course": one.course,
        "starts_at": one.span.start,
        "ends_at": one.span.end,
        "setting": one.setting.value,
    }


def _session_values(user: str, one: DerivedSession) -> dict[str, object]:
    active = {f"{setting.value}_ms": one.active[setting] // _MILLISECOND for setting in Setting}
    return {
        "user": user,
        "starts_at": one.span.start,
        "ends_at": one.span.end,
        "events": one.events,
        "runs": one.runs,
        "errors": one.errors,
        **active,
    }
