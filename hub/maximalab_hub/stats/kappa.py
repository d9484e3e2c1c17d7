"""Fleiss's kappa: how far raters agree about categories that have no order."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, sqrt
from typing import TYPE_CHECKING

from maximalab_hub.stats.interval import Interval, scipy_stats, tail_of
from maximalab_hub.stats.numbers import counts_of

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class FleissKappa:
    """Result: agreement beyond chance."""

    kappa: float
    """1 where all agree, 0 where they agree as often as chance would have it, below 0 where less often."""
    interval: Interval | None
    """For raters as these and other items; `None` for a single item."""
    statistic: float
    """Kappa over its standard error without agreement: normal for many items."""
    p_value: float
    """Two-sided: of agreement that differs from chance."""
    items: int
    raters: int


def fleiss_kappa(counts: Sequence[Sequence[float]], *, level: float = 0.95) -> FleissKappa:
    """Say how far raters agree about categories. Shape: one row an item, one column a category.

    `counts[i][j]` says how many raters put item i into category j; each row adds up to the number of raters.
    Categories are taken as different and nothing more: where they are steps of a scale, `kendall_w` and `icc` say
    more.

    Sources: Fleiss (1971), "Measuring nominal scale agreement among many raters", Psychol. Bull. 76, 378-382; error
    without agreement: Fleiss, Nee and Landis (1979), Psychol. Bull. 86, 974-977; interval: Gwet (2008),
    "Computing inter-rater reliability and its variance in the presence of high agreement", section 5.
    Raises `ValueError` where rows do not add up to the same number of at least two raters, a value is no count, or
    all items are in one category: then chance alone explains everything.
    """
    table = counts_of("counts", counts, least=(1, 2))
    raters = fsum(table[0])
    for place, row in enumerate(table):
        if fsum(row) != raters or raters < 2:  # noqa: PLR2004  nobody agrees alone
            raise ValueError(
                f"counts[{place}] adds up to {fsum(row):g}; every item needs the same number of at least 2 raters"
            )
    shares = [fsum(column) / (len(table) * raters) for column in zip(*table, strict=True)]
    chance = fsum(share**2 for share in shares)
    if max(shares) == 1:
        raise ValueError(
            "counts: all items are in one category; kappa has no meaning where nothing could differ"
        )
    agreed = [fsum(count * (count - 1) for count in row) / (raters * (raters - 1)) for row in table]
    kappa = (fsum(agreed) / len(table) - chance) / (1 - chance)
    z = kappa / _error_without_agreement(shares, len(table), raters)
    return FleissKappa(
        kappa=kappa,
        interval=_interval(table, shares, agreed, kappa, level),
        statistic=z,
        p_value=float(2 * scipy_stats().norm.sf(abs(z))),
        items=len(table),
        raters=int(raters),
    )


def _error_without_agreement(shares: Sequence[float], items: int, raters: float) -> float:
    spread = fsum(share * (1 - share) for share in shares)
    skew = fsum(share * (1 - share) * (1 - 2 * share) for share in shares)
    return sqrt(2 * (spread**2 - skew) / (items * raters * (raters - 1))) / spread


def _interval(
    table: Sequence[Sequence[float]],
    shares: Sequence[float],
    agreed: Sequence[float],
    kappa: float,
    level: float,
) -> Interval | None:
    """Linearise kappa: how far each item moves it, through agreement and through chance."""
    items, tail = len(table), tail_of(level)
    if items == 1:
        return None
    raters, chance = fsum(table[0]), fsum(share**2 for share in shares)
    moves = [
        ((one - chance) - 2 * (1 - kappa) * (fsum(map(float.__mul__, row, shares)) / raters - chance))
        / (1 - chance)
        for one, row in zip(agreed, table, strict=True)
    ]
    error = sqrt(fsum((move - kappa) ** 2 for move in moves) / (items * (items - 1)))
    reach = float(scipy_stats().t.ppf(1 - tail, items - 1)) * error
    return Interval(max(-1.0, kappa - reach), min(1.0, kappa + reach), level)
