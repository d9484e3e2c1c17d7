"""How the whole suite is shared out among its workers: what stands on one costly setup together, the longest first.

pytest-xdist's own order is that of the number of tests in a file, which says nothing of time: the newcomer's hour is
five tests, and would run at the end, beside workers that have nothing left to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from xdist.scheduler import LoadFileScheduling

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest
    from xdist.remote import Producer

TOGETHER = ("tests/bed/", "tests/swarm/", "tests/unit/notebooks/")
"""Folders in which a fixture of the session is dear: machines and engines, two Swarms, a kernel for each notebook."""

LONGEST = (
    "tests/docker/test_newcomer.py",
    "tests/bed/",
    "tests/swarm/",
    "tests/docker/test_compose.py",
    "tests/unit/test_bench.py",
    "tests/wireguard/test_vpn_gateway.py",
    "tests/unit/notebooks/",
)
"""Which begin first, as `--durations` tells; a Swarm later than the machines, for `.ci/run` may be building its images.

The others follow in the order of their names."""


def unit_of(nodeid: str) -> str:
    """Name what a test runs together with, in one worker: its file, or the folder of those that share a setup."""
    return next((folder for folder in TOGETHER if nodeid.startswith(folder)), nodeid.split("::", 1)[0])


def rank(unit: str) -> int:
    """Say how early a unit begins: the lower, the earlier."""
    return LONGEST.index(unit) if unit in LONGEST else len(LONGEST)


def in_order(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Put the units that take longest in front; all others, and the tests of each, stay as they are."""
    return sorted(items, key=lambda item: rank(unit_of(item.nodeid)))


def ends_of_each(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """Keep the first and the last case of each test: so every test, and both databases.

    All stay in their order, in which tests that share a setup stand together.
    """
    there = list(items)
    names = [item.nodeid.split("[", 1)[0] for item in there]
    last = {name: at for at, name in enumerate(names)}
    first = {name: at for at, name in reversed(list(enumerate(names)))}
    return [
        item
        for at, (name, item) in enumerate(zip(names, there, strict=True))
        if at in (first[name], last[name])
    ]


class LongestFirst(LoadFileScheduling):
    """Gives a worker a file at a time, or a folder whose tests share a setup, in the order of the tests."""

    def __init__(self, config: pytest.Config, log: Producer | None) -> None:
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return unit_of(nodeid)
