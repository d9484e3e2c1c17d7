"""The comparison by setting: what it counts, and what it keeps to itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maximalab_hub.compare import Happening, Parameters, Timetables, TooFew, active_time, compare
from maximalab_hub.comparison.by_setting import compare_work
from maximalab_hub.comparison.work import work_of
from maximalab_hub.setting import Enrolment, Setting
from maximalab_hub.stats import Wilcoxon
from maximalab_hub.timetable import Lesson

NINE = datetime(2026, 10, 19, 9, tzinfo=UTC)
OR = "operations-research"
START = datetime(2026, 9, 1, tzinfo=UTC)
LESSON = Lesson(NINE, NINE + timedelta(minutes=90), OR, "OR-1")
CLASS = [f"student-{n:02}" for n in range(12)]
TIMETABLES = Timetables((LESSON,), {user: (Enrolment(OR, "OR-1", START),) for user in CLASS})
IN, OUT, UNKNOWN = Setting


def run(
    user: str, minute: float, outcome: str = "ok", course: str | None = OR, seconds: float = 1
) -> Happening:
    return Happening(
        user, "run", NINE + timedelta(minutes=minute), course, timedelta(seconds=seconds), outcome
    )


def class_and_homework(wrong_at_home: int) -> list[Happening]:
    inside = [run(user, minute) for user in CLASS for minute in range(6)]
    outside = [
        run(user, 300 + n, "error" if n < wrong_at_home + place % 2 else "ok")
        for place, user in enumerate(CLASS)
        for n in range(6)
    ]
    return inside + outside


def test_runs_errors_people_and_time_of_each_setting():
    result = compare(class_and_homework(2), TIMETABLES, Parameters())
    inside, outside = result.by_setting[IN], result.by_setting[OUT]
    assert (inside.people, inside.runs, inside.error_share, inside.median_run_ms) == (12, 72, 0, 1000)
    assert (outside.people, outside.runs) == (12, 72)
    assert outside.error_share == pytest.approx((6 * 2 + 6 * 3) / 72)
    assert inside.active_minutes == pytest.approx(12 * (5 + 1 / 60))
    assert result.by_setting[UNKNOWN] is None


def test_each_person_is_one_pair_in_the_test():
    errors = compare(class_and_homework(2), TIMETABLES, Parameters()).errors
    assert isinstance(errors, Wilcoxon)
    assert (errors.n, errors.n_nonzero, errors.effect) == (12, 12, -1)
    assert errors.shift == pytest.approx(-2.5 / 6)
    assert errors.p_value < 0.01


def test_pairs_without_a_difference_are_no_evidence():
    same = [run(user, start + n) for user in CLASS for start in (0, 300) for n in range(6)]
    assert compare(same, TIMETABLES, Parameters()).errors == TooFew(12, 0)


def test_fewer_people_than_allowed_show_nothing():
    few = [one for one in class_and_homework(2) if one.user in CLASS[:9]]
    result = compare(few, TIMETABLES, Parameters())
    assert list(result.by_setting.values()) == [None, None, None]
    assert result.errors is None
    assert compare(few, TIMETABLES, Parameters(smallest_group=9)).by_setting[IN].people == 9


@pytest.mark.parametrize(
    ("outcome", "runs", "share"),
    [
        pytest.param("ok", 1, 0, id="a run that worked"),
        pytest.param("error", 1, 1, id="an error"),
        pytest.param("dead", 1, 1, id="the kernel died"),
        pytest.param("interrupted", 1, 0, id="stopped by the person: no error"),
        pytest.param("aborted", 0, None, id="queued behind an error: it never ran"),
    ],
)
def test_what_counts_as_a_run_and_as_an_error(outcome, runs, share):
    happenings = [run(CLASS[0], 1, outcome), replace(run(CLASS[0], 2), kind="notebook_save")]
    figures = compare(happenings, TIMETABLES, Parameters(smallest_group=1)).by_setting[IN]
    assert (figures.runs, figures.error_share) == (runs, share)


def test_somebody_without_a_timetable_is_unknown_not_out_of_class():
    result = compare(
        [run("guest", 1), run(CLASS[0], 1, course=None)], TIMETABLES, Parameters(smallest_group=1)
    )
    assert [result.by_setting[setting] and result.by_setting[setting].people for setting in Setting] == [
        None,
        None,
        2,
    ]


@pytest.mark.parametrize("wrong", [0, 2, 6])
def test_a_class_compared_by_arrays_is_the_class_compared_event_by_event(wrong):
    happenings = class_and_homework(wrong)
    expected = compare(happenings, TIMETABLES, Parameters())
    assert compare_work(work_of(happenings), TIMETABLES, Parameters()) == expected


def test_looking_at_pages_is_no_work():
    look = replace(run(CLASS[0], 1), kind="look", outcome=None)
    assert compare([look], TIMETABLES, Parameters(smallest_group=1)).by_setting[IN] is None


def test_the_result_names_the_rule_and_the_timetable():
    other = Timetables((replace(LESSON, cancelled=True),), TIMETABLES.enrolments)
    versions = {compare([], tables, Parameters()).version for tables in (TIMETABLES, other)}
    assert len(versions) == 2
    assert all(version.startswith("setting-1+") for version in versions)


happening_values = st.builds(
    run,
    st.sampled_from(CLASS[:3]),
    st.integers(-200, 400),
    st.sampled_from(["ok", "error", "aborted"]),
    st.sampled_from([OR, "other", None]),
    st.sampled_from([0.1, 30, 4000]),
)


@given(st.lists(happening_values, max_size=40), st.randoms())
@settings(max_examples=50)
def test_the_order_of_events_does_not_matter(happenings, random):
    parameters = Parameters(smallest_group=1)
    shuffled = random.sample(happenings, len(happenings))
    assert compare(shuffled, TIMETABLES, parameters) == compare(happenings, TIMETABLES, parameters)


@given(st.lists(happening_values, min_size=1, max_size=40))
def test_a_person_is_never_active_longer_than_from_first_to_last(happenings):
    mine = sorted((one for one in happenings if one.user == CLASS[0]), key=lambda one: one.at)
    total = sum(active_time(mine, TIMETABLES).values(), timedelta(0))
    assert total <= (mine[-1].at - mine[0].at + timedelta(minutes=5) if mine else timedelta(0))
