# Docker's answers are plain data of any form
"""Students' containers at one engine: made, looked at, ended. Every error is one of `engine`'s, or `Unfit`."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from maximalab_spawner.engine import EngineUnreachable, ObjectGone
from maximalab_spawner.enginestats import use_of
from maximalab_spawner.hardening import (
    MB,
    PORT,
    network_config,
    network_faults,
)
from maximalab_spawner.homes import Look
from maximalab_spawner.seen import LAB, ImageMissing, Seen, Unfit, Why

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from docker import APIClient

    from maximalab_spawner.engine import Engine
    from maximalab_spawner.hardening import Net, Volumes
    from maximalab_spawner.stores import Store

#: Seconds beyond the engine's timeout for what waits for disks and other containers' starts.
SLOW = 60.0


def seen(inspected: Mapping[str, Any], net: Net) -> Seen:
    """Read what matters from an engine's `inspect`."""
    config, state = inspected.get("Config") or {}, inspected.get("State") or {}
    host, port = _address(inspected.get("NetworkSettings") or {}, net)
    return Seen(
        id=str(inspected["Id"]),
        image=str(inspected.get("Image", "")),
        labels=config.get("Labels") or {},
        environment=dict(line.partition("=")[::2] for line in config.get("Env") or ()),
        running=state.get("Running") is True,
        status=int(state.get("ExitCode") or 0),
        host=host,
        port=port,
        why=Why.MEMORY if state.get("OOMKilled") is True else None,
    )


def _address(settings: Mapping[str, Any], net: Net) -> tuple[str, int]:
    if net.publish:
        bound = (settings.get("Ports") or {}).get(f"{PORT}/tcp") or [{}]
        return net.publish, int(bound[0].get("HostPort") or 0)
    return str(((settings.get("Networks") or {}).get(net.name) or {}).get("IPAddress") or ""), PORT


class Containers:
    """The containers, volumes and networks of one lab at one engine."""

    def __init__(self, engine: Engine, lab: str, net: Net) -> None:
        self._engine, self._lab, self._net = engine, lab, net

    async def find(self, name: str) -> Seen | None:
        """Look at a container; None where there is none."""
        try:
            found = await self._engine.call(lambda client: client.inspect_container(name))
        except ObjectGone:
            return None
        return seen(found, self._net)

    async def image(self, reference: str) -> str:
        """Give an image's own id. Raises `ImageMissing`."""
        try:
            found = await self._engine.call(lambda client: client.inspect_image(reference))
        except ObjectGone as error:
            raise ImageMissing(reference) from error
        return str(found["Id"])

    async def has_volume(self, name: str) -> Look:
        """Look whether a volume is there; what the engine does not say is unknown."""
        try:
            await self._engine.call(lambda client: client.inspect_volume(name))
        except ObjectGone:
            return Look.ABSENT
        return Look.THERE

    async def prepare(self, volumes: Volumes, stores: Collection[Store], home_mb: int | None) -> None:
        """Make network and volumes that are missing; what is there must be as we make it."""
        async with self._engine.preparing:
            await self._network()
        for store in stores:
            await self._volume(store.volume, store.options)
            # Of a volume that was there, an engine that was restarted tells the options only where it is asked for it.
            found = await self._engine.call(lambda client, name=store.volume: client.inspect_volume(name))  # type: ignore[misc]
            if (found.get("Options") or {}) != store.options:
                raise Unfit(
                    f"the volume {store.volume} is of another folder; remove it with `docker volume rm`"
                )
        await self._volume(volumes.home, {"size": str(home_mb * MB)} if home_mb else {})
        await self._volume(volumes.spool, {})

    async def run(self, name: str, config: Mapping[str, Any]) -> Seen:
        """Create a container and start it; `config` is what `container_config` gives."""
        body = {**config, "Labels": {**config["Labels"], LAB: self._lab}}
        made = await self._engine.call_to_its_end(
            lambda client: client.create_container_from_config(body, name), extra=SLOW
        )
        await self._engine.call_to_its_end(lambda client: client.start(made["Id"]), extra=SLOW)
        found = await self.find(made["Id"])
        if found is None:
            raise ObjectGone(f"{name} was removed while it started")
        return found

    async def use(self, container: str) -> tuple[int, int] | None:
        """Give milliseconds of a processor since its start and bytes of memory now; None where nobody counts."""
        try:
            stats = await self._engine.call(
                lambda client: client.stats(container, stream=False, one_shot=True)
            )
        except ObjectGone:
            return None
        return use_of(stats)

    async def end(self, container: str, grace: float) -> Seen | None:
        """Send SIGTERM, wait `grace` seconds, then SIGKILL; give how it ended, None where it is gone.

        What the engine cannot stop it may still be able to remove, and so it is gone.
        """
        try:
            await self._engine.call(
                lambda client: client.stop(container, timeout=round(grace)), extra=grace + SLOW
            )
        except ObjectGone:
            return None
        except EngineUnreachable:
            await self.remove(container)
        return await self.find(container)

    async def remove(self, container: str) -> None:
        """Remove a container, running or not, and none of its volumes."""
        with suppress(ObjectGone):
            await self._engine.call(lambda client: client.remove_container(container, force=True), extra=SLOW)

    async def _network(self) -> None:
        found = await self._engine.network(network_config(self._net, {LAB: self._lab}))
        faults = network_faults(found, self._net)
        if faults:
            raise Unfit(
                f"the network {self._net.name} is not as it must be ({', '.join(faults)}); "
                "stop its servers and remove it with `docker network rm`: it is made anew"
            )

    async def _volume(self, name: str, options: Mapping[str, str]) -> Mapping[str, Any]:
        def make(client: APIClient) -> Mapping[str, Any]:
            made: Mapping[str, Any] = client.create_volume(
                name, driver="local", driver_opts=dict(options), labels={LAB: self._lab}
            )
            return made

        return await self._engine.call(make, extra=SLOW)
