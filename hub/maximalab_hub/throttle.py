"""Slows down who guesses passwords, without locking anybody out for long."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Pace:
    """How often one may try: `free` times at once, then after 1, 2, 4 … seconds, at most `longest`.

    One attempt is forgotten every `longest` seconds, so that slips do not pile up over a day.
    """

    free: int
    longest: float

    def delay_after(self, attempts: float) -> float:
        """Give the seconds until the next attempt, after so many."""
        return min(self.longest, 2.0 ** min(attempts - self.free, 30)) if attempts >= self.free else 0.0

    def remembered(self, attempts: float, rest: float) -> float:
        """Give how many of so many attempts still count after `rest` seconds without one."""
        return max(0.0, attempts - rest / self.longest)


FROM_ONE_PLACE: Final = Pace(free=5, longest=30.0)
"""One name from one address: a person who has forgotten the password, or one who guesses."""
FROM_EVERYWHERE: Final = Pace(free=20, longest=5.0)
"""One name from all addresses: bounds who guesses from many. It does not count where that name has signed in before."""
OF_ONE_PLACE: Final = Pace(free=300, longest=2.0)
"""All names from one address: bounds who tries one password on many names. A lecture hall behind one address signs
in at once; nor does this count where that name has signed in before."""


@dataclass(slots=True)
class _Track:
    attempts: float = 0.0
    next_at: float = 0.0
    last: float = 0.0


class Throttle:
    """Counts attempts to sign in, by name, by address and by both, *before* the password is looked at.

    Counted so, a hundred attempts at once are not all looked at; the right password takes back what was
    counted. An attempt that comes too early is not counted, so that it makes nobody wait longer. An entry is
    forgotten `forget` seconds after its last attempt; at most `keep` are remembered, the newest. `clock`
    counts seconds and never goes back.

    Who guesses from many addresses takes every turn that a name has, and who guesses many names every turn that an
    address has. So that the person is not kept out, a name and an address that have signed in together answer for
    their own attempts alone; a new pair has to wait its turn.
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
            track.attempts = pace.remembered(track.attempts, now - track.last) + 1
            track.last, track.next_at = now, now + pace.delay_after(track.attempts)
            self._tracks.move_to_end(key)
        return 0.0

    def take_back(self, name: str, address: str) -> None:
        """Forget what was counted for this name from this address: the password was right."""
        paces = self._paces(name, address)
        pair = self._tracks.pop(_both(name, address), _Track())
        for key, pace in paces.items():
            track = self._tracks.get(key)
            if track is not None:
                track.attempts = max(0.0, track.attempts - pair.attempts)
                if track.attempts < pace.free:
                    track.next_at = 0.0
        self._known[name, address] = None
        self._known.move_to_end((name, address))
        if len(self._known) > self._keep:
            self._known.popitem(last=False)

    def _paces(self, name: str, address: str) -> Mapping[tuple[str, ...], Pace]:
        alone: dict[tuple[str, ...], Pace] = {_both(name, address): FROM_ONE_PLACE}
        if (name, address) in self._known:
            return alone
        return {("name", name): FROM_EVERYWHERE, ("address", address): OF_ONE_PLACE} | alone

    def _tidy(self, now: float) -> None:
        while self._tracks:
            oldest = next(iter(self._tracks.values()))
            if oldest.last + self._forget > now and len(self._tracks) <= self._keep:
                return
            self._tracks.popitem(last=False)


def _both(name: str, address: str) -> tuple[str, ...]:
    return ("both", name, address)


def address_of(headers: Mapping[str, str]) -> str:
    """Say from where a request came to our proxy: the last of `X-Forwarded-For`, which the proxy appended.

    What stands before it, and `X-Real-IP`, is the client's own word. Empty where no proxy was in between. Of an
    IPv6 address its network of 64 bits: whoever has one of its addresses has all of them.
    """
    said = headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()[:64]
    try:
        address = ip_address(said)
    except ValueError:
        return said
    if not isinstance(address, IPv6Address):
        return said
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return f"{IPv6Address(int(address) >> 64 << 64)}/64"
