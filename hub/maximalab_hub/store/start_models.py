"""Tables of what is known of senders' starts without counting their events: they follow from the events."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  SQLAlchemy reads annotations at run time
from typing import Final

from sqlalchemy import BigInteger, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from maximalab_hub.store.base import Base, UtcTime

_SHARED: Final = text("place > 0")


class StartCountRow(Base):
    """What the events of one start of one sender came to when they were counted last (`store.boots.BootCount`)."""

    __tablename__ = "start_count"

    boot_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    place: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Which of the senders that named this start; there is one, unless somebody made the id up."""
    user: Mapped[str] = mapped_column(String(255))
    """Empty where the sender is the hub."""
    server: Mapped[str | None] = mapped_column(String(64))
    stored: Mapped[int] = mapped_column(BigInteger)
    numbered: Mapped[int] = mapped_column(BigInteger)
    ended: Mapped[bool]
    first_at: Mapped[datetime] = mapped_column(UtcTime)
    last_at: Mapped[datetime] = mapped_column(UtcTime)
    first_received: Mapped[datetime] = mapped_column(UtcTime)
    last_received: Mapped[datetime] = mapped_column(UtcTime)
    told: Mapped[int] = mapped_column(BigInteger)
    """Events that are not about looks at the records."""

    __table_args__ = (
        # All that the whole lab's sums ask, person by person.
        Index(
            "start_count_sums",
            *("user", "server", "first_at", "last_at", "stored", "numbered", "ended", "told", "boot_id"),
        ),
        Index("start_count_shared", "boot_id", sqlite_where=_SHARED, postgresql_where=_SHARED),
    )


class StartCourseRow(Base):
    """When the first and the last event of a course came of a start of a student's own sender."""

    __tablename__ = "start_course"

    course: Mapped[str] = mapped_column(String(64), primary_key=True)
    boot_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    first_at: Mapped[datetime] = mapped_column(UtcTime)
    last_at: Mapped[datetime] = mapped_column(UtcTime)

    __table_args__ = (Index("start_course_boot", "boot_id"), {"sqlite_with_rowid": False})


class StartChangeRow(Base):
    """That events of a start came or went since it was counted; with an empty id: that nothing was counted yet."""

    __tablename__ = "start_change"

    boot_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    from_seq: Mapped[int] = mapped_column(BigInteger)
    """The least number that came since; -1 where anything may have changed."""

    __table_args__ = ({"sqlite_with_rowid": False},)
