"""The table of the code of cells: the only one that holds any, and only for a study that asks for it."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003  SQLAlchemy reads annotations at run time

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from maximalab_hub.store.base import Base, UtcTime


class CellCodeRow(Base):
    """The code of one run, kept for one study while its person takes part.

    What says whose and when it is stands here as well as in the event, which may have moved into the archive.
    """

    __tablename__ = "cell_code"

    event_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    study: Mapped[str] = mapped_column(String(64), primary_key=True)
    user: Mapped[str] = mapped_column(String(255), index=True)
    course: Mapped[str | None] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(UtcTime, index=True)
    text: Mapped[str] = mapped_column(Text)
    cut: Mapped[bool]
    """There was more of it than is kept."""

    __table_args__ = (Index("cell_code_of", "study", "user", "at"),)
