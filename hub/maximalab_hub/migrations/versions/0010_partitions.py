"""PostgreSQL's table of events is divided into months, by the time in an event's id; SQLite's stays as it is."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

RUNS = sa.text("kind = 'run'")
INDEXES = {
    "event_at": ["at", "event_id"],
    "event_user_at": ["user", "at"],
    "event_course_at": ["course", "at"],
    "event_boot": ["boot_id", "seq"],
    "event_runs": ["course", "user", "at"],
}
AHEAD, BACK, LEAST = 3, 120, 1_000
"""As in `store.partitions` when this was written: months with a partition, and events for which a past one gets it."""
MONTHS = """
SELECT CAST(12 * extract(year FROM made) + extract(month FROM made) - 1 AS integer), count(*) FROM (
    SELECT to_timestamp(('x0000' || replace(left(event_id, 13), '-', ''))::bit(64)::bigint / 1000.0) AT TIME ZONE 'UTC'
    FROM event WHERE event_id ~ '^[0-9a-f]{8}-[0-9a-f]{4}-'
) AS each(made) GROUP BY 1
"""
"""Months by the time in the ids, as numbers of months since the year 0, each with its events."""


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    months = [*_many(), *_coming()]
    # Ids are compared sign by sign, whatever the database's locale; without its indexes the column is not written anew.
    _aside('VARCHAR(36) COLLATE "C"')
    op.execute("CREATE TABLE event (LIKE event_before) PARTITION BY RANGE (event_id)")
    op.execute("CREATE TABLE event_other PARTITION OF event DEFAULT")
    for place in sorted(set(months)):
        op.execute(
            f"CREATE TABLE event_{place // 12:04}_{place % 12 + 1:02} PARTITION OF event"
            f" FOR VALUES FROM ('{_first_id(place)}') TO ('{_first_id(place + 1)}')"
        )
    _filled()


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    _aside()
    op.execute("CREATE TABLE event (LIKE event_before)")
    op.execute('ALTER TABLE event ALTER event_id TYPE VARCHAR(36) COLLATE "default"')
    _filled()


def _aside(form: str = "") -> None:
    """Rename the table, and let the names of its indexes go."""
    for name in INDEXES:
        op.drop_index(name, "event")
    op.drop_constraint("event_pkey", "event")
    if form:
        op.execute(f"ALTER TABLE event ALTER event_id TYPE {form}")
    op.rename_table("event", "event_before")


def _filled() -> None:
    """Move the events, then make the key and the indexes: that is sooner than to keep them up row by row."""
    op.execute("INSERT INTO event SELECT * FROM event_before ORDER BY event_id")
    op.drop_table("event_before")
    op.create_primary_key("event_pkey", "event", ["event_id"])
    for name, columns in INDEXES.items():
        op.create_index(name, "event", columns, postgresql_where=RUNS if name == "event_runs" else None)
    op.execute("ANALYZE event")


def _many() -> list[int]:
    """Say which past months have many events."""
    found = op.get_bind().execute(sa.text(MONTHS)).all()
    return [place for place, count in found if _now() - BACK <= place <= _now() and count >= LEAST]


def _coming() -> list[int]:
    return [_now() + n for n in range(AHEAD + 1)]


def _now() -> int:
    now = datetime.now(UTC)
    return 12 * now.year + now.month - 1


def _first_id(place: int) -> str:
    start = datetime(place // 12, place % 12 + 1, 1, tzinfo=UTC)
    return str(UUID(int=int(start.timestamp() * 1000) << 80))
