"""Comparisons reckoned with arrays are those that are reckoned event by event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maximalab_hub.compare import AT_WORK, Happening, Parameters, Timetables, compare
from maximalab_hub.comparison.by_setting import compare_work
from maximalab_hub.comparison.figures import figures
from maximalab_hub.comparison.parts import READ
from maximalab_hub.comparison.reckoning import Reckoning, figures_of
from maximalab_hub.comparison.work import work_in, work_of
from maximalab_hub.histories.cast import KYIV, Plan, faculty
from maximalab_hub.histories.telling import blocks
from maximalab_hub.session_arrays import active_spans, session_starts
from maximalab_hub.sessions import Activity, sessions
from maximalab_hub.sessions import active_spans as plain_spans
from maximalab_hub.setting import Enrolment, Rule
from maximalab_hub.setting_arrays import micros
from maximalab_hub.timetable import Lesson
from maximalab_hub.zone_arrays import clocks_of, local_days, local_hours

CHANGE = datetime(2026, 10, 24, 20, tzinfo=UTC)
"""Some hours before clocks in Kyiv go back."""
USERS, COURSES = ("ada", "bob", "eve"), ("algebra", "logic", None)
SECONDS = st.integers(0, 36 * 3600).map(lambda n: CHANGE + timedelta(seconds=n))
NEAR = st.integers(0, 30).map(lambda n: CHANGE + timedelta(minutes=5 * n))
MOMENTS = SECONDS | NEAR
LENGTHS = st.sampled_from([0, 0, 1, 60_000, 299_999, 300_000, 7_200_000]).map(
    lambda n: timedelta(milliseconds=n)
)
HAPPENINGS = st.lists(
    st.builds(
        Happening, st.sampled_from(USERS), st.sampled_from([*sorted(AT_WORK), "login"]), MOMENTS,
        st.sampled_from(COURSES), LENGTHS, st.sampled_from([None, "ok", "error", "aborted", "dead"]),
        st.sampled_from([None, "simplex", "games"]),
    ),
    max_size=40,
)  # fmt: skip
LESSONS = tuple(
    sorted(
        Lesson(CHANGE + timedelta(hours=n), CHANGE + timedelta(hours=n + 1), course, group)
        for n, course, group in [
            (0, "algebra", "A"),
            (2, "logic", "L"),
            (11, "algebra", "B"),
            (20, "algebra", "A"),
        ]
    )
)
TIMETABLES = Timetables(
    LESSONS,
    {
        "ada": (Enrolment("algebra", "A", CHANGE - timedelta(days=9)), Enrolment("logic", "L", CHANGE)),
        "bob": (Enrolment("algebra", "B", CHANGE, CHANGE + timedelta(hours=12)),),
    },
)
MINUTES = st.sampled_from([1, 5, 10, 30, 60]).map(lambda n: timedelta(minutes=n))
PARAMETERS = st.builds(
    lambda grace, gap, idle: Parameters(Rule(grace), gap, idle),
    MINUTES | st.just(timedelta(0)),
    MINUTES,
    MINUTES,
)
ZONES = st.sampled_from(["Europe/Kyiv", "UTC", "America/St_Johns", "Australia/Lord_Howe"]).map(ZoneInfo)


@settings(max_examples=150, deadline=None)
@given(happenings=HAPPENINGS, parameters=PARAMETERS, zone=ZONES)
def test_figures_by_arrays_are_those_event_by_event(happenings, parameters, zone):
    assert figures_of(work_of(happenings), TIMETABLES, parameters, zone) == figures(
        happenings, TIMETABLES, parameters, zone
    )


@settings(max_examples=150, deadline=None)
@given(happenings=HAPPENINGS, parameters=PARAMETERS, smallest=st.integers(1, 3))
def test_settings_compared_by_arrays_are_those_event_by_event(happenings, parameters, smallest):
    chosen = replace(parameters, smallest_group=smallest)
    assert compare_work(work_of(happenings), TIMETABLES, chosen) == compare(happenings, TIMETABLES, chosen)


@settings(max_examples=40, deadline=None)
@given(happenings=HAPPENINGS, block=st.integers(1, 20))
def test_what_choices_share_is_right_for_each_of_them_in_blocks_of_any_size(happenings, block):
    reckoning = Reckoning(work_of(happenings), TIMETABLES, KYIV, block)
    for grace, gap, idle in product((0, 10), (15, 60), (5, 30)):
        chosen = Parameters(Rule(timedelta(minutes=grace)), timedelta(minutes=gap), timedelta(minutes=idle))
        assert reckoning.people(chosen) == figures(happenings, TIMETABLES, chosen, KYIV)


@settings(max_examples=40, deadline=None)
@given(happenings=HAPPENINGS, material=st.sampled_from(["simplex", "none"]))
def test_a_material_alone_is_what_was_done_in_it(happenings, material):
    mine = [one for one in happenings if one.material == material]
    work = work_of(happenings).of_material(material)
    assert figures_of(work, TIMETABLES, Parameters(), KYIV) == figures(mine, TIMETABLES, Parameters(), KYIV)


@settings(max_examples=200, deadline=None)
@given(
    people=st.lists(st.lists(st.builds(Activity, MOMENTS, LENGTHS), min_size=1, max_size=12), max_size=4),
    gap=MINUTES,
    idle=MINUTES | st.just(timedelta(0)),
)
def test_sessions_by_arrays_are_those_of_the_plain_function(people, gap, idle):
    rows = [(owner, one) for owner, mine in enumerate(people) for one in sorted(mine)]
    owner = np.array([row[0] for row in rows], np.int32)
    at = np.array([micros(row[1].at) for row in rows], np.int64)
    lasted = np.array([row[1].lasted // timedelta(microseconds=1) for row in rows], np.int64)
    gap_us, idle_us = (one // timedelta(microseconds=1) for one in (gap, idle))
    starts = session_starts(owner, at, lasted, gap_us, idle_us)
    assert [at[starts & (owner == n)].tolist() for n in range(len(people))] == [
        [micros(one.span.start) for one in sessions(mine, gap, idle)] for mine in people
    ]
    spans = active_spans(owner, at, lasted, idle_us)
    found = [
        (owner[first], start, end)
        for first, start, end in zip(*(one.tolist() for one in spans), strict=True)
        if end > start
    ]
    assert found == [
        (n, micros(one.start), micros(one.end))
        for n, mine in enumerate(people)
        for one in plain_spans(mine, idle)
    ]


@settings(max_examples=100, deadline=None)
@given(
    moments=st.lists(st.floats(6e8, 2.8e9).map(lambda at: datetime.fromtimestamp(at, UTC)), max_size=6),
    zone=ZONES,
)
def test_days_and_hours_are_those_of_the_zone(moments, zone):
    at = np.array([micros(one) for one in moments], np.int64)
    local = [one.astimezone(zone) for one in moments]
    epoch = datetime(1970, 1, 1).date()  # noqa: DTZ001  a date has no zone
    assert local_days(at, clocks_of(at, zone)).tolist() == [(one.date() - epoch).days for one in local]
    assert local_hours(at, zone).tolist() == [24 * one.weekday() + one.hour for one in local]


def test_a_history_reads_the_same_however_it_is_ordered():
    groups = faculty(1, 12, CHANGE, 4, group=6)
    told = pa.concat_tables(blocks(Plan(groups, CHANGE, CHANGE + timedelta(weeks=4), 3))).select(READ)
    lessons = tuple(sorted(lesson for group in groups for lesson in group.lessons))
    enrolled = {user: (Enrolment(one.course, one.name, CHANGE),) for one in groups for user in one.students}
    timetables = Timetables(lessons, enrolled)
    shuffled = told.take(pa.array(np.random.default_rng(5).permutation(len(told))))
    by_time = told.sort_by("at")
    halves = [by_time.slice(0, 1000), by_time.slice(1000)]
    expected = figures_of(work_in([shuffled]), timetables, Parameters(), KYIV)
    assert len(expected) == 12
    assert sum(one.whole.runs for one in expected) > 500
    for tables in ([told], [by_time], halves):
        assert figures_of(work_in(tables), timetables, Parameters(), KYIV) == expected
    some = {one.user for one in expected[3:]} | {"nobody"}
    called = work_in([lambda one=one: one for one in halves], some)
    assert figures_of(called, timetables, Parameters(), KYIV) == expected[3:]
    assert set(called.users) == some


@pytest.mark.parametrize("work", [work_in([]), work_of([]), work_of([Happening("ada", "login", CHANGE)])])
def test_nothing_gives_nothing(work):
    assert figures_of(work, replace(TIMETABLES), Parameters(), KYIV) == []
