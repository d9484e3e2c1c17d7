"""The first tables: events, what the hub saw of servers, timetable, enrolments, consent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("event_id", sa.String(36), primary_key=True),
        sa.Column("boot_id", sa.String(36), nullable=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("at_reported", sa.String(64), nullable=False),
        sa.Column("at_clamped", sa.Boolean, nullable=False),
        sa.Column("received_at", MOMENT, nullable=False),
        sa.Column("user", sa.String(255), nullable=False),
        sa.Column("server", sa.String(64)),
        sa.Column("tier", sa.String(16)),
        sa.Column("backend", sa.String(64)),
        sa.Column("entrance", sa.String(16)),
        sa.Column("course", sa.String(64)),
        sa.Column("material", sa.String(64)),
        sa.Column("notebook", sa.String(4096)),
        sa.Column("cell_id", sa.String(64)),
        sa.Column("kernel", sa.String(64)),
        sa.Column("duration_ms", sa.BigInteger),
        sa.Column("outcome", sa.String(16)),
        sa.Column("error_name", sa.String(128)),
        sa.Column("source", sa.String(8), nullable=False),
        sa.Column("detail", sa.JSON, nullable=False),
    )
    op.create_index("event_at", "event", ["at", "event_id"])
    op.create_index("event_user_at", "event", ["user", "at"])
    op.create_index("event_course_at", "event", ["course", "at"])
    op.create_index("event_boot", "event", ["boot_id", "seq"])
    op.create_table(
        "server",
        sa.Column("user", sa.String(255), primary_key=True),
        sa.Column("server", sa.String(64), primary_key=True),
        sa.Column("moment", MOMENT, primary_key=True),
        sa.Column("running", sa.Boolean, nullable=False),
        sa.Column("tier", sa.String(16)),
        sa.Column("backend", sa.String(64)),
        sa.Column("entrance", sa.String(16)),
    )
    op.create_table(
        "lesson",
        sa.Column("lesson_id", sa.String(64), primary_key=True),
        sa.Column("course", sa.String(64), nullable=False, index=True),
        sa.Column("group_name", sa.String(64), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
    )
    op.create_table(
        "enrolment",
        sa.Column("user", sa.String(255), primary_key=True),
        sa.Column("course", sa.String(64), primary_key=True),
        sa.Column("group_name", sa.String(64), primary_key=True),
        sa.Column("valid_from", MOMENT, primary_key=True),
        sa.Column("valid_until", MOMENT),
    )
    op.create_table(
        "consent",
        sa.Column("consent_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("user", sa.String(255), nullable=False, index=True),
        sa.Column("study", sa.String(64), nullable=False),
        sa.Column("agreed", sa.Boolean, nullable=False),
        sa.Column("consent_version", sa.Integer, nullable=False),
        sa.Column("decided_at", MOMENT, nullable=False),
        sa.UniqueConstraint("user", "study", "decided_at", name="consent_once"),
    )


def downgrade() -> None:
    for table in ("consent", "enrolment", "lesson", "server", "event"):
        op.drop_table(table)
