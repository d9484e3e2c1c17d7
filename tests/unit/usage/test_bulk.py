"""The quick way into the store leaves what a plain INSERT leaves, on both databases."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from maximalab_hub.store.bulk import insert_events
from maximalab_hub.store.engine import StoreAwayError, reading, writing
from maximalab_hub.store.models import EventRow
from sqlalchemy import delete, insert, select

TABLE = EventRow.__table__
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
MAYBE = st.none() | TEXTS
ZONES = st.integers(-14, 14).map(lambda hours: timezone(timedelta(hours=hours)))
MOMENTS = st.builds(datetime.fromtimestamp, st.floats(6e8, 4e9), ZONES)
NUMBERS = st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.none() | st.booleans() | NUMBERS | TEXTS
DETAILS = st.dictionaries(TEXTS, VALUES | st.lists(VALUES, max_size=3), max_size=3)
IDS = st.sampled_from([str(UUID(int=number)) for number in range(4)])
ROWS = st.fixed_dictionaries(
    {
        "event_id": IDS, "boot_id": IDS, "seq": st.integers(0, 2**53 - 1), "kind": TEXTS, "at": MOMENTS,
        "at_reported": TEXTS, "at_clamped": st.booleans(), "received_at": MOMENTS, "user": TEXTS, "server": MAYBE,
        "tier": MAYBE, "backend": MAYBE, "entrance": MAYBE, "course": MAYBE, "material": MAYBE, "notebook": MAYBE,
        "cell_id": MAYBE, "kernel": MAYBE, "duration_ms": st.none() | st.integers(0, 2**53), "outcome": MAYBE,
        "error_name": MAYBE, "source": st.text(string.ascii_lowercase, max_size=8), "detail": DETAILS,
    }
)  # fmt: skip


def all_rows(connection) -> list[dict[str, Any]]:
    found = connection.execute(select(TABLE).order_by(TABLE.c.event_id)).mappings()
    return [dict(row) for row in found]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(posts=st.lists(st.lists(ROWS, max_size=5), max_size=3))
def test_it_keeps_what_a_plain_insert_keeps(store, posts):
    first: dict[str, dict[str, Any]] = {}
    told = []
    with writing(store) as connection:
        connection.execute(delete(TABLE))
        for post in posts:
            told.append((insert_events(connection, post), {row["event_id"] for row in post} - first.keys()))
            for row in post:
                first.setdefault(row["event_id"], row)
        quick = all_rows(connection)
        connection.execute(delete(TABLE))
        if first:
            connection.execute(insert(TABLE), list(first.values()))
        plain = all_rows(connection)
    assert quick == plain
    assert all(new == expected for new, expected in told)


def a_row(**fields: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    return {
        **dict.fromkeys(TABLE.columns.keys()), "event_id": str(UUID(int=9)), "boot_id": str(UUID(int=9)), "seq": 0,
        "kind": "run", "at": now, "at_reported": "", "at_clamped": False, "received_at": now, "user": "ada",
        "source": "server", "detail": {}, **fields,
    }  # fmt: skip


def test_what_may_not_be_stored_is_no_conflict_to_be_passed_over(store):
    with pytest.raises(StoreAwayError), writing(store) as connection:
        insert_events(connection, [a_row(kind=None)])
    with reading(store) as connection:
        assert all_rows(connection) == []


def test_a_moment_without_a_zone_is_refused(store):
    naive = a_row(at=datetime(2026, 1, 1))  # noqa: DTZ001  that is what this is about
    with pytest.raises(ValueError, match="time zone"), writing(store) as connection:
        insert_events(connection, [naive])
