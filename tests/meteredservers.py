"""What a hub metered of three people's servers, for pages and tables that show it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Source
from maximalab_hub.ingest import Ingest
from maximalab_recorder.ids import uuid7

SERVERS = (("demo-01", "public-maxima"), ("demo-02", "private-octave"), ("teacher", "public-maxima"))
SHARES = 36


def tell_shares(ingest: Ingest) -> None:
    """Let the hub tell of the last three hours."""
    ingest.take(Sender(Source.HUB), list(_shares(datetime.now(UTC) - timedelta(hours=3))))


def _shares(began: datetime) -> Iterator[dict[str, Any]]:
    boot = str(uuid4())
    for seq in range(SHARES):
        user, server = SERVERS[seq % len(SERVERS)]
        at = began + timedelta(minutes=5 * (seq // len(SERVERS)))
        yield {
            "event_id": str(uuid7(at)), "boot_id": boot, "seq": seq, "kind": "server_use", "at": at.isoformat(),
            "user": user, "server": server, "tier": server.split("-")[0], "backend": "local", "entrance": "vpn",
            "duration_ms": 300_000,
            "detail": {"cpu_ms": 9_000 * (seq % 7), "memory_mib_s": 300 * (150 + seq)},
        }  # fmt: skip
