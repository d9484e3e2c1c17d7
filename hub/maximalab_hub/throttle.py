"""Slows down who guesses passwords, without locking anybody out for long."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one may try: `free` times at once, then after 1, 2, 4 … seconds, at most `longest`."""

    free: int
    longest: float

    def delay_after(self, attempts: int) -> float:
        """Give the seconds until the next attempt, after so many."""
        return min(self.longest, 2.0 ** min(attempts - self.free, 30)) if attempts >= self.free else 0.0


FROM_ONE_PLACE: Final = Pace(free=5, longest=30.0)
"""One name from one address: a person who has forgotten the password, or one who guesses."""
FROM_EVERYWHERE: Final = Pace(free=20, longest=5.0)
"""One name from all addresses: bounds who guesses from many. It does not count where that name has signed in before."""


@dataclass(slots=True)
class _Track:
    attempts: int = 0
    next_at: float = 0.0
    last: float = 0.0


class Throttle:
    """Counts attempts to sign in, by name and by name and address, *before* the password is looked at.

    Counted so, a hundred attempts at once are not all looked at; the right password takes back what was
    counted. An attempt that comes too early is not counted, so that it makes nobody wait longer. An entry is
    forgotten `forget` seconds after its last attempt; at most `keep` are remembered, the newest. `clock`
    counts seconds and never goes back.

    Who guesses from many addresses takes every turn that a name has. So that the person is not kept out, an
    address from which that name has signed in answers for its own attempts alone; a new one has to wait its turn.
    """

    def __init__(
        self,
        *,
        forget: float = 900.0,
        keep: int = 50_000,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._forget, self._keep, self._clock = forget, keep, clock
        self._tracks: OrderedDict[tuple[str, ...], _Track] = OrderedDict()
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()

    def begin(self, name: str, address: str) -> float:
        """Count an attempt and give 0.0; or give the seconds to wait, and count nothing."""
        now = self._clock()
        self._tidy(now)
        paces = self._paces(name, address)
        wait = max(self._tracks.get(key, _Track()).next_at for key in paces) - now
        if wait > 0:
            return wait
        for key, pace in paces.items():
            track = self._tracks.setdefault(key, _Track())
            track.attempts, track.last = track.attempts + 1, now
            track.next_at = now + pace.delay_after(track.attempts)
            self._tracks.move_to_end(key)
        return 0.0

    def take_back(self, name: str, address: str) -> None:
        """Forget what was counted for this name from this address: the password was right."""
        pair, everywhere = self._tracks.pop((name, address), None), self._tracks.get((name,))
        if pair is not None and everywhere is not None and (name, address) not in self._known:
            everywhere.attempts = max(0, everywhere.attempts - pair.attempts)
            if everywhere.attempts < FROM_EVERYWHERE.free:
                everywhere.next_at = 0.0
        self._known[name, address] = None
        self._known.move_to_end((name, address))
        if len(self._known) > self._keep:
            self._known.popitem(last=False)

    def _paces(self, name: str, address: str) -> Mapping[tuple[str, ...], Pace]:
        alone: dict[tuple[str, ...], Pace] = {(name, address): FROM_ONE_PLACE}
        return alone if (name, address) in self._known else {(name,): FROM_EVERYWHERE} | alone

    def _tidy(self, now: float) -> None:
        while self._tracks:
            oldest = next(iter(self._tracks.values()))
            if oldest.last + self._forget > now and len(self._tracks) <= self._keep:
                return
            self._tracks.popitem(last=False)


def address_of(headers: Mapping[str, str]) -> str:
    """Say from where a request came to our proxy: the last of `X-Forwarded-For`, which the proxy appended.

    What stands before it, and `X-Real-IP`, is the client's own word. Empty where no proxy was in between.
    """
    return headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()[:64]
