"""Measuring side by side: both sides take turns, so that what else the machine does falls on both."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def medians(times: int, ours: Callable[[], float], peer: Callable[[], float]) -> tuple[float, float]:
    """The medians of both, measured in turns; who begins alternates, too."""
    mine, theirs = [], []
    for turn in range(times):
        if turn % 2:
            theirs.append(peer())
            mine.append(ours())
        else:
            mine.append(ours())
            theirs.append(peer())
    return statistics.median(mine), statistics.median(theirs)
