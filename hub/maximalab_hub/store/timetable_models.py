"""Tables of the timetable. A row is never changed: it holds from one version of its course's timetable to another."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  SQLAlchemy reads annotations at run time
from typing import Any

from sqlalchemy import JSON, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from maximalab_hub.store.base import Base, UtcTime


class LessonRow(Base):
    """One dated meeting of a group, expanded from the timetable."""

    __tablename__ = "lesson"

    entry_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    lesson_id: Mapped[str] = mapped_column(String(64))
    """Follows from course, group, start and end, so that the same lesson is known again."""
    course: Mapped[str] = mapped_column(String(64))
    group_name: Mapped[str] = mapped_column(String(64))
    starts_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    cancelled: Mapped[bool] = mapped_column(default=False)
    series: Mapped[str] = mapped_column(String(32), default="", server_default="")
    moved_from: Mapped[datetime | None] = mapped_column(UtcTime)
    """Where it was planned first, if it was moved."""
    note: Mapped[str] = mapped_column(String(200), default="", server_default="")
    since_version: Mapped[int] = mapped_column(default=0, server_default="0")
    """The first version of the course's timetable in which the row holds."""
    until_version: Mapped[int | None]
    """The first version in which it does not hold any more."""

    __table_args__ = (Index("lesson_course", "course", "until_version"),)


class EnrolmentRow(Base):
    """Who is in which group of which course, and from when to when."""

    __tablename__ = "enrolment"

    entry_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    user: Mapped[str] = mapped_column(String(255), index=True)
    course: Mapped[str] = mapped_column(String(64))
    group_name: Mapped[str] = mapped_column(String(64))
    valid_from: Mapped[datetime] = mapped_column(UtcTime)
    valid_until: Mapped[datetime | None] = mapped_column(UtcTime)
    since_version: Mapped[int] = mapped_column(default=0, server_default="0")
    until_version: Mapped[int | None]

    __table_args__ = (Index("enrolment_course", "course", "until_version"),)


class HolidayRow(Base):
    """Days on which a course has no lessons."""

    __tablename__ = "holiday"

    entry_id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    course: Mapped[str] = mapped_column(String(64), index=True)
    name: Mapped[str] = mapped_column(String(200))
    starts_at: Mapped[datetime] = mapped_column(UtcTime)
    ends_at: Mapped[datetime] = mapped_column(UtcTime)
    since_version: Mapped[int] = mapped_column(default=0, server_default="0")
    until_version: Mapped[int | None]


class TimetableVersionRow(Base):
    """One version of a course's timetable: who made it, when and how."""

    __tablename__ = "timetable_version"

    course: Mapped[str] = mapped_column(String(64), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    made_by: Mapped[str] = mapped_column(String(255))
    """Empty where the lab itself made it."""
    how: Mapped[str] = mapped_column(String(16))
    words: Mapped[str] = mapped_column(String(200))
    """What it came from: a file's name, an address's host, the number of an earlier version."""


class SourceRow(Base):
    """A calendar at an address, fetched again at times."""

    __tablename__ = "timetable_source"

    source_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    course: Mapped[str] = mapped_column(String(64), index=True)
    address: Mapped[str] = mapped_column(String(2000))
    """May hold a secret of its own, as private calendars' addresses do: shown to the course's teachers alone."""
    group_name: Mapped[str] = mapped_column(String(64))
    """Whose the events are that name neither course nor group; empty where they are left out."""
    made_by: Mapped[str] = mapped_column(String(255))
    asked_at: Mapped[datetime] = mapped_column(UtcTime)
    good_at: Mapped[datetime] = mapped_column(UtcTime)
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The course's lessons and holidays in it when it was fetched last without a fault; nothing else of it is kept."""
    trouble: Mapped[str] = mapped_column(String(32))
    """Why the last try failed; empty where it did not."""
    trouble_at: Mapped[str] = mapped_column(String(200))
    """The place that the trouble is about."""


class DraftRow(Base):
    """An import that somebody looks over before it counts; removed once it does, or after a day."""

    __tablename__ = "timetable_draft"

    draft_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    course: Mapped[str] = mapped_column(String(64))
    made_by: Mapped[str] = mapped_column(String(255))
    made_at: Mapped[datetime] = mapped_column(UtcTime)
    based_on: Mapped[int]
    """The course's version that it was compared with."""
    content: Mapped[dict[str, Any]] = mapped_column(JSON)
    """The timetable as it would be, and where it came from."""
