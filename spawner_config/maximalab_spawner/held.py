# ruff: noqa: ANN401  # JupyterHub's own objects have no types
"""What is known of a server at an engine, held through outages: looking, stopping, and what the name is.

A server is found by its name, and known as ours by the mark that it carries: nothing of it is kept on the hub
but that mark and the backend's name. While an engine does not answer, what was known before holds.
"""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from traitlets import Float, Unicode

from maximalab_spawner import messages
from maximalab_spawner.backends import BackendsError, read_backends
from maximalab_spawner.core import TieredServer
from maximalab_spawner.engine import EngineError, Engines
from maximalab_spawner.life import LOST
from maximalab_spawner.messages import SILENT
from maximalab_spawner.process import listens
from maximalab_spawner.silence import Silence

if TYPE_CHECKING:
    from maximalab_spawner.life import Life
    from maximalab_spawner.seats import Lease
    from maximalab_spawner.seen import Seen, Servers
    from maximalab_spawner.site import Site

#: Why the last server of a person and a name ended by itself, for the page that says so; a new hub knows nothing of it.
ENDS: dict[tuple[str, str], str | None] = {}
#: Seconds between two questions whether an engine answers again.
ASK_EVERY = 2.0


async def takes_connections(seen: Seen) -> bool:
    """Say whether a server listens where it was seen."""
    return bool(seen.host and seen.port) and await listens(seen.host, seen.port)


class HeldServer(TieredServer):
    """Looks at one server, and stops it. What it is made of is said by `servers`.

    A mix-in before JupyterHub's `Spawner`.
    """

    # What JupyterHub's `Spawner` has.
    _check_pending: bool
    http_timeout: float

    lab_name = Unicode(
        "maximalab",
        config=True,
        help="""First word of the names of servers and volumes. Two labs that share an engine need two.

        Changed later: servers and homes of the old name are not found any more.
        """,
    )
    outage_grace = Float(
        900.0,
        config=True,
        help="""Seconds for which a server counts as running while its engine does not answer.

        0: it is given up at once, and with it all servers of an engine whose VPN pauses. What is given up runs
        on where it is, and is taken up again at its person's next start.
        """,
    )

    engines: ClassVar[Engines] = Engines()

    if TYPE_CHECKING:  # what each kind says for itself

        def name_of(self, server: str, person: str) -> str:
            """Give the one name that a person's server has at whichever engine."""

        def servers(self, site: Site) -> Servers:
            """Give the servers at an engine."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seen: Seen | None = None
        self._silence = Silence(time.monotonic)
        self._launching = asyncio.Lock()
        """Held while a start is at the engine, also one that was given up: what it asked for may still come."""

    def site_named(self, name: str) -> Site | None:
        """Give a backend's engine; None where the file of backends does not say."""
        try:
            backends = read_backends(Path(self.backends_file))
        except BackendsError as fault:
            self.log.error("The backends cannot be used: %s", fault)  # noqa: TRY400  # its text says it all
            return None
        return next((one.site for one in backends if one.name == name), None)

    def _own_site(self) -> Site:
        site = self.site_named(self.backend)
        if site is None:
            raise EngineError(f"{self.backend}: the file of backends does not say where it is")
        return site

    @property
    def ended_html(self) -> str:
        """Say in both languages why the last server ended by itself; empty where nothing is known of it."""
        text = messages.ENDED.get(ENDS.get((self.user.name, self.name)) or "")
        return messages.both_html(text) if text is not None else ""

    @property
    def own_name(self) -> str:
        """The name that this server has at its engine."""
        return self.name_of(self.name, self.user.name)

    async def poll(self) -> int | None:
        """Say None while the server runs or may run, else its exit status (0 where nobody knows it).

        A hub that has just started waits here until the engine answers, for as long as `outage_grace`: JupyterHub
        would drop a server of which it hears that it runs and which does not answer. Where the engine says for
        `http_timeout` that the server runs, and nobody listens there, JupyterHub shall drop it.
        """
        if self._launching.locked():
            return None  # so JupyterHub, which has given the start up, stops what comes of it
        life = self._keeper.life
        if life is None:
            return 0
        status = life.status if life.ended is not None else await self._status(life)
        deaf = self.http_timeout
        while self._check_pending and status is None and not await self._listens():
            deaf -= ASK_EVERY if self._silence.is_broken else 0
            if deaf <= 0:
                self.log.error("%s runs at %s and nobody listens there", self._log_name, self.backend)
                break
            await asyncio.sleep(ASK_EVERY)
            status = await self._status(life)
        if status is None:
            self.keep_seat()
            if self._keeper.life is life and life.launched:
                self._keeper.catch_up()
            if self._silence.is_broken:  # an engine that does not answer is not asked twice
                await self.meter()
        elif self._keeper.life is not None and self._keeper.life.mark == life.mark:
            if status != LOST and (life.launched or self._seen is not None):
                self.give_seat_back()  # else what a killed hub has asked for may still come: who wants the seat looks
            why = self._seen.why if self._seen is not None and status != LOST else None
            ENDS[self.user.name, self.name] = SILENT if status == LOST else why
            self.ended(status, why or "")
        return status

    async def _status(self, life: Life) -> int | None:
        """Look at the server; None where it runs, or where nothing is known for less than `outage_grace`."""
        try:
            servers = self.servers(self._own_site())
            seen = await servers.find(self.own_name)
            if seen is not None and seen.mark == life.mark and not (seen.running or life.launched):
                await servers.remove(seen.id)  # its hub died while it started: so it does not start later
        except EngineError as error:
            return self._nothing_heard(error)
        self._silence.heard()
        if seen is None or seen.mark != life.mark:
            self._seen = None
            return 0
        self._seen = seen
        if seen.running and not life.launched:
            self._keeper.launched()  # its hub died between the start and the note of it
        if seen.running:
            return None
        if seen.why or seen.words:
            what = f"{seen.why or 'no reason known'} {seen.words}"
            self.log.warning("%s has ended at %s: %s", self._log_name, self.backend, what)
        return seen.status

    def _nothing_heard(self, error: EngineError) -> int | None:
        if self._silence.begins():
            self.log.warning("Nothing is heard of %s, which counts as running: %s", self._log_name, error)
        if not self._silence.lasts(self.outage_grace):
            return None
        self.log.error("%s is given up: nothing is heard of it any more: %s", self._log_name, error)
        return LOST

    async def stop(self, now: bool = False) -> None:  # noqa: FBT001, FBT002  # JupyterHub's signature
        """Stop the server and remove what it was: SIGTERM, time to save and to tell, then SIGKILL."""
        async with self._launching:
            life = self._keeper.life
        if life is None:
            return
        self._keeper.stopping()
        ENDS.pop((self.user.name, self.name), None)
        servers = self.servers(self._own_site())
        there = await servers.find(self.own_name)
        status = 0
        if there is not None and there.mark == life.mark:
            ended = await servers.end(there.id, 0 if now else self.stop_grace)
            status = ended.status if ended is not None else 0
            await servers.remove(there.id)
        self.give_seat_back()
        self.ended(status)

    async def _listens(self) -> bool:
        return self._seen is not None and await takes_connections(self._seen)

    async def runs(self, lease: Lease) -> bool:
        """Look for a server that this hub knows nothing of, and end it where it runs: its seat is wanted."""
        if self.holder == lease.holder:
            return True
        server, _, person = lease.holder.partition("/")
        site = self.site_named(lease.backend)
        if site is None:
            return True
        try:
            servers = self.servers(site)
            there = await servers.find(self.name_of(server, person))
            if self._knows(lease):  # its person has started it meanwhile
                return True
            if there is not None and there.running:
                await servers.end(there.id, self.stop_grace)
                await servers.remove(there.id)
        except EngineError as error:
            self.log.warning("Nobody knows whether %s runs: %s", lease.holder, error)
            return True
        return False

    def forget(self) -> None:
        """Know of no server."""
        super().forget()
        self._seen = None
        self._silence = Silence(time.monotonic)
