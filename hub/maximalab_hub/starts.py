"""Which start of a server an event belongs to, from what the hub saw of that server."""

from __future__ import annotations

from bisect import bisect_right
from datetime import datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_hub.store.queries import ServerMoment

START_LASTS: Final = timedelta(minutes=5)
"""A server may speak this long before the hub notes that its start succeeded."""
STOP_LINGERS: Final = timedelta(seconds=10)
"""A server may speak this long after the hub notes its stop: the clocks of two machines differ a little."""


def start_of(moments: Sequence[ServerMoment], at: datetime) -> ServerMoment | None:
    """Give the start under which the server ran at `at`; None where the hub has not told of it (yet).

    `moments` is in order of time. That is the last start before `at`, unless a stop came between: then it is
    the
    one that follows at once, because a server speaks a little earlier than the hub notes its start.
    """
    if moments and moments[-1].running and moments[-1].moment <= at:
        return moments[-1]  # as mostly: it still runs
    place = bisect_right(moments, at, key=_moment)
    last = moments[place - 1] if place else None
    if last is not None and last.running:
        return last
    following = next((seen for seen in islice(moments, place, None) if seen.running), None)
    if following is not None and following.moment - at <= START_LASTS:
        return following
    if last is not None and at - last.moment <= STOP_LINGERS:
        return next((seen for seen in reversed(moments[:place]) if seen.running), None)
    return None


def _moment(seen: ServerMoment) -> datetime:
    return seen.moment
