"""Students' servers as containers at Docker engines, one container for each server."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from maximalab_spawner.atengine import ServerAtEngine, site_of
from maximalab_spawner.containers import Containers
from maximalab_spawner.engine import EngineError
from maximalab_spawner.hardening import container_config, host_config
from maximalab_spawner.homes import Look
from maximalab_spawner.serverenv import safe_name
from maximalab_spawner.stores import shown

if TYPE_CHECKING:
    from maximalab_spawner.admission import Admitted
    from maximalab_spawner.backends import Backend
    from maximalab_spawner.hardening import Volumes
    from maximalab_spawner.seen import Seen
    from maximalab_spawner.site import Site
    from maximalab_spawner.stores import Store


class TieredDockerSpawner(ServerAtEngine):
    """Starts a server in a container of its own, at an engine of the tier that the catalogue says."""

    def name_of(self, server: str, person: str) -> str:
        """Give the one name that a person's container has at whichever engine."""
        return f"{self.lab_name}.{server}.{safe_name(person)}"

    @property
    def container_name(self) -> str:
        """The name of this server's container."""
        return self.own_name

    def servers(self, site: Site) -> Containers:
        """Give the containers at an engine."""
        return Containers(self.engines.of(site.engine), self.lab_name, site.net)

    def volumes(self, backend: Backend) -> Volumes:
        """Name what the server sees of disks at a backend; of the store, what it was handed."""
        apart = {place: store.volume for place, store in self.stores(backend).items()}
        return replace(super().volumes(backend), materials="", apart=apart)

    def stores(self, backend: Backend) -> dict[str, Store]:
        """Say which volumes of materials the server sees at a backend, by their places."""
        return shown(self.lab_name, backend, self.handed)

    async def image_at(self, site: Site, word: str) -> str:
        """Give the id of the image that the engine has. Raises `ImageMissing`."""
        return await self.servers(site).image(site.images.get(word, word))

    async def use(self) -> tuple[int, int] | None:
        """Ask the engine what the container uses."""
        try:
            return await self.servers(self._own_site()).use(self.container_name)
        except EngineError as error:
            self.log.warning("No reading of %s at %s: %s", self._log_name, self.backend, error)
            return None

    async def look_for_home(self, backend: Backend) -> Look:
        """Look whether the person's volume is at an engine."""
        try:
            return await self.servers(site_of(backend)).has_volume(self.volumes(backend).home)
        except EngineError as error:
            self.log.warning("No look for the home of %s: %s", self.user.name, error)
            return Look.UNKNOWN

    async def launch(self, admitted: Admitted, backend: Backend, site: Site) -> Seen:
        """Make what is missing, note where the home lies, begin a life and start the container."""
        containers, volumes = self.servers(site), self.volumes(backend)
        await containers.prepare(volumes, self.stores(backend).values(), site.limits.home_mb)
        self.keep_home(backend)
        environment, labels = self.begin(admitted, site)
        config = container_config(
            site.images[admitted.material.image],
            [*self.cmd, *self.get_args()],
            environment,
            labels,
            host_config(site.limits, site.net, volumes),
        )
        found = await containers.run(self.container_name, config)
        self._keeper.launched()
        self.begin_metering()
        return found
