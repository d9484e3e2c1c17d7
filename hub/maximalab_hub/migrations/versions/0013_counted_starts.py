"""What the events of each start came to, so that pages about completeness need not count them anew."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

SUMS = ["user", "server", "first_at", "last_at", "stored", "numbered", "ended", "told", "boot_id"]
SHARED = sa.text("place > 0")


def upgrade() -> None:
    moments = ("first_at", "last_at", "first_received", "last_received")
    op.create_table(
        "start_count",
        sa.Column("boot_id", sa.String(36), primary_key=True),
        sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("user", sa.String(255), nullable=False),
        sa.Column("server", sa.String(64)),
        sa.Column("stored", sa.BigInteger, nullable=False),
        sa.Column("numbered", sa.BigInteger, nullable=False),
        sa.Column("ended", sa.Boolean, nullable=False),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in moments),
        sa.Column("told", sa.BigInteger, nullable=False),
    )
    op.create_index("start_count_sums", "start_count", SUMS)
    op.create_index(
        "start_count_shared", "start_count", ["boot_id"], sqlite_where=SHARED, postgresql_where=SHARED
    )
    op.create_table(
        "start_course",
        sa.Column("course", sa.String(64), primary_key=True),
        sa.Column("boot_id", sa.String(36), primary_key=True),
        *(sa.Column(name, sa.DateTime(timezone=True), nullable=False) for name in moments[:2]),
        sqlite_with_rowid=False,
    )
    op.create_index("start_course_boot", "start_course", ["boot_id"])
    op.create_table(
        "start_change",
        sa.Column("boot_id", sa.String(36), primary_key=True),
        sa.Column("from_seq", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    # A store with events is counted by the service, batch by batch; until then its pages count as they did before.
    op.execute(
        "INSERT INTO start_change SELECT '', -1"
        " WHERE EXISTS (SELECT 1 FROM event) OR EXISTS (SELECT 1 FROM archived_month)"
    )


def downgrade() -> None:
    for table in ("start_change", "start_course", "start_count"):
        op.drop_table(table)
