"""Opens the file of a spool, and puts a damaged one out of the way."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from pathlib import Path

_SCHEMA = """
CREATE TABLE IF NOT EXISTS event (
    pos INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id TEXT NOT NULL UNIQUE,
    bytes INTEGER NOT NULL,
    payload TEXT NOT NULL,
    marker INTEGER NOT NULL DEFAULT 0,
    aside INTEGER NOT NULL DEFAULT 0
)
"""
_NOTES = """
CREATE TABLE IF NOT EXISTS note (
    name TEXT PRIMARY KEY,
    payload TEXT NOT NULL
)
"""
_BUSY_SECONDS = 5.0
_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def open_file(path: Path, log: logging.Logger) -> sqlite3.Connection:
    """Open the spool's file at `path`, made where it is missing, readable by its owner alone.

    A file that SQLite calls damaged is renamed to `<name>.damaged-<n>`, kept for whoever can mend it, and a
    new one is begun: a student's server must start. Raises `sqlite3.Error` for everything else.
    """
    try:
        return _opened(path)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _DAMAGE:
            raise
        kept = _set_apart(path)
        log.warning("the spool is damaged (%s): kept as %s, and a new one begun", error, kept.name)
        return _opened(path)


def _opened(path: Path) -> sqlite3.Connection:
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=_BUSY_SECONDS, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA journal_size_limit=1048576")
        _refuse_damage(connection)
        with connection:
            connection.execute(_SCHEMA)
            connection.execute(_NOTES)
            # a new start: counts of dropped events are closed, what nobody could read is offered once more
            connection.execute("UPDATE event SET marker = 0, aside = 0 WHERE marker = 1 OR aside = 1")
    except BaseException:
        connection.close()
        raise
    return connection


def _refuse_damage(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        damage = sqlite3.DatabaseError(found)
        damage.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise damage


def _set_apart(path: Path) -> Path:
    number = 1
    while (kept := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    path.rename(kept)
    for suffix in ("-wal", "-shm"):
        side = path.with_name(path.name + suffix)
        if side.exists():
            side.rename(kept.with_name(kept.name + suffix))
    return kept
