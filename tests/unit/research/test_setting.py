"""In class or out of class: a table of cases, and rules that hold for every timetable."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.setting import Enrolment, Rule, Schedule, Setting, Span, merged, schedule_of, setting_of
from maximalab_hub.timetable import Lesson

KYIV = ZoneInfo("Europe/Kyiv")
MONDAY = datetime(2026, 10, 19, tzinfo=KYIV)
OR, LP = "operations-research", "linear-programming"
START = datetime(2026, 9, 1, tzinfo=UTC)
ALWAYS = [Enrolment(OR, "OR-1", START), Enrolment(LP, "LP-1", START)]


def clock(text: str, day: datetime = MONDAY) -> datetime:
    hour, _, minute = text.partition(":")
    return day.replace(hour=int(hour), minute=int(minute)).astimezone(UTC)


def lesson(start: str, end: str, course: str = OR, group: str = "OR-1", *, cancelled: bool = False) -> Lesson:
    return Lesson(clock(start), clock(end), course, group, cancelled)


FIRST = lesson("8:30", "10:05")
IN, OUT, UNKNOWN = Setting.IN_CLASS, Setting.OUT_OF_CLASS, Setting.UNKNOWN


@pytest.mark.parametrize(
    ("at", "lessons", "expected"),
    [
        pytest.param("9:00", [FIRST], IN, id="in the middle of the lesson"),
        pytest.param("8:20", [FIRST], IN, id="ten minutes before it, to the minute"),
        pytest.param("8:19", [FIRST], OUT, id="eleven minutes before it"),
        pytest.param("10:14", [FIRST], IN, id="just after the bell"),
        pytest.param("10:15", [FIRST], OUT, id="ten minutes after the bell the class is over"),
        pytest.param("20:00", [FIRST], OUT, id="in the evening"),
        pytest.param("9:00", [], UNKNOWN, id="no timetable is never taken for out of class"),
        pytest.param(
            "9:00", [lesson("8:30", "10:05", group="OR-2")], UNKNOWN, id="a lesson of another group"
        ),
        pytest.param("9:00", [lesson("8:30", "10:05", cancelled=True)], OUT, id="the lesson was cancelled"),
        pytest.param(
            "9:00",
            [lesson("12:00", "13:00"), lesson("8:30", "10:05", LP, "LP-1")],
            OUT,
            id="this course's notebook during another course's lesson",
        ),
        pytest.param(
            "10:12", [FIRST, lesson("10:15", "11:50", LP, "LP-1")], OUT, id="past the middle of the pause"
        ),
        pytest.param(
            "10:09", [FIRST, lesson("10:15", "11:50", LP, "LP-1")], IN, id="before the middle of the pause"
        ),
        pytest.param(
            "10:12",
            [FIRST, lesson("10:15", "11:50", LP, "LP-9")],
            IN,
            id="a lesson of strangers cuts nothing",
        ),
        pytest.param(
            "10:12",
            [FIRST, lesson("10:15", "11:50")],
            IN,
            id="between two lessons of the course there is no hole",
        ),
        pytest.param(
            "10:00",
            [FIRST, lesson("9:50", "11:00", LP, "LP-1")],
            IN,
            id="an overlapping lesson cuts no lesson",
        ),
    ],
)
def test_the_setting_of_an_event(at, lessons, expected):
    assert setting_of(clock(at), OR, lessons, ALWAYS) is expected


@pytest.mark.parametrize(
    ("enrolment", "expected"),
    [
        pytest.param(Enrolment(OR, "OR-1", clock("8:30")), IN, id="from the lesson's start"),
        pytest.param(Enrolment(OR, "OR-1", clock("8:31")), OUT, id="enrolled only after it began"),
        pytest.param(Enrolment(OR, "OR-1", START, clock("8:30")), UNKNOWN, id="left at its start"),
        pytest.param(Enrolment(OR, "OR-1", START, clock("8:31")), IN, id="left while it went on"),
        pytest.param(Enrolment(LP, "OR-1", START), UNKNOWN, id="in a group of that name in another course"),
    ],
)
def test_a_lesson_counts_for_those_enrolled_when_it_starts(enrolment, expected):
    assert setting_of(clock("9:00"), OR, [FIRST], [enrolment]) is expected


def test_a_timetable_speaks_a_week_around_its_lessons_and_not_of_the_next_term():
    after = [FIRST.ends_at + timedelta(days=days) for days in (6, 8)]
    assert [setting_of(at, OR, [FIRST], ALWAYS) for at in after] == [OUT, UNKNOWN]


def test_on_the_night_of_the_clock_change_half_past_three_is_two_moments():
    night = datetime(2026, 10, 25, 3, 30, tzinfo=KYIV)
    late = Lesson(night.astimezone(UTC), night.astimezone(UTC) + timedelta(minutes=20), OR, "OR-1")
    settings = [setting_of(night.replace(fold=fold).astimezone(UTC), OR, [late], ALWAYS) for fold in (0, 1)]
    assert settings == [IN, OUT]


def test_a_stretch_over_the_bell_is_split_there():
    schedule = schedule_of(OR, [FIRST], ALWAYS, Rule(grace=timedelta(0)))
    shares = schedule.split(Span(clock("9:55"), clock("10:25")))
    assert shares == {IN: timedelta(minutes=10), OUT: timedelta(minutes=20), UNKNOWN: timedelta(0)}


moments = st.integers(0, 3 * 24 * 60).map(lambda minutes: MONDAY.astimezone(UTC) + timedelta(minutes=minutes))
lengths = st.integers(1, 240).map(lambda minutes: timedelta(minutes=minutes))
lesson_values = st.builds(
    lambda at, length, group, cancelled: Lesson(at, at + length, group[0], group[1], cancelled),
    moments,
    lengths,
    st.sampled_from([(OR, "OR-1"), (OR, "OR-2"), (LP, "LP-1")]),
    st.booleans(),
)
enrolment_values = st.builds(
    lambda group, at, length: Enrolment(*group, at, at + length),
    st.sampled_from([(OR, "OR-1"), (OR, "OR-2"), (LP, "LP-1")]),
    moments,
    st.integers(1, 72).map(lambda hours: timedelta(hours=hours)),
)
timetables = st.tuples(st.lists(lesson_values, max_size=8), st.lists(enrolment_values, max_size=4))
spans = st.builds(lambda at, length: Span(at, at + length), moments, lengths)


@given(timetables, spans)
def test_time_is_neither_lost_nor_counted_twice(timetable, span):
    schedule = schedule_of(OR, *timetable)
    shares = schedule.split(span)
    assert sum(shares.values(), timedelta(0)) == span.length
    assert min(shares.values()) >= timedelta(0)


@given(timetables, spans, st.data())
def test_splitting_in_two_adds_up_to_the_whole(timetable, span, data):
    schedule = schedule_of(OR, *timetable)
    middle = span.start + span.length * data.draw(st.floats(0, 1))
    left, right = schedule.split(Span(span.start, middle)), schedule.split(Span(middle, span.end))
    assert {setting: left[setting] + right[setting] for setting in Setting} == schedule.split(span)


@given(timetables, st.randoms())
def test_the_order_of_lessons_and_enrolments_does_not_matter(timetable, random):
    lessons, enrolments = timetable
    shuffled = random.sample(lessons, len(lessons)), random.sample(enrolments, len(enrolments))
    assert schedule_of(OR, lessons, enrolments) == schedule_of(OR, *shuffled)


@given(timetables, moments)
def test_a_moment_and_the_instant_after_it_agree_with_the_split(timetable, at):
    schedule = schedule_of(OR, *timetable)
    instant = timedelta(microseconds=1)
    assert schedule.split(Span(at, at + instant))[schedule.setting_of(at)] == instant


@given(timetables)
def test_a_schedule_is_ordered_disjoint_and_knows_its_own_lessons(timetable):
    schedule = schedule_of(OR, *timetable)
    assert merged(schedule.in_class) == schedule.in_class
    assert merged(schedule.known) == schedule.known
    for span in schedule.in_class:
        assert Schedule(schedule.known).split(span)[IN] == span.length


@given(timetables, moments)
def test_more_grace_never_takes_a_moment_out_of_class(timetable, at):
    narrow, wide = (schedule_of(OR, *timetable, Rule(grace=timedelta(minutes=m))) for m in (5, 10))
    assert narrow.setting_of(at) is not IN or wide.setting_of(at) is IN


def plain_window(lesson, mine, grace):
    """A lesson with its grace, cut by each neighbour in turn."""
    before = after = grace
    for other in mine:
        if other.starts_at < lesson.starts_at:
            before = min(before, max((lesson.starts_at - other.ends_at) / 2, timedelta(0)))
        if other.ends_at > lesson.ends_at:
            after = min(after, max((other.starts_at - lesson.ends_at) / 2, timedelta(0)))
    return Span(lesson.starts_at - before, lesson.ends_at + after)


@given(timetables, st.integers(0, 40))
def test_the_grace_is_cut_by_whichever_lesson_is_nearest(timetable, minutes):
    lessons, enrolments = timetable
    grace = timedelta(minutes=minutes)
    mine = [one for one in lessons if not one.cancelled and any(e.holds(one) for e in enrolments)]
    expected = merged(plain_window(one, mine, grace) for one in mine if one.course == OR)
    assert schedule_of(OR, lessons, enrolments, Rule(grace=grace)).in_class == expected
