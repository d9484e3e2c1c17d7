"""The study's template: panels of experts with their invitations and ratings, and levels of competence."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "rating_panel",
        sa.Column("panel_id", sa.String(36), primary_key=True),
        sa.Column("study", sa.String(64), nullable=False, index=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("criteria", sa.JSON, nullable=False),
        sa.Column("least", sa.Integer, nullable=False),
        sa.Column("most", sa.Integer, nullable=False),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
    )
    op.create_table(
        "rating_invitation",
        sa.Column("invitation_id", sa.String(36), primary_key=True),
        sa.Column(
            "panel_id", sa.String(36), sa.ForeignKey("rating_panel.panel_id"), nullable=False, index=True
        ),
        sa.Column("place", sa.Integer, nullable=False),
        sa.Column("secret_hash", sa.String(64), nullable=False),
        sa.Column("invited_at", MOMENT, nullable=False),
        sa.Column("answered_at", MOMENT),
        sa.UniqueConstraint("secret_hash"),
    )
    op.create_table(
        "rating",
        sa.Column(
            "invitation_id",
            sa.String(36),
            sa.ForeignKey("rating_invitation.invitation_id"),
            primary_key=True,
        ),
        sa.Column("criterion", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("score", sa.Integer, nullable=False),
    )
    op.create_table(
        "competence",
        sa.Column("table_id", sa.String(36), primary_key=True),
        sa.Column("study", sa.String(64), nullable=False, index=True),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("same_people", sa.Boolean, nullable=False),
        sa.Column("levels", sa.JSON, nullable=False),
        sa.Column("rows", sa.JSON, nullable=False),
        sa.Column("counts", sa.JSON, nullable=False),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
    )


def downgrade() -> None:
    for table in ("competence", "rating", "rating_invitation", "rating_panel"):
        op.drop_table(table)
