"""Students' servers as services of one Swarm: made, looked at, ended."""

from __future__ import annotations

import asyncio
import secrets
import time
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from docker.types import ServiceMode

from maximalab_spawner.engine import EngineError, EngineUnreachable, ObjectGone
from maximalab_spawner.hardening import PORT
from maximalab_spawner.nodes import read_node
from maximalab_spawner.seen import LAB, ImageMissing, NotInTime, Seen, Unfit
from maximalab_spawner.servicespec import PORTS, endpoint, free_port, overlay_config, overlay_faults, port_of
from maximalab_spawner.tasks import NO_IMAGE, NoNode, Stage, present, read_task, why_ended, why_unplaced

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maximalab_spawner.engine import Engine
    from maximalab_spawner.hardening import Net
    from maximalab_spawner.nodes import Node
    from maximalab_spawner.tasks import Task

#: Seconds beyond the engine's timeout for what waits for disks and other containers' starts.
SLOW = 60.0
#: Seconds between two looks at a task, and for which it may be without a node: its node may be coming back just now.
LOOK_EVERY, NODE_WITHIN = 0.2, 10.0


class NodeSilent(EngineUnreachable):
    """The managers answer and do not hear of the server's node: it may run there, or not."""


class NoNodeFound(Unfit):
    """There is no node for the server; `why` says what is missing."""

    def __init__(self, why: NoNode) -> None:
        super().__init__(f"no node: {why}")
        self.why = why


class Services:
    """The services of one lab at one Swarm, by a manager of it."""

    def __init__(self, engine: Engine, lab: str, net: Net) -> None:
        self._engine, self._lab, self._net = engine, lab, net

    async def find(self, name: str) -> Seen | None:
        """Look at a service; None where there is none. Raises `NodeSilent` where its node is not heard of."""
        found = await self._find(name)
        return found[0] if found is not None else None

    async def run(
        self, name: str, template: Mapping[str, Any], labels: Mapping[str, str], *, port: int, within: float
    ) -> Seen:
        """Create a service and wait until it runs or has ended, for `within` seconds.

        `port` is that of its node, 0 for none. Raises `ImageMissing`, `NoNodeFound`, `NotInTime` or `Unfit` where its
        node cannot run it, and `EngineRefused` with status 409 where the name is taken. A service that came to nothing
        is removed.
        """
        deadline = time.monotonic() + within
        made = await self._engine.call_to_its_end(
            lambda client: client.create_service(
                dict(template),
                name=name,
                labels={**labels, LAB: self._lab},
                mode=ServiceMode("replicated", replicas=1),
                endpoint_spec=endpoint(port),
            ),
            extra=SLOW,
        )
        try:
            return await self._until_it_runs(str(made["ID"]), deadline)
        except (ImageMissing, Unfit):
            with suppress(EngineError):
                await self.remove(name)
            raise

    async def end(self, server: str, grace: float) -> Seen | None:
        """Remove a service, and wait until its container is gone: SIGTERM, the time that it has, then SIGKILL.

        How long it has was said when it was made; `grace` bounds the wait. Gives how it ended, where that was seen.
        """
        found = await self._find(server)
        await self.remove(server)
        if found is None or found[1] is None:
            return None
        ended = await self._until_gone(found[1], grace + SLOW)
        return replace(found[0], running=False, status=ended.status) if ended is not None else None

    async def remove(self, server: str) -> None:
        """Remove a service, running or not, and none of its volumes."""
        with suppress(ObjectGone):
            await self._engine.call(lambda client: client.remove_service(server), extra=SLOW)

    async def nodes(self) -> Sequence[Node]:
        """List the machines of the Swarm."""
        return [read_node(one) for one in await self._engine.call(lambda client: client.nodes())]

    async def tasks(self) -> Sequence[Task]:
        """List all tasks of the Swarm, other people's as well."""
        return await self._tasks({})

    async def choose_port(self) -> int:
        """Choose the port of its node at which a new server is reached; 0 where servers are not published."""
        if not self._net.publish:
            return 0
        told = await self._engine.call(lambda client: client.services())
        port = free_port({port_of(one["Spec"]) for one in told}, secrets.randbelow(len(PORTS)))
        if port is None:
            raise NoNodeFound(NoNode.FULL)
        return port

    async def until_no_other(self, node: Node, labels: Mapping[str, str], seconds: float) -> None:
        """Wait until a node has no container of these labels left that is to end: it has the same home."""
        wanted = {**labels, LAB: self._lab}
        for task in await self._tasks({"node": node.id}):
            if task.alive and not task.wanted and wanted.items() <= task.labels.items():
                await self._until_gone(task, seconds + SLOW)

    async def prepare(self) -> None:
        """Make the overlay where it is missing; one that is there must be as we make it."""
        async with self._engine.preparing:
            found = await self._engine.network(overlay_config(self._net, {LAB: self._lab}))
        faults = overlay_faults(found, self._net)
        if faults:
            raise Unfit(
                f"the network {self._net.name} is not as it must be ({', '.join(faults)}); "
                "stop its servers and remove it with `docker network rm`: it is made anew"
            )

    async def is_manager(self) -> bool:
        """Say whether a manager of a Swarm answers."""
        try:
            swarm = (await self._engine.call(lambda client: client.info())).get("Swarm") or {}
        except EngineError:
            return False
        return swarm.get("LocalNodeState") == "active" and swarm.get("ControlAvailable") is True

    async def _find(self, name: str) -> tuple[Seen, Task | None] | None:
        try:
            service = await self._engine.call(lambda client: client.inspect_service(name))
            task = present(await self._tasks({"service": service["ID"]}))
        except ObjectGone:
            return None
        node = await self._node(task.node) if task is not None and task.node else None
        if task is not None and task.alive and task.node and not (node and node.ready):
            raise NodeSilent(
                f"{self._net.name}: nothing is heard of the node {node.name if node else task.node}"
            )
        return self._seen(service, task, node), task

    def _seen(self, service: Mapping[str, Any], task: Task | None, node: Node | None) -> Seen:
        spec = service["Spec"]
        container = spec["TaskTemplate"]["ContainerSpec"]
        at_node = bool(self._net.publish)
        address = (
            (node.address if node else "")
            if at_node
            else task.addresses.get(self._net.name, "")
            if task
            else ""
        )
        alive = task is None or task.alive
        return Seen(
            id=str(
                spec["Name"]
            ),  # by which alone the door before the socket lets it be removed (images/relay)
            image=str(container.get("Image", "")),
            labels=spec.get("Labels") or {},
            environment=dict(line.partition("=")[::2] for line in container.get("Env") or ()),
            running=alive,
            status=task.status if task else 0,
            host=address,
            port=port_of(spec) if at_node else PORT,
            why=None if task is None or alive else why_ended(task, node_open=node is None or node.open),
            words="" if task is None or alive else task.words,
            node=task.node if task else "",
            container=task.container if task else "",
        )

    async def _until_it_runs(self, service: str, deadline: float) -> Seen:
        without_node_since = time.monotonic()
        while True:
            found = await self._find(service)
            if found is None:
                raise ObjectGone("the service was removed while it started")
            seen, task = found
            if task is not None and task.stage in {Stage.RUNNING, Stage.ENDED}:
                return seen
            if task is not None and task.stage is Stage.REFUSED:
                raise ImageMissing(seen.image) if NO_IMAGE in task.words else Unfit(task.words)
            if task is not None and task.node:
                without_node_since = time.monotonic()
            elif time.monotonic() - without_node_since > NODE_WITHIN:
                raise NoNodeFound((task and why_unplaced(task.words)) or NoNode.AWAY)
            if time.monotonic() >= deadline:
                raise NotInTime(f"its task is {task.stage if task is not None else 'not made'}")
            await asyncio.sleep(LOOK_EVERY)

    async def _until_gone(self, task: Task, seconds: float) -> Task | None:
        """Wait until a task has ended; None where it went too fast to see how."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            try:
                now = read_task(await self._engine.call(lambda client: client.inspect_task(task.id)))
            except ObjectGone:
                return None
            if not now.alive:
                return now
            await asyncio.sleep(LOOK_EVERY)
        raise EngineUnreachable(f"{self._net.name}: a container does not end")

    async def _tasks(self, which: Mapping[str, str]) -> Sequence[Task]:
        told = await self._engine.call(lambda client: client.tasks(filters=dict(which)))
        return [read_task(one) for one in sorted(told, key=lambda one: str(one.get("CreatedAt")))]

    async def _node(self, node: str) -> Node | None:
        try:
            return read_node(await self._engine.call(lambda client: client.inspect_node(node)))
        except ObjectGone:
            return None
