"""Runs of cells put into a usage store as the recorder would have told them, for tests that need a past."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from maximalab_hub.store.bulk import insert_events
from maximalab_hub.store.engine import writing
from maximalab_hub.store.queries import EventValues
from maximalab_recorder.ids import uuid7
from sqlalchemy import Engine


def run_at(engine: Engine, user: str, *moments: datetime, course: str = "operations-research") -> list[str]:
    """Let the person have run a cell of the course at each of these moments; gives the events' ids."""
    boot = str(uuid4())
    rows = [_run(user, at, course, boot, seq) for seq, at in enumerate(moments)]
    with writing(engine) as connection:
        insert_events(connection, rows)
    return [row["event_id"] for row in rows]


def _run(user: str, at: datetime, course: str, boot: str, seq: int) -> EventValues:
    return EventValues(
        event_id=str(uuid7(at)), boot_id=boot, seq=seq, kind="run", at=at, at_reported=at.isoformat(),
        at_clamped=False, received_at=at, user=user, server="public-maxima", tier="public", backend="here",
        entrance="public", course=course, material="simplex", notebook="simplex/simplex.uk.ipynb",
        cell_id="a", kernel="maxima", duration_ms=1000, outcome="ok", error_name=None, source="server", detail={},
    )  # fmt: skip
