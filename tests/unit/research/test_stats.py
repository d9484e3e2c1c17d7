"""The signed-rank test against published figures and its own rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.stats import TooFew, Wilcoxon, wilcoxon_paired
from scipy.stats import wilcoxon

# Hollander and Wolfe (1973), table 3.1: depression before and after tranquillisers; the statistic is 40, the
# exact one-sided p 0.01953.
DEPRESSION = [
    (1.83, 0.878),
    (0.50, 0.647),
    (1.62, 0.598),
    (2.48, 2.05),
    (1.68, 1.06),
    (1.88, 1.29),
    (1.55, 1.06),
    (3.06, 3.14),
    (1.30, 1.29),
]


def test_the_textbook_example_of_hollander_and_wolfe():
    result = wilcoxon_paired(DEPRESSION)
    assert isinstance(result, Wilcoxon)
    assert result.p == pytest.approx(2 * 0.01953125)
    assert result.effect == pytest.approx((40 - 5) / 45)
    assert (result.n, result.n_nonzero) == (9, 9)
    assert result.median_difference == pytest.approx(0.49)


def test_pairs_that_do_not_differ_are_not_ranked():
    with_ties = [*DEPRESSION, (1.0, 1.0), (2.0, 2.0)]
    result = wilcoxon_paired(with_ties)
    assert (result.n, result.n_nonzero, result.p) == (11, 9, wilcoxon_paired(DEPRESSION).p)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        pytest.param([], TooFew(0, 0), id="nobody"),
        pytest.param([(1, 0)] * 5, TooFew(5, 5), id="five pairs can never reach p < 0.05"),
        pytest.param([(1, 1)] * 50, TooFew(50, 0), id="fifty pairs without a difference"),
    ],
)
def test_too_few_pairs_give_no_test(pairs, expected):
    assert wilcoxon_paired(pairs) == expected


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(ValueError, match="finite"):
        wilcoxon_paired([(value, 0.0)])


pair_lists = st.lists(
    st.tuples(st.integers(0, 20), st.integers(0, 20)).filter(lambda pair: pair[0] != pair[1]),
    min_size=6,
    max_size=40,
)


@given(pair_lists)
def test_the_effect_turns_round_when_the_pairs_do_and_p_stays(pairs):
    one, other = wilcoxon_paired(pairs), wilcoxon_paired([(b, a) for a, b in pairs])
    assert one.effect == pytest.approx(-other.effect)
    assert one.p == pytest.approx(other.p)
    assert -1 <= one.effect <= 1
    assert 0 < one.p <= 1


@given(pair_lists)
def test_p_with_ties_is_scipys_approximation(pairs):
    tied = [*pairs, *pairs]
    expected = wilcoxon([a for a, _ in tied], [b for _, b in tied], method="asymptotic").pvalue
    assert wilcoxon_paired(tied).p == expected
