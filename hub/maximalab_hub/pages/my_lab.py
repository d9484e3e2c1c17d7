"""My lab: the page where a person lands after signing in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from maximalab_spawner.catalog import CatalogError
from maximalab_spawner.tiers import Reason
from tornado.web import authenticated

from maximalab_hub.pages.handler import LabHandler
from maximalab_hub.pages.shelves import my_lab

if TYPE_CHECKING:
    from maximalab_spawner.catalog import Material
    from maximalab_spawner.tiers import Decision


@dataclass(frozen=True, slots=True)
class RunningServer:
    """One of the person's servers that is running, starting or stopping."""

    name: str
    tier: str
    image: str
    state: str
    """`running`, `starting` or `stopping`."""


class MyLabHandler(LabHandler):
    """`GET /hub/lab`."""

    @authenticated
    async def get(self) -> None:
        """List the person's courses, materials and running servers."""
        parts, person = self.parts, self.person

        def decide(material: Material) -> Decision:
            return parts.decide(material, person, self.entrance, parts.settings.lab.scenario)

        try:
            catalog = parts.read_catalogue()
        except CatalogError as error:
            self.log.error("The catalogue cannot be used: %.500s", error)  # noqa: TRY400  the text says it all
            await self.refuse(Reason.CATALOGUE_UNREADABLE)
            return
        lab = my_lab(catalog, person, decide, self.language)
        await self.show("my_lab.html", lab=lab, servers=self._servers())

    def _servers(self) -> list[RunningServer]:
        found = []
        for spawner in self.current_user.all_spawners(include_default=False):
            parsed = self.parts.parse_server_name(spawner.name)
            if spawner.active and parsed is not None:
                state = {"stop": "stopping", "spawn": "starting", "check": "starting"}.get(
                    spawner.pending or "", "running"
                )
                found.append(RunningServer(spawner.name, parsed[0].value, parsed[1], state))
        return found


class HomeHandler(LabHandler):
    """`GET /hub/home`: JupyterHub's own links come here."""

    def get(self) -> None:
        """Lead on to My lab."""
        self.redirect(f"{self.hub.base_url}lab")


class SpawnHandler(LabHandler):
    """`/hub/spawn…`: JupyterHub's own way to start a server. Here a server always starts for a material."""

    @authenticated
    async def get(self, *_names: str) -> None:
        """Say where servers start."""
        await self.show("spawn.html")

    post = get
