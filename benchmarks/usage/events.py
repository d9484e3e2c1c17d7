"""Made-up events of students' servers, from a fixed seed: the same posts for the service and for bare SQL."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING, Any
from uuid import UUID

from maximalab_recorder.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator

BATCH = 100
"""Events in one post, as the recorder sends them."""
OUTCOMES = ("ok", "ok", "ok", "ok", "error", "interrupted")


@dataclass(frozen=True)
class Post:
    """What one server sends at once."""

    events: tuple[dict[str, Any], ...]

    @property
    def body(self) -> bytes:
        """The post as it goes over the wire."""
        return json.dumps({"events": self.events}).encode()


def posts(seed: int) -> Iterator[Post]:
    """Runs of one server after another, without end; another seed makes other events."""
    chance = Random(seed)  # noqa: S311  (no secret hangs on it)
    boot = str(UUID(int=chance.getrandbits(128), version=4))
    moment, number = datetime.now(UTC) - timedelta(hours=1), 0
    while True:
        events = []
        for _ in range(BATCH):
            moment += timedelta(milliseconds=chance.randint(1, 20))
            events.append(_run(chance, boot, number, moment))
            number += 1
        yield Post(tuple(events))


def _run(chance: Random, boot: str, number: int, moment: datetime) -> dict[str, Any]:
    outcome = chance.choice(OUTCOMES)
    return {
        "event_id": str(uuid7(moment)),
        "boot_id": boot,
        "seq": number,
        "kind": "run",
        "at": moment.isoformat(),
        "notebook": "simplex/simplex.uk.ipynb",
        "cell_id": f"cell-{chance.randrange(40):08x}",
        "kernel": "maxima",
        "duration_ms": chance.randint(1, 5000),
        "outcome": outcome,
        "error_name": "MaximaError" if outcome == "error" else None,
        "detail": {"via": "websocket"},
    }
