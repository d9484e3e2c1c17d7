"""Events that are posted to a running usage service, and what it answered and stored."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
from maximalab_hub.store.engine import reading
from maximalab_hub.store.queries import last_events
from maximalab_recorder.ids import uuid7
from plainhttp import NO_AUTHORITIES
from sqlalchemy import text
from usagelab import UsageLab

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row

SERVER = "public-maxima"


def moment(**ago: float) -> str:
    return (datetime.now(UTC) + timedelta(**ago)).isoformat()


def an_event(**fields: Any) -> dict[str, Any]:
    event_id, boot_id = str(uuid7(datetime.now(UTC))), str(uuid4())
    return {"event_id": event_id, "boot_id": boot_id, "seq": 0, "kind": "run", "at": moment(), **fields}


def post(lab: UsageLab, token: str, events: object, **how: Any) -> httpx.Response:
    body = how.pop("content", None)
    known_by = {"Authorization": f"token {token}"} if token else {}
    headers = {**known_by, "Content-Type": "application/json", **how.pop("headers", {})}
    content = json.dumps({"events": events}).encode() if body is None else body
    return httpx.post(
        how.pop("url", f"{lab.usage}/events"),
        content=content,
        headers=headers,
        timeout=20,
        verify=NO_AUTHORITIES,
    )


def statuses(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [result["status"] for result in answer.json()["results"]]


def newest(lab: UsageLab, count: int = 1) -> Sequence[Row[Any]]:
    with reading(lab.engine) as connection:
        return last_events(connection, count)


def count(lab: UsageLab) -> int:
    with reading(lab.engine) as connection:
        return connection.execute(text("SELECT count(*) FROM event")).scalar_one()
