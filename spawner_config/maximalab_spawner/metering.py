"""How much of a machine a server uses: processor time, and memory over time, told in shares of some minutes. Pure.

A share is written down before it is told. A hub that comes back tells the last one again under its name, which
changes nothing, and goes on from there: so no share is lost or counted twice, and what a server used while no hub
looked is in the next share.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

if TYPE_CHECKING:
    from collections.abc import Mapping

USE: Final = "server_use"
"""The kind of event that tells a share."""
READ_EVERY: Final = timedelta(seconds=30)
"""A reading asks the engine; more often would cost it more than a finer figure is worth."""
TELL_EVERY: Final = timedelta(minutes=5)
MISSED_FROM: Final = timedelta(minutes=2)
"""A server's end before its next reading is usual; more than this is missed and told."""
MIB: Final = 2**20


@dataclass(frozen=True, slots=True)
class Reading:
    """What a server's processes use, all together, at one moment."""

    at: datetime
    cpu_ms: int
    """Milliseconds of one processor, since the server's start."""
    memory: int
    """Bytes, now."""

    def as_state(self) -> dict[str, Any]:
        """Give it as plain data."""
        return {"at": self.at.isoformat(), "cpu_ms": self.cpu_ms, "memory": self.memory}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Take what `as_state` gave. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        at = datetime.fromisoformat(state["at"])
        return cls(at.astimezone(UTC), int(state["cpu_ms"]), int(state["memory"]))


@dataclass(frozen=True, slots=True)
class Share:
    """What was used between two moments."""

    event_id: str
    since: datetime
    seconds: float
    cpu_ms: int
    mib_seconds: int
    """Mebibytes times seconds: 1024 × 3600 are a gibibyte-hour."""

    @property
    def detail(self) -> dict[str, int]:
        """What its event says beside the moment and the length."""
        return {"cpu_ms": self.cpu_ms, "memory_mib_s": self.mib_seconds}

    def as_state(self) -> dict[str, Any]:
        """Give it as plain data."""
        times = {"since": self.since.isoformat(), "seconds": self.seconds}
        return {"event_id": self.event_id, **times, "cpu_ms": self.cpu_ms, "mib_seconds": self.mib_seconds}

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Take what `as_state` gave. Raises `KeyError`, `TypeError` or `ValueError` for anything else."""
        since, seconds = datetime.fromisoformat(state["since"]).astimezone(UTC), float(state["seconds"])
        return cls(str(state["event_id"]), since, seconds, int(state["cpu_ms"]), int(state["mib_seconds"]))


def unmetered_ms(since: datetime, ended: datetime) -> int:
    """Say for how many milliseconds before its end nothing of a server was read; 0 where that is usual."""
    missed = ended - since
    return round(missed.total_seconds() * 1000) if missed >= MISSED_FROM else 0


@dataclass(frozen=True, slots=True)
class Meter:
    """The meter of one server from its start to its end. Methods give the meter as it is afterwards."""

    told: Reading
    """Up to here everything is in shares."""
    last: Reading
    memory: float = 0.0
    """Byte-seconds between the two."""
    share: Share | None = None
    """The last one, which may not have been told."""

    @classmethod
    def begin(cls, at: datetime) -> Self:
        """Begin at a server's start, when it has used nothing."""
        nothing = Reading(at, 0, 0)
        return cls(nothing, nothing)

    def wants(self, now: datetime) -> bool:
        """Say whether it is time for a reading."""
        return now - self.last.at >= READ_EVERY

    def read(self, reading: Reading) -> Meter:
        """Take a reading. One that is not later than the last is not believed.

        The counter of processors never falls: where it seems to, processes went whose time nobody has inherited.
        """
        seconds = (reading.at - self.last.at).total_seconds()
        if seconds <= 0 or reading.memory < 0:
            return self
        mean = (self.last.memory + reading.memory) / 2
        last = replace(reading, cpu_ms=max(reading.cpu_ms, self.last.cpu_ms))
        return replace(self, last=last, memory=self.memory + mean * seconds)

    @property
    def full(self) -> bool:
        """Whether a share is due."""
        return self.last.at - self.told.at >= TELL_EVERY

    @property
    def empty(self) -> bool:
        """Whether there is nothing that is not in a share."""
        return self.last.at <= self.told.at

    def shared(self, event_id: str) -> Meter:
        """Put what is not in a share yet into one, under the name of its event."""
        seconds = (self.last.at - self.told.at).total_seconds()
        cpu_ms = self.last.cpu_ms - self.told.cpu_ms
        share = Share(event_id, self.told.at, seconds, cpu_ms, round(self.memory / MIB))
        return Meter(self.last, self.last, 0.0, share)

    def as_state(self) -> dict[str, Any]:
        """Give what the next hub needs as plain data: readings since the last share are made good by the next."""
        return {"told": self.told.as_state(), "share": self.share.as_state() if self.share else None}

    @classmethod
    def from_state(cls, state: object) -> Self | None:
        """Take what `as_state` gave; None where that is not there or not whole."""
        if not isinstance(state, dict):
            return None
        try:
            told = Reading.from_state(state["told"])
            share = Share.from_state(state["share"]) if state.get("share") else None
        except (KeyError, TypeError, ValueError, OverflowError):
            return None
        return cls(told, told, 0.0, share)
