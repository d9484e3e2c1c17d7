"""Local time of millions of moments: a zone's days and hours, by the few moments at which its clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

_MICRO: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MINUTE: Final = 60_000_000
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR


class Clocks(NamedTuple):
    """A zone's clocks over some time: from which moments on which offset from UTC holds, in microseconds."""

    moments: NDArray[np.int64]
    offsets: NDArray[np.int64]


def clocks_of(at: NDArray[np.int64], zone: ZoneInfo) -> Clocks:
    """Give a zone's clocks for these moments, microseconds since 1970 in UTC, and all between them."""
    return _changes(int(at.min()), int(at.max()), zone) if len(at) else _changes(0, 0, zone)


def local_micros(at: NDArray[np.int64], clocks: Clocks) -> NDArray[np.int64]:
    """Give what the clocks show, as microseconds since they showed 1970; `at` are microseconds since 1970 in UTC."""
    if len(clocks.moments) == 1:
        return np.asarray(at + clocks.offsets[0])
    return np.asarray(at + clocks.offsets[np.searchsorted(clocks.moments, at, side="right") - 1])


def local_days(at: NDArray[np.int64], clocks: Clocks) -> NDArray[np.int64]:
    """Give each moment's date as days since 1970."""
    return np.asarray(local_micros(at, clocks) // _DAY)


def local_hours(at: NDArray[np.int64], zone: ZoneInfo) -> NDArray[np.int64]:
    """Give each moment's hour of the week: 0 is Monday from midnight on, 167 the last of Sunday."""
    hours = local_micros(at, clocks_of(at, zone)) // _HOUR
    return np.asarray((hours + 3 * 24) % (7 * 24))  # 1970 began on a Thursday


def _changes(first: int, last: int, zone: ZoneInfo) -> Clocks:
    """Say from which moments on which offset holds, for all between two moments; clocks change at whole minutes."""
    moments, offsets = [first], [_offset(first, zone)]
    day = first - first % _MINUTE
    while day < last:
        following = day + _DAY
        if _offset(following, zone) != offsets[-1]:
            low, high = day, following
            while high - low > _MINUTE:
                middle = low + (high - low) // 2 // _MINUTE * _MINUTE
                low, high = (low, middle) if _offset(middle, zone) != offsets[-1] else (middle, high)
            moments.append(high)
            offsets.append(_offset(high, zone))
        day = following
    return Clocks(np.array(moments), np.array(offsets))


def _offset(at: int, zone: ZoneInfo) -> int:
    offset = (_EPOCH + at * _MICRO).astimezone(zone).utcoffset()
    return 0 if offset is None else offset // _MICRO
