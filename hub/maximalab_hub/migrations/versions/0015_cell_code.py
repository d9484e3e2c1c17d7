"""A study may ask for the code of cells; what is kept of it has a table of its own."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("study", sa.Column("asks_code", sa.Boolean, nullable=False, server_default=sa.false()))
    op.create_table(
        "cell_code",
        sa.Column("event_id", sa.String(36), primary_key=True),
        sa.Column("study", sa.String(64), primary_key=True),
        sa.Column("user", sa.String(255), nullable=False),
        sa.Column("course", sa.String(64)),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("cut", sa.Boolean, nullable=False),
    )
    op.create_index("cell_code_of", "cell_code", ["study", "user", "at"])
    op.create_index("ix_cell_code_user", "cell_code", ["user"])
    op.create_index("ix_cell_code_at", "cell_code", ["at"])


def downgrade() -> None:
    op.drop_table("cell_code")
    op.drop_column("study", "asks_code")
