"""What the meters at a Swarm's nodes say (`nodemeter`), read from their log, which a manager has from all nodes.

A log's line comes with the node that it is of, and the Swarm vouches for that by the node's own certificate: what a
node says counts for its own containers alone.
"""

from __future__ import annotations

import json
import math
import re
import struct
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from maximalab_spawner.nodemeter import BEAT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from maximalab_spawner.engine import Engine

#: The last lines of each meter that are asked for: so many containers at a node, 150 to a line, are metered.
LINES: Final = 8
#: Seconds between two looks at the log of one Swarm, however many servers want to know.
LOOK_EVERY: Final = 15.0
#: Seconds after which a reading that nothing follows is none any more.
STALE: Final = 4.5 * BEAT
HEAD, STDOUT = struct.Struct(">BxxxL"), 1
NODE = re.compile(r"com\.docker\.swarm\.node\.id=([0-9a-z]+)")


@dataclass(frozen=True, slots=True)
class Clocks:
    """Seconds that go on whatever happens, and seconds since 1970."""

    steady: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time


@dataclass(frozen=True, slots=True)
class Beat:
    """A node's reading of its containers."""

    at: int
    """By the node's own clock, in seconds since 1970."""
    use: Mapping[str, tuple[int, int]]
    """By a container's id: milliseconds of a processor since its start, bytes now."""


def service_of(lab: str) -> str:
    """Name the service whose log it is, as deploy/swarm names it."""
    return f"{lab}_meter"


def texts(log: bytes) -> Iterator[str]:
    """Give what was printed, as the engine's frames hold it. What is cut off at the end is left out."""
    place = 0
    while place + HEAD.size <= len(log):
        stream, size = HEAD.unpack_from(log, place)
        text = log[place + HEAD.size : place + HEAD.size + size]
        place += HEAD.size + size
        if stream == STDOUT and len(text) == size:
            yield text.decode(errors="replace")


def beats(log: bytes) -> dict[str, Beat]:
    """Give the last reading of each node; a line that is none is passed over."""
    found: dict[str, Beat] = {}
    for text in texts(log):
        about, _, said = text.partition(" ")
        node, beat = NODE.search(about), _beat(said)
        if node is None or beat is None:
            continue
        before = found.get(node[1])
        if before is not None and before.at == beat.at:
            beat = Beat(beat.at, {**before.use, **beat.use})
        if before is None or before.at <= beat.at:
            found[node[1]] = beat
    return found


def _beat(said: str) -> Beat | None:
    try:
        told: Any = json.loads(said)
        use = {str(name): (int(cpu), int(memory)) for name, (cpu, memory) in told["use"].items()}
        return Beat(int(told["at"]), use)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, OverflowError):
        return None


class NodeFigures:
    """What the nodes of one Swarm told of a lab's servers last."""

    def __init__(self, engine: Engine, lab: str, clocks: Clocks) -> None:
        self.engine, self._service, self._clocks = engine, service_of(lab), clocks
        self._beats: dict[str, Beat] = {}
        self._came: dict[str, float] = {}
        """When a node's reading was seen here first."""
        self._looked = -math.inf

    async def use(self, node: str, container: str) -> tuple[int, int] | None:
        """Give milliseconds of a processor and bytes of a container at a node; None where nothing is heard of it.

        Who asks while another looks does not wait: a node that does not answer holds up a look for seconds. Raises an
        `EngineError` where the managers do not answer, or have no such meter.
        """
        if self._clocks.steady() - self._looked >= LOOK_EVERY:
            self._looked = self._clocks.steady()
            await self._look()
        if self._clocks.steady() - self._came.get(node, -math.inf) >= STALE:
            return None
        return self._beats[node].use.get(container)

    async def _look(self) -> None:
        log: bytes = await self.engine.call(lambda client: client.service_log(self._service, LINES))
        now = self._clocks.steady()
        for node, beat in beats(log).items():
            before = self._beats.get(node)
            if before is None or before.at != beat.at:
                # A node's clock may be wrong; it counts at the first look alone, which may be at a log of long ago.
                age = 0.0 if before is not None else abs(self._clocks.wall() - beat.at)
                self._beats[node], self._came[node] = beat, now - age


class Figures:
    """The figures of each Swarm, by its backend's name. An engine that is another has figures of its own."""

    def __init__(self, clocks: Clocks | None = None) -> None:
        self._clocks = clocks or Clocks()
        self._known: dict[str, NodeFigures] = {}

    def of(self, engine: Engine, lab: str) -> NodeFigures:
        """Give those of a lab's servers in the Swarm at this engine."""
        known = self._known.get(engine.address.backend)
        if known is None or known.engine is not engine:
            known = self._known[engine.address.backend] = NodeFigures(engine, lab, self._clocks)
        return known
