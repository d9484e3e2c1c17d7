"""How much, how often and how long: a token bucket for each sender, and patience with the hub's own events.

Both keep their state in memory and bounded: a restart of the service forgives everybody, and that is
harmless.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_KEYS: Final = 20_000
"""How many senders are remembered; the one unseen for longest is forgotten first."""


@dataclass(frozen=True, slots=True)
class Rate:
    """How much a sender may send: `burst` at once, `per_second` in the long run."""

    per_second: float
    burst: float


@dataclass(frozen=True, slots=True)
class Bucket:
    """What a sender has left, and as of when (seconds of a monotonic clock)."""

    left: float
    as_of: float


def draw(bucket: Bucket, rate: Rate, cost: float, now: float) -> tuple[Bucket, float]:
    """Take `cost` from a bucket; say what is left, and how many seconds to wait (0: granted).

    Nothing is taken where there is not enough. A cost above `burst` counts as `burst`: it must be possible.
    """
    left = min(rate.burst, bucket.left + max(0.0, now - bucket.as_of) * rate.per_second)
    due = min(cost, rate.burst)
    if due <= left:
        return Bucket(left - due, now), 0.0
    return Bucket(left, now), (due - left) / rate.per_second


class RateLimit:
    """One bucket for each sender; `clock` is monotonic, in seconds."""

    def __init__(self, rate: Rate, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def wait_of(self, key: str, cost: float) -> float:
        """Take `cost` for `key`, or say how many seconds it has to wait."""
        now = self._clock()
        bucket = self._buckets.pop(key, Bucket(self._rate.burst, now))
        self._buckets[key], wait = draw(bucket, self._rate, cost, now)
        if len(self._buckets) > MOST_KEYS:
            self._buckets.popitem(last=False)
        return wait


class Patience:
    """For how long something is waited for, counted from the first time that it was missed."""

    def __init__(self, seconds: float, clock: Callable[[], float]) -> None:
        self._seconds = seconds
        self._clock = clock
        self._since: OrderedDict[str, float] = OrderedDict()

    def lasts(self, key: str) -> bool:
        """Say whether to go on waiting for `key`; the first time begins the wait."""
        now = self._clock()
        since = self._since.setdefault(key, now)
        if len(self._since) > MOST_KEYS:
            self._since.popitem(last=False)
        return now - since < self._seconds

    def end(self, key: str) -> None:
        """Forget the wait for `key`: it came."""
        self._since.pop(key, None)
