"""Who agreed, and under which name they appear."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.consent import Decision, agreed, latest
from maximalab_hub.privacy import pseudonyms_of

NOON = datetime(2026, 10, 19, 12, tzinfo=UTC)
KEY = "0123456789abcdef" * 4


def decided(*words: str, version: int = 1) -> list[Decision]:
    return [
        Decision("olena", word == "yes", NOON + timedelta(minutes=place), version, place)
        for place, word in enumerate(words)
    ]


@pytest.mark.parametrize(
    ("decisions", "version", "expected"),
    [
        pytest.param([], 1, set(), id="nobody asked: no"),
        pytest.param(decided("yes"), 1, {"olena"}, id="agreed"),
        pytest.param(decided("no"), 1, set(), id="declined"),
        pytest.param(decided("yes", "no"), 1, set(), id="withdrawn"),
        pytest.param(decided("yes", "no", "yes"), 1, {"olena"}, id="agreed again"),
        pytest.param(decided("yes"), 2, set(), id="agreed to an older text"),
        pytest.param(decided("yes", version=2), 1, set(), id="agreed to another text than this study's"),
        pytest.param(
            [Decision("olena", True, NOON, 1, 1), Decision("olena", False, NOON, 1, 2)],
            1,
            set(),
            id="of two decisions at one moment the later recorded counts",
        ),
    ],
)
def test_the_newest_decision_counts_and_none_means_no(decisions, version, expected):
    assert agreed(decisions, version) == expected


decision_values = st.builds(
    Decision,
    st.sampled_from(["olena", "petro"]),
    st.booleans(),
    st.integers(0, 3).map(lambda hours: NOON + timedelta(hours=hours)),
    st.just(1),
    st.integers(0, 10_000),
)


@given(st.lists(decision_values, unique_by=lambda decision: decision.place), st.randoms())
def test_the_order_in_which_decisions_are_read_does_not_matter(decisions, random):
    assert latest(random.sample(decisions, len(decisions))) == latest(decisions)


def test_a_pseudonym_is_stable_in_a_study_and_unlinkable_across_studies():
    one, other = pseudonyms_of("one", KEY), pseudonyms_of("other", KEY)
    assert one.of("olena") == pseudonyms_of("one", KEY).of("olena")
    assert len(one.of("olena")) == 32
    assert one.of("olena") != other.of("olena")
    assert one.of("olena") != pseudonyms_of("one", "f" * 64).of("olena")
    assert one.event_id("x") != other.event_id("x")


def test_the_key_is_never_shown():
    made = pseudonyms_of("one", KEY)
    assert repr(made) == "Pseudonyms('one')"


def test_a_short_key_is_refused():
    with pytest.raises(ValueError, match="at least 16"):
        pseudonyms_of("one", "short")


@given(st.text(max_size=20), st.text(max_size=20))
def test_two_people_never_share_a_pseudonym(one, other):
    study = pseudonyms_of("one", KEY)
    assert (study.of(one) == study.of(other)) == (one == other)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("simplex/simplex.uk.ipynb", "simplex/simplex.uk.ipynb", id="a name that says nothing"),
        pytest.param("work/Olena-1.ipynb", "work/{}-1.ipynb", id="the account's name in a file's name"),
        pytest.param("olena_work.ipynb", "{}_work.ipynb", id="joined by an underscore"),
        pytest.param("olenatska.ipynb", "olenatska.ipynb", id="part of a longer word stays"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_the_account_name_is_taken_out_of_texts(text, expected):
    study = pseudonyms_of("one", KEY)
    assert study.scrub(text, "olena") == (expected and expected.format(study.of("olena")))
