"""Which spawner a lab has: the file of backends says it, by the kind of its backends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_spawner.backends import BackendsError, Kind, read_backends
from maximalab_spawner.desk import Desk, FolderDesk
from maximalab_spawner.enginedesk import EngineDesk
from maximalab_spawner.local import TieredLocalSpawner
from maximalab_spawner.seats import PoolsError, read_pools
from maximalab_spawner.spawner import TieredDockerSpawner
from maximalab_spawner.swarm import TieredSwarmSpawner

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from maximalab_spawner.backends import Backend
    from maximalab_spawner.core import TieredServer
    from maximalab_spawner.tiers import Tier

SPAWNERS: dict[Kind, type[TieredServer]] = {
    Kind.LOCAL: TieredLocalSpawner,
    Kind.DOCKER: TieredDockerSpawner,
    Kind.SWARM: TieredSwarmSpawner,
}


def spawner_for(backends_file: Path) -> type[TieredServer]:
    """Choose the class for all servers of a lab. Raises `BackendsError` where the file is not usable."""
    try:
        read_pools(backends_file)
    except PoolsError as error:
        raise BackendsError(str(error)) from error
    return SPAWNERS[read_backends(backends_file)[0].kind]


def desks_for(backends_file: Path, stores: Mapping[Tier, Path], lab: str) -> dict[Tier, Desk]:
    """Say where each tier takes material in: at its engines, or in its store where that is a folder of this machine.

    A Swarm takes it in at its manager: its nodes share the folder of materials.
    `stores` names these folders, `lab` is the first word of the names of volumes. Raises `BackendsError`.
    """
    if read_backends(backends_file)[0].kind is Kind.LOCAL:
        return {tier: FolderDesk(folder) for tier, folder in stores.items()}

    def backends() -> tuple[Backend, ...]:
        return read_backends(backends_file)

    tiers = {one.tier for one in backends()}
    return {tier: EngineDesk(lab, tier, backends, TieredDockerSpawner.engines) for tier in tiers}
