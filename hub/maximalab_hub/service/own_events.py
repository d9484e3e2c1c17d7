"""What the service itself saw and records: who looked at what, and who exported what."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from maximalab_recorder.ids import uuid7

from maximalab_hub.events import Source
from maximalab_hub.store.bulk import insert_events
from maximalab_hub.store.engine import writing
from maximalab_hub.store.queries import EventValues

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Engine

    from maximalab_hub.events import Kind


class OwnEvents:
    """One start of the service as a witness; `clock` gives aware moments. Safe for several threads."""

    def __init__(self, engine: Engine, clock: Callable[[], datetime]) -> None:
        self._engine = engine
        self._clock = clock
        self._boot_id = str(uuid4())
        self._seq = 0
        self._lock = Lock()

    def record(
        self, kind: Kind, user: str, *, course: str | None = None, detail: Mapping[str, Any] | None = None
    ) -> None:
        """Store at once that `user` did this. Raises `maximalab_hub.store.engine.StoreAwayError`.

        Whoever shows something that has to be recorded calls this first, and shows nothing where it fails.
        """
        now = self._clock()
        with self._lock:
            seq, self._seq = self._seq, self._seq + 1
        row = EventValues(
            event_id=str(uuid7(now)), boot_id=self._boot_id, seq=seq, kind=kind.value,
            at=now, at_reported=now.isoformat(), at_clamped=False, received_at=now,
            user=user, server=None, tier=None, backend=None, entrance=None,
            course=course, material=None, notebook=None, cell_id=None, kernel=None,
            duration_ms=None, outcome=None, error_name=None,
            source=Source.HUB.value, detail=dict(detail or {}),
        )  # fmt: skip
        with writing(self._engine) as connection:
            insert_events(connection, [row])
