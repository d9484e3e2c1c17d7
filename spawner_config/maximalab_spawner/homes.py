"""At which backend a person's home lies: written down on the hub when it is made, and believed ever after.

A look at the disks alone would take a home whose disk is away for none, and give its owner an empty one
elsewhere. The records are small files, `<folder>/<tier>/<user>`, each with a backend's name in it. Whoever
moves or removes a home by hand changes or removes its record as well.
"""

from __future__ import annotations

import os
from enum import Enum, auto
from typing import TYPE_CHECKING

from maximalab_spawner.serverenv import safe_name
from maximalab_spawner.tiers import HOMES_MARKER, NAME, Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from maximalab_spawner.tiers import Tier


class HomeRecordError(Exception):
    """A record cannot be read or written. The text names the file and the remedy."""


class Look(Enum):
    """What a look for a person's home at one backend has found."""

    THERE = auto()
    ABSENT = auto()
    UNKNOWN = auto()
    """The place cannot be looked at: a dead mount, a disk that is away, no right to look."""


def look_at(homes: Path, user: str) -> Look:
    """Look whether a person's home is in a backend's folder of homes; absent counts only beside the marker."""
    try:
        if _is_there(homes / safe_name(user)):
            return Look.THERE
        return Look.ABSENT if _is_there(homes / HOMES_MARKER) else Look.UNKNOWN
    except OSError:
        return Look.UNKNOWN


def _is_there(path: Path) -> bool:
    """Say whether something is there. Raises `OSError` where nobody can say."""
    try:
        path.stat()
    except FileNotFoundError:
        return False
    return True


def home_at(recorded: str | None, looks: Mapping[str, Look]) -> str | Refused | None:
    """Name the backend where a person's home lies, None where there is none yet, or refuse.

    `looks` holds what was found at each backend of the tier. A record counts, and its home must be there.
    Without one, all of them must be known to be without the home, or exactly one to have it.
    """
    away = Refused(Reason.TIER_UNAVAILABLE)
    if recorded is not None:
        return recorded if looks.get(recorded) is Look.THERE else away
    there = [name for name, look in looks.items() if look is Look.THERE]
    if Look.UNKNOWN in looks.values() or len(there) > 1:
        return away
    return there[0] if there else None


class HomeRecords:
    """The records below one folder on the hub's own disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, tier: Tier, user: str) -> str | None:
        """Give the recorded backend, None where there is no record. Raises `HomeRecordError`."""
        path = self._path(tier, user)
        try:
            name = path.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return None
        except (OSError, UnicodeDecodeError) as error:
            raise HomeRecordError(
                f"{path}: cannot be read ({error}); make it readable for the hub"
            ) from error
        if not NAME.fullmatch(name):
            raise HomeRecordError(f"{path}: must hold the name of the backend where the home lies")
        return name

    def write(self, tier: Tier, user: str, backend: str) -> None:
        """Record where a home lies; it lasts when this returns. Raises `OSError`."""
        path = self._path(tier, user)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = path.with_name(f"{path.name}.new")
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{backend}\n")
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _path(self, tier: Tier, user: str) -> Path:
        return self._folder / tier.value / safe_name(user)
