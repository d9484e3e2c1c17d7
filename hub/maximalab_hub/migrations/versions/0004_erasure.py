"""Erasure: who asked for it, whose records were erased up to when, and which numbers of senders went with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "erasure_request",
        sa.Column("user", sa.String(255), primary_key=True),
        sa.Column("asked_at", MOMENT, nullable=False),
    )
    op.create_table(
        "erased",
        sa.Column("who", sa.String(32), primary_key=True),
        sa.Column("erased_at", MOMENT, nullable=False),
    )
    op.create_table(
        "removed_number",
        sa.Column("boot_id", sa.String(36), primary_key=True),
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    )


def downgrade() -> None:
    for table in ("removed_number", "erased", "erasure_request"):
        op.drop_table(table)
