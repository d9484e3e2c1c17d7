"""Two values of each person: Wilcoxon's signed-rank test, with effect size, shift and interval."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from math import floor, fsum, log10
from typing import TYPE_CHECKING

from maximalab_hub.stats.bootstrap import RESAMPLES, shift_and_interval
from maximalab_hub.stats.interval import Interval, scipy_stats, tail_of
from maximalab_hub.stats.numbers import finite, ranks, ties

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_EXACT = 50
"""Up to so many pairs without ties p is exact; beyond, the normal approximation is as good."""
MOST_EXACT_TIED = 13
"""Up to so many pairs with ties all signs are tried."""
DIGITS = 12
"""Differences are told apart to so many digits of the largest, so that 0.3 - 0.1 and 0.5 - 0.3 tie."""


class Method(StrEnum):
    """How p was reckoned."""

    EXACT = "exact"
    NORMAL = "normal"
    """The normal approximation, corrected for ties."""
    NONE = "none"
    """No pair differs: nothing is against "no difference", and p is 1."""


@dataclass(frozen=True, slots=True)
class Wilcoxon:
    """Result of the signed-rank test of paired values."""

    statistic: float
    """The smaller of the two sums of ranks."""
    p_value: float
    """Two-sided."""
    effect: float
    """Matched-pairs rank-biserial correlation, -1 to 1: above 0 where the first value mostly is larger."""
    shift: float
    """Hodges-Lehmann: the median of the means of all pairs of differences x - y, zeros among them."""
    interval: Interval | None
    """Of the shift, by the BCa bootstrap over the pairs; `None` for fewer than two pairs or no resamples."""
    n: int
    """Pairs given."""
    n_nonzero: int
    """Pairs that differ; only these are ranked (Wilcoxon's own treatment of zeros)."""
    method: Method
    tied: bool
    """Whether differences of the same size shared ranks."""


def wilcoxon_paired(
    x: Sequence[float],
    y: Sequence[float],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
    level: float = 0.95,
) -> Wilcoxon:
    """Compare two values of each person, `x[i]` and `y[i]`. The person is the unit, never the event.

    Pairs without a difference count for `n` and the shift and are not ranked. p is exact for up to 50 pairs that
    differ without ties and for up to 13 with ties, else approximated. `seed` draws the bootstrap: the same seed
    and pairs, in whatever order, give the same interval. `resamples=0` leaves the interval out.

    Sources: Wilcoxon (1945); effect: Kerby (2014), "The simple difference formula", favourable less unfavourable
    share of the rank sum; shift: Hodges and Lehmann (1963); interval: Efron (1987), "Better bootstrap confidence
    intervals".
    Raises `ValueError` where x and y differ in length, are empty, or hold what is no finite number.
    """
    first, second = finite("x", x), finite("y", y)
    tail_of(level)
    if len(first) != len(second) or not first:
        raise ValueError(
            f"x has {len(first)} values and y has {len(second)}; give both values of each of at least one person"
        )
    differences = sorted(_rounded([one - other for one, other in zip(first, second, strict=True)]))
    nonzero = [difference for difference in differences if difference]
    ranked = ranks([abs(one) for one in nonzero])
    above = fsum(rank for rank, one in zip(ranked, nonzero, strict=True) if one > 0)
    below = fsum(ranked) - above
    tied = bool(ties(ranked))
    p, method = _p(nonzero, ranked, min(above, below), tied=tied)
    shift, interval = shift_and_interval(differences, seed=seed, resamples=resamples, level=level)
    return Wilcoxon(
        statistic=min(above, below),
        p_value=p,
        effect=(above - below) / (above + below) if nonzero else 0.0,
        shift=shift,
        interval=interval,
        n=len(differences),
        n_nonzero=len(nonzero),
        method=method,
        tied=tied,
    )


def _rounded(differences: Sequence[float]) -> list[float]:
    largest = max(map(abs, differences))
    if largest == 0:
        return [0.0] * len(differences)
    places = DIGITS - 1 - floor(log10(largest))
    return [round(one, places) + 0.0 for one in differences]


def _p(
    nonzero: Sequence[float], ranked: Sequence[float], smaller: float, *, tied: bool
) -> tuple[float, Method]:
    if not nonzero:
        return 1.0, Method.NONE
    if tied and len(nonzero) <= MOST_EXACT_TIED:
        return _exact(ranked, smaller), Method.EXACT
    method = Method.NORMAL if tied or len(nonzero) > MOST_EXACT else Method.EXACT
    said = "exact" if method is Method.EXACT else "asymptotic"
    return float(scipy_stats().wilcoxon(nonzero, method=said).pvalue), method


def _exact(ranked: Sequence[float], smaller: float) -> float:
    """Count, of all ways to set the signs, those with a rank sum as small as this; ranks are whole or half."""
    ways = Counter({0: 1})
    for rank in (round(2 * one) for one in ranked):
        for total, count in list(ways.items()):
            ways[total + rank] += count
    extreme = sum(count for total, count in ways.items() if total <= round(2 * smaller))
    return min(1.0, extreme / float(2 ** (len(ranked) - 1)))
