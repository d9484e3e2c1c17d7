"""Puts files into a student's space: whole or not at all, and never over something that is there."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_materials.plan import Present
from maximalab_materials.refusals import Reason, Refused
from maximalab_materials.store import files_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from maximalab_materials.store import Edition

MARKER = ".maximalab.json"
_MARKER_MOST = 1_000_000
_HALF_MADE = ".maximalab-copy"
_STALE_SECONDS = 600.0
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_TAKEN = {errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR}


def present_in(folder: Path, material: str, notebook: str) -> Present:
    """Say what is in `folder` of the student's space."""
    there = os.path.lexists(folder)
    return Present(there, _version_in(folder, material), there and (folder / notebook).is_file())


def _version_in(folder: Path, material: str) -> int | None:
    try:
        with (folder / MARKER).open("rb") as file:
            marker = json.loads(file.read(_MARKER_MOST))
        named = marker["id"] == material and type(marker["version"]) is int
        return marker["version"] if named else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None  # no copy of ours that we could vouch for: the folder counts as the student's own


def put_copy(source: Edition, root: Path, name: str) -> None:
    """Copy a version to `<root>/<name>`, with a marker of its files, all of them writable.

    Where somebody else was quicker, theirs stays. Raises `Refused`, with nothing left behind.
    """
    with _own_errors():
        _sweep(root)
        half_made = Path(tempfile.mkdtemp(prefix=f".{name}-", suffix=_HALF_MADE, dir=root))
        try:
            hashes = {file: _copy(source.folder / file, half_made / file) for file in files_of(source.folder)}
            _write_marker(source, hashes, half_made / MARKER)
            half_made.chmod(0o755)
            _rename_where_free(half_made, root / name)
        finally:
            shutil.rmtree(half_made, ignore_errors=True)


def put_back(source: Edition, file: str, folder: Path) -> None:
    """Put one deleted file back from the store. Raises `Refused`, with nothing left behind."""
    with _own_errors():
        target = folder / file
        target.parent.mkdir(parents=True, exist_ok=True)
        half_made = target.with_name(f".{target.name}-{os.getpid()}{_HALF_MADE}")
        try:
            _copy(source.folder / file, half_made)
            if not target.exists():
                half_made.rename(target)
        finally:
            half_made.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> str:
    """Copy one file durably; its SHA-256. A link in the place of `source` is refused."""
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    opened = os.open(source, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(opened, "rb") as reader, target.open("wb") as writer:
        while block := reader.read(1 << 20):
            digest.update(block)
            writer.write(block)
        writer.flush()
        os.fsync(writer.fileno())
    target.chmod(0o644)
    return digest.hexdigest()


def _write_marker(source: Edition, hashes: dict[str, str], target: Path) -> None:
    marker = {"id": source.material, "version": source.version, "files": hashes}
    target.write_text(json.dumps(marker, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def _rename_where_free(half_made: Path, target: Path) -> None:
    if os.path.lexists(target):
        return
    try:
        half_made.rename(target)
    except OSError as error:
        if error.errno not in _TAKEN:
            raise


def _sweep(root: Path) -> None:
    """Clear away what a killed server had half made."""
    for left in root.glob(f".*{_HALF_MADE}"):
        with suppress(FileNotFoundError):  # another tab's is done meanwhile
            if time.time() - left.lstat().st_mtime > _STALE_SECONDS:
                shutil.rmtree(left, ignore_errors=True)


@contextmanager
def _own_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused(Reason.NO_SPACE if error.errno in _FULL else Reason.UNWRITABLE) from error
