"""What a Docker engine cannot do, by what it says of itself; pure."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

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
