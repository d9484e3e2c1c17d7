"""The signed-rank test: published figures, two other libraries, and its own rules."""

from __future__ import annotations

from itertools import combinations_with_replacement
from statistics import median

import numpy as np
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maximalab_hub.stats import Interval, Method, wilcoxon_paired
from maximalab_hub.stats.bootstrap import bca
from maximalab_hub.stats.walsh import WalshAverages
from scipy import stats as scipy_stats

# Hollander and Wolfe (1973), table 3.1: depression before and after tranquillisers. The book: statistic 40 of 45,
# exact one-sided p 0.01953, Hodges-Lehmann estimate 0.46 (example 3.3); R's ?wilcox.test prints the same.
BEFORE = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
AFTER = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]


def test_the_textbook_example_of_hollander_and_wolfe():
    result = wilcoxon_paired(BEFORE, AFTER)
    assert (result.statistic, result.n, result.n_nonzero, result.tied) == (5, 9, 9, False)
    assert (result.method, result.p_value) == (Method.EXACT, pytest.approx(2 * 0.01953125))
    assert result.effect == pytest.approx((40 - 5) / 45)
    assert result.shift == pytest.approx(0.46)
    assert result.interval is not None
    assert result.interval.low < 0.46 < result.interval.high


def test_pairs_that_do_not_differ_are_not_ranked():
    plain, more = wilcoxon_paired(BEFORE, AFTER), wilcoxon_paired([*BEFORE, 1, 2], [*AFTER, 1, 2])
    assert (more.n, more.n_nonzero, more.p_value, more.effect) == (11, 9, plain.p_value, plain.effect)
    assert more.shift < plain.shift, "a pair without a difference says that the shift is smaller"


@pytest.mark.parametrize(
    ("x", "y", "p", "method"),
    [
        pytest.param([1], [0], 1, Method.EXACT, id="one pair says nothing"),
        pytest.param([1, 2, 3, 4, 5], [0] * 5, 0.0625, Method.EXACT, id="five pairs never reach 0.05"),
        pytest.param([1] * 6, [0] * 6, 0.03125, Method.EXACT, id="six of one size, exactly"),
        pytest.param([1] * 50, [1] * 50, 1, Method.NONE, id="fifty pairs without a difference"),
        pytest.param([0.3, 0.5, 1], [0.1, 0.3, 1.2], 1, Method.EXACT, id="0.3 - 0.1 and 0.5 - 0.3 tie"),
    ],
)
def test_p_of_small_and_odd_cases(x, y, p, method):
    result = wilcoxon_paired(x, y)
    assert (result.p_value, result.method) == (p, method)


@pytest.mark.parametrize(
    ("x", "y", "said"),
    [
        pytest.param([1, 2], [1], "x has 2 values and y has 1", id="not in pairs"),
        pytest.param([], [], "at least one person", id="nobody"),
        pytest.param([float("nan")], [0], r"x\[0\] is nan.*leave missing ones out", id="a missing value"),
        pytest.param([0, 1], [0, float("inf")], r"y\[1\] is inf", id="an infinite value"),
    ],
)
def test_what_is_refused_names_the_argument_and_the_remedy(x, y, said):
    with pytest.raises(ValueError, match=said):
        wilcoxon_paired(x, y)


def test_a_level_that_is_none_is_refused():
    with pytest.raises(ValueError, match="level is 95"):
        wilcoxon_paired(BEFORE, AFTER, level=95)


whole = st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), min_size=1, max_size=60)
differing = whole.filter(lambda pairs: any(a != b for a, b in pairs))


@given(differing)
@settings(max_examples=60)
def test_scipy_says_the_same(pairs):
    x, y = zip(*pairs, strict=True)
    nonzero = [a - b for a, b in pairs if a != b]
    ours = wilcoxon_paired(x, y, resamples=0)
    method = "exact" if ours.method is Method.EXACT and not ours.tied else "asymptotic"
    theirs = scipy_stats.wilcoxon(nonzero, method=method)
    assert ours.statistic == theirs.statistic
    if not (ours.tied and ours.method is Method.EXACT):
        assert ours.p_value == pytest.approx(theirs.pvalue)


@pytest.mark.parametrize(
    "differences",
    [[1, 1, -1, 2, 2, 3, 5], [4, 4, 4, -4, 1, 7, -7, 2, 9], [1, -1], [2, 2, 2, 2, 2, 2, -1, -1, 8, 9]],
)
def test_with_ties_scipy_says_the_same_having_tried_all_signs(differences):
    every = scipy_stats.PermutationMethod(n_resamples=np.inf)
    theirs = scipy_stats.wilcoxon(differences, method=every).pvalue
    assert wilcoxon_paired(differences, [0] * len(differences), resamples=0).p_value == pytest.approx(theirs)


@given(differing)
@settings(max_examples=30)
def test_pingouin_finds_the_same_effect(pairs):
    nonzero = [(a, b) for a, b in pairs if a != b]
    x, y = zip(*nonzero, strict=True)
    expected = pingouin.wilcoxon(x, y, method="asymptotic")["RBC"].iloc[0]
    assert wilcoxon_paired(x, y, resamples=0).effect == pytest.approx(expected)


@given(whole)
def test_turning_the_pairs_round_turns_effect_and_shift_and_keeps_p(pairs):
    x, y = zip(*pairs, strict=True)
    one, other = wilcoxon_paired(x, y, resamples=0), wilcoxon_paired(y, x, resamples=0)
    assert (one.effect, one.shift) == (-other.effect, -other.shift)
    assert one.p_value == pytest.approx(other.p_value)
    assert -1 <= one.effect <= 1
    assert 0 < one.p_value <= 1


@given(whole, st.randoms(), st.integers(0, 5))
@settings(max_examples=20)
def test_neither_the_order_of_people_nor_a_second_call_moves_anything(pairs, random, seed):
    x, y = zip(*pairs, strict=True)
    a, b = zip(*random.sample(pairs, len(pairs)), strict=True)
    assert wilcoxon_paired(x, y, seed=seed, resamples=50) == wilcoxon_paired(a, b, seed=seed, resamples=50)


def naive_shift(differences):
    return median((a + b) / 2 for a, b in combinations_with_replacement(differences, 2))


@given(whole)
@settings(max_examples=20)
def test_shift_and_interval_are_those_of_drawing_people_one_by_one(pairs):
    x, y = zip(*pairs, strict=True)
    differences = sorted(a - b for a, b in pairs)
    draw = np.random.default_rng(7)
    n = len(differences)
    resampled = [naive_shift([differences[i] for i in draw.integers(0, n, n)]) for _ in range(20)]
    without = [naive_shift(differences[:i] + differences[i + 1 :]) for i in range(n)] if n > 1 else []
    result = wilcoxon_paired(x, y, seed=7, resamples=20)
    assert result.shift == naive_shift(differences)
    assert result.interval == (bca(result.shift, resampled, without, 0.95) if n > 1 else None)


MANY = np.random.default_rng(11)


def middle_of_pairs(values):
    """Of all pairs, written down."""
    means = (values[:, None] + values)[np.triu_indices(len(values))] / 2
    return float(np.median(means))


@pytest.mark.parametrize(
    "values",
    [
        pytest.param(MANY.normal(size=700), id="all different"),
        pytest.param(MANY.integers(-40, 90, 700).astype(float), id="whole numbers"),
        pytest.param(MANY.choice([0.1, 0.2, 0.1 + 0.2, 1e9], 700), id="a few values, of very different size"),
        pytest.param(
            np.concatenate([MANY.normal(size=350), 5 + 1e-9 * MANY.normal(size=350)]),
            id="half of them together",
        ),
    ],
)
def test_the_middle_of_a_hundred_thousand_pairs_is_found_without_writing_them_down(values):
    ordered = np.sort(values)
    averages = WalshAverages(ordered)
    drawn = [MANY.integers(0, len(values), len(values)) for _ in range(6)]
    counts = np.stack([np.bincount(one, minlength=len(values)) for one in drawn])
    assert averages.medians(counts).tolist() == [middle_of_pairs(ordered[np.sort(one)]) for one in drawn]
    without = averages.without_each()
    for place in (0, 1, 349, 350, 698, 699):
        assert without[place] == middle_of_pairs(np.delete(ordered, place))


def test_an_interval_for_thousands_of_people_is_a_matter_of_seconds():
    """Pair by pair it took hours, and gigabytes."""
    people = np.random.default_rng(5).normal(0.3, 1, 5000)
    result = wilcoxon_paired(people.tolist(), [0.0] * 5000, seed=1, resamples=50)
    assert result.interval is not None
    assert 0.2 < result.interval.low < result.shift < result.interval.high < 0.4


@pytest.mark.parametrize("level", [0.9, 0.95])
def test_the_interval_is_scipys_bca(level):
    values = np.random.default_rng(3).exponential(size=30)
    theirs = scipy_stats.bootstrap(
        (values,),
        np.mean,
        n_resamples=500,
        confidence_level=level,
        method="BCa",
        rng=np.random.default_rng(4),
    )
    without = [float(np.delete(values, place).mean()) for place in range(len(values))]
    ours = bca(float(values.mean()), theirs.bootstrap_distribution.tolist(), without, level)
    assert (ours.low, ours.high) == pytest.approx(tuple(theirs.confidence_interval))


def test_where_all_differ_alike_the_interval_is_a_point():
    assert wilcoxon_paired([3] * 8, [1] * 8).interval == Interval(2, 2, 0.95)
