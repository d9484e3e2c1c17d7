"""The timetable gets versions, holidays, addresses and drafts; what is there becomes each course's first version."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)


def versions() -> tuple[sa.Column[int], sa.Column[int]]:
    return (
        sa.Column("since_version", sa.Integer, nullable=False, server_default="0"),
        sa.Column("until_version", sa.Integer),
    )


def upgrade() -> None:
    _lessons()
    _enrolments()
    op.create_table(
        "holiday",
        sa.Column("entry_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("course", sa.String(64), nullable=False, index=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        *versions(),
    )
    made = op.create_table(
        "timetable_version",
        sa.Column("course", sa.String(64), primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("how", sa.String(16), nullable=False),
        sa.Column("words", sa.String(200), nullable=False),
    )
    op.create_table(
        "timetable_source",
        sa.Column("source_id", sa.String(36), primary_key=True),
        sa.Column("course", sa.String(64), nullable=False, index=True),
        sa.Column("address", sa.String(2000), nullable=False),
        sa.Column("group_name", sa.String(64), nullable=False),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("asked_at", MOMENT, nullable=False),
        sa.Column("good_at", MOMENT, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
        sa.Column("trouble", sa.String(32), nullable=False),
        sa.Column("trouble_at", sa.String(200), nullable=False),
    )
    op.create_table(
        "timetable_draft",
        sa.Column("draft_id", sa.String(36), primary_key=True),
        sa.Column("course", sa.String(64), nullable=False),
        sa.Column("made_by", sa.String(255), nullable=False),
        sa.Column("made_at", MOMENT, nullable=False),
        sa.Column("based_on", sa.Integer, nullable=False),
        sa.Column("content", sa.JSON, nullable=False),
    )
    found = op.get_bind().execute(sa.text("SELECT course FROM lesson UNION SELECT course FROM enrolment"))
    now = datetime.now(UTC)
    first = {"number": 1, "made_at": now, "made_by": "", "how": "start", "words": ""}
    op.bulk_insert(made, [{"course": course, **first} for course in sorted(found.scalars())])


def _lessons() -> None:
    op.drop_index("ix_lesson_course", "lesson")
    op.rename_table("lesson", "lesson_before")
    op.create_table(
        "lesson",
        sa.Column("entry_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("lesson_id", sa.String(64), nullable=False),
        sa.Column("course", sa.String(64), nullable=False),
        sa.Column("group_name", sa.String(64), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
        sa.Column("series", sa.String(32), nullable=False, server_default=""),
        sa.Column("moved_from", MOMENT),
        sa.Column("note", sa.String(200), nullable=False, server_default=""),
        *versions(),
    )
    op.create_index("lesson_course", "lesson", ["course", "until_version"])
    kept = "lesson_id, course, group_name, starts_at, ends_at, cancelled"
    op.execute(
        f"INSERT INTO lesson ({kept}, since_version) SELECT {kept}, 1 FROM lesson_before"  # noqa: S608
        " ORDER BY lesson_id"
    )
    op.drop_table("lesson_before")


def _enrolments() -> None:
    op.rename_table("enrolment", "enrolment_before")
    op.create_table(
        "enrolment",
        sa.Column("entry_id", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("user", sa.String(255), nullable=False, index=True),
        sa.Column("course", sa.String(64), nullable=False),
        sa.Column("group_name", sa.String(64), nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_until", MOMENT),
        *versions(),
    )
    op.create_index("enrolment_course", "enrolment", ["course", "until_version"])
    kept = '"user", course, group_name, valid_from, valid_until'
    op.execute(
        f"INSERT INTO enrolment ({kept}, since_version) SELECT {kept}, 1 FROM enrolment_before"  # noqa: S608
    )
    op.drop_table("enrolment_before")


def downgrade() -> None:
    for table in ("timetable_draft", "timetable_source", "timetable_version", "holiday"):
        op.drop_table(table)
    for table, index in (
        ("lesson", "lesson_course"),
        ("enrolment", "enrolment_course"),
        ("enrolment", "ix_enrolment_user"),
    ):
        op.drop_index(index, table)
    _back("lesson", "lesson_id, course, group_name, starts_at, ends_at, cancelled", (
        sa.Column("lesson_id", sa.String(64), primary_key=True),
        sa.Column("course", sa.String(64), nullable=False, index=True),
        sa.Column("group_name", sa.String(64), nullable=False),
        sa.Column("starts_at", MOMENT, nullable=False),
        sa.Column("ends_at", MOMENT, nullable=False),
        sa.Column("cancelled", sa.Boolean, nullable=False),
    ))  # fmt: skip
    _back("enrolment", '"user", course, group_name, valid_from, valid_until', (
        sa.Column("user", sa.String(255), primary_key=True),
        sa.Column("course", sa.String(64), primary_key=True),
        sa.Column("group_name", sa.String(64), primary_key=True),
        sa.Column("valid_from", MOMENT, primary_key=True),
        sa.Column("valid_until", MOMENT),
    ))  # fmt: skip


def _back(table: str, kept: str, columns: tuple[sa.Column[Any], ...]) -> None:
    op.rename_table(table, f"{table}_after")
    op.create_table(table, *columns)
    op.execute(
        f"INSERT INTO {table} ({kept}) SELECT {kept} FROM {table}_after WHERE until_version IS NULL"  # noqa: S608
    )
    op.drop_table(f"{table}_after")
