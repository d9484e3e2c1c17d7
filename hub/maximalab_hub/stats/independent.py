"""Two groups of different people: the Mann-Whitney test, with an effect size and its interval."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from math import fsum, sqrt
from typing import TYPE_CHECKING

from maximalab_hub.stats.interval import Interval, normal_above, scipy_stats, t_quantile, tail_of
from maximalab_hub.stats.numbers import finite, ties

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_EXACT = 8
"""Up to so many values in the smaller group, and without ties, p is exact."""


@dataclass(frozen=True, slots=True)
class MannWhitney:
    """Result of the test of two independent groups."""

    statistic: float
    """U of `x`: the pairs in which x is larger, ties as half. U of `y` is n_x * n_y - U."""
    p_value: float
    """Two-sided: exact for small groups without ties, else approximated, corrected for ties and continuity."""
    cliffs_delta: float
    """Share of pairs in which x is larger, less the share in which it is smaller: -1 to 1."""
    interval: Interval | None
    """Of Cliff's delta; `None` where a group has a single value."""
    cles: float
    """Common-language effect: the probability that a value of x is larger than one of y, ties as half."""
    shift: float
    """Hodges-Lehmann: the median of all differences x - y, in their unit."""
    n_x: int
    n_y: int
    exact: bool
    tied: bool

    @property
    def effect(self) -> float:
        """Cliff's delta: the effect size, as every test has one."""
        return self.cliffs_delta


def mann_whitney(x: Sequence[float], y: Sequence[float], *, level: float = 0.95) -> MannWhitney:
    """Compare the values of two groups of different people. The person is the unit: one value each.

    Sources: Mann and Whitney (1947); Cliff (1993), "Dominance statistics", Psychol. Bull. 114, 494-509, whose
    interval for delta is asymmetric and stays within -1 and 1; CLES: Vargha and Delaney (2000).
    Raises `ValueError` where a group is empty or holds what is no finite number.
    """
    first, second = sorted(finite("x", x)), sorted(finite("y", y))
    for name, values in (("x", first), ("y", second)):
        if not values:
            raise ValueError(f"{name} is empty; give at least one value of each group")
    pairs = len(first) * len(second)
    rows, columns = _dominance(first, second), _dominance(second, first)
    delta, u = sum(rows) / pairs, (sum(rows) + pairs) / 2
    tied = ties([*first, *second])
    exact = not tied and min(len(first), len(second)) <= MOST_EXACT
    return MannWhitney(
        statistic=u,
        p_value=_exact(first, second) if exact else _approximated(u, len(first), len(second), tied),
        cliffs_delta=delta,
        interval=_interval(first, second, (rows, columns), level),
        cles=(delta + 1) / 2,
        shift=_shift(first, second),
        n_x=len(first),
        n_y=len(second),
        exact=exact,
        tied=bool(tied),
    )


def _exact(x: Sequence[float], y: Sequence[float]) -> float:
    return float(scipy_stats().mannwhitneyu(x, y, method="exact").pvalue)


def _approximated(u: float, m: int, n: int, tied: Sequence[int]) -> float:
    """Give p by the normal curve, corrected for ties and continuity.

    SciPy reckons the same to the last digit, and takes twice as long as all the rest of a small test.
    """
    people = m + n
    if tied == [people]:
        return 1.0  # all values are the same: there is no spread to divide by, and nothing that differs
    spread = sqrt(m * n / 12 * (people + 1 - sum(t**3 - t for t in tied) / (people * (people - 1))))
    return min(1.0, 2 * normal_above((max(u, m * n - u) - m * n / 2 - 0.5) / spread))


def _shift(x: Sequence[float], y: Sequence[float]) -> float:
    from maximalab_hub.stats.differences import (  # noqa: PLC0415  only who tests pays for NumPy
        median_difference,
    )

    return median_difference(x, y)


def _dominance(mine: Sequence[float], others: Sequence[float]) -> list[int]:
    """For each of mine: how many of the others, which are ordered, are smaller, less how many are larger."""
    return [bisect_left(others, one) - (len(others) - bisect_right(others, one)) for one in mine]


def _interval(
    x: Sequence[float], y: Sequence[float], dominance: tuple[Sequence[int], Sequence[int]], level: float
) -> Interval | None:
    """Cliff's unbiased variance and asymmetric bounds, with Student's t."""
    tail, (m, n) = tail_of(level), (len(x), len(y))
    if min(m, n) == 1:
        return None
    rows, columns = dominance
    delta = sum(rows) / (m * n)
    t = t_quantile(1 - tail, m + n - 2)
    if abs(delta) == 1:
        # No pair says otherwise, so the variance is 0: Cliff's bound for that case.
        least = (min(m, n) - t * t) / (min(m, n) + t * t)
        return Interval(least, 1.0, level) if delta > 0 else Interval(-1.0, -least, level)
    untied = m * n - sum(bisect_right(y, one) - bisect_left(y, one) for one in x)
    by_rows = fsum((row / n - delta) ** 2 for row in rows)
    by_columns = fsum((-column / m - delta) ** 2 for column in columns)
    by_pairs = untied - m * n * delta**2
    variance = (n * n * by_rows + m * m * by_columns - by_pairs) / (m * n * (m - 1) * (n - 1))
    variance = max(variance, (1 - delta**2) / (m * n - 1))
    middle, below = delta - delta**3, 1 - delta**2 + t * t * variance
    reach = t * sqrt(variance) * sqrt((1 - delta**2) ** 2 + t * t * variance)
    return Interval((middle - reach) / below, (middle + reach) / below, level)
