"""The one place that knows what a store's URL means, and what the two databases need to be trusted.

SQLite runs in WAL mode with full synchronisation, PostgreSQL with `synchronous_commit=on`: a sender forgets an
event as soon as we say that it is stored, so a stored event must survive a power cut. SQLite's transactions that
write take the write lock at their beginning; one that would take it later can be refused at once, without
waiting, because its snapshot is old.
"""

from __future__ import annotations

import os
import sqlite3
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, ProgrammingError, SQLAlchemyError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from sqlalchemy import URL

BUSY_SECONDS = 5
"""How long a transaction waits for another one's lock before the store counts as away."""
BUSY_AGAIN = 0.02
"""Seconds between two tries of what SQLite refuses without waiting."""

DATABASE_ERRORS = (SQLAlchemyError, sqlite3.Error, psycopg.Error)
"""SQLAlchemy's, and the drivers' own, where `store.fixed` speaks to them without it."""

_WRITES = "maximalab_writes"
_PATIENCE = "maximalab_patience"
_AFTERWARDS = "maximalab_afterwards"
_ARCHIVE = "maximalab_archive"


class StoreAwayError(Exception):
    """The store cannot answer now: locked, full, unreachable, without tables. Nothing is half written."""


class StoreUrlError(Exception):
    """The store's URL cannot be used; the text says why and what to do."""


@dataclass(slots=True)
class Afterwards:
    """What is done once a transaction has ended: `kept` where all of it is kept, `ended` in any case, in the end."""

    kept: list[Callable[[], object]] = field(default_factory=list)
    ended: ExitStack = field(default_factory=ExitStack)


def open_engine(url: str, setting: str = "usage.db_url", *, archive: Path | None = None) -> Engine:
    """Make the engine of the store at `url`: `sqlite:///<path>` or `postgresql://…` (through psycopg 3).

    `setting` is where the URL stands, for the words of an error. `archive` is the folder of the months that lie in
    files; beside a SQLite store it is the folder `archive` where none is given.

    Raises `StoreUrlError` for any other database or a URL that is none. Nothing is connected yet.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreUrlError(
            f"{setting} is no database URL. Use sqlite:///<path> or postgresql://<user>@<host>/<name>."
        ) from error
    match parsed.get_backend_name():
        case "sqlite":
            found = _sqlite(parsed, setting)
            archive = archive or Path(str(parsed.database)).absolute().parent / "archive"
        case "postgresql":
            found = _postgresql(parsed)
        case other:
            raise StoreUrlError(
                f"{setting} names the database {other!r}. Use sqlite:///<path> or postgresql://<host>/<name>."
            )
    found.update_execution_options(**{_ARCHIVE: archive})
    return found


def archive_folder(of: Engine | Connection) -> Path:
    """Say in which folder the archived months lie. Raises `StoreAwayError` where nobody said it."""
    folder: Path | None = of.get_execution_options().get(_ARCHIVE)
    if folder is None:
        raise StoreAwayError("months are archived, and nobody said where: set usage.archive_dir")
    return folder


def has_archive_folder(of: Engine | Connection) -> bool:
    """Say whether somebody said where archived months lie; where nobody did, none can be made."""
    return of.get_execution_options().get(_ARCHIVE) is not None


def afterwards(connection: Connection) -> Afterwards:
    """Give what is done after the transaction of this connection, which is one of `writing`."""
    found: Afterwards = connection.get_execution_options()[_AFTERWARDS]
    return found


def _sqlite(url: URL, setting: str) -> Engine:
    if not url.database or url.database == ":memory:":
        raise StoreUrlError(f"{setting} names no file. Use sqlite:///<path>; memory forgets.")
    _make_private(Path(url.database), setting)
    engine = create_engine(
        url.set(drivername="sqlite+pysqlite"),
        connect_args={"timeout": BUSY_SECONDS, "isolation_level": None, "check_same_thread": False},
        pool_size=8,
    )
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _make_private(path: Path, setting: str) -> None:
    """Let the file be readable by its owner alone from its first moment: it holds personal data."""
    if not path.parent.is_dir():
        raise StoreUrlError(f"{setting}: the folder {path.parent} does not exist. Make it, or mend the path.")
    try:
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreUrlError(
            f"{setting}: {path} cannot be written ({error.strerror}). Mend its rights."
        ) from error


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  the driver's own connection
    _log_ahead(connection)
    for pragma in ("synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}").close()


def _log_ahead(connection: sqlite3.Connection) -> None:
    """Have the file keep a write-ahead log: who finds another at that, in a new file, is refused without a wait."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL").close()
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(BUSY_AGAIN)
        else:
            return


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    begin = "BEGIN IMMEDIATE" if options.get(_WRITES) else "BEGIN"
    patience = options.get(_PATIENCE)
    if patience is None:
        connection.connection.execute(begin).close()  # SQLAlchemy's own way takes several times as long
        return
    connection.exec_driver_sql(f"PRAGMA busy_timeout={int(patience * 1000)}")
    try:
        connection.exec_driver_sql(begin)
    finally:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(BUSY_SECONDS * 1000)}")


def _postgresql(url: URL) -> Engine:
    return create_engine(
        url.set(drivername="postgresql+psycopg"),
        connect_args={
            "connect_timeout": BUSY_SECONDS,
            # A server whose machine vanished says nothing: count it as away, too, instead of waiting for ever.
            "tcp_user_timeout": 3 * BUSY_SECONDS * 1000,
            # A database may be set up to answer before it has written, and lose that in a crash.
            "options": f"-c lock_timeout={BUSY_SECONDS}s -c synchronous_commit=on",
        },
        pool_size=8,
        pool_pre_ping=True,
    )


@contextmanager
def writing(engine: Engine, patience: float | None = None) -> Iterator[Connection]:
    """Give a connection in a transaction that may write; all of it is kept at the end, or nothing.

    `patience`, in seconds, is how long SQLite waits for its write lock where `BUSY_SECONDS` are too few.
    Raises `StoreAwayError` where the database refuses, whether at the beginning, within or at the commit.
    """
    after = Afterwards()
    options = {_WRITES: True, _PATIENCE: patience, _AFTERWARDS: after}
    with after.ended:
        try:
            # Set upon the connection: an engine with options of its own costs more than a small post's question.
            with engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
        except DATABASE_ERRORS as error:
            raise StoreAwayError(reason_of(error)) from error
        for act in after.kept:
            act()


@contextmanager
def reading(engine: Engine) -> Iterator[Connection]:
    """Give a connection in a transaction that reads. Raises `StoreAwayError` where the database refuses.

    It sees one state of the store, whatever arrives, moves into the archive or is withdrawn meanwhile. SQLite always
    reads so; PostgreSQL has to be asked.
    """
    if engine.dialect.name == "postgresql":
        engine = engine.execution_options(isolation_level="REPEATABLE READ")
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql" and has_archive_folder(engine):
                _hold_events(connection)
            yield connection
    except DATABASE_ERRORS as error:
        raise StoreAwayError(reason_of(error)) from error


def _hold_events(connection: Connection) -> None:
    """Hold the table of events before the state that is seen is taken, so that no partition goes in between.

    `LOCK` takes no such state, a question would. A store without tables has nothing to hold.
    """
    try:
        connection.exec_driver_sql("SAVEPOINT whole; LOCK TABLE event IN ACCESS SHARE MODE; RELEASE whole")
    except ProgrammingError as error:
        if not isinstance(error.orig, connection.dialect.loaded_dbapi.errors.UndefinedTable):
            raise
        connection.exec_driver_sql("ROLLBACK TO whole")


def reason_of(error: Exception) -> str:
    """Say in one bounded line what the driver said: no statement, no parameters, thus nothing personal."""
    cause = getattr(error, "orig", None) or error
    lines = str(cause).strip().splitlines() or [""]
    return f"{type(cause).__name__}: {lines[0]}"[:200]
