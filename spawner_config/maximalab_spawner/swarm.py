"""Students' servers as services of a Docker Swarm, one service for each server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from maximalab_spawner.admission import Turned
from maximalab_spawner.atengine import ServerAtEngine, site_of
from maximalab_spawner.engine import EngineError, EngineRefused, ObjectGone
from maximalab_spawner.hardening import materials_volume
from maximalab_spawner.homes import Look
from maximalab_spawner.nodefigures import Figures
from maximalab_spawner.nodes import choose, reserved_by_node
from maximalab_spawner.refusals import HOME_AWAY, NO_NODE
from maximalab_spawner.seen import LAB, ImageMissing
from maximalab_spawner.serverenv import safe_name
from maximalab_spawner.services import NodeSilent, NoNodeFound, Services
from maximalab_spawner.servicespec import Asked, object_name, task_template
from maximalab_spawner.swarmhomes import NAME_TAKEN, SwarmHomes
from maximalab_spawner.tasks import NoNode
from maximalab_spawner.tiers import Reason

if TYPE_CHECKING:
    from maximalab_spawner.admission import Admitted
    from maximalab_spawner.backends import Backend
    from maximalab_spawner.nodes import Node, Wanted
    from maximalab_spawner.seen import Seen
    from maximalab_spawner.site import Site

WHY = {
    NoNode.UNLABELLED: NO_NODE,
    NoNode.AWAY: Reason.TIER_UNAVAILABLE,
    NoNode.FULL: Reason.NO_CAPACITY,
    NoNode.HOME_AWAY: HOME_AWAY,
}


class TieredSwarmSpawner(ServerAtEngine):
    """Starts a server as a service of a Swarm, at the node with the person's home."""

    figures: ClassVar[Figures] = Figures()

    def name_of(self, server: str, person: str) -> str:
        """Give the one name that a person's service has in whichever Swarm."""
        return object_name(self.lab_name, server, safe_name(person))

    def servers(self, site: Site) -> Services:
        """Give the services of a Swarm."""
        return Services(self.engines.of(site.engine), self.lab_name, site.net)

    def _homes(self, site: Site) -> SwarmHomes:
        return SwarmHomes(self.engines.of(site.engine), self.lab_name)

    def home_name(self, backend: Backend) -> str:
        """Name what says at which node the person's home of a tier lies."""
        return object_name(self.lab_name, "home", backend.tier, safe_name(self.user.name))

    async def image_at(self, site: Site, word: str) -> str:  # the nodes have the images, and only they know
        """Give the reference of the image. Raises `ImageMissing` where the file of backends has none."""
        if word not in site.images:
            raise ImageMissing(word)
        return site.images[word]

    async def look_for_home(self, backend: Backend) -> Look:
        """Look whether the Swarm knows of a home of the person."""
        try:
            node = await self._homes(site_of(backend)).node_of(self.home_name(backend))
        except EngineError as error:
            self.log.warning("No look for the home of %s: %s", self.user.name, error)
            return Look.UNKNOWN
        return Look.ABSENT if node is None else Look.THERE

    async def use(self) -> tuple[int, int] | None:
        """Give what the meter at the server's node told of it last; a Swarm without meters counts nothing."""
        seen = self._seen
        if seen is None or not seen.container:
            return None
        figures = self.figures.of(self.engines.of(self._own_site().engine), self.lab_name)
        try:
            return await figures.use(seen.node, seen.container)
        except ObjectGone:
            return None
        except EngineError as error:
            self.log.warning("No reading of %s at %s: %s", self._log_name, self.backend, error)
            return None

    async def is_well(self, backend: Backend) -> bool:
        """Say whether a manager answers."""
        return await self.servers(site_of(backend)).is_manager()

    def why_not(self, error: Exception, admitted: Admitted) -> Turned:
        """Say what a person reads of an error that kept a server from starting."""
        if isinstance(error, NoNodeFound):
            return Turned(WHY[error.why], str(error.why))
        if isinstance(error, NodeSilent):
            return Turned(HOME_AWAY, "its node is silent")
        return super().why_not(error, admitted)

    async def launch(self, admitted: Admitted, backend: Backend, site: Site) -> Seen:
        """Choose the node, note that the home lies there, begin a life and start the service."""
        services = self.servers(site)
        await services.prepare()
        node = await self._node_for(backend, site)
        await services.until_no_other(node, self.labels(), self.stop_grace)
        self.keep_home(backend)
        environment, labels = self.begin(admitted, site)
        asked = Asked(
            image=site.images[admitted.material.image],
            command=[*self.cmd, *self.get_args()],
            environment=environment,
            labels={**labels, LAB: self.lab_name},
            node=node.id,
            grace=self.stop_grace,
            volumes=self.volumes(backend),
            store=materials_volume(self.lab_name, backend.materials or Path())[1],
        )
        template = task_template(asked, site.limits, site.net, wanted_of(site))
        port = await services.choose_port()
        try:
            found = await services.run(
                self.own_name, template, asked.labels, port=port, within=self.left_to_start
            )
        except EngineRefused as refused:
            there = await services.find(self.own_name) if refused.status == NAME_TAKEN else None
            if there is None or not there.may_be_taken_up(self.labels(), asked.image):
                raise
            return self.take_up(there)  # of two starts at once the other one was first
        self._keeper.launched()
        self.begin_metering()
        return found

    async def _node_for(self, backend: Backend, site: Site) -> Node:
        """Choose the node where the home lies or shall lie. Raises `NoNodeFound`."""
        homes, name = self._homes(site), self.home_name(backend)
        home = await homes.node_of(name)
        chosen = await self._choose(site, home)
        kept = home or await homes.keep(name, chosen.id, self.user.name)
        return chosen if kept == chosen.id else await self._choose(site, kept)

    async def _choose(self, site: Site, home: str | None) -> Node:
        services = self.servers(site)
        nodes, tasks = await services.nodes(), await services.tasks()
        chosen = choose(nodes, wanted_of(site), reserved_by_node(tasks), home)
        if isinstance(chosen, NoNode):
            names = ", ".join(f"{one.name} ({'able' if one.able else 'away'})" for one in nodes)
            self.log.error(
                "No node for %s at %s: %s, home %s; nodes: %s",
                self._log_name,
                self.backend,
                chosen,
                home,
                names,
            )
            raise NoNodeFound(chosen)
        return chosen


def wanted_of(site: Site) -> Wanted:
    """Say what is asked of a Swarm's nodes. Raises `ValueError` where the engine is one machine."""
    if site.nodes is None:
        raise ValueError(f"{site.engine.backend} is no Swarm")
    return site.nodes
