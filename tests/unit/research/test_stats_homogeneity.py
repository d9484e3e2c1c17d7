"""Levels of the same people before and after: Stuart and Maxwell's test against print and another library."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from maximalab_hub.stats import stuart_maxwell
from scipy.stats import binomtest
from statsmodels.stats.contingency_tables import SquareTable

VISION = [[1520, 266, 124, 66], [234, 1512, 432, 78], [117, 362, 1772, 205], [36, 82, 179, 492]]
"""Unaided distance vision of 7,477 women, right eye by left eye, best to worst (Stuart 1955)."""
TABLES = st.integers(2, 5).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 12), min_size=k, max_size=k), min_size=k, max_size=k)
)


def test_the_printed_example_of_stuart_comes_out():
    found = stuart_maxwell(VISION)
    assert (round(found.statistic, 2), found.dof) == (11.96, 3)
    assert found.p_value == pytest.approx(0.0075, abs=5e-5)
    assert (found.n, found.rose, found.fell) == (7477, 1171, 1010)


@given(TABLES)
def test_the_statistic_is_that_of_another_library(table):
    square = np.array(table, float)
    covariance = np.diag((square + square.T).sum(0)) - (square + square.T)
    assume(np.linalg.matrix_rank(covariance) == len(table) - 1)
    theirs = SquareTable(square, shift_zeros=False).homogeneity(method="stuart_maxwell")
    ours = stuart_maxwell(table)
    assert ours.dof == theirs.df
    assert ours.statistic == pytest.approx(theirs.statistic, abs=1e-8)
    assert ours.p_value == pytest.approx(theirs.pvalue, abs=1e-8)


def test_with_two_levels_it_is_mcnemars_test():
    assert stuart_maxwell([[20, 15], [5, 10]]).statistic == pytest.approx((15 - 5) ** 2 / (15 + 5))


@given(TABLES)
def test_before_and_after_may_be_exchanged_and_staying_says_nothing(table):
    assume(any(map(any, table)))
    found, back = stuart_maxwell(table), stuart_maxwell([list(column) for column in zip(*table, strict=True)])
    assert back.statistic == pytest.approx(found.statistic, abs=1e-8)
    assert (back.rose, back.fell) == (found.fell, found.rose)
    assert back.shift.effect == pytest.approx(-found.shift.effect)
    more = [[n + 7 * (i == j) for j, n in enumerate(row)] for i, row in enumerate(table)]
    assert stuart_maxwell(more).statistic == pytest.approx(found.statistic, abs=1e-8)


def test_a_level_that_nobody_has_or_leaves_takes_a_degree_of_freedom():
    assert stuart_maxwell([[5, 9, 0], [2, 5, 0], [0, 0, 8]]).dof == 1
    assert stuart_maxwell([[5, 0], [0, 5]]).p_value == 1.0


def test_who_rises_shows_in_the_effect():
    found = stuart_maxwell([[5, 12, 6], [1, 8, 9], [0, 1, 4]])
    assert found.shift.effect > 0.8
    assert found.p_value < binomtest(found.fell, found.rose + found.fell).pvalue * 50
    assert found.suits


@pytest.mark.parametrize(
    ("table", "said"),
    [
        pytest.param([[1, 2], [3, 4], [5, 6]], "as many of both", id="not square"),
        pytest.param([[0, 0], [0, 0]], "no people", id="nobody"),
        pytest.param([[1, 0.5], [1, 1]], "whole numbers", id="half a person"),
        pytest.param([[1]], "at least 2", id="one level"),
    ],
)
def test_what_is_no_square_of_counts_is_refused(table, said):
    with pytest.raises(ValueError, match=said):
        stuart_maxwell(table)
