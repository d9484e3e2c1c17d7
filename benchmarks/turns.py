"""Measuring side by side: both sides take turns, so that what else the machine does falls on both."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def in_turns(times: int, *measures: Callable[[], float]) -> list[float]:
    """The medians of several sides, measured in turns; who begins goes round."""
    taken: list[list[float]] = [[] for _ in measures]
    for turn in range(times):
        for step in range(len(measures)):
            which = (turn + step) % len(measures)
            taken[which].append(measures[which]())
    return [statistics.median(each) for each in taken]


def medians(times: int, ours: Callable[[], float], peer: Callable[[], float]) -> tuple[float, float]:
    """The medians of both."""
    mine, theirs = in_turns(times, ours, peer)
    return mine, theirs
