"""Levels of the same people at two moments: do the shares of the levels differ? Stuart and Maxwell's test."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum
from typing import TYPE_CHECKING

import numpy as np

from maximalab_hub.stats.interval import scipy_stats
from maximalab_hub.stats.numbers import counts_of
from maximalab_hub.stats.paired import Wilcoxon, wilcoxon_paired

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ENOUGH_CHANGED = 25
"""People who changed their level, from whom on the approximation by chi-square is taken to suit."""


@dataclass(frozen=True, slots=True)
class MarginalHomogeneity:
    """Result of the test that the levels' shares are the same at both moments."""

    statistic: float
    dof: int
    """0 where nobody changed the level: then nothing is against "no change", and p is 1."""
    p_value: float
    n: int
    """People, each counted once, at both moments."""
    rose: int
    """People whose level is higher (further to the right) at the second moment."""
    fell: int
    shift: Wilcoxon
    """Each person's level after against before, by Wilcoxon's signed-rank test: for levels that have an order.

    Above 0 its effect says that people mostly rose.
    """

    @property
    def suits(self) -> bool:
        """Whether enough people changed for the approximation."""
        return self.rose + self.fell >= ENOUGH_CHANGED


def stuart_maxwell(table: Sequence[Sequence[float]]) -> MarginalHomogeneity:
    """Test whether the levels of the same people have the same shares at two moments (marginal homogeneity).

    `table` is square: `table[i][j]` people had level `i` before and have level `j` after. With two levels it is
    McNemar's test without a correction for continuity. Levels among which nobody moved to or from the others are
    taken apart, so the degrees of freedom are the rank of the covariance.

    Sources: Stuart (1955), "A test for homogeneity of the marginal distributions in a two-way classification",
    Biometrika 42; Maxwell (1970), "Comparing the classification of subjects by two independent judges", British
    Journal of Psychiatry 116. Raises `ValueError` where the table is not square, is smaller than 2 by 2, is empty, or
    holds what is no count.
    """
    counts = counts_of("table", table, least=(2, 2))
    if len(counts) != len(counts[0]):
        raise ValueError(f"table has {len(counts)} rows and {len(counts[0])} columns; give as many of both")
    n = fsum(map(fsum, counts))
    if not n:
        raise ValueError("table: there are no people at all")
    statistic, dof = _statistic(np.array(counts))
    pairs = [
        (i, j) for i, row in enumerate(counts) for j, people in enumerate(row) for _ in range(int(people))
    ]
    return MarginalHomogeneity(
        statistic=statistic,
        dof=dof,
        p_value=float(scipy_stats().chi2.sf(statistic, dof)) if dof else 1.0,
        n=int(n),
        rose=sum(after > before for before, after in pairs),
        fell=sum(after < before for before, after in pairs),
        shift=wilcoxon_paired([j for _, j in pairs], [i for i, _ in pairs], resamples=0),
    )


def _statistic(counts: NDArray[np.float64]) -> tuple[float, int]:
    """Give d' S⁻ d and the rank of S: d the differences of the margins, S their covariance if there is no change."""
    both = counts + counts.T
    covariance = np.diag(both.sum(axis=0)) - both
    differences = counts.sum(axis=1) - counts.sum(axis=0)
    dof = int(np.linalg.matrix_rank(covariance))
    statistic = float(differences @ np.linalg.pinv(covariance, hermitian=True) @ differences)
    return max(0.0, statistic), dof
