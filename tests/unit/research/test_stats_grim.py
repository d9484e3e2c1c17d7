"""Whether a printed mean can be a mean of whole scores: the paper's own figures, and the rule."""

from __future__ import annotations

from decimal import ROUND_HALF_DOWN, ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.stats import grim


# Shyshkina (2015) prints the means 2.2, 1.86 and 2.1 of scores from 0 to 3 that 25 experts gave.
@pytest.mark.parametrize(
    ("mean", "n", "items", "possible"),
    [
        pytest.param("2.2", 25, 1, True, id="ease of access: 55 of 25"),
        pytest.param("1.86", 25, 1, False, id="ease of use: neither 46 nor 47 of 25"),
        pytest.param("1.86", 7, 1, True, id="ease of use: 13 of 7"),
        pytest.param("2.1", 25, 1, True, id="usefulness: 52 or 53 of 25"),
        pytest.param("2.1", 7, 1, True, id="usefulness: 15 of 7"),
        pytest.param("2.2", 7, 1, False, id="ease of access is no mean of 7"),
        pytest.param("1.86", 25, 2, True, id="two items each: 93 of 50"),
        # Brown and Heathers (2017), page 364: 28 people cannot have a mean of 5.19; nor of 3.45 have 20 a doubt.
        pytest.param("5.19", 28, 1, False, id="the example of Brown and Heathers"),
        pytest.param("5.18", 28, 1, True, id="145 of 28"),
        pytest.param("-0.5", 2, 1, True, id="scores may be negative"),
        pytest.param("2,2", 25, 1, True, id="a comma is a point"),
    ],
)
def test_means_that_are_possible_and_means_that_are_not(mean, n, items, possible):
    result = grim(mean, n, items)
    assert (bool(result), result.consistent, result.scores) == (possible, possible, n * items)


def test_what_is_nearest_is_said():
    assert grim("1.86", 25).nearest == (1.84, 1.88)


@pytest.mark.parametrize(
    ("mean", "decimals", "expected"),
    [
        pytest.param("2.20", None, 2, id="text says how exactly it was printed"),
        pytest.param(1.86, None, 2, id="a float, as it is written shortest"),
        pytest.param(2.2, 2, 2, id="or the caller says"),
        pytest.param(Decimal(3), None, 0, id="a whole number"),
        pytest.param(2, None, 0, id="an int"),
    ],
)
def test_decimals(mean, decimals, expected):
    assert grim(mean, 10, decimals=decimals).decimals == expected


@pytest.mark.parametrize(("n", "tells"), [(25, True), (99, True), (100, False)])
def test_with_many_scores_every_mean_is_possible(n, tells):
    assert grim("1.86", n).tells is tells


@given(
    st.integers(0, 500),
    st.integers(1, 150),
    st.integers(0, 3),
    st.sampled_from([ROUND_HALF_UP, ROUND_HALF_DOWN]),
)
def test_a_mean_that_was_rounded_either_way_is_always_possible(total, n, decimals, rounding):
    exact = Decimal(total) / n
    assert grim(str(exact.quantize(Decimal(1).scaleb(-decimals), rounding)), n)


@given(st.decimals(0, 3, places=2), st.integers(1, 150))
def test_the_answer_is_that_of_trying_all_totals(mean, n):
    near = any(abs(Fraction(total, n) - Fraction(mean)) <= Fraction(1, 200) for total in range(3 * n + 2))
    assert grim(mean, n).consistent is near


@pytest.mark.parametrize(
    ("how", "said"),
    [
        pytest.param({"mean": "two", "n": 1}, "mean is 'two'; give a number", id="no number"),
        pytest.param({"mean": float("nan"), "n": 1}, "finite", id="nan"),
        pytest.param({"mean": "1", "n": 0}, "n is 0; it must be at least 1", id="nobody"),
        pytest.param({"mean": "1", "n": 1, "items": 0}, "items is 0", id="no item"),
        pytest.param({"mean": "1", "n": 1, "decimals": -1}, "decimals is -1", id="less than no decimals"),
    ],
)
def test_what_is_refused(how, said):
    with pytest.raises(ValueError, match=said):
        grim(**how)
