"""Sessions and time on task of many people at once: what `sessions` says of one, reckoned with arrays.

Tests hold both to the same answers. Moments and lengths are whole microseconds. Events are in order of `owner`, a
number that says whose they are, and of time; what is reckoned never reaches from one owner to the next.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class Spans(NamedTuple):
    """Stretches of time on task: where in the events each begins, from when to when."""

    first: NDArray[np.int64]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]


def session_starts(
    owner: NDArray[np.int32], at: NDArray[np.int64], lasted: NDArray[np.int64], gap: int, idle_after: int
) -> NDArray[np.bool_]:
    """Say of each event whether it begins a session of its owner."""
    busy = _busy_until(owner, at, lasted, idle_after)
    starts = np.ones(len(at), bool)
    starts[1:] = (at[1:] - busy[:-1] >= gap) | (owner[1:] != owner[:-1])
    return starts


def active_spans(
    owner: NDArray[np.int32], at: NDArray[np.int64], lasted: NDArray[np.int64], idle_after: int
) -> Spans:
    """Say when the owners were at work; spans of no length are among them."""
    if not len(at):
        nothing = np.empty(0, np.int64)
        return Spans(nothing, nothing, nothing)
    busy = _busy_until(owner, at, lasted, idle_after)
    begins = np.ones(len(at), bool)
    begins[1:] = (at[1:] - busy[:-1] > idle_after) | (owner[1:] != owner[:-1])
    first = np.flatnonzero(begins)
    last = np.append(first[1:], len(at)) - 1
    return Spans(first, at[first], busy[last])


def _busy_until(
    owner: NDArray[np.int32], at: NDArray[np.int64], lasted: NDArray[np.int64], idle_after: int
) -> NDArray[np.int64]:
    """Give the latest end of what an owner is credited with, up to and with each event."""
    ends = at + np.clip(lasted, 0, idle_after)
    overlaps = (ends[:-1] > ends[1:]) & (owner[1:] == owner[:-1])
    if not overlaps.any():
        return ends  # mostly nobody runs two things at once, and the last end is the latest
    return _latest(owner, ends, overlaps)


def _latest(
    owner: NDArray[np.int32], ends: NDArray[np.int64], overlaps: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Carry a later end on over the events that end before it: they are few, so one by one."""
    found = ends.copy()
    for place in (np.flatnonzero(overlaps) + 1).tolist():
        later, whose, at = found[place - 1], owner[place], place
        while at < len(found) and owner[at] == whose and found[at] < later:
            found[at] = later
            at += 1
    return found
