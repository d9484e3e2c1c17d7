"""Where an event gets its name, its number and its time: one call for whoever has something to tell."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from maximalab_recorder.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Callable

    from maximalab_recorder.spool import Spool


def utc_now() -> datetime:
    """Give the present, aware."""
    return datetime.now(UTC)


class EventSource:
    """One start of one sender: `boot_id` names the start, `seq` counts its events from 0.

    `clock` gives aware moments, `mint` a UUIDv7 for a moment; both are handed in by tests. Safe for several
    threads: the order of `seq` is the order in the spool. A `seq` is used up even where the event was
    dropped.
    """

    def __init__(
        self,
        spool: Spool,
        boot_id: UUID | None = None,
        clock: Callable[[], datetime] = utc_now,
        mint: Callable[[datetime], UUID] = uuid7,
    ) -> None:
        self.spool = spool
        self.boot_id = str(boot_id or uuid4())
        self._clock = clock
        self._mint = mint
        self._seq = 0
        self._lock = threading.Lock()

    def emit(
        self,
        kind: str,
        *,
        at: datetime | None = None,
        event_id: str | None = None,
        closes: str | None = None,
        **fields: object,
    ) -> str:
        """Write one event down and give its name.

        `at` is when it began, now where not given. `event_id` is its name where the sender has one already, a
        UUIDv7: what may have been told before is told again under it, and counts once. `closes` names a note in
        the spool that the event makes good. `fields` are those of "Events on the wire"; those that are None are
        left out. Raises `ValueError` for an `at` without a time zone, and nothing for what the disk does.
        """
        now = self._clock()
        begun = (at or now).astimezone(UTC)
        if at is not None and at.tzinfo is None:
            raise ValueError("an event's `at` needs a time zone")
        told = {name: value for name, value in fields.items() if value is not None}
        with self._lock:
            name = event_id or str(self._mint(now))
            envelope = {"event_id": name, "boot_id": self.boot_id, "seq": self._seq, "kind": kind}
            event = {**envelope, "at": begun.isoformat(timespec="microseconds"), **told}
            self.spool.append(event, closes)
            self._seq += 1
        return name
