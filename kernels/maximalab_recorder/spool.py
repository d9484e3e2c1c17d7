"""Keeps events on the disk until the usage service has confirmed each of them.

One SQLite file in WAL mode with `synchronous=FULL`: an appended event has survived a `kill -9` and a power
cut before `append` returns, a torn last write is undone by SQLite itself at the next start, and deleting
confirmed events needs no segments and no compaction of our own. The folder must lie on a local disk (WAL does
not work over NFS).
"""

from __future__ import annotations

import json
import logging
import sqlite3
import threading
from typing import TYPE_CHECKING, Any

from maximalab_recorder.gap import Gap
from maximalab_recorder.spoolfile import open_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

Event = dict[str, Any]

FILE_NAME = "events.sqlite"
DEFAULT_CAP_BYTES = 32 * 1024 * 1024
ROW_OVERHEAD_BYTES = 96
"""What SQLite keeps beside an event: its row number, its name, the index entry."""

NOTES_MOST = 1000
"""How many things may be under way at once; a student's code can invent more of them."""

_DELETE = "DELETE FROM event WHERE event_id = ? RETURNING bytes"
_REWRITE = "UPDATE event SET payload = ?, bytes = ? WHERE event_id = ?"
_NOTE = "INSERT OR REPLACE INTO note SELECT ?, ? WHERE (SELECT count(*) FROM note) < ?"
_UNNOTE = "DELETE FROM note WHERE name = ?"
_INSERT = "INSERT OR IGNORE INTO event (event_id, bytes, payload, marker) VALUES (?, ?, ?, ?)"


class Spool:
    """The unsent events of one sender, oldest first.

    `folder` is made where it is missing (mode 0700). `cap_bytes` is the most that unsent events may take;
    what comes after is dropped, and counted in one event of kind `events_dropped` in its place, so that a gap
    is never silent. Safe for one process with several threads. Events of earlier starts are still there, and
    come first.

    Raises `OSError` or `sqlite3.Error` from the constructor alone, where the folder cannot be used at all.
    """

    def __init__(
        self, folder: Path, *, cap_bytes: int = DEFAULT_CAP_BYTES, log: logging.Logger | None = None
    ) -> None:
        self._log = log or logging.getLogger("maximalab.spool")
        self._cap = cap_bytes
        self._lock = threading.Lock()
        self._watchers: list[Callable[[], None]] = []
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._db = open_file(folder / FILE_NAME, self._log)
        self._gap: Gap | None = None
        """What was dropped and could not be written down yet."""
        self._closing: set[str] = set()
        """Notes that are to go with the next event that can be written down."""
        used, count = self._db.execute("SELECT coalesce(sum(bytes), 0), count(*) FROM event").fetchone()
        self._used, self._count = int(used), int(count)

    def append(self, event: Mapping[str, Any], closes: str | None = None) -> bool:
        """Keep `event`, which carries `event_id`, `boot_id`, `seq`, `at`; False where it was dropped.

        `closes` names a note that goes in the same stroke. Text that no encoding can carry (half a surrogate pair)
        gets question marks in its place. A full disk drops events as a full spool does. Never raises for what the
        disk does.
        """
        payload = _as_text(event)
        with self._lock:
            kept = self._append(event, payload, closes)
        for watcher in self._watchers:
            watcher()
        return kept

    def note(self, name: str, told: Mapping[str, Any]) -> None:
        """Note what is under way, so that the next start can tell it should this process be killed meanwhile.

        A note survives the process, not a power cut: it is not flushed, since one comes before each run.
        """
        with self._lock:
            try:
                self._db.execute("PRAGMA synchronous=NORMAL")
                with self._db:
                    self._db.execute(_NOTE, (_storable(name), _as_text(told), NOTES_MOST))
            except sqlite3.Error as error:
                self._log.warning("a run under way could not be noted: %s", error)
            finally:
                self._db.execute("PRAGMA synchronous=FULL")

    def notes(self) -> dict[str, dict[str, Any]]:
        """Give what is noted as under way, by name and in the order it began."""
        with self._lock:
            rows = self._db.execute("SELECT name, payload FROM note ORDER BY rowid").fetchall()
        return {name: json.loads(payload) for name, payload in rows}

    def unsent(self, limit: int) -> list[Event]:
        """Give up to `limit` events in the order of arrival; a count of dropped ones among them is closed."""
        with self._lock:
            rows = self._db.execute(
                "SELECT payload FROM event WHERE aside = 0 ORDER BY pos LIMIT ?", (limit,)
            ).fetchall()
            events: list[Event] = [json.loads(payload) for (payload,) in rows]
            markers = [(event["event_id"],) for event in events if event["kind"] == Gap.KIND]
            if markers:
                with self._db:
                    self._db.executemany("UPDATE event SET marker = 0 WHERE event_id = ?", markers)
        return events

    def forget(self, event_ids: Iterable[str]) -> None:
        """Let go of events that the service has confirmed; unknown names change nothing."""
        with self._lock:
            with self._db:
                gone = [row for name in event_ids for row in self._db.execute(_DELETE, (name,))]
            self._used -= sum(size for (size,) in gone)
            self._count -= len(gone)

    def set_aside(self, event_ids: Iterable[str]) -> None:
        """Keep these events, yet give them out no more before the next start: nobody can read them."""
        with self._lock, self._db:
            self._db.executemany("UPDATE event SET aside = 1 WHERE event_id = ?", ((n,) for n in event_ids))

    def watch(self, call: Callable[[], None]) -> None:
        """Have `call` called, in the appending thread, after each append; it is quick and never raises."""
        self._watchers.append(call)

    def close(self) -> None:
        """Let go of the file; what is in it stays."""
        with self._lock:
            self._db.close()

    def __len__(self) -> int:
        return self._count

    def _append(self, event: Mapping[str, Any], payload: str, closes: str | None) -> bool:
        size = len(payload.encode()) + ROW_OVERHEAD_BYTES
        kept = self._used + size <= self._cap
        if closes is not None:
            self._closing.add(_storable(closes))
        if not kept:
            self._drop(event)
        try:
            with self._db:
                grown, rows = self._write_gap()
                if kept:
                    added = self._insert(event["event_id"], size, payload, marker=False)
                    grown, rows = grown + added * size, rows + added
                self._db.executemany(_UNNOTE, [(name,) for name in self._closing])
        except sqlite3.Error as error:
            if kept:
                self._drop(event)
            self._log.warning("%d usage events could not be written down: %s", self._dropped(), error)
            return False
        self._gap = None
        self._closing.clear()
        self._used += grown
        self._count += rows
        return kept

    def _drop(self, event: Mapping[str, Any]) -> None:
        self._gap = Gap.of(event) if self._gap is None else self._gap.widened(event)

    def _dropped(self) -> int:
        return 0 if self._gap is None else self._gap.count

    def _insert(self, event_id: str, size: int, payload: str, *, marker: bool) -> int:
        self._db.execute("UPDATE event SET marker = 0 WHERE marker = 1")
        return self._db.execute(_INSERT, (event_id, size, payload, int(marker))).rowcount

    def _write_gap(self) -> tuple[int, int]:
        """Tell what was dropped, in the caller's transaction: bytes and rows that the spool grew by."""
        if self._gap is None:
            return 0, 0
        row = self._db.execute("SELECT event_id, bytes, payload FROM event WHERE marker = 1").fetchone()
        marker = self._gap.marker() if row is None else self._gap.added_to(json.loads(row[2]))
        payload = json.dumps(marker, separators=(",", ":"))
        size = len(payload) + ROW_OVERHEAD_BYTES
        if row is None:
            self._log.warning("the spool of usage events is full: new ones are dropped, and counted")
            return size, self._insert(marker["event_id"], size, payload, marker=True)
        self._db.execute(_REWRITE, (payload, size, row[0]))
        return size - row[1], 0


def _as_text(told: Mapping[str, Any]) -> str:
    return _storable(json.dumps(told, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def _storable(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")
