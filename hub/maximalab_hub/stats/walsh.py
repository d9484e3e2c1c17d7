"""The means of all pairs of some values (Walsh's averages), and their median, without writing the means down.

Of thousands of people there are millions of pairs, too many to be gone through for each resample. What is kept is how
far each value reaches under some hundred borders: the pairs below a border are then a sum over people. Which of
the few pairs between two borders is in the middle, is looked up pair by pair, so that the answer is exact.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Whole = NDArray[np.int64]

_COARSE: Final = 64
_FINE: Final = 960
"""So many borders, at most, over all pairs, and over those among which the middle of a resample mostly lies."""
_PAIRS_OF_A_CELL: Final = 200
"""With fewer, more borders would cost more than they spare."""
_SAMPLED: Final = 512
"""Values of which all pairs are made to choose the borders: enough for cells of about the same size."""
_AT_ONCE: Final = 2_000_000
"""Numbers in memory at a time."""


class WalshAverages:
    """The means of all pairs of values, each with itself, too. `values` must be in order."""

    def __init__(self, values: Floats) -> None:
        self._values, self._first, self._counts = np.unique(values, return_index=True, return_counts=True)
        self._borders = _borders(self._values)
        self._reach = np.stack([self._reached(border) for border in self._borders])
        self._own = np.searchsorted(self._values, self._borders, side="right")
        self._kept: dict[int, tuple[Floats, Whole, Whole]] = {}

    def medians(self, counts: Whole) -> Floats:
        """Give the median for each row of `counts`, which says how often each value counts."""
        mine = np.add.reduceat(counts, self._first, axis=1)
        rows = max(1, _AT_ONCE // len(self._values))
        return np.concatenate([self._medians(mine[n : n + rows]) for n in range(0, len(mine), rows)])

    def without_each(self) -> Floats:
        """Give the median without the first value, without the second one, and so on."""
        every = self._counts.astype(np.int64)
        below = _summed(every)
        pairs = (self._reach_weights(every, below) + below[self._own]) // 2

        def without(part: Whole) -> Floats:
            def reached(cells: Whole, rows: Whole) -> Whole:
                # With one person go that person's pairs: as many as the values that this one reaches.
                return np.asarray(pairs[cells] - below[self._reach[cells, part[rows]]])

            return self._middle(every - (np.arange(len(every)) == part[:, None]), reached)

        found = [without(part) for part in _parts(len(every), max(1, _AT_ONCE // len(every)))]
        return np.repeat(np.concatenate(found), self._counts)

    def _medians(self, counts: Whole) -> Floats:
        below = _summed(counts)

        def reached(cells: Whole, rows: Whole) -> Whole:
            weights = np.take_along_axis(below[rows], self._reach[cells], axis=1)
            sums = np.einsum("ij,ij->i", counts[rows], weights)
            return np.asarray((sums + below[rows, self._own[cells]]) // 2)

        return self._middle(counts, reached)

    def _middle(self, counts: Whole, reached: Callable[[Whole, Whole], Whole]) -> Floats:
        people = counts.sum(axis=1)
        pairs = people * (people + 1) // 2
        rows = np.arange(len(counts))
        cells = self._cells((pairs + 1) // 2, reached, rows, np.zeros(len(rows), np.int64))
        low = self._selected(counts, (pairs + 1) // 2, reached, rows, cells)
        even, high = np.flatnonzero(pairs % 2 == 0), low.copy()
        # The next one mostly lies in the same cell.
        others = self._cells(pairs // 2 + 1, reached, even, cells[even])
        high[even] = self._selected(counts, pairs // 2 + 1, reached, even, others)
        return np.asarray((low + high) / 2)

    def _cells(
        self, places: Whole, reached: Callable[[Whole, Whole], Whole], rows: Whole, low: Whole
    ) -> Whole:
        """Say of these rows in which cell the mean at its place in order is, counted from 1; `low` or beyond."""
        there = reached(low, rows) >= places[rows]
        low = np.where(there, low, np.minimum(low + 1, len(self._borders) - 1))
        high = np.where(there, low, len(self._borders) - 1)
        while (open_ones := np.flatnonzero(low < high)).size:
            middle = (low + high)[open_ones] // 2
            enough = reached(middle, rows[open_ones]) >= places[rows[open_ones]]
            high[open_ones] = np.where(enough, middle, high[open_ones])
            low[open_ones] = np.where(enough, low[open_ones], middle + 1)
        return low

    def _selected(
        self,
        counts: Whole,
        places: Whole,
        reached: Callable[[Whole, Whole], Whole],
        rows: Whole,
        cells: Whole,
    ) -> Floats:
        """Give, of these rows, the mean at its place in order, which is in this cell."""
        before = np.where(cells > 0, reached(np.maximum(cells - 1, 0), rows), 0)
        inside = places[rows] - before
        found = np.empty(len(rows))
        for cell in np.unique(cells).tolist():
            those = np.flatnonzero(cells == cell)
            found[those] = self._within(cell, counts, rows[those], inside[those])
        return found

    def _within(self, cell: int, counts: Whole, rows: Whole, places: Whole) -> Floats:
        """Give the mean at its place among those of one cell, for each row."""
        means, one, other = self._kept_pairs(cell)
        if means[0] == means[-1]:
            return np.full(len(rows), means[0])
        found = []
        for part in _parts(len(rows), max(1, _AT_ONCE // len(means))):
            mine = counts[rows[part]]
            weights = mine.take(one, axis=1) * mine.take(other, axis=1)
            itself = np.flatnonzero(one == other)
            weights[:, itself] = (weights[:, itself] + mine[:, one[itself]]) // 2
            short = weights.cumsum(axis=1) < places[part, None]
            found.append(means[short.sum(axis=1)])
        return np.concatenate(found)

    def _kept_pairs(self, cell: int) -> tuple[Floats, Whole, Whole]:
        if cell not in self._kept:
            if sum(len(means) for means, *_ in self._kept.values()) > _AT_ONCE:
                self._kept.clear()
            self._kept[cell] = self._pairs(cell)
        return self._kept[cell]

    def _pairs(self, cell: int) -> tuple[Floats, Whole, Whole]:
        """Give the pairs whose means lie in a cell, in order of their means."""
        ends = self._reach[cell].astype(np.int64)
        starts = self._reach[cell - 1].astype(np.int64) if cell else np.zeros_like(ends)
        starts = np.maximum(starts, np.arange(len(ends)))  # each pair once: the other one is not the smaller
        lengths = np.maximum(ends - starts, 0)
        one = np.repeat(np.arange(len(ends)), lengths)
        other = np.arange(len(one)) - np.repeat(lengths.cumsum() - lengths, lengths) + starts[one]
        means = (self._values[one] + self._values[other]) / 2
        order = np.argsort(means, kind="stable")
        return means[order], one[order], other[order]

    def _reached(self, border: float) -> Whole:
        """Say of each value with how many of the values its mean is not beyond the border, rounding as means do."""
        values, most = self._values, len(self._values)
        found = np.searchsorted(values, 2 * border - values, side="right")
        while True:
            more = (found < most) & ((values + values[np.minimum(found, most - 1)]) / 2 <= border)
            less = (found > 0) & ((values + values[np.maximum(found, 1) - 1]) / 2 > border)
            if not (more | less).any():
                return found.astype(np.int32)
            found += more.astype(np.int64) - less

    def _reach_weights(self, counts: Whole, below: Whole) -> Whole:
        return np.array([int((counts * below[reach]).sum()) for reach in self._reach])


def _borders(values: Floats) -> Floats:
    """Choose where cells end, the last one with the largest value, so that every pair lies in one."""
    some = values[:: -(-len(values) // _SAMPLED)]
    means = np.sort(((some[:, None] + some) / 2)[np.triu_indices(len(some))])
    # Medians of resamples differ by a share of the pairs that falls with the root of the people.
    near = min(0.5, 2 / len(values) ** 0.5)
    pairs = len(values) * (len(values) + 1) / 2
    fine = int(min(_FINE, 1 + 2 * near * pairs / _PAIRS_OF_A_CELL))
    shares = np.concatenate([np.linspace(0, 1, _COARSE), np.linspace(0.5 - near, 0.5 + near, fine)])
    inner = means[(shares * (len(means) - 1)).astype(np.int64)]
    return np.append(np.unique(inner[inner < values[-1]]), values[-1])


def _summed(counts: Whole) -> Whole:
    """Give how many of the values, in order, come before each, and how many there are."""
    nothing = np.zeros((*counts.shape[:-1], 1), np.int64)
    return np.concatenate([nothing, counts.cumsum(axis=-1)], axis=-1)


def _parts(count: int, most: int) -> Iterator[NDArray[Any]]:
    for start in range(0, count, most):
        yield np.arange(start, min(start + most, count))
