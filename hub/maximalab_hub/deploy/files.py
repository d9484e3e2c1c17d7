"""Files of a lab's folder that are replaced as a whole: who reads them sees the old one or the new one."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def owner_of(path: Path) -> int:
    """Say whose a file is."""
    return path.stat().st_uid


def owned(path: Path, owner: int) -> None:
    """Give a file away, where the caller may, as root may."""
    if os.geteuid() == 0:
        os.chown(path, owner, owner)


def replaced(path: Path, content: bytes, owner: int, mode: int | None = None) -> None:
    """Write a file anew for its owner; its mode is the old one's, of a new file 0600. Raises `OSError`."""
    if mode is None:
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o600
    fresh = path.with_name(f"{path.name}.new")
    fresh.unlink(missing_ok=True)
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    owned(fresh, owner)
    fresh.chmod(mode)
    fresh.replace(path)
