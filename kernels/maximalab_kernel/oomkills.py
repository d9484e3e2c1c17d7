"""Whether the system has ended a process for want of memory: the kernel of Linux counts that."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS = Path("/sys/fs/cgroup")
WHOLE_MACHINE = Path("/proc/vmstat")
WORD = "oom_kill"


def counters(groups: str, root: Path = GROUPS) -> Iterator[Path]:
    """Where the count may stand, the narrowest first; `groups` is what /proc/self/cgroup says.

    A container may see its own group as the root of all, whatever its path is outside.
    """
    for line in groups.splitlines():
        _, controllers, path = line.split(":", 2)
        if "memory" in controllers.split(","):
            yield root / "memory" / path.lstrip("/") / "memory.oom_control"
            yield root / "memory" / "memory.oom_control"
        elif not controllers:
            yield root / path.lstrip("/") / "memory.events"
            yield root / "memory.events"
    yield WHOLE_MACHINE


def count_in(text: str) -> int | None:
    """The count in such a file, a name and a number on each line; `None` where it is not there."""
    for line in text.splitlines():
        name, _, number = line.partition(" ")
        if name == WORD and number.isdigit():
            return int(number)
    return None


def kills() -> int:
    """How many processes of this group, or of this machine, the system has ended so; 0 where nobody can say."""
    try:
        groups = Path("/proc/self/cgroup").read_text(encoding="utf-8")
    except OSError:
        return 0
    for counter in counters(groups):
        try:
            found = count_in(counter.read_text(encoding="ascii"))
        except OSError:
            continue
        if found is not None:
            return found
    return 0
