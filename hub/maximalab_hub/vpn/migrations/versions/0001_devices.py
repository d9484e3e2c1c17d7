"""The first table: devices."""

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
        "vpn_device",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("user", sa.String(255), nullable=False),
        sa.Column("label", sa.String(40), nullable=False),
        sa.Column("public_key", sa.String(44), nullable=False, unique=True),
        sa.Column("address", sa.String(15), nullable=False, unique=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("revoked_at", MOMENT),
        sa.Column("preshared_key", sa.String(44)),
    )
    op.create_index("ix_vpn_device_user", "vpn_device", ["user"])


def downgrade() -> None:
    op.drop_table("vpn_device")
