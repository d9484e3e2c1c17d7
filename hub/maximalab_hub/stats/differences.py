"""The median of all differences x - y between two groups, without writing the differences down.

Two groups of thousands have millions of pairs. How many differences are at most some number is known without them:
each value of x reaches a stretch of the ordered y, and where that stretch begins is found by halving. The
number itself is found by halving, too, through the floats in their order, so that the answer is the float that a
sort of all differences would give.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

FEW_PAIRS: Final = 200_000
"""Up to so many, all of them are made and the middle is picked: that is sooner."""
_SIGN: Final = np.int64(np.iinfo(np.int64).max)
"""All bits but the sign."""


def median_difference(x: Sequence[float], y: Sequence[float]) -> float:
    """Give the median of x - y over all pairs; both must be in order, finite, and hold a value at least.

    The same number as `statistics.median` of all differences, in O((m + n) log n) for many.
    """
    mine, others = np.asarray(x, np.float64), np.asarray(y, np.float64)
    pairs = len(mine) * len(others)
    with np.errstate(over="ignore"):  # a difference too large for a float is infinite, as Python's is
        pick = _of_few if pairs <= FEW_PAIRS else _of_many
        low, high = pick(mine, others, (pairs - 1) // 2, pairs // 2)
    return low if pairs % 2 else (low + high) / 2


def _of_few(x: Floats, y: Floats, low: int, high: int) -> tuple[float, float]:
    every = np.partition(np.subtract.outer(x, y).ravel(), (low, high))
    return float(every[low]), float(every[high])


def _of_many(x: Floats, y: Floats, low: int, high: int) -> tuple[float, float]:
    """Give the differences at two places in order, counted from 0; `high` is `low` or the next one."""
    first = _at_place(x, y, low)
    reached = _reached(x, y, first)
    if int((len(y) - reached).sum()) > high:
        return first, first
    beyond = reached > 0
    return first, float((x[beyond] - y[reached[beyond] - 1]).min())


def _at_place(x: Floats, y: Floats, place: int) -> float:
    """Halve the floats between the least and the largest difference."""
    least, most = (int(_ordered(one)) for one in (x[0] - y[-1], x[-1] - y[0]))
    while least < most:
        middle = (least + most) // 2
        if int((len(y) - _reached(x, y, _float(middle))).sum()) > place:
            most = middle
        else:
            least = middle + 1
    return _float(least)


def _reached(x: Floats, y: Floats, most: float) -> NDArray[np.int64]:
    """For each x: how many of y, from the least on, make a difference above `most`; rounded as differences are."""
    low, high = np.zeros(len(x), np.int64), np.full(len(x), len(y))
    for _ in range(len(y).bit_length()):
        middle = (low + high) // 2
        open_ones = low < high
        above = open_ones & (x - y[np.minimum(middle, len(y) - 1)] > most)
        low = np.where(above, middle + 1, low)
        high = np.where(open_ones & ~above, middle, high)
    return low


def _ordered(value: np.float64) -> np.int64:
    """Give a whole number for a float, so that they have the same order."""
    bits = np.float64(value + 0.0).view(np.int64)
    return np.int64(bits if bits >= 0 else bits ^ _SIGN)


def _float(ordered: int) -> float:
    bits = np.int64(ordered)
    return float(np.int64(bits if bits >= 0 else bits ^ _SIGN).view(np.float64))
