"""Agreement between raters: published figures, other libraries, and rules."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pingouin
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from maximalab_hub.stats import IccKind, fleiss_kappa, icc, kendall_w
from scipy import stats as scipy_stats
from statsmodels.stats.inter_rater import aggregate_raters
from statsmodels.stats.inter_rater import fleiss_kappa as statsmodels_kappa

# Shrout and Fleiss (1979), table 2: four judges rate six targets; table 4 gives the six correlations.
JUDGES = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Siegel (1956), "Nonparametric Statistics", table 9.6: three executives rank six applicants; W = 0.16.
EXECUTIVES = list(zip((1, 6, 3, 2, 5, 4), (1, 5, 6, 4, 2, 3), (6, 3, 2, 5, 4, 1), strict=True))
# Fleiss (1971): six psychiatrists put thirty patients into five categories, here from 1 to 5.
DIAGNOSES = """
444444 222555 233335 555555 222444 113333 333355 113334 114444 555555 144444 124444 222333 144444 224445
333335 111455 111112 224444 133555 555555 244444 224555 114444 144445 222224 111155 224444 133333 555555
""".split()  # noqa: SIM905  thirty patients, and not thirty quotation marks
PINGOUINS = dict(
    zip(IccKind, ("ICC(1,1)", "ICC(A,1)", "ICC(C,1)", "ICC(1,k)", "ICC(A,k)", "ICC(C,k)"), strict=True)
)


@pytest.mark.parametrize(
    ("kind", "value"), [*zip(IccKind, (0.17, 0.29, 0.71, 0.44, 0.62, 0.91), strict=True)]
)
def test_the_six_correlations_of_shrout_and_fleiss(kind, value):
    result = icc(JUDGES, kind)
    assert round(result.value, 2) == value
    assert (result.items, result.raters, result.kind) == (6, 4, kind)


def test_without_a_word_the_mean_of_random_raters_is_meant():
    assert icc(JUDGES) == icc(JUDGES, "ICC(2,k)")


marks = st.integers(2, 5).flatmap(
    lambda raters: st.lists(
        st.lists(st.integers(0, 9), min_size=raters, max_size=raters), min_size=3, max_size=12
    )
)


@given(marks)
@settings(max_examples=25, deadline=None)
def test_pingouin_finds_the_same_six_with_the_same_intervals(ratings):
    table = np.array(ratings, float)
    residue = table - table.mean(0) - table.mean(1)[:, None] + table.mean()
    assume(np.ptp(table.mean(1)) > 0.01)
    assume(np.abs(residue).max() > 0.01)
    assume(np.ptp(table.mean(0)) > 0.01)
    long = pd.DataFrame(
        [(i, j, m) for i, row in enumerate(ratings) for j, m in enumerate(row)], columns=[*"ijm"]
    )
    theirs = pingouin.intraclass_corr(long, "i", "j", "m").set_index("Type")
    for kind, row in PINGOUINS.items():
        expected = theirs.loc[row]
        if not expected["ICC"] <= 1:
            with pytest.raises(ValueError, match="differ less than chance"):
                icc(ratings, kind)
            continue
        ours = icc(ratings, kind)
        assert ours.value == pytest.approx(expected["ICC"])
        assert (ours.statistic, ours.dof) == (
            pytest.approx(expected["F"]),
            (expected["df1"], expected["df2"]),
        )
        assert ours.p_value == pytest.approx(expected["pval"])
        if ours.interval is None:
            assert kind in {"ICC(2,1)", "ICC(2,k)"}, "the others always have one"
        else:
            assert [ours.interval.low, ours.interval.high] == pytest.approx(list(expected["CI95"]), abs=6e-3)


@pytest.mark.parametrize(
    "ratings", [[[0, 0, 3], [0, 0, 4], [0, 3, 0]], [[5, 4], [9, 8], [4, 6]]], ids=["hardly differing", "few"]
)
def test_where_the_formula_leaves_its_range_there_is_no_interval(ratings):
    assert icc(ratings).interval is None
    assert icc(ratings, "ICC(3,k)").interval is not None


@given(marks, st.randoms(), st.integers(1, 5), st.integers(-9, 9))
@settings(max_examples=40)
def test_neither_order_nor_the_scale_of_marks_moves_agreement(ratings, random, factor, start):
    assume(len({sum(row) for row in ratings}) > 1)
    plain = icc(ratings, "ICC(3,k)")
    assert plain.value <= 1 + 1e-9
    assert icc(random.sample(ratings, len(ratings)), "ICC(3,k)").value == pytest.approx(plain.value, abs=1e-9)
    scaled = [[factor * mark + start for mark in row] for row in ratings]
    assert icc(scaled, "ICC(3,k)").value == pytest.approx(plain.value, abs=1e-9)


def test_raters_who_agree_leave_nothing_to_reckon_an_interval_with():
    result = icc([[1, 1], [2, 2], [3, 3]])
    assert (result.value, result.interval, result.p_value) == (1, None, 0)


def test_kendall_of_siegel():
    result = kendall_w(EXECUTIVES)
    assert (round(result.w, 2), result.items, result.raters, result.tied) == (0.16, 6, 3, False)
    assert result.statistic == pytest.approx(3 * 5 * result.w)


@given(marks, st.randoms())
@settings(max_examples=60)
def test_kendall_is_friedman_with_ties_whatever_the_order(ratings, random):
    raters = len(ratings[0])
    assume(any(len(set(column)) > 1 for column in zip(*ratings, strict=True)))
    ours = kendall_w(ratings)
    assert 0 <= ours.w <= 1
    places = random.sample(range(raters), raters)
    turned = kendall_w([[row[place] for place in places] for row in random.sample(ratings, len(ratings))])
    assert turned.w == pytest.approx(ours.w)
    friedman = scipy_stats.friedmanchisquare(*ratings)
    assert ours.statistic == pytest.approx(friedman.statistic, abs=1e-9)
    assert ours.p_value == pytest.approx(friedman.pvalue, abs=1e-9)


@given(marks)
def test_a_stricter_rater_agrees_about_the_order_all_the_same(ratings):
    assume(any(len(set(column)) > 1 for column in zip(*ratings, strict=True)))
    stricter = [[row[0] / 2 - 3, *row[1:]] for row in ratings]
    assert kendall_w(stricter).w == pytest.approx(kendall_w(ratings).w)


def test_fleiss_of_fleiss():
    # R's irr::kappam.fleiss(diagnoses) prints kappa 0.4302445 and z 17.65183.
    counts = [[row.count(str(category)) for category in range(1, 6)] for row in DIAGNOSES]
    result = fleiss_kappa(counts)
    assert result.kappa == pytest.approx(0.4302445, abs=5e-8)
    assert result.statistic == pytest.approx(17.65183, abs=5e-6)
    assert (result.items, result.raters, result.p_value) == (30, 6, pytest.approx(0, abs=1e-60))


categories = st.integers(2, 6).flatmap(
    lambda raters: st.lists(
        st.lists(st.integers(0, 3), min_size=raters, max_size=raters), min_size=2, max_size=15
    )
)


@given(categories, st.randoms())
@settings(max_examples=60)
def test_kappa_is_statsmodels_whatever_the_order(ratings, random):
    assume(len({one for row in ratings for one in row}) > 1)
    counts, _ = aggregate_raters(np.array(ratings))
    ours = fleiss_kappa(counts.tolist())
    assert ours.kappa == pytest.approx(statsmodels_kappa(counts), abs=1e-9)
    assert ours.interval.low <= ours.kappa + 1e-9
    assert ours.kappa <= ours.interval.high + 1e-9
    assert fleiss_kappa(random.sample(counts.tolist(), len(counts))).kappa == pytest.approx(ours.kappa)


def test_the_interval_of_kappa_is_what_leaving_one_item_out_gives():
    counts = [[row.count(str(category)) for category in range(1, 6)] for row in DIAGNOSES]
    without = [fleiss_kappa(counts[:place] + counts[place + 1 :]).kappa for place in range(30)]
    error = (29 / 30 * sum((one - np.mean(without)) ** 2 for one in without)) ** 0.5
    result = fleiss_kappa(counts)
    reach = scipy_stats.t.ppf(0.975, 29) * error
    assert result.interval.high - result.kappa == pytest.approx(reach, rel=0.05)


@pytest.mark.parametrize(
    ("function", "given_", "said"),
    [
        pytest.param(icc, [[1, 2]], "ratings has 1 rows and 2 columns; at least 2 and 2", id="one item"),
        pytest.param(icc, [[1, 2], [2, 1]], "all items have the same mean", id="items do not differ"),
        pytest.param(
            icc, [[1, 5], [7, 0], [0, 3]], "differ less than chance", id="items differ less than chance"
        ),
        pytest.param(icc, [[1, 2], [3]], "as many as the others", id="a mark is missing"),
        pytest.param(
            lambda rows: icc(rows, "ICC(4,1)"), JUDGES, r"kind is 'ICC\(4,1\)'", id="a kind that is none"
        ),
        pytest.param(kendall_w, [[1, 2], [1, 2]], "gave all items the same mark", id="no order at all"),
        pytest.param(kendall_w, [[1], [2]], "2 rows and 1 columns", id="a single rater"),
        pytest.param(fleiss_kappa, [[2, 1], [2, 2]], r"counts\[1\] adds up to 4", id="a rater more"),
        pytest.param(fleiss_kappa, [[1, 0], [0, 1]], "at least 2 raters", id="nobody agrees alone"),
        pytest.param(
            fleiss_kappa, [[3, 0], [3, 0]], "all items are in one category", id="nothing could differ"
        ),
    ],
)
def test_ratings_that_are_none_are_refused(function, given_, said):
    with pytest.raises(ValueError, match=said):
        function(given_)
