"""Which months lie in files, where the files lie, and who may change them: one at a time."""

from __future__ import annotations

import fcntl
import json
import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, insert, select

from maximalab_hub.store.archive.months import Month, month_from
from maximalab_hub.store.engine import (
    BUSY_SECONDS,
    StoreAwayError,
    afterwards,
    archive_folder,
    has_archive_folder,
    writing,
)
from maximalab_hub.store.erasure_lock import hold_everybody_off
from maximalab_hub.store.models import ArchivedMonthRow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, Engine

EVENTS: Final = "events"
MANIFEST: Final = "manifest.json"
_LOCK: Final = ".lock"
_PAUSE: Final = 0.02
"""Seconds between two looks at the lock."""


@dataclass(frozen=True, slots=True)
class Archived:
    """A month whose events lie in a file."""

    month: Month
    path: Path
    sha256: str
    rows: int
    last_id: str
    archived_at: datetime


def folder_of(of: Engine | Connection) -> Path:
    """Say in which folder the files of events lie."""
    return archive_folder(of) / EVENTS


def has_folder(of: Engine | Connection) -> bool:
    """Say whether there is such a folder that we may look into."""
    return has_archive_folder(of) and os.path.isdir(folder_of(of))  # noqa: PTH112  Path raises where it may not look


def archived_months(connection: Connection) -> list[Archived]:
    """Give the months that lie in files, in order."""
    rows = connection.execute(select(ArchivedMonthRow.__table__).order_by(ArchivedMonthRow.month)).all()
    if not rows:
        return []
    folder = folder_of(connection)
    return [
        Archived(month_from(r.month), folder / r.file, r.sha256, r.rows, r.last_id, r.archived_at)
        for r in rows
    ]


def name_in_force(connection: Connection, one: Archived) -> None:
    """Let this file stand for its month, instead of the one before, in a transaction of `writing`."""
    before = {old.month: old.path for old in archived_months(connection)}.get(one.month)
    connection.execute(delete(ArchivedMonthRow).where(ArchivedMonthRow.month == str(one.month)))
    values = {"month": str(one.month), "file": one.path.name, "sha256": one.sha256, "rows": one.rows}
    values |= {"last_id": one.last_id, "archived_at": one.archived_at}
    connection.execute(insert(ArchivedMonthRow).values(**values))
    if before is not None:
        afterwards(connection).kept.append(lambda: before.unlink(missing_ok=True))


def no_longer(connection: Connection, one: Archived) -> None:
    """Let no file stand for the month any more."""
    connection.execute(delete(ArchivedMonthRow).where(ArchivedMonthRow.month == str(one.month)))
    afterwards(connection).kept.append(lambda: one.path.unlink(missing_ok=True))


def next_path(folder: Path, month: Month, before: Path | None) -> Path:
    """Name the file that comes after `before`: 2026-03.parquet, then 2026-03.2.parquet and so on.

    No file is written over that a month names: an older state of the store keeps what belongs to it.
    """
    if before is None:
        return folder / f"{month}.parquet"
    number = before.name.split(".")[1]
    return folder / f"{month}.{int(number) + 1 if number.isdigit() else 2}.parquet"


@contextmanager
def sole_changer(of: Engine | Connection) -> Iterator[None]:
    """Let nobody else change the archive, or what is to be archived. Raises `StoreAwayError` where somebody does."""
    folder = folder_of(of)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise StoreAwayError(f"the archive {folder} cannot be written: {error.strerror}") from error
    try:
        _lock(handle)
    except OSError as error:
        os.close(handle)
        raise StoreAwayError("the archive is being changed just now; come again in some minutes") from error
    try:
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    """Wait as long as for any lock of the store."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(_PAUSE)
        else:
            return


def tidy_up(engine: Engine) -> None:
    """Remove what a crash left, where there is an archive. Raises `StoreAwayError`."""
    if has_folder(engine):
        with sole_changer(engine):
            tidy(engine)


def tidy(engine: Engine) -> int:
    """Remove files that no month names, left by what was cut off, and write the manifest; say how many there were.

    Call it as the `sole_changer`. A transaction whose end is in doubt holds the lock that this waits for.
    """
    with writing(engine) as connection:
        hold_everybody_off(connection)
        found = archived_months(connection)
        folder = folder_of(connection)
        named = {one.path.name for one in found}
        left = [
            path
            for path in folder.iterdir()
            if path.name not in named and path.suffix in {".parquet", ".part"}
        ]
        for path in left:
            path.unlink()
        _write_manifest(folder, found)
    return len(left)


def _write_manifest(folder: Path, found: list[Archived]) -> None:
    """Write for people and back-ups which files there are; the store itself reads its own table."""
    told: list[dict[str, Any]] = [
        {"month": str(one.month), "file": one.path.name, "sha256": one.sha256, "rows": one.rows}
        for one in found
    ]
    part = folder / f"{MANIFEST}.part"
    with part.open("w", encoding="utf-8") as file:
        json.dump({"months": told}, file, indent=2)
        file.write("\n")
        file.flush()
        os.fsync(file.fileno())
    part.replace(folder / MANIFEST)
