"""How a server at an engine starts, whatever it is made of: taken up where it runs, else begun anew."""

from __future__ import annotations

import asyncio
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING

from jupyterhub.spawner import Spawner
from traitlets import default

from maximalab_spawner.admission import Turned
from maximalab_spawner.engine import EngineError, EngineUnreachable
from maximalab_spawner.hardening import ENVIRONMENT, HOME, MATERIALS, PORT, SPOOL, Volumes, materials_volume
from maximalab_spawner.held import HeldServer, takes_connections
from maximalab_spawner.refusal import refusal
from maximalab_spawner.refusals import ENDED_EARLY, IMAGE_MISSING, NOT_IN_TIME
from maximalab_spawner.seen import MARKED, SERVER, TOKEN, USER, ImageMissing, NotInTime, Unfit
from maximalab_spawner.serverenv import HANDED, Place, arguments, safe_name
from maximalab_spawner.tiers import Reason

if TYPE_CHECKING:
    from maximalab_spawner.admission import Admitted
    from maximalab_spawner.backends import Backend
    from maximalab_spawner.seen import Seen, Servers
    from maximalab_spawner.site import Site
    from maximalab_spawner.tiers import Entrance

#: Seconds between two looks whether a starting server listens yet.
LOOK_EVERY = 0.2
#: Seconds in which a server that runs must listen to be taken up.
TAKEN_UP_WITHIN = 20.0


class ServerAtEngine(HeldServer, Spawner):  # type: ignore[misc]  # JupyterHub has no annotations
    """Starts a server at an engine of the tier that the catalogue says. Each kind says what a server is made of."""

    if TYPE_CHECKING:  # what each kind says for itself

        async def image_at(self, site: Site, word: str) -> str:
            """Say how a server of this image is known. Raises `ImageMissing`."""

        async def launch(self, admitted: Admitted, backend: Backend, site: Site) -> Seen:
            """Begin a life and start the server."""

    @default("cmd")
    def _of_the_image(self) -> list[str]:
        return ["jupyterhub-singleuser"]

    @default("ip")
    def _all_of_the_container(self) -> str:
        return "0.0.0.0"  # noqa: S104  # of the container, whose network lets only the hub in

    @default("port")
    def _port(self) -> int:
        return PORT

    @default("env_keep")
    def _nothing_of_the_hub(self) -> list[str]:
        return []

    async def is_well(self, backend: Backend) -> bool:
        """Say whether an engine answers."""
        return await self.engines.of(site_of(backend).engine).answers()

    def volumes(self, backend: Backend) -> Volumes:
        """Name what the server sees of disks at a backend."""
        person = safe_name(self.user.name)
        return Volumes(
            home=f"{self.lab_name}.home.{backend.tier}.{person}",
            spool=f"{self.lab_name}.spool.{self.name}.{person}",
            materials=materials_volume(self.lab_name, backend.materials or Path())[0],
        )

    def labels(self) -> dict[str, str]:
        """Say whose server it is, in what it carries at the engine."""
        return {USER: self.user.name, SERVER: self.name}

    async def start(self) -> tuple[str, int]:
        """Decide again and start, or take up what runs already. Raises `SpawnException` where it may not be."""
        self.begin_start()
        admitted, backend, entrance = await self.settle()
        self.remember(admitted, backend, entrance)
        await self.take_seat_or_forget(admitted, backend, entrance)
        try:
            async with self._launching:
                self._seen = await self._take_up_or_launch(admitted, backend)
        except Exception as error:
            if not isinstance(error, EngineUnreachable) and await self._nothing_runs(backend):
                self.give_seat_back()  # else it may run all the same
            self._keeper.failed()
            self.forget()
            raise self._kept_from_starting(error, admitted, backend, entrance) from error
        self._launched.set()
        await self._until_it_listens()
        self._listening.set()
        return self._seen.host, self._seen.port

    async def _nothing_runs(self, backend: Backend) -> bool:
        """Say whether nothing of this name is known to run; what this very start has made is removed first."""
        life, servers = self._keeper.life, self.servers(site_of(backend))
        try:
            there = await servers.find(self.own_name)
            if there is not None and life is not None and there.mark == life.mark:
                await servers.remove(there.id)
                return True
        except EngineError as error:
            self.log.warning("Nobody knows whether %s runs: %s", self._log_name, error)
            return False
        return there is None or not there.running

    def why_not(self, error: Exception, admitted: Admitted) -> Turned:
        """Say what a person reads of an error that kept a server from starting."""
        if isinstance(error, ImageMissing):
            return Turned(IMAGE_MISSING, f"image {admitted.material.image}")
        if isinstance(error, NotInTime):
            return Turned(NOT_IN_TIME, str(error))
        return Turned(Reason.TIER_UNAVAILABLE, type(error).__name__)

    def _kept_from_starting(
        self, error: Exception, admitted: Admitted, backend: Backend, entrance: Entrance
    ) -> Exception:
        known = isinstance(error, EngineError | Unfit | ImageMissing)
        self.log.error(
            "%s does not start at %s: %s: %s",
            self._log_name,
            backend.name,
            type(error).__name__,
            error,
            exc_info=not known,
        )
        return self.turn_away(self.why_not(error, admitted), entrance, admitted.material.image)

    async def _take_up_or_launch(self, admitted: Admitted, backend: Backend) -> Seen:
        site = site_of(backend)
        servers = self.servers(site)
        image = await self.image_at(site, admitted.material.image)
        there = await servers.find(self.own_name)
        if there is not None and there.may_be_taken_up(self.labels(), image):
            if await self._listens_yet(servers, there):
                return self.take_up(there)
            self.log.error("%s runs at %s and does not answer: started anew", self._log_name, self.backend)
        if there is not None:
            await servers.remove(there.id)
        return await self.launch(admitted, backend, site)

    async def _listens_yet(self, servers: Servers, there: Seen) -> bool:
        """Wait a while for a server that runs: its hub may have died while it started."""
        deadline = time.monotonic() + TAKEN_UP_WITHIN
        seen: Seen | None = there
        while seen is not None and seen.running and seen.mark == there.mark:
            if await takes_connections(seen):
                return True
            if time.monotonic() >= deadline:
                break
            await asyncio.sleep(LOOK_EVERY)
            seen = await servers.find(self.own_name)
        return False

    def take_up(self, there: Seen) -> Seen:
        """Go on with a server that runs and of which this hub knew nothing."""
        self.log.warning("%s still runs at %s and is taken up", self._log_name, self.backend)
        self.api_token = there.environment[TOKEN]
        self.handed = tuple(there.environment.get(HANDED, "").split())
        self._keeper.begin(there.mark)
        self._keeper.launched()
        return there

    def begin(self, admitted: Admitted, site: Site) -> tuple[dict[str, str], dict[str, str]]:
        """Begin a life: give the environment and the labels that a new server of it has."""
        mark = secrets.token_hex(16)
        self.log.info("Starting %s at %s for %s", self._log_name, self.backend, admitted.material.id)
        self.hub_connect_url = site.hub_url
        place = Place(
            tier=admitted.tier,
            home=Path(HOME),
            materials=Path(MATERIALS),
            spool=Path(SPOOL),
            usage_url=site.usage_url,
            language=self.reader_language(),
            mark=mark,
            handed=admitted.handed,
        )
        environment = {**self.get_env(), **place.environment(), **ENVIRONMENT}
        self._keeper.begin(mark)
        return environment, {**self.labels(), MARKED: mark}

    def get_args(self) -> list[str]:
        """Give the server's arguments: ours, then those of the configuration."""
        return [*arguments(self.allowed_kernelspecs, as_root=False), *super().get_args()]

    async def get_url(self) -> str:
        """Give the server's own address, once it was looked at."""
        if self._seen is None or self.server is None or not self._seen.host:
            return str(await super().get_url())
        return f"http://{self._seen.host}:{self._seen.port}{self.server.base_url}"

    async def _until_it_listens(self) -> None:
        """Wait until the server takes connections, for as long as a start may take."""
        while not await self._listens():
            status = await self.poll()
            if status is not None:
                self.log.error("%s ended while starting, status %s", self._log_name, status)
                raise refusal(Turned(ENDED_EARLY, f"status {status}"))
            self.must_be_in_time()
            await asyncio.sleep(LOOK_EVERY)


def site_of(backend: Backend) -> Site:
    """Give a backend's engine. Raises `ValueError` where its servers are processes."""
    if backend.site is None:
        raise ValueError(f"the backend {backend.name} has no engine")
    return backend.site
