"""Intraclass correlation: how far raters give the same marks, and how good the mean of their marks is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import fsum
from typing import TYPE_CHECKING, assert_never

from maximalab_hub.stats.interval import Interval, scipy_stats, tail_of
from maximalab_hub.stats.numbers import table_of

if TYPE_CHECKING:
    from collections.abc import Sequence


class IccKind(StrEnum):
    """The six of Shrout and Fleiss: which raters, and whether one rater's mark or the mean of all is meant."""

    ONE_WAY_SINGLE = "ICC(1,1)"
    """Each item was rated by other raters; one mark."""
    RANDOM_SINGLE = "ICC(2,1)"
    """The raters are a sample of possible raters, and their level counts; one mark."""
    FIXED_SINGLE = "ICC(3,1)"
    """Only these raters matter, and their level does not; one mark."""
    ONE_WAY_MEAN = "ICC(1,k)"
    RANDOM_MEAN = "ICC(2,k)"
    """As ICC(2,1), for the mean of the k raters: what a report of means needs."""
    FIXED_MEAN = "ICC(3,k)"


@dataclass(frozen=True, slots=True)
class Icc:
    """Result: agreement of marks."""

    value: float
    """At most 1: all agree. Near 0, or below: the items differ no more than the raters do."""
    kind: IccKind
    interval: Interval | None
    """`None` where the raters leave no residue to reckon with, or where the formula leaves its own range."""
    statistic: float
    """F of "the items do not differ"; infinite where raters leave no residue."""
    dof: tuple[int, int]
    p_value: float
    items: int
    raters: int


@dataclass(frozen=True, slots=True)
class _Squares:
    """Mean squares of a two-way layout with one mark a cell."""

    n: int
    k: int
    items: float
    raters: float
    residue: float
    within: float


def icc(ratings: Sequence[Sequence[float]], kind: str = IccKind.RANDOM_MEAN, *, level: float = 0.95) -> Icc:
    """Say how far raters give the same marks. Shape: one row an item, one column a rater; none missing.

    `kind` is one of `IccKind`; by default ICC(2,k), the reliability of the mean of k raters who stand for others.

    Sources: Shrout and Fleiss (1979), "Intraclass correlations", Psychol. Bull. 86, 420-428; intervals: McGraw and
    Wong (1996), "Forming inferences about some intraclass correlation coefficients", Psychol. Methods 1, 30-46.
    Raises `ValueError` where `ratings` has fewer than two items or raters, is ragged or holds what is no finite
    number, where `kind` is none of the six, where all items have the same mean, or where they differ so much less
    than chance would have it that the formula of the kind leaves its range.
    """
    chosen = _kind(kind)
    table = table_of("ratings", ratings, least=(2, 2))
    squares = _squares(table)
    if squares.items == 0:
        raise ValueError(
            "ratings: all items have the same mean; agreement about differences needs some difference"
        )
    noise = squares.within if chosen in _ONE_WAY else squares.residue
    freedom = (squares.n - 1, squares.n * (squares.k - 1) - (0 if chosen in _ONE_WAY else squares.k - 1))
    statistic = squares.items / noise if noise else float("inf")
    return Icc(
        value=_value(squares, chosen),
        kind=chosen,
        interval=_interval(squares, chosen, statistic, freedom, level) if noise else None,
        statistic=statistic,
        dof=freedom,
        p_value=float(scipy_stats().f.sf(statistic, *freedom)),
        items=squares.n,
        raters=squares.k,
    )


_ONE_WAY = frozenset({IccKind.ONE_WAY_SINGLE, IccKind.ONE_WAY_MEAN})
_RANDOM = frozenset({IccKind.RANDOM_SINGLE, IccKind.RANDOM_MEAN})
_MEAN = frozenset({IccKind.ONE_WAY_MEAN, IccKind.RANDOM_MEAN, IccKind.FIXED_MEAN})


def _kind(kind: str) -> IccKind:
    try:
        return IccKind(kind)
    except ValueError as error:
        raise ValueError(f"kind is {kind!r}; give one of {', '.join(IccKind)}") from error


def _squares(table: Sequence[Sequence[float]]) -> _Squares:
    n, k = len(table), len(table[0])
    whole = fsum(mark for row in table for mark in row) / (n * k)
    rows = [fsum(row) / k for row in table]
    columns = [fsum(column) / n for column in zip(*table, strict=True)]
    items, raters = (
        k * fsum((row - whole) ** 2 for row in rows),
        n * fsum((one - whole) ** 2 for one in columns),
    )
    residue = fsum(
        (mark - rows[i] - columns[j] + whole) ** 2
        for i, row in enumerate(table)
        for j, mark in enumerate(row)
    )
    tiny = 1e-24 * fsum((mark - whole) ** 2 for row in table for mark in row)
    items, raters, residue = (0.0 if square <= tiny else square for square in (items, raters, residue))
    degrees = (n - 1) * (k - 1)
    return _Squares(
        n, k, items / (n - 1), raters / (k - 1), residue / degrees, (raters + residue) / (n * (k - 1))
    )


def _value(squares: _Squares, kind: IccKind) -> float:
    n, k, items, residue = squares.n, squares.k, squares.items, squares.residue
    match kind:
        case IccKind.ONE_WAY_SINGLE:
            return (items - squares.within) / (items + (k - 1) * squares.within)
        case IccKind.RANDOM_SINGLE:
            return _share(items - residue, items + (k - 1) * residue + k * (squares.raters - residue) / n)
        case IccKind.FIXED_SINGLE:
            return (items - residue) / (items + (k - 1) * residue)
        case IccKind.ONE_WAY_MEAN:
            return (items - squares.within) / items
        case IccKind.RANDOM_MEAN:
            return _share(items - residue, items + (squares.raters - residue) / n)
        case IccKind.FIXED_MEAN:
            return (items - residue) / items
        case _:
            assert_never(kind)


def _share(part: float, whole: float) -> float:
    if whole <= 0:
        raise ValueError(
            "ratings: the items differ less than chance would have it, and this correlation has no value; give the"
            " averages without it, or use ICC(3,1)"
        )
    return part / whole


def _interval(
    squares: _Squares, kind: IccKind, statistic: float, freedom: tuple[int, int], level: float
) -> Interval | None:
    tail = tail_of(level)
    if kind in _RANDOM:
        low, high = _random_bounds(squares, tail)
    else:
        quantile = scipy_stats().f.ppf
        f_low = statistic / float(quantile(1 - tail, *freedom))
        f_high = statistic * float(quantile(1 - tail, freedom[1], freedom[0]))
        low, high = ((f - 1) / (f + squares.k - 1) for f in (f_low, f_high))
    if kind in _MEAN:
        if 1 + low * (squares.k - 1) <= 0:
            return None
        low, high = (one * squares.k / (1 + one * (squares.k - 1)) for one in (low, high))
    # With few items, or some that hardly differ, the random kinds' degrees of freedom and lower bound can fail.
    inside = low <= _value(squares, kind) <= high
    return Interval(low, high, level) if inside else None


def _random_bounds(squares: _Squares, tail: float) -> tuple[float, float]:
    """Bounds of ICC(2,1), by Satterthwaite's degrees of freedom for the mixture of raters and residue."""
    n, k, items, raters, residue = squares.n, squares.k, squares.items, squares.raters, squares.residue
    value, f = _value(squares, IccKind.RANDOM_SINGLE), raters / residue
    rest = n * (1 + (k - 1) * value) - k * value
    degrees = (k - 1) * (n - 1) * (k * value * f + rest) ** 2 / ((n - 1) * (k * value * f) ** 2 + rest**2)
    quantile = scipy_stats().f.ppf
    f_low, f_high = float(quantile(1 - tail, n - 1, degrees)), float(quantile(1 - tail, degrees, n - 1))
    mixed = k * raters + (k * n - k - n) * residue
    return (
        n * (items - f_low * residue) / (f_low * mixed + n * items),
        n * (f_high * items - residue) / (mixed + n * f_high * items),
    )
