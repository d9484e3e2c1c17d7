"""The comparison person by person: figures, families of tests, small cells, the week, and the same bytes twice."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from io import BytesIO
from xml.etree import ElementTree as ET

import pytest
from comparedclass import (
    CHOICES,
    EVERYBODY,
    FIRST,
    KYIV,
    LESSONS,
    OR,
    PSEUDONYMS,
    SECOND,
    START,
    TIMETABLES,
    a_class,
    run,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from maximalab_hub.compare import Parameters
from maximalab_hub.comparison.figures import Part, figures
from maximalab_hub.comparison.findings import Measure, Reason, apart, between, foremost, in_and_out
from maximalab_hub.comparison.grid import SIZE, grid
from maximalab_hub.comparison.progress import progress
from maximalab_hub.comparison.report import report
from maximalab_hub.comparison.rhythm import rhythm
from maximalab_hub.comparison.words import Words
from maximalab_hub.comparison.work import work_of
from maximalab_hub.comparison.writing import files
from maximalab_hub.drawings.bars import errors_chart, shares_chart
from maximalab_hub.drawings.compared import DRAWINGS, charts_of, drawings, pictures
from maximalab_hub.drawings.grids import progress_chart, week_chart
from maximalab_hub.drawings.svg import as_file
from maximalab_hub.service.wording import Wording
from maximalab_hub.setting import Enrolment, Setting
from maximalab_hub.stats import MannWhitney, Wilcoxon, holm, mann_whitney, wilcoxon_paired
from PIL import Image


def test_the_figures_of_one_person():
    mine = [
        run("a-00", 0),
        run("a-00", 4, "error"),
        run("a-00", 600),
        run("a-00", 640),
        run("a-00", 2000, "aborted"),
    ]
    [one] = figures(mine, TIMETABLES, Parameters(), KYIV)
    inside, outside = one.by_setting[Setting.IN_CLASS], one.by_setting[Setting.OUT_OF_CLASS]
    assert inside == Part(runs=2, errors=1, active=timedelta(minutes=4.5), sessions=1, days=1)
    assert outside == Part(runs=2, errors=0, active=timedelta(minutes=1.5), sessions=3, days=2)
    assert (one.whole.sessions, one.whole.days, one.groups) == (4, 2, (f"{OR}/OR-1",))
    assert one.share_out == pytest.approx(1.5 / 6)
    assert inside.error_share is None, "two runs say nothing about a person"


def test_somebody_without_a_timetable_has_no_share_and_is_in_no_pair():
    [guest] = figures([run("guest", 0)], TIMETABLES, Parameters(), KYIV)
    assert (guest.placed, guest.share_out, guest.groups) == (False, None, ())
    finding = in_and_out([guest] * 20, 10, seed=0, resamples=0)[0]
    assert (finding.n_first, finding.reason) == (None, Reason.FEW_PEOPLE)


def test_in_class_against_out_of_class_is_wilcoxons_test_of_each_person():
    people = figures(a_class(FIRST, 5), TIMETABLES, Parameters(), KYIV)
    found = {one.measure: one for one in in_and_out(people, 10, seed=3, resamples=99)}
    pairs = [
        [one.by_setting[setting].runs for one in people]
        for setting in (Setting.IN_CLASS, Setting.OUT_OF_CLASS)
    ]
    assert found[Measure.RUNS].result == wilcoxon_paired(*pairs, seed=3, resamples=99)
    assert (found[Measure.RUNS].n_first, found[Measure.RUNS].medians) == (12, (10, 6.5))
    assert found[Measure.DAYS].reason is Reason.FEW_DIFFER, "all were there on one day each"
    tested = [one for one in found.values() if one.result]
    assert [one.adjusted for one in tested] == list(holm([one.result.p_value for one in tested]))


def test_group_against_group_is_the_mann_whitney_test():
    made = report(EVERYBODY, TIMETABLES, CHOICES)
    [finding] = [one for one in made.unpaired if one.measure is Measure.RUNS]
    runs = [[10 + base + place % 5 for place in range(n)] for base, n in ((5, 12), (20, 11))]
    assert finding.result == mann_whitney(*runs)
    assert (finding.first, finding.second, finding.n_first, finding.n_second) == (
        f"{OR}/OR-1",
        f"{OR}/OR-2",
        12,
        11,
    )


def test_who_is_in_two_groups_is_in_neither():
    both = {**TIMETABLES.enrolments, FIRST[0]: (Enrolment(OR, "OR-1", START), Enrolment(OR, "OR-2", START))}
    made = report(EVERYBODY, replace(TIMETABLES, enrolments=both), CHOICES)
    assert [row.people for row in made.groups] == [11, 11]
    assert made.in_several_groups is None, "one is too few to count aloud"
    assert "кілька" in Words("uk").left_out(None, 0)[0]


def test_period_against_period_leaves_out_who_is_in_both():
    later = [replace(one, at=one.at + timedelta(weeks=20)) for one in a_class([*SECOND, *FIRST[:1]], 9)]
    made = report(a_class(FIRST, 5), TIMETABLES, replace(CHOICES, terms=("autumn", "spring")), other=later)
    [runs] = [one for one in made.terms if one.measure is Measure.RUNS]
    assert (runs.first, runs.second, runs.n_first, runs.n_second) == ("autumn", "spring", 11, 11)
    assert made.in_both_terms is None
    assert apart([], []) == ([], [], 0)


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        pytest.param({"OR-1": 12, "OR-2": 11}, [12, 11], id="both are large"),
        pytest.param(
            {"OR-1": 12, "OR-2": 4}, [None, None], id="the small one could be subtracted, so the other hides"
        ),
        pytest.param({"OR-1": 5, "OR-2": 4}, [None, None], id="both are small"),
    ],
)
def test_small_groups_hide_and_take_another_along(sizes, shown):
    people = FIRST[: sizes["OR-1"]], SECOND[: sizes["OR-2"]]
    made = report([one for group in people for one in a_class(group, 5)], TIMETABLES, CHOICES)
    assert [row.people for row in made.groups] == shown
    assert bool(made.unpaired) is (None not in shown)


def test_fewer_people_than_allowed_show_nothing_at_all():
    made = report(a_class(FIRST[:9], 5), TIMETABLES, replace(CHOICES, with_grid=True))
    assert made.people is None
    assert all(one.reason is Reason.FEW_PEOPLE and one.medians is None for one in made.paired)
    assert {one.people for one in made.corners} == {None}
    assert {hour.runs for hour in made.week} == {0, None}
    assert [row.people for row in (*made.groups, *made.materials)] == [None, None]
    assert week_chart(made.week, "uk") is None
    text = b"".join(files(made, {}).values()).decode()
    assert not [user for user in FIRST if user in text or PSEUDONYMS.of(user) in text]


def test_the_same_events_in_whatever_order_give_the_same_bytes_and_no_name():
    choices = replace(CHOICES, with_grid=True)
    one = files(report(EVERYBODY, TIMETABLES, choices), {"course": OR})
    other = files(report(EVERYBODY[::-1], TIMETABLES, choices), {"course": OR})
    assert one == other
    assert not [user for user in (*FIRST, *SECOND) for content in one.values() if user in content.decode()]
    read = json.loads(one["comparison.json"])
    assert (len(read["corners"]), len(read["week"]), len(read["people"])) == (SIZE, 168, 23)
    assert read["people"][0]["user"] == min(PSEUDONYMS.of(user) for user in (*FIRST, *SECOND))


def test_the_grid_at_the_usual_choice_says_what_the_report_says():
    made = report(EVERYBODY, TIMETABLES, CHOICES)
    [usual] = [
        one
        for one in grid(EVERYBODY, TIMETABLES, Parameters(), KYIV)
        if (one.gap, one.idle_after, one.grace) == (30, 5, 10)
    ]
    paired = {one.measure: one.result for one in made.paired}
    assert usual.minutes_p == paired[Measure.MINUTES].p_value
    assert usual.minutes_effect == paired[Measure.MINUTES].effect


def test_the_week_is_in_the_labs_time_zone_and_marks_lessons():
    week = {(one.day, one.hour): one for one in rhythm(EVERYBODY, LESSONS, KYIV, 10)}
    assert (week[0, 12].runs, week[0, 12].lesson) == (230, True)
    assert (week[0, 13].lesson, week[0, 14].lesson, week[6, 3].runs) == (True, False, 0)
    assert sum(one.runs or 0 for one in week.values()) == len(EVERYBODY)
    assert rhythm(EVERYBODY[:10], LESSONS, KYIV, 10)[12].runs is None, "one person at noon stays unseen"


def test_the_drawings_show_the_hours_that_live_and_the_shares_from_the_largest():
    made = report(EVERYBODY, TIMETABLES, CHOICES)
    week = week_chart(made.week, "uk")
    assert (week.days[0], week.hours[0], week.hours[-1]) == ("понеділок", 8, 22)
    assert max(square.shade for row in week.rows for square in row) == 1
    lengths = [one.length for one in shares_chart(made.people, Wording("en", "Europe/Kyiv"))]
    assert len(lengths) == 23
    assert lengths == sorted(lengths, reverse=True)


def test_the_drawings_show_errors_by_material_and_who_has_begun_what_by_when():
    later = [
        replace(one, at=one.at + timedelta(weeks=3), material="transport")
        for one in a_class([*FIRST[:10], SECOND[0]], 0)
    ]
    made = report([*EVERYBODY, *later, replace(later[0], material="rare")], TIMETABLES, CHOICES)
    hides = {row.name for row in made.materials if row.people is None}
    assert hides == {"rare", "transport"}, "with one material alone its few could be subtracted"
    assert [(one.material, one.week, one.people) for one in made.progress] == [
        ("simplex", date(2026, 10, 19) + timedelta(weeks=n), 23) for n in range(4)
    ]
    begun = progress(work_of([*EVERYBODY, *later]), KYIV, 10)
    assert [one.people for one in begun if one.material == "transport"] == [0, 0, 0, 11]
    assert [one.people for one in progress(work_of([*EVERYBODY, *later]), KYIV, 12)][4:] == [0, 0, 0, None]
    said = Wording("uk", "Europe/Kyiv")
    drawn = progress_chart(begun, said)
    assert (drawn.weeks[0], [row for row, _ in drawn.rows]) == ("19 жовт.", ["simplex", "transport"])
    [bar] = errors_chart(made.materials, said)
    assert (bar.name, bar.length) == ("simplex", 400)
    drawn = drawings(charts_of(made, said), said)
    read = {name: ET.fromstring(as_file(one)) for name, one in drawn.items()}  # noqa: S314  our own
    assert {name: len(one.findall("{*}rect")) for name, one in read.items()} == {
        "week": 7 * 15, "progress": 4, "shares": 46 + 2, "errors": 1,
    }  # fmt: skip
    assert read["errors"].find("{*}title").text == "Помилки за матеріалами"
    files = pictures(drawn)
    assert set(files) == {f"{name}.{form}" for name in DRAWINGS for form in ("svg", "png")}
    assert files == pictures(drawn)
    with Image.open(BytesIO(files["progress.png"])) as picture:
        assert (picture.format, len(picture.getcolors()) > 2) == ("PNG", True)
    assert drawings(charts_of(report(a_class(FIRST[:9], 5), TIMETABLES, CHOICES), said), said) == {}


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            "runs: people of operations-research/OR-1 mostly have less than people of operations-research/OR-2.",
        ),
        (
            "uk",
            "запуски: в людей із operations-research/OR-1 здебільшого менше, ніж у людей із operations-research/OR-2.",
        ),
    ],
)
def test_a_finding_in_words(language, said):
    made = report(EVERYBODY, TIMETABLES, CHOICES)
    [runs] = [one for one in made.unpaired if one.measure is Measure.RUNS]
    line = Words(language).line(runs)
    assert line.sentence == said
    assert (line.people, line.p, line.shift[-2:]) == (
        "12 / 11",
        "< 0.001" if language == "en" else "< 0,001",
        line.shift[-2:],
    )


def test_lopsided_differences_are_named():
    people = [replace(one) for one in figures(a_class(FIRST, 5), TIMETABLES, Parameters(), KYIV)]
    [runs, *_] = in_and_out(people, 10, seed=0, resamples=0)
    assert "lopsided" in Words("en").sentence(replace(runs, skewed=True))


def test_of_too_many_findings_a_reader_sees_those_with_the_smallest_p_in_their_order():
    made = report(EVERYBODY, TIMETABLES, CHOICES)
    every = [
        replace(one, adjusted=p) for one, p in zip(made.unpaired, [0.3, None, 0.1, 0.2, 0.1], strict=False)
    ]
    assert foremost(every, 3) == tuple(every[place] for place in (2, 3, 4))
    assert foremost(every, 4) == tuple(every[place] for place in (0, 2, 3, 4))
    assert foremost(every, 9) == tuple(every)
    assert "400 of 306,240 tests" in Words("en").not_all(400, 306_240)
    assert "400 із 306" in Words("uk").not_all(400, 306_240)


def test_many_findings_all_have_words_in_both_languages():
    made = report(EVERYBODY, TIMETABLES, replace(CHOICES, with_grid=True))
    for words in (Words("uk"), Words("en")):
        for finding in (*made.paired, *made.unpaired):
            assert isinstance(finding.result, Wilcoxon | MannWhitney | None)
            assert "%(" not in words.sentence(finding)
            assert len(words.heads()) == 9
        assert all(len(words.corner(one)) == len(words.corner_heads()) for one in made.corners)


somebody = st.builds(
    run, st.sampled_from(FIRST + SECOND), st.integers(-100, 900), st.sampled_from(["ok", "error", "aborted"])
)


@given(st.lists(somebody, max_size=60), st.randoms())
@settings(max_examples=25)
def test_settings_add_up_and_order_does_not_matter(happenings, random):
    parameters = Parameters(smallest_group=1)
    people = figures(happenings, TIMETABLES, parameters, KYIV)
    assert figures(random.sample(happenings, len(happenings)), TIMETABLES, parameters, KYIV) == people
    for one in people:
        parts = one.by_setting.values()
        assert sum(part.runs for part in parts) == one.whole.runs
        assert sum((part.active for part in parts), timedelta(0)) == one.whole.active
        assert one.share_out is None or 0 <= one.share_out <= 1
    cohorts = {
        "a": [one for one in people if one.user < "b"],
        "b": [one for one in people if one.user >= "b"],
    }
    assert all(one.adjusted is None or one.adjusted >= one.result.p_value for one in between(cohorts, 1))
