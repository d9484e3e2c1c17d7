"""What a server's start has to do with seats: wait for one, keep it while the server lives, give it back.

A mix-in of every tiered spawner. Where the file of backends names no pool it does nothing.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from traitlets import Float, Unicode, default

from maximalab_spawner.admission import Turned
from maximalab_spawner.refusals import NO_SEAT
from maximalab_spawner.seats import PoolsError, Seats, Waiting, pool_of, read_pools
from maximalab_spawner.tiered import TieredStart
from maximalab_spawner.tiers import Reason

if TYPE_CHECKING:
    from maximalab_spawner.admission import Admitted
    from maximalab_spawner.backends import Backend
    from maximalab_spawner.seats import Lease, Pool
    from maximalab_spawner.tiers import Entrance

#: Seconds between two questions for a seat, between two notes that a server lives, and until a silent one is looked at.
ASK_EVERY, RENEW_EVERY, SILENT = 1.0, 30.0, 90.0


class Seated(TieredStart):
    """Takes a seat where the image is of a pool."""

    seats_db = Unicode(
        config=True,
        help="""SQLite file of the seats, on the hub's own disk. Default: `seats.sqlite` beside the file of backends.

        Lost: seats of servers that run are given out a second time. Stop the licensed servers first.
        """,
    )
    seat_wait = Float(
        120.0,
        config=True,
        help="""Seconds for which a start waits for a seat; below `start_timeout`. Then the person reads so.""",
    )

    _open: ClassVar[dict[str, Seats]] = {}

    def __init__(self, **kwargs: object) -> None:
        super().__init__(**kwargs)
        self.waiting: Waiting | None = None
        """The place in the queue, while the start waits for a seat."""
        self._renewed = 0.0

    @default("seats_db")
    def _beside_the_backends(self) -> str:
        return str(Path(self.backends_file).with_name("seats.sqlite"))

    @property
    def holder(self) -> str:
        """Name this server in the list of leases."""
        return f"{self.name}/{self.user.name}"

    @property
    def alive(self) -> bool:
        """Whether this hub knows of a server here."""
        return False

    async def runs(self, lease: Lease) -> bool:
        """Say whether a server that this hub does not know may hold its seat for good reason."""
        return self.holder == lease.holder

    async def take_seat(self, admitted: Admitted, backend: Backend, entrance: Entrance) -> None:
        """Take a seat, where the image needs one. Raises `SpawnException` where there is none in time."""
        try:
            pool = pool_of(admitted.material.image, self._pools())
        except PoolsError as fault:
            self.log.error("The pools cannot be used: %s", fault)  # noqa: TRY400  # its text says it all
            raise self.turn_away(Turned(Reason.TIER_UNAVAILABLE, "PoolsError"), entrance) from fault
        if pool is None:
            return
        until = time.monotonic() + self.seat_wait
        try:
            while (waiting := self._seats().ask(pool, self.holder, backend.name)) is not None:
                self.waiting = waiting
                if time.monotonic() > until:
                    self._seats().refuse(pool, self.holder)
                    raise self.turn_away(
                        Turned(NO_SEAT, f"pool {pool.name}"), entrance, str(waiting.position)
                    )
                await self._look_after_the_silent(pool)
                await asyncio.sleep(ASK_EVERY)
        finally:
            self.waiting = None
            self._seats().leave(self.holder)

    def keep_seat(self) -> None:
        """Note that the server lives."""
        if time.monotonic() - self._renewed > RENEW_EVERY and self._has_pools():
            self._renewed = time.monotonic()
            self._seats().renew(self.holder)

    def give_seat_back(self) -> None:
        """Note that the server is known not to run."""
        if self._has_pools():
            self._seats().give_back(self.holder)

    async def _look_after_the_silent(self, pool: Pool) -> None:
        """Free the seats of servers that ended unseen: their hub was killed, or their engine was away."""
        for lease in self._seats().stale(pool, SILENT):
            if not self._knows(lease) and not await self.runs(lease) and not self._knows(lease):
                self.log.warning("The seat of %s is free: its server does not run", lease.holder)
                self._seats().give_back(lease.holder, unless_renewed_after=lease.renewed)

    def _knows(self, lease: Lease) -> bool:
        mine = (one for one in self._all if isinstance(one, Seated) and one.seats_db == self.seats_db)
        return any(one.alive and one.holder == lease.holder for one in mine)

    def _pools(self) -> tuple[Pool, ...]:
        return read_pools(Path(self.backends_file))

    def _has_pools(self) -> bool:
        try:
            return bool(self._pools())
        except PoolsError:
            return True  # nobody can say: so what is known of seats is written down

    def _seats(self) -> Seats:
        seats = self._open.get(self.seats_db)
        if seats is None:
            seats = self._open[self.seats_db] = Seats(Path(self.seats_db), lambda: datetime.now(UTC))
            seats.begin_anew()
        return seats
