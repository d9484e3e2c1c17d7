"""The files of a lab's folder in a backup: packed while the lab runs, and put back.

| file | holds |
| --- | --- |
| `lab.tar.gz` | settings, accounts, catalogue, seats, devices, archived months, unsent events |
| `materials.tar.gz` | the tiers' stores |
| `secrets.tar.gz` | keys, certificates, and the words of `up` |

The databases and homes beside them are the business of deploy/compose/backup, which has the engine.
"""

from __future__ import annotations

import hashlib
import io
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "lab": ("lab",),
    "materials": ("materials",),
    "secrets": ("secrets", "tls", "vpn", ".words"),
}
SQLITE, BESIDE = ".sqlite", ("-wal", "-shm", "-journal")
TRIES = 5


class BackupError(Exception):
    """The backup cannot be made or put back; the text says why and what to do."""


def pack(folder: Path, out: Path) -> None:
    """Write the archives of `PARTS` into `out`, each for its owner alone. Raises `OSError`."""
    for part, places in PARTS.items():
        with tarfile.open(out / f"{part}.tar.gz", "w:gz", compresslevel=3) as archive:
            for path in (one for place in places for one in _below(folder / place)):
                _add(archive, path, str(path.relative_to(folder)))


def unpack(folder: Path, backup: Path) -> None:
    """Put back what `pack` took, into a folder that holds no lab. Raises `BackupError` and `OSError`."""
    there = [place for places in PARTS.values() for place in places if (folder / place).exists()]
    if there:
        raise BackupError(f"{folder}/{there[0]} is there: a backup is put back where no lab is")
    for part in PARTS:
        with tarfile.open(backup / f"{part}.tar.gz") as archive:
            archive.extractall(folder, numeric_owner=True, filter=_as_it_was)  # noqa: S202  it looks at each name


def mark(folder: Path) -> str:
    """Give a word that changes with the archive of months: rows leave the database as they enter its files."""
    found = hashlib.sha256()
    for path in _below(folder / "lab/archive"):
        try:
            found.update(f"{path.name} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
        except FileNotFoundError:
            found.update(b"gone")
    return found.hexdigest()


def _as_it_was(member: tarfile.TarInfo, target: str) -> tarfile.TarInfo:
    """Refuse names that lead out of the folder; keep owners and modes, as keys must be their owner's."""
    checked = tarfile.tar_filter(member, target)
    return checked.replace(mode=member.mode, uid=member.uid, gid=member.gid, deep=False)


def _below(place: Path) -> Iterator[Path]:
    if place.exists():
        yield place
    if place.is_dir() and not place.is_symlink():
        yield from sorted(place.rglob("*"))


def _add(archive: tarfile.TarFile, path: Path, name: str) -> None:
    """Add one file or folder; a spool's file that was delivered meanwhile is in the database."""
    if path.name.endswith(tuple(f"{SQLITE}{word}" for word in BESIDE)):
        return
    try:
        member = archive.gettarinfo(path, name)
        content = _sqlite(path) if path.suffix == SQLITE else path.read_bytes() if member.isreg() else b""
    except FileNotFoundError:
        return
    if member.isreg():
        member.size = len(content)
    archive.addfile(member, io.BytesIO(content) if member.isreg() else None)


def _sqlite(path: Path) -> bytes:
    """Give a database as it is at one moment, whoever writes it meanwhile."""
    with tempfile.NamedTemporaryFile(suffix=SQLITE) as copy:
        with closing(sqlite3.connect(path)) as source, closing(sqlite3.connect(copy.name)) as target:
            source.backup(target)
        return Path(copy.name).read_bytes()
