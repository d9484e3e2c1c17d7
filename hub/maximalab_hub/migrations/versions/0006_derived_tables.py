"""Derived tables: settings by time, sessions, and what each person's rows follow from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "derivation",
        sa.Column("user", sa.String(255), primary_key=True),
        sa.Column("key", sa.String(32), nullable=False),
        sa.Column("version", sa.String(1000), nullable=False),
    )
    op.create_table(
        "setting_span",
        sa.Column("user", sa.String(255), primary_key=True),
        sa.Column("course", sa.String(64), primary_key=True),
        sa.Column("starts_at", MOMENT, primary_key=True),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("setting", sa.String(16), nullable=False),
    )
    op.create_table(
        "work_session",
        sa.Column("user", sa.String(255), primary_key=True),
        sa.Column("starts_at", MOMENT, primary_key=True),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("events", sa.Integer, nullable=False),
        sa.Column("runs", sa.Integer, nullable=False),
        sa.Column("errors", sa.Integer, nullable=False),
        sa.Column("in_class_ms", sa.BigInteger, nullable=False),
        sa.Column("out_of_class_ms", sa.BigInteger, nullable=False),
        sa.Column("unknown_ms", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    for table in ("work_session", "setting_span", "derivation"):
        op.drop_table(table)
