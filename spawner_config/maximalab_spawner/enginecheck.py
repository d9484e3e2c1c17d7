"""What an engine cannot do: `python -m maximalab_spawner.enginecheck BACKENDS` prints a line of JSON for each thing."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maximalab_spawner.backends import BackendsError, read_backends
from maximalab_spawner.engine import Engine, EngineError, ObjectGone
from maximalab_spawner.hardening import network_faults

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from maximalab_spawner.site import Site

#: Below, names asked for leave a network that nothing else leaves (CVE-2024-29018) and others are open.
LEAST_ENGINE = (25, 0, 5)
#: Below, a container may get out (CVE-2024-21626, CVE-2025-31133, -52565, -52881), unless a distribution has mended it.
LEAST_RUNC = (1, 2, 8)
CONFIGURE = "in /etc/docker/daemon.json, then restart the engine"
CGROUPS = "start the machine with cgroups of memory, cpu and pids; on older kernels: cgroup_enable=memory swapaccount=1"
LIMITS = {
    "MemoryLimit": "memory is not bounded",
    "SwapLimit": "swap is not bounded",
    "CpuCfsQuota": "processors are not bounded",
    "PidsLimit": "the number of processes is not bounded",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One finding; no remedy means that all is well."""

    backend: str
    what: str
    remedy: str = ""


def shortcomings(info: Mapping[str, Any], version: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name what an engine cannot do, by what it says of itself, each with a remedy."""
    if numbers(version.get("Version")) < LEAST_ENGINE:
        wanted = ".".join(map(str, LEAST_ENGINE))
        yield f"engine {version.get('Version')}", f"install Docker Engine {wanted} or newer"
    parts = {part.get("Name"): part.get("Version") for part in version.get("Components") or ()}
    if numbers(parts.get("runc")) < LEAST_RUNC:
        wanted = ".".join(map(str, LEAST_RUNC))
        yield (
            f"runc {parts.get('runc')}",
            f"install runc {wanted} or newer, or see that its maker has mended it",
        )
    if not info.get("LiveRestoreEnabled"):
        yield "a restart of the engine ends all servers", f'set "live-restore": true {CONFIGURE}'
    guards = " ".join(info.get("SecurityOptions") or ())
    if "name=seccomp" not in guards or "unconfined" in guards:
        yield "system calls are not filtered", f'remove "seccomp-profile": "unconfined" {CONFIGURE}'
    if "name=apparmor" not in guards and "name=selinux" not in guards:
        yield "neither AppArmor nor SELinux guards containers", "install apparmor, or an engine with SELinux"
    for field, what in LIMITS.items():
        if not info.get(field):
            yield what, CGROUPS


def numbers(version: object) -> tuple[int, ...]:
    """Read the leading numbers of a version; none where it is not one."""
    found = re.match(r"\d+(?:\.\d+)*", str(version or ""))
    return tuple(map(int, found[0].split("."))) if found else ()


async def look(site: Site) -> Sequence[Line]:
    """Ask one engine about itself, its images and its network."""
    name, engine = site.engine.backend, Engine(site.engine)
    try:
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
