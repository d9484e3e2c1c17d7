"""The index of runs says how each ended: a cell that waited behind a failed one never ran, and is no run."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

RUNS = sa.text("kind = 'run'")
COLUMNS = ["course", "user", "at"]


def upgrade() -> None:
    _anew([*COLUMNS, "outcome"])


def downgrade() -> None:
    _anew(COLUMNS)


def _anew(columns: list[str]) -> None:
    op.drop_index("event_runs", "event")
    op.create_index("event_runs", "event", columns, sqlite_where=RUNS, postgresql_where=RUNS)
