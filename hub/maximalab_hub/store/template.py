"""Queries of the study's template: panels of experts, their answers, tables of competence levels.

Like `queries`, every function takes a connection of `engine.writing` or `engine.reading`; none commits.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import delete, func, insert, select, update

from maximalab_hub.competence import Levels
from maximalab_hub.ratings import Criterion
from maximalab_hub.store.models import CompetenceRow, InvitationRow, PanelRow, RatingRow

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel of experts: what they rate, and how."""

    panel_id: str
    title: str
    criteria: tuple[Criterion, ...]
    least: int
    most: int
    made_at: datetime
    closed_at: datetime | None = None
    """Since when no answer is taken."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """One expert's place in a panel, and whether there is an answer."""

    invitation_id: str
    panel_id: str
    place: int
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class CompetenceTable:
    """A table of levels as somebody entered it."""

    table_id: str
    title: str
    same_people: bool
    table: Levels
    made_at: datetime


def add_panel(connection: Connection, study: str, panel: Panel, made_by: str) -> None:
    """Add a panel."""
    criteria = [{"uk": one.uk, "en": one.en, "weight": str(one.weight)} for one in panel.criteria]
    connection.execute(
        insert(PanelRow).values(
            panel_id=panel.panel_id,
            study=study,
            title=panel.title,
            criteria=criteria,
            least=panel.least,
            most=panel.most,
            made_by=made_by,
            made_at=panel.made_at,
        )
    )


def panels(connection: Connection, study: str, panel_id: str | None = None) -> list[Panel]:
    """Give the study's panels, or the one that is asked for, the newest first."""
    statement = select(PanelRow.__table__).where(PanelRow.study == study)
    if panel_id is not None:
        statement = statement.where(PanelRow.panel_id == panel_id)
    rows = connection.execute(statement.order_by(PanelRow.made_at.desc(), PanelRow.panel_id))
    return [_panel(row) for row in rows]


def panel_of(connection: Connection, invitation: Invitation, *, hold: bool = False) -> Panel:
    """Give the panel to which somebody is invited; with `hold` nobody closes it before this transaction ends."""
    asked = select(PanelRow.__table__).where(PanelRow.panel_id == invitation.panel_id)
    return _panel(connection.execute(asked.with_for_update(read=True) if hold else asked).one())


def study_of_panel(connection: Connection, panel: Panel) -> str:
    """Name the study for which the panel was made."""
    asked = select(PanelRow.study).where(PanelRow.panel_id == panel.panel_id)
    return str(connection.execute(asked).scalar_one())


def close_panel(connection: Connection, study: str, panel_id: str, closed_at: datetime | None) -> None:
    """Take no more answers; with no moment, take answers again. A panel that is closed stays so since when it was."""
    mine = (PanelRow.study == study, PanelRow.panel_id == panel_id)
    other = PanelRow.closed_at.is_(None) if closed_at else PanelRow.closed_at.is_not(None)
    connection.execute(update(PanelRow).where(*mine, other).values(closed_at=closed_at))


def invite(connection: Connection, panel_id: str, hashes: Sequence[str], now: datetime) -> int:
    """Add an invitation for each hash of a secret; give the first one's place."""
    there = select(func.max(InvitationRow.place)).where(InvitationRow.panel_id == panel_id)
    first = (connection.execute(there).scalar() or 0) + 1
    connection.execute(
        insert(InvitationRow),
        [
            {
                "invitation_id": str(uuid4()),
                "panel_id": panel_id,
                "place": first + n,
                "secret_hash": one,
                "invited_at": now,
            }
            for n, one in enumerate(hashes)
        ],
    )
    return first


def invitations(connection: Connection, panel_id: str) -> list[Invitation]:
    """Give a panel's invitations by place."""
    asked = select(InvitationRow.__table__).where(InvitationRow.panel_id == panel_id)
    rows = connection.execute(asked.order_by(InvitationRow.place))
    return [Invitation(r.invitation_id, r.panel_id, r.place, r.answered_at) for r in rows]


def invitation_by(connection: Connection, secret_hash: str) -> Invitation | None:
    """Give the invitation with this hash of a secret."""
    asked = select(InvitationRow.__table__).where(InvitationRow.secret_hash == secret_hash)
    r = connection.execute(asked).one_or_none()
    return Invitation(r.invitation_id, r.panel_id, r.place, r.answered_at) if r else None


def answer(connection: Connection, invitation_id: str, scores: Sequence[int], now: datetime) -> None:
    """Keep an expert's answer in place of the one before."""
    # The row of the invitation first: two answers at once then wait for each other, and the later one stays.
    mine = update(InvitationRow).where(InvitationRow.invitation_id == invitation_id)
    connection.execute(mine.values(answered_at=now))
    connection.execute(delete(RatingRow).where(RatingRow.invitation_id == invitation_id))
    connection.execute(
        insert(RatingRow),
        [
            {"invitation_id": invitation_id, "criterion": place, "score": score}
            for place, score in enumerate(scores)
        ],
    )


def answers(connection: Connection, panel_id: str) -> list[tuple[int, ...]]:
    """Give a panel's answers, a row for each expert who answered, in an order that tells nothing."""
    asked = (
        select(RatingRow.invitation_id, RatingRow.score)
        .join(InvitationRow, InvitationRow.invitation_id == RatingRow.invitation_id)
        .where(InvitationRow.panel_id == panel_id)
        .order_by(RatingRow.invitation_id, RatingRow.criterion)
    )
    found: dict[str, list[int]] = defaultdict(list)
    for invitation_id, score in connection.execute(asked):
        found[invitation_id].append(score)
    return sorted(map(tuple, found.values()))


def scores_of(connection: Connection, invitation_id: str) -> tuple[int, ...]:
    """Give what one expert answered; empty before there is an answer."""
    asked = select(RatingRow.score).where(RatingRow.invitation_id == invitation_id)
    return tuple(connection.execute(asked.order_by(RatingRow.criterion)).scalars())


def add_competence(connection: Connection, study: str, entered: CompetenceTable, made_by: str) -> None:
    """Add a table of levels."""
    connection.execute(
        insert(CompetenceRow).values(
            table_id=entered.table_id,
            study=study,
            title=entered.title,
            same_people=entered.same_people,
            levels=list(entered.table.levels),
            rows=list(entered.table.rows),
            counts=[list(row) for row in entered.table.counts],
            made_by=made_by,
            made_at=entered.made_at,
        )
    )


def remove_competence(connection: Connection, study: str, table_id: str) -> None:
    """Take a table of levels away; one that is not there is no error."""
    mine = (CompetenceRow.study == study, CompetenceRow.table_id == table_id)
    connection.execute(delete(CompetenceRow).where(*mine))


def competence_tables(connection: Connection, study: str) -> list[CompetenceTable]:
    """Give the study's tables of levels, the oldest first."""
    asked = select(CompetenceRow.__table__).where(CompetenceRow.study == study)
    rows = connection.execute(asked.order_by(CompetenceRow.made_at, CompetenceRow.table_id))
    return [
        CompetenceTable(r.table_id, r.title, r.same_people, _levels(r.levels, r.rows, r.counts), r.made_at)
        for r in rows
    ]


def _panel(r: Row[Any]) -> Panel:
    return Panel(r.panel_id, r.title, _criteria(r.criteria), r.least, r.most, r.made_at, r.closed_at)


def _criteria(stored: Sequence[Mapping[str, str]]) -> tuple[Criterion, ...]:
    return tuple(Criterion(one["uk"], one["en"], Fraction(one["weight"])) for one in stored)


def _levels(levels: Sequence[str], rows: Sequence[str], counts: Sequence[Sequence[int]]) -> Levels:
    return Levels(tuple(levels), tuple(rows), tuple(map(tuple, counts)))
