"""Sums of what senders' starts came to, person by person: half a million starts of a lab are not read one by one.

Starts that need a look of their own are left to `startchoice.chosen`: those that changed just now, of which numbers
were removed, that several senders named, with more missing than is believed unasked, or in doubt about the period.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

from sqlalchemy import BigInteger, and_, case, cast, false, func, not_, or_, select

from maximalab_hub.store.models import RemovedNumberRow, StartChangeRow, StartCountRow, StartCourseRow
from maximalab_hub.store.startchoice import SHARED, counts_under, of_courses
from maximalab_hub.store.startcounting import among

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from maximalab_hub.store.startchoice import Choice

_MISSING: Final = StartCountRow.numbered - StartCountRow.stored
_UNCHANGED: Final = StartCountRow.boot_id.not_in(select(StartChangeRow.boot_id))


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


class Page(NamedTuple):
    """Which starts are shown: the `most` that began last, of these senders where asked, and only those with gaps."""

    most: int
    users: Collection[str] | None = None
    """Account names, and the empty one for the hub."""
    gaps: bool = False


def unusual(choice: Choice, most_missing: int) -> ColumnElement[bool]:
    """Say in SQL which starts need a look of their own."""
    return or_(
        StartCountRow.boot_id.in_(select(RemovedNumberRow.boot_id)),
        StartCountRow.boot_id.in_(SHARED),
        most_missing < _MISSING,
        _doubtful(choice),
    )


def _doubtful(choice: Choice) -> ColumnElement[bool]:
    if choice.courses is None:
        doubtful = choice.doubtfully(StartCountRow)
        return false() if doubtful is None else doubtful
    doubtful = choice.doubtfully(StartCourseRow)
    if doubtful is None:
        return false()
    mine = StartCourseRow.course.in_(sorted(choice.courses))
    return StartCountRow.boot_id.in_(select(StartCourseRow.boot_id).where(mine, doubtful))


def sums(connection: Connection, choice: Choice, most_missing: int) -> list[Sum]:
    """Sum the usual starts of the choice by sender."""
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
    asked = select(*columns).where(_usual(connection, choice, most_missing))
    rows = connection.execute(asked.group_by(StartCountRow.user, StartCountRow.server))
    return [Sum(*row) for row in rows]


def unended_after(
    connection: Connection, choice: Choice, most_missing: int, after: datetime
) -> list[tuple[str, str | None, datetime]]:
    """Name usual starts that did not say that they ended, and told of something later: person, server, last event."""
    mine = (StartCountRow.ended.is_(False), StartCountRow.last_at > after)
    asked = select(StartCountRow.user, StartCountRow.server, StartCountRow.last_at)
    rows = connection.execute(asked.where(_usual(connection, choice, most_missing), *mine))
    return [(user, server, last) for user, server, last in rows]


def newest(
    connection: Connection,
    choice: Choice,
    most_missing: int,
    page: Page,
) -> list[tuple[Any, ...]]:
    """Give usual starts that began last, as `startcounting.STARTS` does."""
    condition = _usual(connection, choice, most_missing)
    if page.users is not None:
        condition = and_(condition, among(StartCountRow.user, sorted(page.users), connection.dialect.name))
    if page.gaps:
        condition = and_(condition, _MISSING > 0)
    order = (StartCountRow.first_at.desc(), StartCountRow.boot_id, StartCountRow.place)
    return list(counts_under(connection, condition, order, page.most))


def _usual(connection: Connection, choice: Choice, most_missing: int) -> ColumnElement[bool]:
    told = StartCountRow.told > 0  # of more than looks
    inside = choice.surely(StartCountRow)
    if choice.courses is not None:
        inside = and_(StartCountRow.user != "", of_courses(choice, connection.dialect.name))
    return and_(_UNCHANGED, told, inside, not_(unusual(choice, most_missing)))


def _whole(number: Any) -> Any:  # noqa: ANN401  SQLAlchemy's own
    return cast(number, BigInteger)
