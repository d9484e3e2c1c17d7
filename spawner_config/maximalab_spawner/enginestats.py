"""What an engine tells of a container's use, read into the two figures that are metered. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

NS_PER_MS = 10**6
FILE_CACHE = ("inactive_file", "total_inactive_file")
"""Names of what the kernel would give back at once, by cgroup v2 and v1. `docker stats` leaves it out, too."""


def use_of(stats: Mapping[str, Any]) -> tuple[int, int] | None:
    """Give milliseconds of a processor since the container's start, and bytes of memory now.

    `stats` is the engine's answer to `GET /containers/<id>/stats`. None where it holds no figures: the container
    does not run, or the engine does not count.
    """
    processors = (stats.get("cpu_stats") or {}).get("cpu_usage") or {}
    memory = stats.get("memory_stats") or {}
    total, bytes_now = processors.get("total_usage"), memory.get("usage")
    if not isinstance(total, int) or not isinstance(bytes_now, int):
        return None
    told = memory.get("stats") or {}
    cache = next((told[name] for name in FILE_CACHE if isinstance(told.get(name), int)), 0)
    return total // NS_PER_MS, max(0, bytes_now - cache)
