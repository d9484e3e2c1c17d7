"""Events seen many at once are what they are seen one by one, whatever database they lie in."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from itertools import product
from operator import itemgetter
from random import Random
from typing import Any
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from maximalab_hub import migrations
from maximalab_hub.compare import Parameters, Timetables
from maximalab_hub.export.columns import COLUMNS, Column, Observation
from maximalab_hub.export.csv import write_csv
from maximalab_hub.export.jsonl import write_jsonl
from maximalab_hub.export.lines import csv_of_tables, jsonl_of_tables
from maximalab_hub.export.parquet import ROWS_IN_A_GROUP, TYPES, write_parquet, write_tables
from maximalab_hub.export.seen import READ, seen
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.setting import Enrolment, Rule, Setting, Span, schedule_of
from maximalab_hub.setting_arrays import CODES, Borders, Coded, ScheduleArrays, coded, micros
from maximalab_hub.store import queries
from maximalab_hub.store.arrow import CODED, SCHEMA, coded_among, schema_of, uuid_texts, uuids_in
from maximalab_hub.store.bulk import insert_events
from maximalab_hub.store.engine import open_engine, writing
from maximalab_hub.store.fixed import driver_of
from maximalab_hub.store.models import EventRow
from maximalab_hub.store.research import Selection, ordered_tables
from maximalab_hub.store.tables import stored_tables
from maximalab_hub.study import Study, observed
from maximalab_hub.timetable import Lesson
from sqlalchemy import delete

DAY = datetime(2026, 9, 7, tzinfo=UTC)
MINUTES = st.integers(0, 3 * 24 * 60).map(lambda n: DAY + timedelta(minutes=n))
USERS = ("ada", "Олена", "o'brien-2", "a")
COURSES = ("algebra", "logic")
GROUPS = ("A-1", "A-2")
WORDS = st.sampled_from(
    [
        "",
        "simplex",
        "ADA/x.ipynb",
        "олена.ipynb",
        "a",
        '=1,"\n',
        "o'brien-2's",
        "straße",
        "\x1f",
        "\x1e\t,\r",
        "\\",
        '\\"\\,',
        "(,)",
        "\x1d",
        " ",
    ]
)
LESSONS = st.lists(
    st.builds(
        lambda at, n, course, group, off: Lesson(at, at + timedelta(minutes=n), course, group, off),
        MINUTES, st.integers(1, 200), st.sampled_from(COURSES), st.sampled_from(GROUPS), st.booleans(),
    ),
    max_size=8,
)  # fmt: skip
ENROLMENTS = st.lists(
    st.builds(Enrolment, st.sampled_from(COURSES), st.sampled_from(GROUPS), MINUTES, st.none() | MINUTES),
    max_size=3,
)
TIMETABLES = st.builds(
    lambda lessons, enrolled, grace: Timetables(
        tuple(sorted(set(lessons))), {user: tuple(some) for user, some in enrolled.items()}, Rule(grace)
    ),
    LESSONS,
    st.dictionaries(st.sampled_from(USERS), ENROLMENTS),
    st.integers(0, 30).map(lambda n: timedelta(minutes=n)),
)
IDS = st.uuids().map(str) | st.sampled_from(
    ["x", "0" * 36, "A" * 8 + "-" + "-".join(["B" * 4] * 3) + "-" + "C" * 12]
)
EVENTS = st.lists(
    st.fixed_dictionaries(
        {
            "event_id": IDS, "kind": st.sampled_from(["run", "notebook_open"]), "at": MINUTES,
            "user": st.sampled_from(USERS),
            "course": st.none() | st.sampled_from(COURSES), "material": st.none() | WORDS,
            "notebook": st.none() | WORDS, "cell_id": st.none() | WORDS, "kernel": st.none() | WORDS,
            "error_name": st.none() | WORDS,
            "duration_ms": st.none() | st.integers(0, 2**40), "outcome": st.none() | st.sampled_from(["ok", "error"]),
            "tier": st.none() | st.just("public"),
        }
    ),
    max_size=12,
    unique_by=lambda event: event["event_id"],
)  # fmt: skip
EMPTY = dict.fromkeys(SCHEMA.names) | {
    "boot_id": str(UUID(int=1)), "seq": 0, "at_reported": "", "at_clamped": False, "source": "server", "detail": {},
}  # fmt: skip
STUDY = Study("s", 1, pseudonyms_of("s", "k" * 64), Parameters())


def stored(connection, events: list[dict[str, Any]]) -> None:
    connection.execute(delete(EventRow))
    insert_events(connection, [EMPTY | {"received_at": event["at"]} | event for event in events])


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, timetables=TIMETABLES, people=st.sets(st.sampled_from(USERS)))
def test_many_at_once_are_seen_as_one_by_one(store, events, timetables, people):
    with writing(store) as connection:
        stored(connection, events)
        one_by_one = [
            observed(row, STUDY, timetables)
            for row in queries.events_between(connection)
            if row.user in people
        ]
        tables = list(seen(ordered_tables(connection, READ, Selection()), STUDY, timetables, people))
    assert [Observation(**row) for table in tables for row in table.to_pylist()] == one_by_one


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, most=st.integers(1, 14))
def test_every_column_comes_out_of_the_store_as_it_went_in(store, events, most):
    with writing(store) as connection:
        stored(connection, [event | {"detail": {"ä\n": [1, None]}} for event in events])
        rows = [dict(row._mapping) for row in queries.events_between(connection)]
        tables = list(stored_tables(connection, SCHEMA.names, rows=most))
        names = [name for name in SCHEMA.names if name != "detail"]
        joined = list(stored_tables(connection, names, rows=most, coded=coded_among(names)))
    found = [row for table in tables for row in table.to_pylist()]
    assert all(table.schema == SCHEMA and len(table) <= most for table in tables)
    assert all(one.schema == schema_of(names, coded_among(names)) and len(one) <= most for one in joined)
    assert [one for table in joined for one in table.to_pylist()] == [
        {name: row[name] for name in names} for row in rows
    ]
    assert all(one.pop("detail") == '{"ä\\n": [1, null]}' or one for one in found)
    assert [one | {"detail": {"ä\n": [1, None]}} for one in found] == rows


def test_a_text_with_a_zero_or_a_separator_is_read_whole(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'usage.sqlite'}")
    migrations.upgrade(engine)
    wrong = []
    with writing(engine) as connection:
        for text, place in product(["\0", "b\0", "\0c\x1f", "\x1f", "\x1e", "", None], range(3)):
            told = [
                {"event_id": str(UUID(int=n)), "at": DAY, "user": "u", "kind": "run"}
                | {"notebook": text if n == place else "a"}
                for n in range(3)
            ]
            stored(connection, told)
            [table] = stored_tables(connection, ["notebook"])
            if table.column("notebook").to_pylist() != [one["notebook"] for one in told]:
                wrong.append((text, place))
    engine.dispose()
    assert wrong == []


def test_more_text_than_sqlite_joins_is_read_row_by_row(tmp_path):
    engine = open_engine(f"sqlite:///{tmp_path / 'usage.sqlite'}")
    migrations.upgrade(engine)
    told = [
        {"event_id": str(UUID(int=n)), "at": DAY, "user": "u", "kind": "run", "notebook": "x" * 1000}
        for n in range(200)
    ]
    with writing(engine) as connection:
        stored(connection, told)
        driver_of(connection).setlimit(sqlite3.SQLITE_LIMIT_LENGTH, 100_000)
        [table] = stored_tables(connection, ["event_id", "notebook"])
    engine.dispose()
    assert table.to_pylist() == [{name: one[name] for name in ("event_id", "notebook")} for one in told]


def test_a_moment_of_many_events_is_read_whole_and_in_order(store):
    moments = [DAY, *[DAY + timedelta(hours=1)] * 9, DAY + timedelta(hours=2)]
    told = [
        {"event_id": str(UUID(int=n)), "at": at, "user": f"u{n}", "kind": "run"}
        for n, at in enumerate(moments)
    ]
    with writing(store) as connection:
        stored(connection, told[::-1])
        tables = list(stored_tables(connection, ["user", "kind"], rows=2, coded=["user", "kind"]))
    assert [row["user"] for table in tables for row in table.to_pylist()] == [one["user"] for one in told]


def test_conditions_reach_the_database_as_values(store):
    evil = "x') OR ('1'='1"
    events = [
        {"event_id": str(UUID(int=n)), "at": DAY, "user": user, "kind": "run"}
        for n, user in enumerate((evil, "b"))
    ]
    with writing(store) as connection:
        stored(connection, events)
        [table] = stored_tables(connection, ["user"], [EventRow.user.in_([evil]), EventRow.at >= DAY])
        assert list(stored_tables(connection, ["user"], [EventRow.at > DAY])) == []
    assert table.to_pylist() == [{"user": evil}]


@settings(max_examples=200, deadline=None)
@given(
    timetables=TIMETABLES,
    events=st.lists(st.tuples(st.sampled_from(USERS), st.none() | st.sampled_from(COURSES), MINUTES)),
)
def test_settings_by_arrays_are_those_of_the_rule(timetables, events):
    users, courses, at = (list(column) for column in zip(*events, strict=True)) if events else ([], [], [])
    arrays = ScheduleArrays(timetables)
    numbers = arrays.schedules(coded(pa.array(users, pa.string())), coded(pa.array(courses, pa.string())))
    found = arrays.settings(numbers, np.array([micros(one) for one in at], np.int64))
    assert [CODES[code] for code in found] == [timetables.setting_of(*event) for event in events]


@settings(max_examples=200, deadline=None)
@given(
    timetables=TIMETABLES,
    stretches=st.lists(
        st.tuples(st.sampled_from(USERS), st.sampled_from(COURSES), MINUTES, st.integers(0, 900)), min_size=1
    ),
)
def test_time_is_shared_out_by_arrays_as_by_the_rule(timetables, stretches):
    arrays = ScheduleArrays(timetables)
    numbers = arrays.schedules(*(coded(pa.array([one[n] for one in stretches])) for n in (0, 1)))
    spans = [Span(at, at + timedelta(minutes=length)) for _, _, at, length in stretches]
    found = arrays.split(
        numbers, *(np.array([micros(getattr(one, end)) for one in spans]) for end in ("start", "end"))
    )
    for place, ((user, course, _, _), span) in enumerate(zip(stretches, spans, strict=True)):
        expected = timetables.schedule(user, course).split(span)
        assert {one: timedelta(microseconds=int(found[one][place])) for one in Setting} == expected


def test_borders_without_any_span_hold_nothing():
    at, schedules, borders = np.array([micros(DAY)]), np.zeros(1, np.int64), Borders([[]], (0, 0))
    assert not borders.hold(borders.keys(schedules, at)).any()
    assert borders.shared(schedules, at, at + 5).tolist() == [0]


def test_thousands_who_enrolled_at_a_moment_of_their_own_each_have_a_schedule_of_their_own():
    lesson, hour = Lesson(DAY, DAY + timedelta(hours=1), "algebra", "A-1"), timedelta(hours=1)
    users = [f"u{n}" for n in range(3000)]
    enrolled = {
        user: (Enrolment("algebra", "A-1", DAY - n * timedelta(seconds=1)),) for n, user in enumerate(users)
    }
    timetables = Timetables((lesson,), enrolled)
    arrays, codes = ScheduleArrays(timetables), np.arange(3000)
    numbers = arrays.schedules(Coded(codes, users), Coded(np.zeros(3000, int), ["algebra"]))
    assert len(set(numbers.tolist())) == 3000
    for moment in (DAY, DAY - hour / 2, DAY - hour, DAY + 5 * hour, DAY + timedelta(days=99)):
        found = arrays.settings(numbers, np.full(3000, micros(moment))).tolist()
        assert [CODES[one] for one in found] == [timetables.setting_of(u, "algebra", moment) for u in users]
    with pytest.raises(OverflowError, match="too many"):
        Borders([[]] * 3000, (0, 1 << 52))


@given(ids=st.lists(st.uuids()))
def test_ids_are_read_written_and_hidden_many_at_once(ids):
    texts = pa.array([str(one) for one in ids], pa.string())
    raw = uuids_in(texts)
    assert raw is not None
    assert uuid_texts(raw).equals(texts)
    hidden = STUDY.pseudonyms.event_ids(raw.tobytes())
    assert uuid_texts(np.frombuffer(hidden, np.uint8).reshape(-1, 16)).to_pylist() == [
        STUDY.pseudonyms.event_id(str(one)) for one in ids
    ]
    assert all(UUID(STUDY.pseudonyms.event_id(str(one))).version == 8 for one in ids)


@pytest.mark.parametrize("text", ["x", "", "0" * 36, None, "A" * 8 + "-aaaa-aaaa-aaaa-" + "a" * 12])
def test_what_is_no_id_is_not_read_as_one(text):
    good = str(UUID(int=7))
    assert uuids_in(pa.array([good, text], pa.string())) is None
    sliced = pa.array([text, good], pa.string()).slice(1)
    assert uuids_in(sliced).tobytes() == UUID(int=7).bytes


@pytest.mark.parametrize(
    "sizes", [[], [1], [3, 0, 5], [ROWS_IN_A_GROUP], [ROWS_IN_A_GROUP - 1, 2, ROWS_IN_A_GROUP * 2]]
)
def test_however_tables_are_divided_the_file_is_the_same(sizes: list[int]):
    rows = [
        Observation(f"e{n}", "p", "run", DAY, DAY, "unknown", "server", duration_ms=n or None)
        for n in range(sum(sizes))
    ]
    whole = pa.table(
        {one.name: pa.array([one.value(row) for row in rows], TYPES[one.type]) for one in COLUMNS}
    )
    starts = np.cumsum([0, *sizes])[:-1].tolist()
    parts = [whole.slice(start, size) for start, size in zip(starts, sizes, strict=True)]
    assert b"".join(write_tables(parts, COLUMNS)) == b"".join(write_parquet(rows, COLUMNS))


@given(
    st.lists(st.tuples(st.sampled_from([None, "", "a", "b", "=c"]), st.sampled_from("xyz")), max_size=40),
    st.integers(1, 12),
    st.randoms(use_true_random=False),
)
def test_however_texts_are_listed_the_file_is_the_same(told, size, chance):
    columns = [Column(name, "text", itemgetter(place), "") for place, name in enumerate(("kind", "person"))]
    parts = [told[start : start + size] for start in range(0, len(told), size)]
    tables = [pa.table({"kind": listed([one for one, _ in part], chance),
                        "person": [one for _, one in part]}) for part in parts]  # fmt: skip
    made = b"".join(write_tables(tables, columns))
    assert made == b"".join(write_parquet(told, columns))
    read = pq.read_table(pa.BufferReader(made))
    assert list(zip(*(read.column(name).to_pylist() for name in ("kind", "person")), strict=True)) == told
    assert read.schema.types == [pa.string(), pa.string()]


def listed(texts: list[str | None], chance: Random) -> pa.DictionaryArray:
    """Places in a list that has others, too, in any order, and sometimes what is missing as one of its values."""
    values = ["a", "b", "", "=c", "never", *([None] if chance.random() < 0.5 else [])]
    chance.shuffle(values)
    places = [values.index(one) if one in values else None for one in texts]
    return pa.DictionaryArray.from_arrays(pa.array(places, pa.int8()), pa.array(values, pa.string()))


def test_a_writer_that_fails_says_so():
    with pytest.raises(ValueError, match="schema"):
        list(write_tables([pa.table({"person": ["x"]})], COLUMNS))


@settings(max_examples=100, deadline=None)
@given(timetables=TIMETABLES, user=st.sampled_from(USERS), course=st.sampled_from(COURSES))
def test_a_persons_schedule_hangs_on_the_lessons_of_their_own_groups_alone(timetables, user, course):
    enrolments = timetables.enrolments.get(user, ())
    whole = schedule_of(course, timetables.lessons, enrolments, timetables.rule)
    assert timetables.schedule(user, course) == whole


@settings(max_examples=60, deadline=None)
@given(events=EVENTS, size=st.integers(1, 5), coded=st.booleans())
def test_lines_of_tables_are_those_of_rows(events, size, coded):
    rows = [
        Observation(
            **{"received_at": event["at"], "person": event["user"], "setting": "unknown", "source": "server"}
            | {name: value for name, value in event.items() if name != "user"}
        )
        for event in events
    ]
    types = {one.name: CODED if coded and one.type == "text" else TYPES[one.type] for one in COLUMNS}
    arrays = {one.name: pa.array([one.value(row) for row in rows], types[one.name]) for one in COLUMNS}
    whole = pa.table(arrays)
    parts = [whole.slice(start, size) for start in range(0, len(whole), size)]
    assert b"".join(csv_of_tables(parts, COLUMNS)) == b"".join(write_csv(rows, COLUMNS))
    assert b"".join(jsonl_of_tables(parts, COLUMNS)) == b"".join(write_jsonl(rows, COLUMNS))
