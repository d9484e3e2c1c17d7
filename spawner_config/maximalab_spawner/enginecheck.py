"""What an engine cannot do: `python -m maximalab_spawner.enginecheck BACKENDS` prints a line of JSON for each thing."""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_spawner.backends import BackendsError, read_backends
from maximalab_spawner.engine import Engine, EngineError, ObjectGone
from maximalab_spawner.hardening import network_faults
from maximalab_spawner.shortcomings import shortcomings
from maximalab_spawner.swarmcheck import look_at_swarm

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_spawner.site import Site


@dataclass(frozen=True, slots=True)
class Line:
    """One finding; no remedy means that all is well."""

    backend: str
    what: str
    remedy: str = ""


async def look(site: Site) -> Sequence[Line]:
    """Ask one engine about itself, its images and its network."""
    name, engine = site.engine.backend, Engine(site.engine)
    try:
        if site.nodes is not None:
            return [Line(name, *told) for told in await look_at_swarm(site, engine, site.nodes)]
        info = await engine.call(lambda client: client.info())
        version = await engine.call(lambda client: client.version())
        found = [Line(name, what, remedy) for what, remedy in shortcomings(info, version)]
        found += [line for line in (await _images(site, engine), await _network(site, engine)) if line]
    except EngineError as error:
        return [
            Line(name, str(error), "start the engine, and mend `engine` and `tls_*` in the file of backends")
        ]
    finally:
        engine.close()
    return found or [Line(name, f"Docker {version.get('Version')}")]


async def _images(site: Site, engine: Engine) -> Line | None:
    for reference in site.images.values():
        try:
            await engine.call(lambda client, one=reference: client.inspect_image(one))  # type: ignore[misc]
        except ObjectGone:
            return Line(
                site.engine.backend,
                f"no image {reference}",
                f"build or pull it there: docker pull {reference}",
            )
    return None


async def _network(site: Site, engine: Engine) -> Line | None:
    try:
        found = await engine.call(lambda client: client.inspect_network(site.net.name))
    except ObjectGone:
        return None  # it is made at the first start
    faults = network_faults(found, site.net)
    remedy = f"stop its servers, then: docker network rm {site.net.name}"
    return (
        Line(site.engine.backend, f"network {site.net.name}: {', '.join(faults)}", remedy) if faults else None
    )


async def examine(path: Path) -> None:
    """Print what was found at all engines of a file of backends."""
    sites = [one.site for one in read_backends(path) if one.site is not None]
    for lines in await asyncio.gather(*map(look, sites)):
        sys.stdout.write("".join(f"{json.dumps(asdict(line))}\n" for line in lines))


if __name__ == "__main__":
    try:
        asyncio.run(examine(Path(sys.argv[1])))
    except IndexError:
        sys.exit("Name the file of backends: python -m maximalab_spawner.enginecheck BACKENDS")
    except BackendsError as error:
        sys.exit(str(error))
