"""Two groups, tables of counts and families of tests: published figures, other libraries, and rules."""

from __future__ import annotations

from statistics import median

import numpy as np
import pingouin
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from maximalab_hub.stats import Interval, chi_square, differences, holm, mann_whitney
from scipy import stats as scipy_stats
from statsmodels.stats.effect_size import _noncentrality_chisquare
from statsmodels.stats.multitest import multipletests

# Hollander and Wolfe (1973), table 4.1: permeability at term and at 12 to 26 weeks. R's ?wilcox.test prints W = 35
# and the one-sided exact p 0.1272; the book's Hodges-Lehmann estimate is 0.305 (example 4.3).
AT_TERM = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
EARLIER = [1.15, 0.88, 0.90, 0.74, 1.21]
# Agresti (2007), "An Introduction to Categorical Data Analysis", table 2.5: gender by party; X2 = 30.07.
PARTIES = [[762, 327, 468], [484, 239, 477]]


def test_mann_whitney_of_hollander_and_wolfe():
    result = mann_whitney(AT_TERM, EARLIER)
    assert (result.statistic, result.exact, result.tied) == (35, True, False)
    assert result.p_value == pytest.approx(2 * 0.1272, abs=1e-4)
    assert result.shift == pytest.approx(0.305)
    assert (result.cliffs_delta, result.cles) == (pytest.approx(0.4), pytest.approx(0.7))


def test_cliffs_delta_of_the_example_of_rs_effsize():
    # Torchiano, manual of the package effsize, cliff.delta: -0.25, from -0.7265846 to 0.3890062.
    result = mann_whitney([10, 10, 20, 20, 20, 30, 30, 30, 40, 50], [10, 20, 30, 40, 40, 50])
    assert result.cliffs_delta == -0.25
    assert result.interval == Interval(
        pytest.approx(-0.7265846, abs=1e-7), pytest.approx(0.3890062, abs=1e-7)
    )


@pytest.mark.parametrize(
    ("x", "y", "p", "delta", "interval"),
    [
        pytest.param([1], [2], 1, -1, None, id="one against one"),
        pytest.param([5] * 9, [5] * 9, 1, 0, (-0.23, 0.23), id="all the same"),
        pytest.param(range(10, 20), range(10), 1e-5, 1, (0.39, 1), id="no pair says otherwise"),
    ],
)
def test_mann_whitney_at_the_edges(x, y, p, delta, interval):
    result = mann_whitney(x, y)
    assert result.p_value == pytest.approx(p, abs=1e-3)
    assert result.cliffs_delta == delta
    found = result.interval and (result.interval.low, result.interval.high)
    assert found == (interval and pytest.approx(interval, abs=0.01))


values = st.lists(st.integers(0, 30), min_size=2, max_size=25)


@given(values, values, st.randoms())
@settings(max_examples=60)
def test_mann_whitney_agrees_with_two_libraries_and_with_itself(x, y, random):
    ours = mann_whitney(x, y)
    theirs = scipy_stats.mannwhitneyu(x, y)
    if len({*x, *y}) > 1:
        assert (ours.statistic, ours.p_value) == (theirs.statistic, pytest.approx(theirs.pvalue))
    assert ours.cles == pytest.approx(pingouin.compute_effsize(x, y, eftype="CLES"))
    turned = mann_whitney(random.sample(y, len(y)), random.sample(x, len(x)))
    assert (turned.cliffs_delta, turned.shift) == (pytest.approx(-ours.cliffs_delta), -ours.shift)
    assert ours.interval.low <= ours.cliffs_delta <= ours.interval.high
    assert ours.interval.low >= -1
    assert ours.interval.high <= 1


measured = st.lists(
    st.one_of(
        st.integers(-3, 3).map(float),
        st.integers(0, 400).map(lambda seconds: seconds / 60),
        st.floats(allow_nan=False, allow_infinity=False),
    ),
    min_size=1,
    max_size=12,
)


@pytest.mark.parametrize("few", [0, differences.FEW_PAIRS], ids=["as of many pairs", "as of few pairs"])
@given(x=measured, y=measured)
@settings(max_examples=150)
def test_the_median_difference_is_the_middle_of_all_pairs_to_the_last_digit(few, x, y):
    naive = median(one - other for one in x for other in y)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(differences, "FEW_PAIRS", few)
        found = differences.median_difference(sorted(x), sorted(y))
    assert np.array_equal([found], [naive], equal_nan=True), "nan: both middles beyond all floats, either way"


def test_the_shift_of_many_people_is_that_of_all_their_pairs():
    draw = np.random.default_rng(7)
    x, y = draw.integers(0, 90, 700) / 7, draw.integers(0, 80, 600) / 7
    assert len(x) * len(y) > differences.FEW_PAIRS
    assert mann_whitney(x, y).shift == np.median(np.subtract.outer(x, y))


@given(values, values)
@settings(max_examples=60)
def test_the_approximated_p_is_scipys(x, y):
    assume(len({*x, *y}) > 1)
    ours = mann_whitney(x, y)
    assume(not ours.exact)
    theirs = scipy_stats.mannwhitneyu(x, y, method="asymptotic")
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-14)


@pytest.mark.parametrize(
    ("x", "y", "said"), [([], [1], "x is empty"), ([1], [float("nan")], r"y\[0\] is nan")]
)
def test_groups_that_are_none_are_refused(x, y, said):
    with pytest.raises(ValueError, match=said):
        mann_whitney(x, y)


def test_chi_square_of_agresti():
    result = chi_square(PARTIES)
    assert (result.statistic, result.dof) == (pytest.approx(30.07, abs=5e-3), 2)
    assert result.p_value == pytest.approx(2.954e-07, rel=1e-3)
    assert [round(one, 1) for row in result.expected for one in row] == [
        703.7,
        319.6,
        533.7,
        542.3,
        246.4,
        411.3,
    ]
    assert (result.n, result.suits, result.share_expected) == (2757, True, 1)


@pytest.mark.parametrize(
    ("table", "suits"),
    [
        pytest.param([[10, 10], [10, 10]], True, id="all expected counts are large"),
        pytest.param([[4, 5], [5, 4]], False, id="all below five"),
        pytest.param([[20, 20, 20, 20, 2], [20, 20, 20, 20, 4]], True, id="a fifth may be below five"),
        pytest.param([[20, 20, 20, 20, 1], [20, 20, 20, 20, 0]], False, id="none may be below one"),
    ],
)
def test_whether_expected_counts_suit(table, suits):
    assert chi_square(table).suits is suits


tables = st.integers(2, 4).flatmap(
    lambda width: st.lists(
        st.lists(st.integers(1, 60), min_size=width, max_size=width), min_size=2, max_size=5
    )
)


@given(tables, st.randoms())
@settings(max_examples=40)
def test_chi_square_agrees_with_scipy_and_statsmodels(table, random):
    ours = chi_square(table)
    theirs = scipy_stats.chi2_contingency(table, correction=False)
    assert (ours.statistic, ours.dof) == (pytest.approx(theirs.statistic, abs=1e-9), theirs.dof)
    assert ours.p_value == pytest.approx(theirs.pvalue)
    assert ours.cramers_v == pytest.approx(scipy_stats.contingency.association(table, "cramer"), abs=1e-9)
    most = ours.n * (min(len(table), len(table[0])) - 1)
    assume(ours.statistic > 1e-9)
    bounds = [one**2 * most for one in (ours.interval.low, ours.interval.high)]
    expected = [min(max(one, 0), most) for one in _noncentrality_chisquare(ours.statistic, ours.dof).confint]
    assert bounds == pytest.approx(expected, abs=1e-3)
    assert 0 <= ours.interval.low <= ours.interval.high <= 1
    turned = chi_square(list(zip(*random.sample(table, len(table)), strict=True)))
    assert (turned.p_value, turned.cramers_v) == (pytest.approx(ours.p_value), pytest.approx(ours.cramers_v))


@pytest.mark.parametrize(
    ("table", "said"),
    [
        pytest.param([[1, 2]], "1 rows and 2 columns; at least 2 and 2", id="one group"),
        pytest.param([[1, 2], [1]], "as many as the others", id="ragged"),
        pytest.param([[1, 0.5], [1, 2]], r"table\[0\]\[1\] is 0.5; give counts", id="a share"),
        pytest.param([[1, -1], [1, 2]], "is -1; give counts", id="less than none"),
        pytest.param([[1, 0], [2, 0]], "column 1 has no counts at all; leave it out", id="an empty level"),
        pytest.param([[0, 0], [2, 3]], "row 0 has no counts at all", id="an empty group"),
    ],
)
def test_tables_that_are_none_are_refused(table, said):
    with pytest.raises(ValueError, match=said):
        chi_square(table)


def test_holm_of_a_worked_example():
    # Wikipedia, "Holm-Bonferroni method", example: of four tests the first and the fourth stand at 0.05.
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))


probabilities = st.lists(st.floats(0, 1), max_size=20)


@given(probabilities, st.randoms())
@settings(max_examples=10)  # statsmodels takes a fifth of a second for each
def test_holm_agrees_with_statsmodels_keeps_order_and_never_helps(p_values, random):
    adjusted = holm(p_values)
    if p_values:
        assert adjusted == pytest.approx(multipletests(p_values, method="holm")[1])
    assert all(p <= more <= 1 for p, more in zip(p_values, adjusted, strict=True))
    pairs = sorted(zip(p_values, adjusted, strict=True))
    assert [more for _, more in pairs] == sorted(adjusted)
    places = random.sample(range(len(p_values)), len(p_values))
    assert holm([p_values[place] for place in places]) == tuple(adjusted[place] for place in places)


@given(probabilities, st.floats(0, 1))
def test_one_more_test_makes_no_other_more_certain(p_values, another):
    assert all(more >= p for p, more in zip(holm(p_values), holm([*p_values, another]), strict=False))


@pytest.mark.parametrize("p", [-0.1, 1.1, float("nan")])
def test_what_is_no_probability_is_refused(p):
    with pytest.raises(ValueError, match=r"p_values\[1\]"):
        holm([0.5, p])
