"""Sums of what senders' starts came to, person by person: half a million starts of a lab are not read one by one.

Starts that need a look of their own are left to `boots.boot_counts`: those that changed just now, of which numbers were
removed, that several senders named, with more missing than is believed unasked, or in doubt about the period.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import BigInteger, and_, case, cast, false, func, not_, or_, select

from maximalab_hub.store.models import RemovedNumberRow, StartChangeRow, StartCountRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from maximalab_hub.store.startchoice import Choice

_MISSING: Final = StartCountRow.numbered - StartCountRow.stored
_UNCHANGED: Final = StartCountRow.boot_id.not_in(select(StartChangeRow.boot_id))
_SHARED: Final = select(StartCountRow.boot_id).where(StartCountRow.place > 0)


class Sum(NamedTuple):
    """What the usual starts of one sender came to together."""

    user: str
    server: str | None
    starts: int
    with_gaps: int
    stored: int
    missing: int
    unended: int
    """Starts that did not say that they ended."""
    last_unended: datetime | None
    """When the last event of any of these happened."""


def unusual(choice: Choice, most_missing: int) -> ColumnElement[bool]:
    """Say in SQL which starts need a look of their own."""
    doubtful = choice.doubtfully(StartCountRow)
    return or_(
        StartCountRow.boot_id.in_(select(RemovedNumberRow.boot_id)),
        StartCountRow.boot_id.in_(_SHARED),
        most_missing < _MISSING,
        false() if doubtful is None else doubtful,
    )


def sums(connection: Connection, choice: Choice, most_missing: int) -> list[Sum]:
    """Sum the usual starts of the choice, which names no courses, by sender."""
    unended = StartCountRow.ended.is_(False)
    columns = (
        StartCountRow.user,
        StartCountRow.server,
        func.count(),
        _whole(func.sum(case((_MISSING > 0, 1), else_=0))),
        _whole(func.sum(StartCountRow.stored)),
        _whole(func.sum(case((_MISSING > 0, _MISSING), else_=0))),
        _whole(func.sum(case((unended, 1), else_=0))),
        func.max(case((unended, StartCountRow.last_at))),
    )
    asked = select(*columns).where(_usual(choice, most_missing))
    rows = connection.execute(asked.group_by(StartCountRow.user, StartCountRow.server))
    return [Sum(*row) for row in rows]


def unended_after(
    connection: Connection, choice: Choice, most_missing: int, after: datetime
) -> list[tuple[str, str | None, datetime]]:
    """Name usual starts that did not say that they ended, and told of something later: person, server, last event."""
    mine = (StartCountRow.ended.is_(False), StartCountRow.last_at > after)
    asked = select(StartCountRow.user, StartCountRow.server, StartCountRow.last_at)
    rows = connection.execute(asked.where(_usual(choice, most_missing), *mine))
    return [(user, server, last) for user, server, last in rows]


def _usual(choice: Choice, most_missing: int) -> ColumnElement[bool]:
    told = StartCountRow.told > 0  # of more than looks
    return and_(_UNCHANGED, told, choice.surely(StartCountRow), not_(unusual(choice, most_missing)))


def _whole(number: Any) -> Any:  # noqa: ANN401  SQLAlchemy's own
    return cast(number, BigInteger)
