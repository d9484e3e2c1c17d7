"""The statistics that the pages use. Each names its source, and is tested against published figures."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

LEAST_PAIRS = 6
"""With fewer pairs that differ the two-sided exact test cannot reach p < 0.05 at all: 2 / 2**5 = 0.0625."""

MOST_EXACT = 50
"""Up to so many pairs without ties p is exact; beyond, the normal approximation is as good."""


@dataclass(frozen=True, slots=True)
class Wilcoxon:
    """Result of the signed-rank test of paired values."""

    n: int
    """Pairs given."""
    n_nonzero: int
    """Pairs that differ; only these are ranked (Wilcoxon's own treatment of zeros)."""
    p: float
    """Two-sided: exact for up to `MOST_EXACT` pairs without ties, else approximated and corrected for
    ties.
    """
    effect: float
    """Matched-pairs rank-biserial correlation, -1 to 1: above 0 where the first value mostly is larger."""
    median_difference: float
    """Median of first minus second, over all pairs."""


@dataclass(frozen=True, slots=True)
class TooFew:
    """No test: too few pairs that differ."""

    n: int
    n_nonzero: int


def wilcoxon_paired(pairs: Sequence[tuple[float, float]]) -> Wilcoxon | TooFew:
    """Compare two values of each person: Wilcoxon's signed-rank test, with an effect size.

    The person is the unit, never the event. Test: Wilcoxon (1945), by SciPy. Effect size: Kerby (2014),
    "The simple difference formula", the share of favourable minus the share of unfavourable rank sums.

    Raises `ValueError` where a value is not a finite number.
    """
    differences = [first - second for first, second in pairs]
    if any(not -float("inf") < difference < float("inf") for difference in differences):
        msg = "every value must be a finite number"
        raise ValueError(msg)
    nonzero = [difference for difference in differences if difference]
    if len(nonzero) < LEAST_PAIRS:
        return TooFew(len(pairs), len(nonzero))
    p, effect = _signed_rank(nonzero)
    return Wilcoxon(len(pairs), len(nonzero), p, effect, median(differences))


def _signed_rank(nonzero: Sequence[float]) -> tuple[float, float]:
    # SciPy takes most of a second to import; only who tests pays for it.
    from scipy.stats import rankdata, wilcoxon  # type: ignore[import-untyped]  # noqa: PLC0415

    ranks = rankdata([abs(difference) for difference in nonzero])
    above = sum(float(rank) for rank, difference in zip(ranks, nonzero, strict=True) if difference > 0)
    below = float(ranks.sum()) - above
    # Asked for by name: left to itself SciPy tries all signs of up to 13 tied pairs, a quarter of a second.
    exact = len(nonzero) <= MOST_EXACT and len(set(ranks)) == len(nonzero)
    p = wilcoxon(nonzero, method="exact" if exact else "asymptotic").pvalue
    return float(p), (above - below) / (above + below)
