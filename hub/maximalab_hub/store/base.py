"""What every table of the usage store stands on: its base, and moments that keep their zone."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, DateTime, Dialect, String, type_coerce
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator


class UtcTime(TypeDecorator[datetime]):
    """An aware moment, stored as UTC; SQLite forgets the zone, so it is put back on the way out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse a moment without a zone; store UTC."""
        del dialect
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware UTC moment back."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


def as_driven(moment: Any) -> ColumnElement[Any]:  # noqa: ANN401  a column, typed by its values
    """Ask for a moment as the driver gives it; for thousands of rows `moment_of` is several times quicker."""
    return type_coerce(moment, String)


def moment_of(said: Any) -> datetime:  # noqa: ANN401  SQLite's driver gives a text in UTC, PostgreSQL's a moment
    """Make the aware UTC moment that a driver means."""
    if isinstance(said, str):
        return datetime.fromisoformat(f"{said}+00:00")  # `replace` would take several times as long
    at: datetime = said
    return at.astimezone(UTC)


class Base(DeclarativeBase):
    """All tables of the usage store."""
