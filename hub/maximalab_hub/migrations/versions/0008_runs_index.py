"""An index of runs alone, for the teacher's pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

RUNS = sa.text("kind = 'run'")


def upgrade() -> None:
    op.create_index("event_runs", "event", ["course", "user", "at"], sqlite_where=RUNS, postgresql_where=RUNS)


def downgrade() -> None:
    op.drop_index("event_runs", "event")
