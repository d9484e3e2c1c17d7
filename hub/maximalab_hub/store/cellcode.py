"""Queries of the code of cells: who takes part in a study that asks for it, keeping it, and taking it away.

Every function takes a driver or a connection in a transaction; none commits. Whoever stores code holds the lock of
those who store events (`erasure_lock`), whoever takes it away holds everybody off: of two transactions at once, the
later one sees what the earlier one did.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypedDict

from sqlalchemy import and_, bindparam, delete, exists, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import aliased

from maximalab_hub.store.code_models import CellCodeRow
from maximalab_hub.store.erasure_lock import hold_everybody_off
from maximalab_hub.store.fixed import Driver, Fixed, driver_of
from maximalab_hub.store.models import ConsentRow, StudyRow

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from maximalab_hub.store.research import Selection

_NEWEST: Final = select(func.max(StudyRow.place)).group_by(StudyRow.study)
_ASKING: Final = and_(StudyRow.place.in_(_NEWEST), StudyRow.counts, StudyRow.asks_code)
_LATER: Final = aliased(ConsentRow)
_NO_LATER: Final = ~exists().where(
    _LATER.user == ConsentRow.user,
    _LATER.study == ConsentRow.study,
    or_(
        _LATER.decided_at > ConsentRow.decided_at,
        and_(_LATER.decided_at == ConsentRow.decided_at, _LATER.consent_id > ConsentRow.consent_id),
    ),
)
_ANY: Final = Fixed(select(exists(select(StudyRow.place).where(_ASKING))))
_OF: Final = Fixed(
    select(StudyRow.study)
    .join(ConsentRow, ConsentRow.study == StudyRow.study)
    .where(
        _ASKING,
        ConsentRow.user == bindparam("user"),
        ConsentRow.agreed,
        ConsentRow.consent_version == StudyRow.consent_version,
        _NO_LATER,
    )
    .order_by(StudyRow.study)
)


class CellCodeValues(TypedDict):
    """One row of the table of code, by column."""

    event_id: str
    study: str
    user: str
    course: str | None
    at: datetime
    text: str
    cut: bool


def driver_in(connection: Connection) -> Driver:
    """Give the driver beneath a connection of `engine.writing`."""
    return Driver(connection.dialect, driver_of(connection))


def any_asks(driver: Driver) -> bool:
    """Say whether any study that counts asks for code."""
    return bool(_ANY.ask(driver, {}).fetchone()[0])


def studies_with_code(driver: Driver, user: str) -> tuple[str, ...]:
    """Name the studies that ask for code now and in which the person now takes part."""
    return tuple(study for (study,) in _OF.ask(driver, {"user": user}).fetchall())


def keep(connection: Connection, rows: Sequence[CellCodeValues]) -> None:
    """Keep codes; what is there already stays as it is."""
    if rows:
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        connection.execute(dialect.insert(CellCodeRow).on_conflict_do_nothing(), rows)


def drop(connection: Connection, study: str, user: str | None = None) -> None:
    """Delete the code that is kept for a study, of one person or of all; nobody stores events meanwhile."""
    hold_everybody_off(connection)
    mine = delete(CellCodeRow).where(CellCodeRow.study == study)
    connection.execute(mine if user is None else mine.where(CellCodeRow.user == user))


def drop_of_events(connection: Connection, event_ids: Collection[str]) -> None:
    """Delete the code of events that are removed."""
    connection.execute(delete(CellCodeRow).where(CellCodeRow.event_id.in_(event_ids)))


def counted(connection: Connection, study: str) -> int:
    """Count the codes that are kept for a study."""
    asked = select(func.count()).select_from(CellCodeRow).where(CellCodeRow.study == study)
    return int(connection.execute(asked).scalar_one())


def codes_of(connection: Connection, study: str, user: str, selection: Selection) -> Iterator[Row[Any]]:
    """Give one person's code for a study, in order of time; `kinds` play no part, for code is of runs alone."""
    asked = select(CellCodeRow.__table__).where(CellCodeRow.study == study, CellCodeRow.user == user)
    if selection.course is not None:
        asked = asked.where(CellCodeRow.course == selection.course)
    if selection.since is not None:
        asked = asked.where(CellCodeRow.at >= selection.since)
    if selection.until is not None:
        asked = asked.where(CellCodeRow.at < selection.until)
    yield from connection.execute(asked.order_by(CellCodeRow.at, CellCodeRow.event_id))
