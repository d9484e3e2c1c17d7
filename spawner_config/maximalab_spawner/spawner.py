# ruff: noqa: ANN401  # JupyterHub's own objects have no types
"""Students' servers as containers at Docker engines.

A container is found by its name, and known as ours by the mark that it carries: nothing of it is kept on the hub
but that mark and the backend's name. While an engine does not answer, what was known before holds.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from jupyterhub.spawner import Spawner
from traitlets import Float, Unicode, default

from maximalab_spawner.admission import Turned
from maximalab_spawner.backends import BackendsError, read_backends
from maximalab_spawner.containers import MARKED, SERVER, TOKEN, USER, Containers, ImageMissing, Unfit
from maximalab_spawner.core import TieredServer
from maximalab_spawner.engine import EngineError, Engines, EngineUnreachable
from maximalab_spawner.hardening import (
    ENVIRONMENT,
    HOME,
    MATERIALS,
    PORT,
    SPOOL,
    Volumes,
    container_config,
    host_config,
    materials_volume,
)
from maximalab_spawner.homes import Look
from maximalab_spawner.life import LOST
from maximalab_spawner.process import listens
from maximalab_spawner.refusal import refusal
from maximalab_spawner.refusals import ENDED_EARLY, IMAGE_MISSING
from maximalab_spawner.serverenv import HANDED, Place, arguments, safe_name
from maximalab_spawner.tiers import Reason

if TYPE_CHECKING:
    from maximalab_spawner.admission import Admitted
    from maximalab_spawner.backends import Backend
    from maximalab_spawner.containers import Seen
    from maximalab_spawner.life import Life
    from maximalab_spawner.seats import Lease
    from maximalab_spawner.site import Site
    from maximalab_spawner.tiers import Entrance

#: Seconds between two looks whether a starting server listens yet, and whether an engine answers again.
LOOK_EVERY, ASK_EVERY = 0.2, 2.0


class TieredDockerSpawner(TieredServer, Spawner):  # type: ignore[misc]  # JupyterHub has no annotations
    """Starts a server in a container of its own, at an engine of the tier that the catalogue says."""

    lab_name = Unicode(
        "maximalab",
        config=True,
        help="""First word of the names of containers and volumes. Two labs that share an engine need two.

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

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._seen: Seen | None = None
        self._silent_since: float | None = None

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

    # Names

    @property
    def container_name(self) -> str:
        """The one name that this server's container has at whichever engine."""
        return self._container_of(self.name, self.user.name)

    def _container_of(self, server: str, person: str) -> str:
        return f"{self.lab_name}.{server}.{safe_name(person)}"

    def volumes(self, backend: Backend) -> Volumes:
        """Name what the server sees of disks at a backend."""
        person = safe_name(self.user.name)
        return Volumes(
            home=f"{self.lab_name}.home.{backend.tier}.{person}",
            spool=f"{self.lab_name}.spool.{self.name}.{person}",
            materials=materials_volume(self.lab_name, backend.materials or Path())[0],
        )

    def _labels(self) -> dict[str, str]:
        return {USER: self.user.name, SERVER: self.name}

    # Where

    def _containers(self, site: Site) -> Containers:
        return Containers(self.engines.of(site.engine), self.lab_name, site.net)

    def _site(self, name: str | None = None) -> Site | None:
        """Give a backend's engine, by default the server's own; None where the file of backends does not say."""
        try:
            backends = read_backends(Path(self.backends_file))
        except BackendsError as fault:
            self.log.error("The backends cannot be used: %s", fault)  # noqa: TRY400  # its text says it all
            return None
        return next((one.site for one in backends if one.name == (name or self.backend)), None)

    async def look_for_home(self, backend: Backend) -> Look:
        """Look whether the person's volume is at an engine."""
        try:
            return await self._containers(_site_of(backend)).has_volume(self.volumes(backend).home)
        except EngineError as error:
            self.log.warning("No look for the home of %s: %s", self.user.name, error)
            return Look.UNKNOWN

    async def is_well(self, backend: Backend) -> bool:
        """Say whether an engine answers."""
        return await self.engines.of(_site_of(backend).engine).answers()

    # Starting

    async def start(self) -> tuple[str, int]:
        """Decide again and start, or take up what runs already. Raises `SpawnException` where it may not be."""
        self._launched.clear()
        self._listening.clear()
        admitted, backend, entrance = await self.settle()
        self.remember(admitted, backend, entrance)
        await self.take_seat_or_forget(admitted, backend, entrance)
        try:
            self._seen = await self._take_up_or_launch(admitted, backend)
        except Exception as error:
            self._keeper.failed()
            if not isinstance(error, EngineUnreachable):  # else it may run all the same
                self.give_seat_back()
            self.forget()
            raise self._kept_from_starting(error, admitted, backend, entrance) from error
        self._launched.set()
        await self._until_it_listens()
        self._listening.set()
        return self._seen.host, self._seen.port

    def _kept_from_starting(
        self, error: Exception, admitted: Admitted, backend: Backend, entrance: Entrance
    ) -> Exception:
        """Log and tell why nothing runs, and make what the person reads of it."""
        if isinstance(error, ImageMissing):
            self.log.error("%s has no image %s", backend.name, error)
            image = admitted.material.image
            return self.turn_away(Turned(IMAGE_MISSING, f"image {image}"), entrance, image)
        known = isinstance(error, EngineError | Unfit)
        self.log.error("%s does not start at %s: %s", self._log_name, backend.name, error, exc_info=not known)
        return self.turn_away(Turned(Reason.TIER_UNAVAILABLE, type(error).__name__), entrance)

    async def _take_up_or_launch(self, admitted: Admitted, backend: Backend) -> Seen:
        site = _site_of(backend)
        containers = self._containers(site)
        image = await containers.image(site.images.get(admitted.material.image, admitted.material.image))
        there = await containers.find(self.container_name)
        if there is not None and there.may_be_taken_up(self._labels(), image):
            self.log.warning("%s still runs at %s and is taken up", self._log_name, backend.name)
            self.api_token = there.environment[TOKEN]
            self.handed = tuple(there.environment.get(HANDED, "").split())
            self._keeper.begin(there.mark)
            self._keeper.launched()
            return there
        if there is not None:
            await containers.remove(there.id)
        return await self._launch(admitted, backend, site, containers)

    async def _launch(self, admitted: Admitted, backend: Backend, site: Site, containers: Containers) -> Seen:
        volumes, mark = self.volumes(backend), secrets.token_hex(16)
        await containers.prepare(volumes, backend.materials or Path(), site.limits.home_mb)
        self.keep_home(backend)
        self.log.info("Starting %s at %s for %s", self._log_name, backend.name, admitted.material.id)
        self.hub_connect_url = site.hub_url
        config = container_config(
            site.images[admitted.material.image],
            [*self.cmd, *self.get_args()],
            {**self.get_env(), **self._place_of(admitted, site, mark).environment(), **ENVIRONMENT},
            {**self._labels(), MARKED: mark},
            host_config(site.limits, site.net, volumes),
        )
        self._keeper.begin(mark)
        found = await containers.run(self.container_name, config)
        self._keeper.launched()
        return found

    def _place_of(self, admitted: Admitted, site: Site, mark: str) -> Place:
        return Place(
            tier=admitted.tier,
            home=Path(HOME),
            materials=Path(MATERIALS),
            spool=Path(SPOOL),
            usage_url=site.usage_url,
            language=self.reader_language(),
            mark=mark,
            handed=admitted.handed,
        )

    def get_args(self) -> list[str]:
        """Give the server's arguments: ours, then those of the configuration."""
        return [*arguments(self.allowed_kernelspecs, as_root=False), *super().get_args()]

    async def get_url(self) -> str:
        """Give the container's own address, once it was looked at."""
        if self._seen is None or self.server is None or not self._seen.host:
            return str(await super().get_url())
        return f"http://{self._seen.host}:{self._seen.port}{self.server.base_url}"

    async def _until_it_listens(self) -> None:
        """Wait until the server takes connections; JupyterHub bounds the wait by `start_timeout`."""
        while not await self._listens():
            status = await self.poll()
            if status is not None:
                self.log.error("%s ended while starting, status %s", self._log_name, status)
                raise refusal(Turned(ENDED_EARLY, f"status {status}"))
            await asyncio.sleep(LOOK_EVERY)

    async def _listens(self) -> bool:
        return self._seen is not None and await listens(self._seen.host, self._seen.port)

    async def runs(self, lease: Lease) -> bool:
        """Look for a container that this hub knows nothing of, and end it where it runs: its seat is wanted."""
        if self.holder == lease.holder:
            return True
        server, _, person = lease.holder.partition("/")
        try:
            site = self._site(lease.backend)
            if site is None:
                return True
            containers = self._containers(site)
            there = await containers.find(self._container_of(server, person))
            if there is not None and there.running:
                await containers.end(there.id, self.stop_grace)
                await containers.remove(there.id)
        except EngineError as error:
            self.log.warning("Nobody knows whether %s runs: %s", lease.holder, error)
            return True
        return False

    # Looking and stopping

    async def poll(self) -> int | None:
        """Say None while the server runs or may run, else its exit status (0 where nobody knows it).

        A hub that has just started waits here until the engine answers, for as long as `outage_grace`: JupyterHub
        would drop a server of which it hears that it runs and which does not answer.
        """
        life = self._keeper.life
        if life is None:
            return 0
        status = life.status if life.ended is not None else await self._status(life)
        while self._check_pending and status is None and not await self._listens():
            await asyncio.sleep(ASK_EVERY)
            status = await self._status(life)
        if status is None:
            self.keep_seat()
            if self._keeper.life is life and life.launched:
                self._keeper.catch_up()
        elif self._keeper.life is not None and self._keeper.life.mark == life.mark:
            if status != LOST:
                self.give_seat_back()
            self.ended(status)
        return status

    async def _status(self, life: Life) -> int | None:
        """Look at the container; None where it runs, or where nothing is known for less than `outage_grace`."""
        try:
            seen = await self._look()
        except EngineError as error:
            return self._silence(error)
        self._silent_since = None
        if seen is None or seen.mark != life.mark:
            self._seen = None
            return 0
        self._seen = seen
        if seen.out_of_memory:
            self.log.warning("%s used up its memory", self._log_name)
        if seen.running and not life.launched:
            self._keeper.launched()  # its hub died between the start and the note of it
        return None if seen.running else seen.status

    async def _look(self) -> Seen | None:
        site = self._site()
        if site is None:
            raise EngineError(f"{self.backend}: the file of backends does not say where it is")
        return await self._containers(site).find(self.container_name)

    def _silence(self, error: EngineError) -> int | None:
        now = time.monotonic()
        if self._silent_since is None:
            self._silent_since = now
            self.log.warning("Nothing is heard of %s, which counts as running: %s", self._log_name, error)
        if now - self._silent_since < self.outage_grace:
            return None
        self.log.error("%s is given up: nothing is heard of it any more: %s", self._log_name, error)
        return LOST

    async def stop(self, now: bool = False) -> None:  # noqa: FBT001, FBT002  # JupyterHub's signature
        """Stop the server and remove its container: SIGTERM, time to save and to tell, then SIGKILL."""
        life, site = self._keeper.life, self._site()
        if life is None:
            return
        self._keeper.stopping()
        if site is None:
            raise EngineError(f"{self.backend}: the file of backends does not say where it is")
        containers = self._containers(site)
        there = await containers.find(self.container_name)
        status = 0
        if there is not None and there.mark == life.mark:
            ended = await containers.end(there.id, 0 if now else self.stop_grace)
            status = ended.status if ended is not None else 0
            await containers.remove(there.id)
        self.give_seat_back()
        self.ended(status)

    def forget(self) -> None:
        """Know of no server."""
        super().forget()
        self._seen, self._silent_since = None, None


def _site_of(backend: Backend) -> Site:
    if backend.site is None:
        raise ValueError(f"the backend {backend.name} has no engine")
    return backend.site
