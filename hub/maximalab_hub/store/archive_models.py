"""Tables beside the archive's files: which months lie in files, and which ids are in them."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  SQLAlchemy reads annotations at run time

from sqlalchemy import BigInteger, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from maximalab_hub.store.base import Base, UtcTime


class ArchivedMonthRow(Base):
    """That a month's events lie in a file; a file that no row names counts for nothing."""

    __tablename__ = "archived_month"

    month: Mapped[str] = mapped_column(String(7), primary_key=True)
    """In UTC, as 2026-03."""
    file: Mapped[str] = mapped_column(String(64))
    """Its name in the archive's folder `events`."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the file's bytes."""
    rows: Mapped[int] = mapped_column(BigInteger)
    last_id: Mapped[str] = mapped_column(String(36))
    """The largest id in the file: whatever is larger is not archived, and need not be looked for."""
    archived_at: Mapped[datetime] = mapped_column(UtcTime)


class ArchivedIdRow(Base):
    """That an event of this id is in a file, so that it is known again when it is sent again."""

    __tablename__ = "archived_id"

    id: Mapped[bytes] = mapped_column(LargeBinary(16), primary_key=True)
    """The UUID's 16 bytes (`store.archive.ids`)."""

    __table_args__ = ({"sqlite_with_rowid": False},)
