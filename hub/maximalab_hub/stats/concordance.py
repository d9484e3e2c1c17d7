"""Kendall's W: how far raters agree about an order."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

from maximalab_hub.stats.interval import scipy_stats
from maximalab_hub.stats.numbers import ranks, table_of, ties

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class KendallW:
    """Result: agreement about an order."""

    w: float
    """0 where the raters' orders have nothing in common, 1 where they are the same."""
    statistic: float
    """Friedman's chi-square of the same ranks: raters * (items - 1) * W."""
    dof: int
    p_value: float
    """Whether the raters agree better than by chance; an approximation, rough below about 8 items."""
    items: int
    raters: int
    tied: bool
    """Whether some rater gave a mark twice; W is corrected for that."""


def kendall_w(ratings: Sequence[Sequence[float]]) -> KendallW:
    """Say how far raters agree about the order of what they rated. Shape: one row an item, one column a rater.

    Marks or ranks: only each rater's order counts, so that a rater who is strict throughout still agrees. Equal
    marks share the mean rank, and W is corrected for them.

    Source: Kendall and Smith (1939), "The problem of m rankings"; ties: Kendall (1948), ch. 6; Siegel (1956), ch. 9.
    Raises `ValueError` where `ratings` has fewer than two items or raters, is ragged, holds what is no finite
    number, or where every rater gave all items the same mark.
    """
    table = table_of("ratings", ratings, least=(2, 2))
    items, raters = len(table), len(table[0])
    columns = list(zip(*table, strict=True))
    sums = [fsum(row) for row in zip(*(ranks(column) for column in columns), strict=True)]
    mean = raters * (items + 1) / 2
    tied = sum(times**3 - times for column in columns for times in ties(column))
    most = raters**2 * (items**3 - items) - raters * tied
    if most == 0:
        raise ValueError(
            "ratings: every rater gave all items the same mark, so there is no order to agree about"
        )
    w = min(1.0, 12 * fsum((one - mean) ** 2 for one in sums) / most)
    statistic = raters * (items - 1) * w
    p = float(scipy_stats().chi2.sf(statistic, items - 1))
    return KendallW(w, statistic, items - 1, p, items, raters, tied=tied > 0)
