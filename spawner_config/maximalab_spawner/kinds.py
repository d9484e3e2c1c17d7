"""Which spawner a lab has: the file of backends says it, by the kind of its backends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_spawner.backends import BackendsError, Kind, read_backends
from maximalab_spawner.local import TieredLocalSpawner
from maximalab_spawner.seats import PoolsError, read_pools
from maximalab_spawner.spawner import TieredDockerSpawner

if TYPE_CHECKING:
    from pathlib import Path

    from maximalab_spawner.core import TieredServer

SPAWNERS: dict[Kind, type[TieredServer]] = {Kind.LOCAL: TieredLocalSpawner, Kind.DOCKER: TieredDockerSpawner}


def spawner_for(backends_file: Path) -> type[TieredServer]:
    """Choose the class for all servers of a lab. Raises `BackendsError` where the file is not usable."""
    try:
        read_pools(backends_file)
    except PoolsError as error:
        raise BackendsError(str(error)) from error
    return SPAWNERS[read_backends(backends_file)[0].kind]
