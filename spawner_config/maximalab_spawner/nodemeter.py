"""What runs at each node of a Swarm: it prints what each container there uses, for the hub that reads its log.

One file that needs nothing but Python: deploy/swarm/meter.yaml hands it to a container of the students' image. It reads
the kernel's control groups, read-only, where the engine reads the same. It has no network, no right, no key and no way
to the engine, and prints containers' ids and figures alone. No container can make the control group of another.
"""

from __future__ import annotations

import json
import os
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

#: Seconds between two readings.
BEAT = 10
#: Containers in a line, which is shorter so than the 16 KB at which an engine cuts one.
IN_A_LINE = 150
#: Where an engine's container has its control group, with either of Docker's drivers.
NAMED = re.compile(r"(?:docker-)?([0-9a-f]{64})(?:\.scope)?")


def containers(top: Path) -> Iterator[tuple[str, Path]]:
    """Find the containers' control groups, by their ids; what lies within one is of that container."""
    for folder, below, _ in os.walk(top):
        named = [(found[1], name) for name in below if (found := NAMED.fullmatch(name))]
        yield from ((container, Path(folder) / name) for container, name in named)
        below[:] = [name for name in below if not NAMED.fullmatch(name)]


def _words(file: Path) -> dict[str, int]:
    return {name: int(value) for name, value in map(str.split, file.read_text().splitlines())}


def _of_one_tree(group: Path) -> tuple[int, int]:
    """Read a control group of version 2."""
    cache = _words(group / "memory.stat")["inactive_file"]
    processors = _words(group / "cpu.stat")["usage_usec"] // 1000
    return processors, max(0, int((group / "memory.current").read_text()) - cache)


def _of_two_trees(group: Path, memory: Path) -> tuple[int, int]:
    """Read a control group of version 1, which has one tree for processors and one for memory."""
    cache = _words(memory / "memory.stat")["total_inactive_file"]
    processors = int((group / "cpuacct.usage").read_text()) // 10**6
    return processors, max(0, int((memory / "memory.usage_in_bytes").read_text()) - cache)


def readings(top: Path) -> Mapping[str, tuple[int, int]]:
    """Give each container's milliseconds of a processor since its start and bytes now, without the file cache."""
    whole = (top / "cgroup.controllers").exists()
    trees = (top / name for name in ("cpuacct", "cpu,cpuacct", "cpu"))
    tree = top if whole else next((one for one in trees if (one / "cpuacct.usage").exists()), None)
    found = {}
    for container, group in containers(tree) if tree is not None else ():
        try:
            within = top / "memory" / group.relative_to(tree or top)
            found[container] = _of_one_tree(group) if whole else _of_two_trees(group, within)
        except (OSError, ValueError, KeyError):  # it is ending just now
            continue
    return found


def lines(at: int, found: Mapping[str, tuple[int, int]]) -> Iterator[str]:
    """Write a reading; where nothing runs, that is said."""
    rows = sorted(found.items())
    for first in range(0, max(1, len(rows)), IN_A_LINE):
        some = dict(rows[first : first + IN_A_LINE])
        yield json.dumps({"at": at, "use": some}, separators=(",", ":"))


def main() -> None:
    """Print a reading every ten seconds."""
    while True:
        for line in lines(int(time.time()), readings(Path(sys.argv[1]))):
            print(line, flush=True)  # noqa: T201  its log is what it is for
        time.sleep(BEAT)


if __name__ == "__main__":
    main()
