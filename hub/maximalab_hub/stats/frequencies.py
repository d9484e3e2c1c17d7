"""Pearson's chi-square test of a table of counts, as for levels of competence in two groups."""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, sqrt
from typing import TYPE_CHECKING, Final

from maximalab_hub.stats.interval import Interval, scipy_stats, tail_of
from maximalab_hub.stats.numbers import counts_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

ENOUGH: Final = 5
"""Expected counts from here on suit the approximation (Cochran 1954) ..."""
ENOUGH_SHARE: Final = 0.8
"""... where at least this share of the cells reaches it, and none is below 1."""


@dataclass(frozen=True, slots=True)
class ChiSquare:
    """Result of the test of independence."""

    statistic: float
    dof: int
    p_value: float
    cramers_v: float
    """Strength of the association, 0 to 1, whatever the size of table and sample."""
    interval: Interval
    """Of Cramér's V: by inverting the noncentral chi-square distribution."""
    expected: tuple[tuple[float, ...], ...]
    """The counts that independence would give; in the shape of the table."""
    n: int
    """All that was counted. Each must be another person, or the test promises too much."""
    smallest_expected: float
    share_expected: float
    """Share of the cells whose expected count is at least 5."""

    @property
    def suits(self) -> bool:
        """Whether the expected counts are large enough: 80 % of them at least 5, none below 1."""
        return self.share_expected >= ENOUGH_SHARE and self.smallest_expected >= 1


def chi_square(table: Sequence[Sequence[float]], *, level: float = 0.95) -> ChiSquare:
    """Test whether rows and columns of a table of counts are independent: Pearson's chi-square, without Yates.

    `table` has at least two rows and two columns: as one row a group and one column a level. Where
    `result.suits` is false, merge neighbouring levels until it is true, or leave the test.

    Sources: Pearson (1900); Cramér (1946), ch. 21; expected counts: Cochran (1954), "Some methods for
    strengthening the common chi-square tests"; interval: Smithson (2003), "Confidence Intervals", ch. 4.
    Raises `ValueError` where the table is too small or ragged, a value is no count, or a row or column is empty.
    """
    counts = counts_of("table", table, least=(2, 2))
    rows, columns = [fsum(row) for row in counts], [fsum(column) for column in zip(*counts, strict=True)]
    for name, sums in (("row", rows), ("column", columns)):
        if 0 in sums:
            raise ValueError(f"table: {name} {sums.index(0)} has no counts at all; leave it out")
    n = fsum(rows)
    expected = tuple(tuple(row * column / n for column in columns) for row in rows)
    cells = [
        (seen, hoped)
        for seen_row, hoped_row in zip(counts, expected, strict=True)
        for seen, hoped in zip(seen_row, hoped_row, strict=True)
    ]
    statistic = fsum((seen - hoped) ** 2 / hoped for seen, hoped in cells)
    dof, most = (len(rows) - 1) * (len(columns) - 1), n * (min(len(rows), len(columns)) - 1)
    return ChiSquare(
        statistic=statistic,
        dof=dof,
        p_value=float(scipy_stats().chi2.sf(statistic, dof)),
        cramers_v=min(1.0, sqrt(statistic / most)),
        interval=_interval(statistic, dof, most, level),
        expected=expected,
        n=int(n),
        smallest_expected=min(hoped for _, hoped in cells),
        share_expected=sum(hoped >= ENOUGH for _, hoped in cells) / len(cells),
    )


def _interval(statistic: float, dof: int, most: float, level: float) -> Interval:
    """Turn the noncentralities that just allow this statistic into values of V, 0 to 1."""
    tail, ncx2 = tail_of(level), scipy_stats().ncx2

    def below(noncentrality: float) -> float:
        return float(ncx2.cdf(statistic, dof, noncentrality))

    low, high = (_where(below, share, statistic) for share in (1 - tail, tail))
    return Interval(min(1.0, sqrt(low / most)), min(1.0, sqrt(high / most)), level)


def _where(below: Callable[[float], float], share: float, statistic: float) -> float:
    """Find the noncentrality at which `below`, which falls, reaches `share`; 0 where it never was above."""
    low, high = 0.0, max(1.0, statistic)
    if below(low) <= share:
        return 0.0
    while below(high) > share:
        low, high = high, 2 * high
    for _ in range(200):
        middle = (low + high) / 2
        if middle in {low, high}:
            break
        low, high = (middle, high) if below(middle) > share else (low, middle)
    return (low + high) / 2
