"""Tables that follow from others and can be made anew at any time: settings by time, and sessions."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  SQLAlchemy reads annotations at run time

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from maximalab_hub.store.base import Base, UtcTime


class DerivationRow(Base):
    """By which rules, timetable and events a person's derived rows were made."""

    __tablename__ = "derivation"

    user: Mapped[str] = mapped_column(String(255), primary_key=True)
    key: Mapped[str] = mapped_column(String(32))
    """Follows from all that the rows follow from; the same key, the same rows."""
    version: Mapped[str] = mapped_column(String(1000))
    """Rule, timetable and the courses' versions, as reports cite them."""


class SettingSpanRow(Base):
    """A stretch of time in which one person's work for one course is in class, or out; elsewhere it is unknown."""

    __tablename__ = "setting_span"

    user: Mapped[str] = mapped_column(String(255), primary_key=True)
    course: Mapped[str] = mapped_column(String(64), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    setting: Mapped[str] = mapped_column(String(16))


class WorkSessionRow(Base):
    """A stretch of one person's activity without a long gap, with the time on task in each setting."""

    __tablename__ = "work_session"

    user: Mapped[str] = mapped_column(String(255), primary_key=True)
    starts_at: Mapped[datetime] = mapped_column(UtcTime, primary_key=True)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    events: Mapped[int]
    runs: Mapped[int]
    errors: Mapped[int]
    in_class_ms: Mapped[int] = mapped_column(BigInteger)
    out_of_class_ms: Mapped[int] = mapped_column(BigInteger)
    unknown_ms: Mapped[int] = mapped_column(BigInteger)
