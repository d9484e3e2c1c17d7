"""Several studies count side by side, until each is closed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("study", sa.Column("counts", sa.Boolean, nullable=False, server_default=sa.true()))
    # Until now the newest row alone counted: what it had replaced must not come back to life, with old consents.
    op.execute(
        "UPDATE study SET counts = (1 = 0)"
        " WHERE study <> (SELECT s.study FROM study AS s ORDER BY s.place DESC LIMIT 1)"
    )


def downgrade() -> None:
    # The newest row counts again; one that closes a study must not bring it back.
    op.execute(
        "DELETE FROM study WHERE NOT counts AND place > (SELECT max(s.place) FROM study AS s WHERE s.counts)"
    )
    op.drop_column("study", "counts")
