"""What servers used of the machines, by course, by person and by kind of server, and what it costs. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from maximalab_hub.settings_sections import MeteringSection

MS_PER_HOUR: Final = 3_600_000
MIB_SECONDS_PER_GIB_HOUR: Final = 1024 * 3600


@dataclass(frozen=True, slots=True)
class Use:
    """What was used: of processors, of memory over time, and for how long servers ran."""

    cpu_ms: int = 0
    mib_seconds: int = 0
    server_ms: int = 0

    def __add__(self, other: Use) -> Use:
        return Use(
            self.cpu_ms + other.cpu_ms, self.mib_seconds + other.mib_seconds, self.server_ms + other.server_ms
        )

    @property
    def cpu_hours(self) -> float:
        """Hours of one processor."""
        return self.cpu_ms / MS_PER_HOUR

    @property
    def gib_hours(self) -> float:
        """Gibibytes of memory, each for an hour."""
        return self.mib_seconds / MIB_SECONDS_PER_GIB_HOUR

    @property
    def server_hours(self) -> float:
        """Hours during which servers ran and were metered, summed over servers."""
        return self.server_ms / MS_PER_HOUR

    def cost(self, prices: MeteringSection) -> float:
        """Reckon the price in the settings' currency."""
        return self.cpu_hours * prices.cpu_hour + self.gib_hours * prices.memory_gib_hour


@dataclass(frozen=True, slots=True)
class Metered:
    """What one person's server used for one course; `course` is None where its material belongs to none."""

    user: str
    server: str
    course: str | None
    use: Use


@dataclass(frozen=True, slots=True)
class Unmetered:
    """A place where servers started and of which no figures came."""

    backend: str
    tier: str
    starts: int
    people: int


@dataclass(frozen=True, slots=True)
class Gap:
    """What is missing at a place of which figures came: its servers that ended after nothing had been read of them."""

    backend: str
    tier: str
    servers: int
    people: int
    ms: int
    """For how long that was, summed over servers."""

    @property
    def hours(self) -> float:
        """The same in hours."""
        return self.ms / MS_PER_HOUR


@dataclass(frozen=True, slots=True)
class Account:
    """What all rows of one name used together."""

    name: str | None
    use: Use


def accounts(rows: Iterable[Metered], name: Callable[[Metered], str | None]) -> list[Account]:
    """Sum up by `name`, the largest use of processors first, then by name."""
    sums: dict[str | None, Use] = {}
    for row in rows:
        key = name(row)
        sums[key] = sums.get(key, Use()) + row.use
    found = [Account(key, use) for key, use in sums.items()]
    return sorted(found, key=lambda one: (-one.use.cpu_ms, one.name or ""))


def total(rows: Iterable[Metered]) -> Use:
    """Sum up everything."""
    return sum((row.use for row in rows), Use())
