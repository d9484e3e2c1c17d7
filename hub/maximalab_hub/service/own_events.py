"""What the service itself saw and records: who looked at what, and who exported what.

Each is an event of whoever did it, and an entry of the export log, in one transaction.
"""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from maximalab_recorder.ids import uuid7

from maximalab_hub.events import Kind, Source
from maximalab_hub.export_log import LogKind, names_in_the_log
from maximalab_hub.secret_files import Secret, read_secret
from maximalab_hub.store import log
from maximalab_hub.store.bulk import insert_events
from maximalab_hub.store.engine import writing
from maximalab_hub.store.queries import EventValues

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import Engine

    from maximalab_hub.export_log import Entry
    from maximalab_hub.privacy import Pseudonyms
    from maximalab_hub.settings import Settings

LOGGED: Final[Mapping[Kind, LogKind]] = {Kind.LOOK: LogKind.LOOK, Kind.EXPORT: LogKind.EXPORT}
"""The kinds of event that are about records of others."""


class OwnEvents:
    """One start of the service as a witness; `clock` gives aware moments. Safe for several threads.

    `names` are the pseudonyms of the export log.
    """

    def __init__(self, engine: Engine, clock: Callable[[], datetime], names: Pseudonyms) -> None:
        self._engine = engine
        self._clock = clock
        self._names = names
        self._boot_id = str(uuid4())
        self._seq = 0
        self._lock = Lock()

    def record(
        self,
        kind: Kind,
        user: str,
        *,
        course: str | None = None,
        detail: Mapping[str, Any] | None = None,
        study: str | None = None,
    ) -> Entry:
        """Store at once that `user` did this, for a study if it was for one; give its entry of the export log.

        `kind` is one of `LOGGED`. Whoever shows something that has to be recorded calls this first, and shows nothing
        where it fails. Raises `maximalab_hub.store.engine.StoreAwayError`.
        """
        now, told, who = self._clock(), dict(detail or {}), self._names.of(user)
        with self._lock:
            seq, self._seq = self._seq, self._seq + 1
        row = EventValues(
            event_id=str(uuid7(now)), boot_id=self._boot_id, seq=seq, kind=kind.value,
            at=now, at_reported=now.isoformat(), at_clamped=False, received_at=now,
            user=user, server=None, tier=None, backend=None, entrance=None,
            course=course, material=None, notebook=None, cell_id=None, kernel=None,
            duration_ms=None, outcome=None, error_name=None,
            source=Source.HUB.value, detail=told,
        )  # fmt: skip
        with writing(self._engine) as connection:
            insert_events(connection, [row])
            return log.append(connection, at=now, kind=LOGGED[kind], who=who, study=study, detail=told)

    def exported(self, asked: Entry, detail: Mapping[str, Any]) -> Entry:
        """Log that the files of the export that `asked` began are whole; `detail` says which they are.

        Raises `maximalab_hub.store.engine.StoreAwayError`.
        """
        told = {"asked": asked.position, **detail}
        with writing(self._engine) as connection:
            return log.append(
                connection,
                at=self._clock(),
                kind=LogKind.EXPORTED,
                who=asked.who,
                study=asked.study,
                detail=told,
            )


def own_events_of(settings: Settings, engine: Engine, clock: Callable[[], datetime]) -> OwnEvents:
    """Make one start of a witness for the lab that the settings describe. Raises `SecretError`."""
    return OwnEvents(engine, clock, log_names_of(settings))


def log_names_of(settings: Settings) -> Pseudonyms:
    """Make the pseudonyms of the lab's export log. Raises `SecretError`."""
    return names_in_the_log(read_secret(settings.secrets.dir, Secret.PSEUDONYM_KEY))
