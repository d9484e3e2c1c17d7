"""Expert ratings: the paper's own figures, weights, rounding, agreement, and what cannot be typed."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.ratings import Criterion, agreement, check, read_criteria, rounded, summary, weighted
from maximalab_hub.stats import fleiss_kappa, icc, kendall_w
from maximalab_hub.typed import Fault, TypedError

PAPER = "Ease of access | 2.2\nEase of use | 1.86\nUsefulness | 2.1"
THREE = tuple(Criterion(name, name, Fraction(1)) for name in "abc")


def test_the_papers_averages_give_its_total():
    found = check(PAPER, 25)
    assert found.total == Fraction(616, 300)
    assert rounded(found.total, 5) == "2.05333"
    assert found.printed_total == "2.1"


def test_of_the_papers_averages_one_cannot_be_the_mean_of_25_whole_scores():
    found = check(PAPER, 25)
    assert [(one.text, bool(one.check)) for one in found.averages] == [
        ("2.2", True),
        ("1.86", False),
        ("2.1", True),
    ]
    assert found.averages[1].check.nearest == (1.84, 1.88)
    assert all(one.check for one in check(PAPER, 7).averages[1:]), "of 7 it can be: 13/7"


@pytest.mark.parametrize(
    ("text", "total"),
    [
        pytest.param("a | 1 | 3\nb | 3 | 1", Fraction(3, 2), id="weights"),
        pytest.param(
            "a | 1 | 0.5\nb | 2 | 0,5", Fraction(3, 2), id="weights need not be whole, nor add up to 1"
        ),
        pytest.param("a | 1,5\n\n  b | 2.5 | 1\n", Fraction(2), id="commas, empty lines, no weight"),
        pytest.param("only | 2.2", Fraction(11, 5), id="one criterion"),
    ],
)
def test_averages_are_put_together_by_their_weights(text: str, total: Fraction):
    assert check(text, 10).total == total


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (Fraction(1, 8), 2, "0.13"),
        (Fraction(5, 2), 0, "3"),
        (Fraction(2), 1, "2.0"),
        (Fraction(2, 3), 3, "0.667"),
    ],
)
def test_a_total_is_rounded_with_halves_up(value: Fraction, decimals: int, text: str):
    assert rounded(value, decimals) == text


@pytest.mark.parametrize(
    ("typed", "fault"),
    [
        pytest.param("", Fault.LINES, id="nothing"),
        pytest.param("a | 1\n" * 21, Fault.LINES, id="too much"),
        pytest.param("a", Fault.AVERAGE, id="no average"),
        pytest.param("a | 1 | 1 | 1", Fault.AVERAGE, id="too many fields"),
        pytest.param("a | much", Fault.NUMBER, id="no number"),
        pytest.param("a | nan", Fault.NUMBER, id="not a number"),
        pytest.param("a | 1 | 0", Fault.WEIGHT, id="a weight of nothing"),
        pytest.param("a | 1 | -1", Fault.WEIGHT, id="a negative weight"),
        pytest.param("a | 1 | 1/0", Fault.WEIGHT, id="a weight that cannot be"),
        pytest.param("a | 1 | 2026", Fault.WEIGHT, id="a year for a weight"),
    ],
)
def test_what_cannot_be_an_average_is_named(typed: str, fault: Fault):
    with pytest.raises(TypedError) as error:
        check(typed, 25)
    assert error.value.fault is fault


def test_criteria_are_read_in_both_languages():
    read = read_criteria("Корисність | Usefulness | 2\nЛегкість | Ease")
    assert [(one.name("uk"), one.name("en"), one.weight) for one in read] == [
        ("Корисність", "Usefulness", 2), ("Легкість", "Ease", 1),
    ]  # fmt: skip
    with pytest.raises(TypedError) as error:
        read_criteria("Корисність")
    assert (error.value.fault, error.value.part) == (Fault.CRITERION, "Корисність")
    with pytest.raises(TypedError) as error:
        read_criteria("Корисність | Usefulness\nЗручність | usefulness")
    assert (error.value.fault, error.value.part) == (Fault.TWICE, "usefulness")


def test_a_panels_summary_is_reckoned_from_whole_scores():
    found = summary(THREE, [(3, 2, 1), (2, 2, 2), (3, 1, 2)])
    assert found is not None
    assert [one.mean for one in found.standings] == [Fraction(8, 3), Fraction(5, 3), Fraction(5, 3)]
    assert (found.experts, found.total) == (3, Fraction(2))
    assert [one.median for one in found.standings] == [3, 2, 2]
    columns = [(3, 2, 3), (2, 2, 1), (1, 2, 2)]
    assert found.agreement.icc == icc(columns)
    assert found.agreement.kendall == kendall_w(columns)
    assert found.agreement.kappa == fleiss_kappa([[0, 1, 2], [1, 2, 0], [1, 2, 0]])


@pytest.mark.parametrize("answers", [[], [(1, 2, 3)], [(1, 2, 3), (1, 2, 3)]])
def test_few_experts_have_no_average(answers: list[tuple[int, ...]]):
    assert summary(THREE, answers) is None


def test_experts_who_all_say_the_same_have_no_measure_that_could_tell():
    found = agreement([(2, 2, 2), (2, 2, 2)])
    assert (found.icc, found.kappa, found.kendall) == (None, None, None)


scores = st.lists(st.tuples(*[st.integers(0, 3)] * 3), min_size=3, max_size=12)


@given(
    scores,
    st.lists(st.fractions(min_value=Fraction(1, 9), max_value=9), min_size=3, max_size=3),
    st.randoms(),
)
def test_a_total_lies_between_the_averages_and_knows_no_order(answers, weights, random):
    criteria = [Criterion(name, name, weight) for name, weight in zip("abc", weights, strict=True)]
    found = summary(criteria, answers)
    means = [one.mean for one in found.standings]
    assert min(means) <= found.total <= max(means)
    assert found.total == weighted(means, weights)
    mixed = list(answers)
    random.shuffle(mixed)
    assert summary(criteria, mixed).standings == found.standings
