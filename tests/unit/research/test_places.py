"""Work in the cloud beside work on one's own computer: by arrays as reckoned plainly, its tests, words and files."""

from __future__ import annotations

import json
from collections import defaultdict
from dataclasses import replace
from functools import cache, partial
from itertools import groupby, pairwise

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from comparedclass import CHOICES, FIRST, KYIV, SECOND, TIMETABLES, a_class, run
from hypothesis import given, settings
from hypothesis import strategies as st
from maximalab_hub.comparison.families import families
from maximalab_hub.comparison.findings import IN_PART, Measure, Reason
from maximalab_hub.comparison.parts import READ
from maximalab_hub.comparison.places import by_place, compare_places
from maximalab_hub.comparison.reckoning import figures_of
from maximalab_hub.comparison.report import RESAMPLES, SEED, report
from maximalab_hub.comparison.words import Words
from maximalab_hub.comparison.work import work_in, work_of
from maximalab_hub.comparison.writing import files
from maximalab_hub.events import Source
from maximalab_hub.setting_arrays import micros
from maximalab_hub.stats import holm, mann_whitney, wilcoxon_paired

THIRD = [f"c-{n:02}" for n in range(10)]


def locally(happenings):
    return [replace(one, source=Source.CLIENT) for one in happenings]


def at_labs(happenings):
    return [replace(one, source=Source.SERVER) for one in happenings]


def both_and_others(both=12, cloud=11, own=10):
    """Some who work in both places, more at their own; some in the cloud only, some at their own only."""
    at_own = [
        run(user, 2000 + 40 * n, "error" if n % 3 else "ok")
        for place, user in enumerate(FIRST[:both])
        for n in range(11 + place % 3)
    ]
    only = [run(user, 3000 + n) for user in THIRD[:own] for n in range(30)]
    return at_labs(a_class(FIRST[:both], 0) + a_class(SECOND[:cloud], 3)) + locally(at_own + only)


RECKONED = partial(figures_of, timetables=TIMETABLES, parameters=CHOICES.parameters, zone=KYIV)


@cache
def made():
    return report(both_and_others(), TIMETABLES, CHOICES)


def made_of(*sizes):
    """The same with places of so many people; its other families are as they were."""
    work = work_of(both_and_others(*sizes))
    found = by_place(work, RECKONED(work), RECKONED)
    return replace(made(), places=compare_places(found, CHOICES.pseudonyms, 10, seed=SEED, resamples=0))


def plainly(happenings):
    """Reckon by hand what `Part` has, of each person and place: runs, errors, seconds, sessions, days.

    For what has a constant length of 30 s and is in no two courses; gap 30 minutes, idle limit 5.
    """
    found = defaultdict(dict)
    key = lambda one: (one.user, one.source == Source.CLIENT)  # noqa: E731
    for (user, own), some in groupby(sorted(happenings, key=lambda one: (*key(one), one.at)), key=key):
        mine = list(some)
        ran = [one for one in mine if one.outcome != "aborted"]
        active, cuts = 30.0, 1
        for before, after in pairwise(mine):
            step = (after.at - before.at).total_seconds()
            active += step if step <= 30 + 300 else 30
            cuts += step > 30 + 1800
        days = {one.at.astimezone(KYIV).date() for one in mine}
        found[user][own] = (len(ran), sum(one.outcome == "error" for one in ran), active, cuts, len(days))
    return found


somebody = st.builds(
    lambda source, *given: replace(run(*given), source=source),
    st.sampled_from([Source.CLIENT, Source.SERVER, None]),
    st.sampled_from(FIRST[:3]),
    st.integers(-100, 900) | st.integers(0, 30),
    st.sampled_from(["ok", "error", "aborted"]),
)


@given(st.lists(somebody, max_size=40))
@settings(max_examples=15, deadline=None)
def test_each_persons_work_in_either_place_is_what_a_plain_count_finds(happenings):
    work, expected = work_of(happenings), plainly(happenings)
    found = by_place(work, RECKONED(work), RECKONED)
    seen = {
        one.user: {
            own: (part.runs, part.errors, part.active.total_seconds(), part.sessions, part.days)
            for own, part in ((False, one.cloud), (True, one.local))
        }
        for one in found.both
    }
    assert seen == {user: parts for user, parts in expected.items() if len(parts) == 2}
    for own, only in ((False, found.cloud_only), (True, found.local_only)):
        assert [(one.user, one.whole.runs) for one in only] == [
            (user, parts[own][0]) for user, parts in sorted(expected.items()) if list(parts) == [own]
        ]


def test_pairs_and_groups_by_place_are_tested_as_the_other_families_are():
    places = made().places
    expected = plainly(both_and_others())
    pairs = [(expected[user][False], expected[user][True]) for user in FIRST]
    found = {one.measure: one for one in places.paired}
    assert tuple(found) == IN_PART
    for measure, place in ((Measure.RUNS, 0), (Measure.SESSIONS, 3)):
        sides = [[pair[side][place] for pair in pairs] for side in (0, 1)]
        assert found[measure].result == wilcoxon_paired(*sides, seed=SEED, resamples=RESAMPLES)
    shares = [[pair[side][1] / pair[side][0] for pair in pairs] for side in (0, 1)]
    assert found[Measure.ERRORS].result == wilcoxon_paired(*shares, seed=SEED, resamples=RESAMPLES)
    assert (found[Measure.RUNS].n_first, found[Measure.RUNS].medians) == (12, (11.5, 12))
    apart = {one.measure: one for one in places.unpaired}
    cloud, own = ([expected[user][side][0] for user in who] for who, side in ((SECOND, False), (THIRD, True)))
    assert apart[Measure.RUNS].result == mann_whitney(cloud, own)
    for family in (places.paired, places.unpaired):
        tested = [one for one in family if one.result]
        assert [one.adjusted for one in tested] == list(holm([one.result.p_value for one in tested]))
    assert places.in_one_only == 21


@pytest.mark.parametrize(
    ("sizes", "paired", "unpaired", "single", "note"),
    [
        pytest.param((12, 11, 10), {None}, True, 21, "21 people", id="everybody is enough"),
        pytest.param((9, 11, 10), {Reason.FEW_PEOPLE}, True, 21, "21 people", id="few worked in both"),
        pytest.param((12, 11, 9), {None}, False, 20, "20 people", id="few worked at their own only"),
        pytest.param((12, 4, 3), {None}, False, None, "a few people", id="few are in no pair"),
        pytest.param((0, 11, 9), set(), False, 20, "Too few people's own", id="nobody worked in both"),
        pytest.param((0, 11, 0), set(), False, 11, "Nobody's own computer", id="nobody worked locally"),
    ],
)
def test_few_people_hide_and_a_lab_without_local_work_has_a_sentence(sizes, paired, unpaired, single, note):
    some = made_of(*sizes)
    assert {one.reason for one in some.places.paired if one.measure is not Measure.DAYS} == paired
    assert (bool(some.places.unpaired), some.places.in_one_only) == (unpaired, single)
    assert (some.places.people is None) is (sizes[0] < 10)
    notes = [line for family in families(some, Words("en")) for line in family.notes]
    assert note in notes[0]
    assert len(notes) == (1 if some.places.reported is False else 3)


def test_files_hold_the_pairs_and_their_tests_in_whatever_order_events_come():
    backwards = report(both_and_others()[::-1], TIMETABLES, CHOICES)
    one, other = (files(some, {}) for some in (made(), backwards))
    assert one == other
    head, *rows = one["places.csv"].decode().splitlines()
    assert head.startswith(
        "person,cloud_runs,cloud_errors,cloud_active_minutes,cloud_sessions,cloud_days,local_runs"
    )
    assert len(rows) == 12
    assert not [user for user in (*FIRST, *THIRD) if user in one["comparison.json"].decode()]
    tests = one["tests.csv"].decode()
    assert (
        tests.count("\r\nruns,cloud,local,12,12,"),
        tests.count("\r\nruns,cloud_only,local_only,11,10,"),
    ) == (1, 1)
    read = json.loads(one["comparison.json"])["places"]
    assert (read["reported"], len(read["paired"]), len(read["unpaired"])) == (True, 5, 6)
    assert files(made_of(0, 11, 0), {})["places.csv"] == b""


@pytest.mark.parametrize(
    ("language", "pair", "apart"),
    [
        (
            "en",
            "sessions: the same people have less in the cloud than on their own computer.",
            "runs: who works in the cloud only mostly has less than who works on their own computer only.",
        ),
        (
            "uk",
            "сеанси: в тих самих людей менше у хмарі, ніж на власному комп’ютері.",
            (
                "запуски: у тих, хто працює лише у хмарі, здебільшого менше, ніж у тих, хто працює лише на власному "
                "комп’ютері."
            ),
        ),
    ],
)
def test_places_in_words(language, pair, apart):
    words = Words(language)
    paired, unpaired = families(made(), words)[-2:]
    assert [words.sentence(one) for one in paired.findings if one.measure is Measure.SESSIONS] == [pair]
    assert words.line(paired.findings[0]).people == "12"
    assert [words.sentence(one) for one in unpaired.findings if one.measure is Measure.RUNS] == [apart]
    assert words.line(unpaired.findings[0]).people == "11 / 10"


def test_parts_of_the_work_know_where_they_ran_however_they_come():
    events = [replace(one, material="games") for one in both_and_others(2, 2, 2)] + at_labs([run("a-00", 1)])
    own = [one for one in events if one.source == Source.CLIENT]
    rows = [(e.user, e.kind, e.at, e.course, e.lasted, e.outcome, e.material, e.source) for e in events]
    whole = pa.table(dict(zip(READ, map(pa.array, zip(*rows, strict=True)), strict=True)))
    labs = whole.filter(pc.equal(whole["source"], "server"))
    archived = whole.filter(pc.equal(whole["source"], "client"))
    archived = archived.set_column(7, "source", archived["source"].dictionary_encode())
    for work in (work_of(events), work_in([labs, archived]), work_in([archived, labs, labs.slice(0, 0)])):
        found = zip(work.user[work.local].tolist(), work.at[work.local].tolist(), strict=True)
        assert sorted((work.users[user], at) for user, at in found) == sorted(
            (one.user, micros(one.at)) for one in own
        )
        assert work.of_material("games").local.sum() == len(own)
    assert report([], TIMETABLES, CHOICES).places.reported is False
