"""Events as servers and the hub post them, and an ingest that takes them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Source
from maximalab_hub.export_log import names_in_the_log
from maximalab_hub.ingest import Ingest
from maximalab_hub.plain import PlainPost, plain_post
from maximalab_hub.service.limits import Patience
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.models import Base
from maximalab_hub.store.queries import events_between
from maximalab_recorder.ids import uuid7
from sqlalchemy import delete

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Engine

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
BOOT = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
ADA = Sender(Source.SERVER, "ada", "public-maxima")
CLIENT = Sender(Source.CLIENT, "ada")
HUB = Sender(Source.HUB)
LOG_NAMES = names_in_the_log("k" * 64)
CATALOGUE = {"simplex": ("operations-research", "economics"), "matrix-game": ("operations-research",)}


def an_event(seq: int, **fields: Any) -> dict[str, Any]:
    at = NOON - timedelta(minutes=30) + timedelta(seconds=seq)
    event_id = str(uuid7(at, seq.to_bytes(10, "big")))
    return {"event_id": event_id, "boot_id": BOOT, "seq": seq, "kind": "run", "at": at.isoformat(), **fields}


def moment(seconds: float) -> str:
    return (NOON + timedelta(seconds=seconds)).isoformat(timespec="microseconds")


def a_run(number: int, **fields: Any) -> dict[str, Any]:
    """Give a run as recorders send it."""
    usual = {"at": moment(number - 1700), "notebook": "simplex/a.ipynb", "duration_ms": 7, "outcome": "ok"}
    return an_event(number) | usual | fields


def plain_of(events: Iterable[Any]) -> PlainPost:
    post = plain_post(json.dumps({"events": list(events)}).encode(), Source.SERVER)
    assert post is not None
    return post


def start(seq: int, user: str = "ada", **fields: Any) -> dict[str, Any]:
    told = {"kind": "server_start", "user": user, "server": "public-maxima", "tier": "public"}
    return an_event(seq, **told, backend="local", entrance="vpn", **fields)


def ingest_of(engine: Engine, patience: float = 0) -> Ingest:
    clock = iter(range(10**9))
    return Ingest(
        engine, CATALOGUE.get, lambda: NOON, Patience(patience, lambda: float(next(clock))), LOG_NAMES
    )


def stored(engine: Engine) -> list[tuple[Any, ...]]:
    with reading(engine) as connection:
        return [tuple(row) for row in events_between(connection)]


def emptied(engine: Engine) -> None:
    with writing(engine) as connection:
        for table in Base.metadata.sorted_tables:
            connection.execute(delete(table))
