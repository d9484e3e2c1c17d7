"""The numbers of the rhythm page are those that come of looking at each run, whatever happens to the store."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from maximalab_hub.compare import Timetables
from maximalab_hub.comparison.rhythm import WEEK, rhythm_of
from maximalab_hub.histories.cast import KYIV
from maximalab_hub.setting import Enrolment, Setting
from maximalab_hub.setting_arrays import Coded, settings_counted
from maximalab_hub.store import research
from maximalab_hub.store.bulk import insert_events
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.runs import Runs, runs_of
from maximalab_hub.timetable import Lesson
from sqlalchemy import delete, select, text

COURSE, OTHER = "logic", "algebra"
CHANGE = datetime(2026, 10, 24, 20, tzinfo=UTC)
"""Some hours before clocks in Kyiv go back."""
PEOPLE = ("ada", "боб", 'e"v,e')
MOMENTS = st.integers(0, 40 * 3600 * 10**6).map(lambda n: CHANGE + timedelta(microseconds=n))
EVENT = st.fixed_dictionaries(
    {
        "user": st.sampled_from([*PEOPLE, "stranger"]),
        "course": st.sampled_from([COURSE, COURSE, OTHER, None]),
        "kind": st.sampled_from(["run", "run", "notebook_save"]),
        "at": MOMENTS,
        "outcome": st.sampled_from(["ok", "error", "aborted", None]),
    }
)
ADDED, ERASED, MOVED = "added", "erased", "moved"
STEPS = st.lists(
    st.tuples(st.just(ADDED), st.lists(EVENT, max_size=12))
    | st.tuples(st.just(ERASED), st.sampled_from(PEOPLE))
    | st.tuples(st.just(MOVED), st.integers(0, 30)),
    max_size=5,
)


def row(number: int, event: dict[str, Any]) -> dict[str, Any]:
    return {
        **dict.fromkeys(EventRow.__table__.columns.keys()), "event_id": str(UUID(int=number)), "seq": number,
        "boot_id": str(UUID(int=1)), "at_reported": "", "at_clamped": False, "received_at": CHANGE,
        "source": "server", "detail": {}, **event,
    }  # fmt: skip


def timetables(hours: int) -> Timetables:
    """Give two lessons, the second so many hours after the change of the clocks."""
    begins = (CHANGE + timedelta(hours=1), CHANGE + timedelta(hours=hours))
    lessons = sorted({Lesson(at, at + timedelta(hours=1.5), COURSE, "L") for at in begins})
    enrolled = (Enrolment(COURSE, "L", CHANGE, CHANGE + timedelta(hours=31)),)
    return Timetables(tuple(lessons), dict.fromkeys(PEOPLE[:2], enrolled))


def shown(runs: Runs, known: Timetables) -> tuple[list[int | None], dict[Setting, int], list[str]]:
    week = rhythm_of(*runs, known.lessons, KYIV, 1)
    counts = settings_counted(Coded(runs.user, runs.users), runs.at, COURSE, known)
    return [hour.runs for hour in week], counts, sorted(runs.users)


def looked_at_one_by_one(rows: Any, known: Timetables) -> tuple[list[int], dict[Setting, int], list[str]]:
    local = Counter((at.astimezone(KYIV).weekday(), at.astimezone(KYIV).hour) for _, at in rows)
    settings_ = Counter(known.setting_of(user, COURSE, at) for user, at in rows)
    return (
        [local[hour] for hour in WEEK],
        {one: settings_[one] for one in Setting},
        sorted({u for u, _ in rows}),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS, begin=st.integers(0, 20), hours=st.integers(0, 30))
def test_the_page_counts_what_the_store_holds(store, steps, begin, hours):
    span = (CHANGE + timedelta(hours=begin), CHANGE + timedelta(hours=begin + hours))
    known, number = timetables(12), 0
    with writing(store) as connection:
        connection.execute(delete(EventRow))
    for step, what in [*steps, (MOVED, 3)]:
        with writing(store) as connection:
            if step == ADDED:
                insert_events(connection, [row(number + n, event) for n, event in enumerate(what)])
                number += len(what)
            elif step == ERASED:
                connection.execute(delete(EventRow).where(EventRow.user == what))
            else:
                known = timetables(what)
        with reading(store) as connection:
            found = shown(runs_of(connection, COURSE, PEOPLE, *span), known)
            plain = select(EventRow.user, EventRow.at).where(
                EventRow.kind == "run", EventRow.course == COURSE, EventRow.user.in_(PEOPLE),
                EventRow.at >= span[0], EventRow.at < span[1],
                EventRow.outcome.is_(None) | (EventRow.outcome != "aborted"),
            )  # fmt: skip
            assert found == looked_at_one_by_one(connection.execute(plain).all(), known)
            there = connection.execute(select(EventRow.course).distinct()).scalars()
            assert list(research.courses(connection)) == sorted(filter(None, there))


@pytest.mark.parametrize("people", [(), PEOPLE], ids=["nobody asked for", "nobody there"])
def test_a_course_without_runs_has_an_empty_week(store, people):
    with reading(store) as connection:
        runs = runs_of(connection, COURSE, people, CHANGE, CHANGE + timedelta(days=1))
    assert shown(runs, timetables(3)) == ([0] * len(WEEK), dict.fromkeys(Setting, 0), [])


INDEXES_OF_MONTHS = """SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent = 'event_runs'::regclass"""


def test_the_index_of_runs_alone_answers(store):
    asked = """SELECT "user", "at" FROM event WHERE kind = 'run' AND course = 'logic' AND "user" = 'ada'
    AND coalesce(outcome, '') <> 'aborted'"""
    with reading(store) as connection:
        if connection.dialect.name != "postgresql":
            plan = " ".join(one.detail for one in connection.execute(text(f"EXPLAIN QUERY PLAN {asked}")))
            assert "event_runs" in plan
            read = {one.p1 for one in connection.execute(text(f"EXPLAIN {asked}")) if one.opcode == "Column"}
            assert len(read) == 1, "nothing is looked up in the table"
            return
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        plan = " ".join(connection.execute(text(f"EXPLAIN {asked}")).scalars())
        months = connection.execute(text(INDEXES_OF_MONTHS)).scalars()
        used = set(re.findall(r"Scan using (\S+) on", plan))
        assert "Seq Scan" not in plan
        assert used
        assert used <= set(months)
