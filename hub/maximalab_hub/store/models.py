"""Tables of the usage store. Raw events never change; everything derived from them can be rebuilt.

Times are aware UTC (`UtcTime` refuses anything else), so that SQLite and PostgreSQL agree.
"""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  SQLAlchemy reads annotations at run time
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, ForeignKey, Index, String, Text, UniqueConstraint, false, text, true
from sqlalchemy.orm import Mapped, mapped_column

from maximalab_hub.store.archive_models import ArchivedIdRow, ArchivedMonthRow
from maximalab_hub.store.base import Base, UtcTime
from maximalab_hub.store.code_models import CellCodeRow
from maximalab_hub.store.derived_models import DerivationRow, SettingSpanRow, WorkSessionRow
from maximalab_hub.store.start_models import StartChangeRow, StartCountRow, StartCourseRow
from maximalab_hub.store.timetable_models import (
    DraftRow,
    EnrolmentRow,
    HolidayRow,
    LessonRow,
    SourceRow,
    TimetableVersionRow,
)

__all__ = [
    "ArchivedIdRow",
    "ArchivedMonthRow",
    "Base",
    "CellCodeRow",
    "CompetenceRow",
    "ConsentRow",
    "DerivationRow",
    "DraftRow",
    "EnrolmentRow",
    "EventRow",
    "HolidayRow",
    "InvitationRow",
    "LessonRow",
    "PanelRow",
    "RatingRow",
    "ServerRow",
    "SettingSpanRow",
    "SourceRow",
    "StartChangeRow",
    "StartCountRow",
    "StartCourseRow",
    "TimetableVersionRow",
    "UtcTime",
    "WorkSessionRow",
]

_RUNS: Final = text("kind = 'run'")
_SIGN_BY_SIGN: Final = String(36).with_variant(String(36, collation="C"), "postgresql")
"""Ids are ordered as Python orders them, whatever PostgreSQL's locale."""


class EventRow(Base):
    """One immutable record of something that happened (see design: the event model)."""

    __tablename__ = "event"

    event_id: Mapped[str] = mapped_column(_SIGN_BY_SIGN, primary_key=True)
    boot_id: Mapped[str] = mapped_column(String(36))
    seq: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(String(32))
    at: Mapped[datetime] = mapped_column(UtcTime)
    at_reported: Mapped[str] = mapped_column(String(64))
    """The sender's own words about `at`, always kept."""
    at_clamped: Mapped[bool] = mapped_column(default=False)
    """Whether `at_reported` was beyond belief, so that `at` is not what the sender said."""
    received_at: Mapped[datetime] = mapped_column(UtcTime)
    user: Mapped[str] = mapped_column(String(255))
    server: Mapped[str | None] = mapped_column(String(64))
    tier: Mapped[str | None] = mapped_column(String(16))
    backend: Mapped[str | None] = mapped_column(String(64))
    entrance: Mapped[str | None] = mapped_column(String(16))
    course: Mapped[str | None] = mapped_column(String(64))
    material: Mapped[str | None] = mapped_column(String(64))
    notebook: Mapped[str | None] = mapped_column(String(4096))
    cell_id: Mapped[str | None] = mapped_column(String(64))
    kernel: Mapped[str | None] = mapped_column(String(64))
    duration_ms: Mapped[int | None] = mapped_column(BigInteger)
    outcome: Mapped[str | None] = mapped_column(String(16))
    error_name: Mapped[str | None] = mapped_column(String(128))
    source: Mapped[str] = mapped_column(String(8))
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)

    __table_args__ = (
        Index("event_at", "at", "event_id"),
        Index("event_user_at", "user", "at"),
        Index("event_course_at", "course", "at"),
        Index("event_boot", "boot_id", "seq"),
        # Runs alone, with all that the teacher's pages ask of each.
        Index("event_runs", "course", "user", "at", "outcome", sqlite_where=_RUNS, postgresql_where=_RUNS),
        # By months, by the time in the ids (`store.partitions`).
        {"postgresql_partition_by": "RANGE (event_id)"},
    )


class ServerRow(Base):
    """What the hub said of a server at one moment: that it started, and where, or that it stopped.

    Rows are only ever added, so that events which arrive late still find the start that they belong to.
    """

    __tablename__ = "server"

    user: Mapped[str] = mapped_column(String(255), primary_key=True)
    server: Mapped[str] = mapped_column(String(64), primary_key=True)
    moment: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    running: Mapped[bool]
    """True from a `server_start`, False from a `server_stop`."""
    tier: Mapped[str | None] = mapped_column(String(16))
    backend: Mapped[str | None] = mapped_column(String(64))
    entrance: Mapped[str | None] = mapped_column(String(16))


class ConsentRow(Base):
    """One decision of one person about one study; the newest counts, none means no."""

    __tablename__ = "consent"

    consent_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    user: Mapped[str] = mapped_column(String(255), index=True)
    study: Mapped[str] = mapped_column(String(64))
    agreed: Mapped[bool]
    consent_version: Mapped[int] = mapped_column(default=1)
    """Which version of the consent text the person read."""
    decided_at: Mapped[datetime] = mapped_column(UtcTime)

    __table_args__ = (UniqueConstraint("user", "study", "decided_at", name="consent_once"),)


class PanelRow(Base):
    """Experts asked to rate something: by which criteria, from which score to which."""

    __tablename__ = "rating_panel"

    panel_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    study: Mapped[str] = mapped_column(String(64), index=True)
    title: Mapped[str] = mapped_column(String(200))
    criteria: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    """In order: `uk`, `en`, and the `weight` as a fraction."""
    least: Mapped[int]
    most: Mapped[int]
    made_by: Mapped[str] = mapped_column(String(255))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcTime)
    """From then on no answer is taken, until it is opened again."""


class InvitationRow(Base):
    """One expert's place in a panel. The lab knows no name: whoever invites keeps who got which link."""

    __tablename__ = "rating_invitation"

    invitation_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    panel_id: Mapped[str] = mapped_column(ForeignKey("rating_panel.panel_id"), index=True)
    place: Mapped[int]
    """Which of the panel's invitations, from 1."""
    secret_hash: Mapped[str] = mapped_column(String(64), unique=True)
    """SHA-256 of the link's secret."""
    invited_at: Mapped[datetime] = mapped_column(UtcTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcTime)


class RatingRow(Base):
    """The score that one expert gave to one criterion; the newest answer replaces the one before."""

    __tablename__ = "rating"

    invitation_id: Mapped[str] = mapped_column(
        ForeignKey("rating_invitation.invitation_id"), primary_key=True
    )
    criterion: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Its place in the panel's criteria, from 0."""
    score: Mapped[int]


class CompetenceRow(Base):
    """A table of levels of competence: how many people of which group or moment have which level."""

    __tablename__ = "competence"

    table_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    study: Mapped[str] = mapped_column(String(64), index=True)
    title: Mapped[str] = mapped_column(String(200))
    same_people: Mapped[bool]
    """Whether the rows are the same people at several moments."""
    levels: Mapped[list[str]] = mapped_column(JSON)
    rows: Mapped[list[str]] = mapped_column(JSON)
    counts: Mapped[list[list[int]]] = mapped_column(JSON)
    made_by: Mapped[str] = mapped_column(String(255))
    made_at: Mapped[datetime] = mapped_column(UtcTime)


class LogEntryRow(Base):
    """One entry of the export log (`maximalab_hub.export_log`): rows are only ever added at its end."""

    __tablename__ = "export_log"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(UtcTime)
    kind: Mapped[str] = mapped_column(String(16))
    who: Mapped[str] = mapped_column(String(32))
    """A pseudonym made for this log; never a name."""
    study: Mapped[str | None] = mapped_column(String(64))
    detail: Mapped[str] = mapped_column(Text)
    """JSON as it was hashed, to the letter."""
    previous: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class LogHeadRow(Base):
    """Where the export log begins and ends; whoever adds an entry holds this one row."""

    __tablename__ = "export_log_head"

    head_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Always 1: there is one log."""
    base_position: Mapped[int] = mapped_column(BigInteger)
    base_hash: Mapped[str] = mapped_column(String(64))
    position: Mapped[int] = mapped_column(BigInteger)
    hash: Mapped[str] = mapped_column(String(64))


class ErasureRequestRow(Base):
    """That a person asked for the erasure of the own records; gone once it is done."""

    __tablename__ = "erasure_request"

    user: Mapped[str] = mapped_column(String(255), primary_key=True)
    asked_at: Mapped[datetime] = mapped_column(UtcTime)


class ErasedRow(Base):
    """That a person's records up to a moment were erased, so that what arrives late is not stored again."""

    __tablename__ = "erased"

    who: Mapped[str] = mapped_column(String(32), primary_key=True)
    """A pseudonym of the export log's kind; never a name."""
    erased_at: Mapped[datetime] = mapped_column(UtcTime)


class RemovedNumberRow(Base):
    """A number of a start of a sender whose event was here and has been removed: no gap, though nothing is there."""

    __tablename__ = "removed_number"

    boot_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)


class StudyRow(Base):
    """A study as a researcher set it up or closed it; its newest row counts, earlier ones tell who agreed to what."""

    __tablename__ = "study"

    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    study: Mapped[str] = mapped_column(String(64), index=True)
    consent_version: Mapped[int]
    title_uk: Mapped[str] = mapped_column(String(300))
    title_en: Mapped[str] = mapped_column(String(300))
    consent_uk: Mapped[str] = mapped_column(Text)
    consent_en: Mapped[str] = mapped_column(Text)
    counts: Mapped[bool] = mapped_column(default=True, server_default=true())
    asks_code: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether the code of cells is kept of those who agree."""
    made_by: Mapped[str] = mapped_column(String(255))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
