"""Timetables change by edits and by calendars that are followed; differences say what became of each lesson."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.timetable import Lesson, Timetable, TimetableError, Trouble, edits
from maximalab_hub.timetable.draft import as_json, from_json
from maximalab_hub.timetable.edits import Hours
from maximalab_hub.timetable.state import Enrolled, State, difference, followed, imported, ordered
from maximalab_hub.timetable.week import week_of

KYIV = ZoneInfo("Europe/Kyiv")
START = datetime(2026, 9, 7, 5, 30, tzinfo=UTC)
HOUR = timedelta(hours=1)


def lesson(day: int, hour: int = 0, group: str = "A", **more: object) -> Lesson:
    starts_at = START + timedelta(days=day, hours=hour)
    return Lesson(starts_at, starts_at + HOUR, "or", group, **more)


LESSONS = st.builds(
    lesson,
    st.integers(0, 20),
    st.integers(0, 6),
    st.sampled_from("AB"),
    cancelled=st.booleans(),
    note=st.sampled_from(["", "5"]),
)
CALENDARS = st.lists(LESSONS, max_size=8, unique_by=lambda one: one.lesson_id)


def state(lessons) -> State:
    return ordered(State("or", tuple(lessons)))


@given(CALENDARS, CALENDARS)
def test_a_difference_is_empty_for_the_same_and_tells_of_every_lesson_otherwise(before, after):
    found = difference(state(before), state(after))
    assert bool(found) == (as_json(state(before)) != as_json(state(after)))
    gone = {*found.removed, *(then for then, _ in found.moved)}
    come = {*found.added, *(now for _, now in found.moved)}
    ids = {one.lesson_id for one in before}
    assert {one.lesson_id for one in gone} == ids - {one.lesson_id for one in after}
    assert {one.lesson_id for one in come} == {one.lesson_id for one in after} - ids


@given(CALENDARS, CALENDARS, CALENDARS)
def test_a_followed_calendar_changes_what_it_changed_itself_and_nothing_else(mine, before, now):
    was, new = ({one.lesson_id: one for one in lessons} for lessons in (before, now))
    there = {one.lesson_id: one for one in mine}
    result = followed(state(mine), Timetable(tuple(before)), Timetable(tuple(now)))
    got = {one.lesson_id: one for one in result.lessons}
    for key in there.keys() | new.keys() | was.keys():
        touched = as_json(state([was[key]] if key in was else [])) != as_json(
            state([new[key]] if key in new else [])
        )
        expected = new.get(key) if touched else there.get(key)
        assert as_json(state([got[key]] if key in got else [])) == as_json(
            state([expected] if expected else [])
        )


@given(CALENDARS, CALENDARS)
def test_fetching_the_same_calendar_again_changes_nothing(mine, calendar):
    same = Timetable(tuple(calendar))
    assert followed(state(mine), same, same) == state(mine)


@given(CALENDARS)
def test_a_draft_keeps_every_word(lessons):
    assert from_json(as_json(state(lessons)), "or")[0] == state(lessons).lessons


def test_a_move_remembers_where_it_was_planned_and_coming_back_forgets_it():
    first = lesson(0)
    hours = Hours(date(2026, 9, 9), time(12), time(13))
    moved, there = edits.move(state([first]), first.lesson_id, "A", hours, KYIV)
    again, _ = edits.move(moved, there.lesson_id, "A", hours.on(date(2026, 9, 10)), KYIV)
    assert again.lessons[0].moved_from == first.starts_at
    back = Hours(date(2026, 9, 7), time(8, 30), time(9, 30))
    assert edits.move(again, again.lessons[0].lesson_id, "A", back, KYIV)[0] == state([first])
    assert difference(state([first]), again).moved == ((first, again.lessons[0]),)


def test_lessons_of_a_series_that_went_and_came_in_one_week_are_shown_as_moved():
    old = [lesson(n * 7, series="s") for n in range(3)]
    new = [old[0], lesson(8, series="s"), old[2]]
    assert difference(state(old), state(new)).moved == ((old[1], new[1]),)


@pytest.mark.parametrize(
    ("edit", "trouble"),
    [
        pytest.param(
            lambda s: edits.add(s, "A", Hours(date(2026, 9, 7), time(8, 30), time(9, 30)), KYIV),
            Trouble.TAKEN,
            id="twice at one time",
        ),
        pytest.param(
            lambda s: edits.add(s, "A", Hours(date(2026, 9, 7), time(9), time(8)), KYIV),
            Trouble.LENGTH,
            id="backwards",
        ),
        pytest.param(
            lambda s: edits.add(s, " ", Hours(date(2026, 9, 7), time(8), time(9)), KYIV),
            Trouble.NO_GROUP,
            id="no group",
        ),
        pytest.param(
            lambda s: edits.add(s, "A", Hours(date(2027, 3, 28), time(3, 30), time(4, 30)), KYIV),
            Trouble.NO_SUCH_TIME,
            id="a time that the clocks jump over",
        ),
        pytest.param(lambda s: edits.cancel(s, "0" * 32), Trouble.GONE, id="a lesson that is gone"),
        pytest.param(
            lambda s: edits.add_holiday(s, date(2026, 9, 7), date(2026, 9, 6), "x", KYIV),
            Trouble.NO_DAYS,
            id="holidays that end before they begin",
        ),
        pytest.param(lambda _: edits.names_in(" , ;\n"), Trouble.NOBODY, id="nobody"),
        pytest.param(lambda _: edits.names_in("a\x07b"), Trouble.NO_NAME, id="no name"),
        pytest.param(lambda _: edits.names_in("sam\nІван Петренко"), Trouble.BLANK, id="a person's name"),
    ],
)
def test_what_cannot_be_done_says_why(edit, trouble):
    with pytest.raises(TimetableError) as refused:
        edit(state([lesson(0)]))
    assert refused.value.trouble is trouble


def test_an_import_keeps_what_comes_before_it_where_asked():
    old, new = [lesson(0), lesson(7)], [lesson(5), lesson(12)]
    assert imported(state(old), new, (), keep_earlier=True).lessons == (old[0], *new)
    assert imported(state(old), new, (), keep_earlier=False).lessons == tuple(new)
    other = lesson(5, group="B")
    assert imported(state([*old, other]), new, (), keep_earlier=False).lessons == (new[0], other, new[1])


def test_people_join_once_and_leave_on_a_day():
    people = [Enrolled("sam", "A", START)]
    once = edits.enrol(state([]), people)
    assert edits.enrol(once, [Enrolled("sam", "A", START, START + HOUR)]) == once
    left = edits.end(once, "sam", "A", START + HOUR)
    assert left.people == (replace(people[0], until=START + HOUR),)
    with pytest.raises(TimetableError, match="before the first one"):
        edits.end(left, "sam", "A", START)
    later = Enrolled("sam", "A", START + 3 * HOUR)
    assert edits.end(edits.enrol(left, [later]), "sam", "A", START + HOUR).people == left.people


def test_of_a_person_who_is_twice_in_a_group_just_the_entry_that_is_meant_goes():
    first, later = Enrolled("sam", "A", START, START + HOUR), Enrolled("sam", "A", START + 2 * HOUR)
    both = edits.enrol(state([]), [later, first])
    assert both.people == (first, later)
    assert edits.strike(both, "sam", "A", later.since).people == (first,)
    ended = edits.end(both, "sam", "A", START + 3 * HOUR, later.since).people
    assert ended == (first, replace(later, until=START + 3 * HOUR))
    assert edits.strike(both, "sam", "A").people == ()


@pytest.mark.parametrize(
    ("since", "until", "joins"),
    [
        pytest.param(1, 2, False, id="within"),
        pytest.param(1, 3, False, id="up to the same end"),
        pytest.param(0, 9, False, id="from the same moment"),
        pytest.param(1, 4, True, id="longer"),
        pytest.param(1, None, True, id="from then on for good"),
        pytest.param(-1, 2, True, id="earlier"),
    ],
)
def test_nobody_gets_an_entry_for_a_time_that_another_covers(since, until, joins):
    there = edits.enrol(state([]), [Enrolled("sam", "A", START, START + 3 * HOUR)])
    more = Enrolled("sam", "A", START + since * HOUR, None if until is None else START + until * HOUR)
    assert (edits.enrol(there, [more]) != there) == joins


@given(CALENDARS)
def test_a_drawn_week_holds_each_of_its_lessons_once_and_nothing_overlaps(lessons):
    week = week_of(state(lessons), date(2026, 9, 7), KYIV, date(2026, 9, 7))
    placed = [one for day in week.days for one in day.lessons]
    assert {one.lesson for one in placed} == {
        one for one in state(lessons).lessons if one.starts_at < START + timedelta(days=6, hours=12)
    }
    for day in week.days:
        taken = [(one.lane, row) for one in day.lessons for row in range(one.row, one.row + one.rows)]
        assert len(taken) == len(set(taken))
        assert all(one.row >= 1 and one.row + one.rows <= len(week.hours) * 4 for one in day.lessons)
