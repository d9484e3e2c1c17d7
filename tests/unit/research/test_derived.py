"""Derived tables: the same as reckoned on reading, the same twice, and moved by a moved lesson where they should be."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.compare import Happening, Parameters, Timetables, active_time
from maximalab_hub.derivecommand import derive_all
from maximalab_hub.derived import sessions_of_person, setting_spans, spans_of
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.setting import Enrolment, Rule, Setting, Span, schedule_of
from maximalab_hub.setting_arrays import Coded, micros
from maximalab_hub.store import deriving, timetables
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.models import DerivationRow, SettingSpanRow, WorkSessionRow
from maximalab_hub.store.timetables import How, Made
from maximalab_hub.study import Study
from maximalab_hub.timetable import Lesson, edits
from maximalab_hub.timetable.edits import Hours
from maximalab_hub.timetable.impact import changed_spans, impact_of
from maximalab_hub.timetable.state import Enrolled, State
from runsinstore import run_at

NOON = datetime(2026, 9, 7, 9, tzinfo=UTC)
KYIV = ZoneInfo("Europe/Kyiv")
RULE = Rule()
STUDY = Study("s", 1, pseudonyms_of("s", "k" * 32), Parameters())
MINUTES = st.integers(0, 3 * 24 * 60)
GROUPS = st.sampled_from(["A", "B"])


def lesson(minute: int, length: int = 90, group: str = "A", course: str = "or") -> Lesson:
    starts_at = NOON + timedelta(minutes=minute)
    return Lesson(starts_at, starts_at + timedelta(minutes=length), course, group)


LESSONS = st.builds(lesson, MINUTES, st.integers(30, 180), GROUPS, st.sampled_from(["or", "logic"]))
ENROLLED = [
    Enrolment(course, group, NOON - timedelta(days=30)) for course in ("or", "logic") for group in ("A", "B")
]


@given(st.lists(LESSONS, min_size=1, max_size=8, unique=True), st.data())
def test_moving_a_lesson_changes_settings_only_around_its_old_and_its_new_place(lessons, data):
    moved = data.draw(st.sampled_from(lessons))
    by = timedelta(minutes=data.draw(st.integers(-2000, 2000)))
    there = replace(moved, starts_at=moved.starts_at + by, ends_at=moved.ends_at + by)
    after = [there if one == moved else one for one in lessons]
    for course in ("or", "logic"):
        old, new = (schedule_of(course, these, ENROLLED, RULE) for these in (lessons, after))
        around = [Span(one.starts_at - RULE.grace, one.ends_at + RULE.grace) for one in (moved, there)]
        for span in changed_spans(old, new):
            edges = [span.start, span.end - timedelta(microseconds=1), span.start + span.length / 2]
            for at in edges:
                settings = {old.setting_of(at), new.setting_of(at)}
                if Setting.IN_CLASS in settings:
                    assert any(one.start <= at < one.end for one in around)
                else:
                    # Only where the timetable speaks at all can differ: before its first and after its last lesson.
                    assert settings == {Setting.OUT_OF_CLASS, Setting.UNKNOWN}
                    assert course == moved.course
                    assert (
                        not (old.known and new.known)
                        or at < max(old.known[0].start, new.known[0].start)
                        or (at >= min(old.known[-1].end, new.known[-1].end))
                    )


@given(st.lists(LESSONS, max_size=8), st.lists(LESSONS, max_size=8), st.lists(MINUTES, max_size=30))
def test_the_impact_counts_exactly_the_runs_whose_setting_changes(before, after, minutes):
    tables = [Timetables(tuple(sorted(set(these))), {"sam": tuple(ENROLLED)}) for these in (before, after)]
    moments = [NOON + timedelta(minutes=minute) for minute in minutes]
    people = Coded(np.zeros(len(moments), np.int64), ["sam"])
    found = impact_of(people, np.array([micros(at) for at in moments], np.int64), "or", *tables)
    differ = [
        at for at in moments if tables[0].setting_of("sam", "or", at) != tables[1].setting_of("sam", "or", at)
    ]
    each = Counter(tuple(one.setting_of("sam", "or", at) for one in tables) for at in differ)
    assert (found.runs, found.people) == (each, bool(differ))
    spans = changed_spans(*(table.schedule("sam", "or") for table in tables))
    assert differ == [at for at in moments if any(span.start <= at < span.end for span in spans)]


@given(st.lists(LESSONS, max_size=8), MINUTES)
def test_the_derived_spans_say_the_same_as_the_schedule(lessons, minute):
    schedule = schedule_of("or", lessons, ENROLLED, RULE)
    spans = spans_of(schedule)
    assert all(one[0].end <= two[0].start for one, two in pairwise(spans))
    at = NOON + timedelta(minutes=minute)
    found = [setting for span, setting in spans if span.start <= at < span.end]
    assert (found or [Setting.UNKNOWN]) == [schedule.setting_of(at)]
    known = sum((span.length for span, _ in spans), timedelta(0))
    assert known == sum((span.length for span in schedule.known), timedelta(0))


@given(st.lists(MINUTES, min_size=1, max_size=30), st.lists(LESSONS, max_size=5))
def test_the_sessions_hold_all_work_once(minutes, lessons):
    tables = Timetables(tuple(sorted(set(lessons))), {"sam": tuple(ENROLLED)})
    work = [
        Happening("sam", "run", NOON + timedelta(minutes=m), "or", outcome="error") for m in sorted(minutes)
    ]
    found = sessions_of_person(work, tables, Parameters())
    assert sum(one.events for one in found) == sum(one.runs for one in found) == len(work)
    assert sum(one.errors for one in found) == len(work)
    whole = active_time(work, tables)
    for setting in Setting:
        assert sum((one.active[setting] for one in found), timedelta(0)) == whole[setting]


def dump(store) -> dict[str, list[tuple[object, ...]]]:
    with reading(store) as connection:
        return {
            table.__tablename__: [tuple(row) for row in deriving.rows_of(connection, table)]
            for table in (SettingSpanRow, WorkSessionRow, DerivationRow)
        }


@pytest.fixture
def derived(store):
    """A course of two groups with work in both, derived once."""
    lessons = (lesson(0), lesson(7 * 1440), lesson(60, group="B"), lesson(7 * 1440 + 60, group="B"))
    people = (Enrolled("ada", "A", NOON - timedelta(days=9)), Enrolled("bob", "B", NOON - timedelta(days=9)))
    with writing(store) as connection:
        timetables.keep(connection, State("or", lessons, (), people), Made("tanya", NOON, How.HAND))
    for user in ("ada", "bob"):
        run_at(store, user, *(NOON + timedelta(hours=n) for n in (1, 2, 5, 169, 200)), course="or")
    run_at(store, "eve", NOON, course="or")
    assert derive_all(store, STUDY).anew == 3
    return store


def test_deriving_again_finds_nothing_to_do_and_deriving_all_gives_the_same_bytes(derived):
    before = dump(derived)
    again = derive_all(derived, STUDY)
    assert (again.anew, again.as_they_were, again.gone) == (0, 3, 0)
    assert derive_all(derived, STUDY, every=True).anew == 3
    assert dump(derived) == before
    assert [row[0] for row in before["derivation"]] == ["ada", "bob", "eve"]
    assert {row[0] for row in before["setting_span"]} == {"ada", "bob"}


def test_a_moved_lesson_touches_its_own_groups_rows_alone(derived):
    before = dump(derived)
    with writing(derived) as connection:
        state = timetables.state_of(connection, "or")
        moved = next(one for one in state.lessons if one.group == "A")
        hours = Hours(date(2026, 9, 8), time(12), time(13, 30))
        after, _ = edits.move(state, moved.lesson_id, "A", hours, KYIV)
        timetables.keep(connection, after, Made("tanya", NOON, How.HAND))
    assert derive_all(derived, STUDY).anew == 1
    now = dump(derived)
    for table, rows in before.items():
        assert [row for row in rows if row[0] != "ada"] == [row for row in now[table] if row[0] != "ada"]
    changed = {row[1] for rows in (before, now) for row in rows["work_session"]} and [
        (one[1], two[1])
        for one, two in zip(before["work_session"], now["work_session"], strict=True)
        if one != two
    ]
    assert changed == [(NOON + timedelta(hours=1), NOON + timedelta(hours=1))], (
        "the session in the moved lesson"
    )


def test_new_work_and_people_who_leave_are_noticed(derived):
    run_at(derived, "bob", NOON + timedelta(hours=300), course="or")
    assert derive_all(derived, STUDY).anew == 1
    with writing(derived) as connection:
        state = timetables.state_of(connection, "or")
        timetables.keep(connection, replace(state, people=()), Made("tanya", NOON, How.PEOPLE))
    assert derive_all(derived, STUDY).anew == 2
    assert dump(derived)["setting_span"] == []


def test_spans_are_named_by_course_even_where_two_are_at_once():
    tables = Timetables((lesson(0), lesson(0, course="logic")), {"sam": tuple(ENROLLED)})
    found = setting_spans("sam", tables)
    assert {one.course for one in found if one.setting is Setting.IN_CLASS} == {"or", "logic"}
