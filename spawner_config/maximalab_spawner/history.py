"""Which versions of a material there were: who published, put back or withdrew it, and when. On the hub's own disk.

One file for each material, `<folder>/<id>.jsonl`, a line for each thing that happened. It holds descriptions, which
are public, and never a word of what is in a notebook.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maximalab_spawner.faults import CatalogError
from maximalab_spawner.materials import read_material

if TYPE_CHECKING:
    from collections.abc import Callable

    from maximalab_spawner.materials import Material

PUBLISHED, WITHDRAWN = "published", "withdrawn"


@dataclass(frozen=True, slots=True)
class Deed:
    """One thing that happened to a material."""

    what: str
    """`published` or `withdrawn`."""
    version: int
    at: datetime
    """Aware UTC."""
    who: str
    """The person's name in the lab; empty where it was done by a command."""
    description: str
    """The text of `material.toml` that came, or stopped, being in force."""
    again: int | None = None
    """The earlier version whose files these are."""

    def material(self) -> Material:
        """Read its description. Raises `CatalogError`."""
        return read_material(Path("material.toml"), self.description.encode())


class History:
    """The histories of all materials, below one folder."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder, self._now = folder, now

    def of(self, material_id: str) -> tuple[Deed, ...]:
        """Give what happened to a material, the oldest first. Raises `CatalogError` where it cannot be read."""
        path = self._folder / f"{material_id}.jsonl"
        try:
            lines = path.read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return ()
        except (OSError, UnicodeDecodeError) as error:
            raise CatalogError(f"{path}: cannot be read ({error}); make it readable for the hub") from error
        try:
            return tuple(_deed(json.loads(line)) for line in lines if line)
        except (ValueError, KeyError, TypeError) as error:
            raise CatalogError(f"{path}: holds a line that is no record ({error}); remove it") from error

    def ids(self) -> tuple[str, ...]:
        """Name the materials that have a history."""
        return tuple(sorted(path.stem for path in self._folder.glob("*.jsonl")))

    def note(
        self, material: Material, *, what: str, who: str, description: str, again: int | None = None
    ) -> None:
        """Write down what was done just now; it lasts when this returns. Raises `OSError`."""
        record = {
            "what": what,
            "version": material.version,
            "at": self._now().isoformat(),
            "who": who,
            "description": description,
            "again": again,
        }
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = self._folder / f"{material.id}.jsonl"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        with os.fdopen(descriptor, "a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _deed(record: dict[str, Any]) -> Deed:
    again = record["again"]
    return Deed(
        what=str(record["what"]),
        version=int(record["version"]),
        at=datetime.fromisoformat(record["at"]),
        who=str(record["who"]),
        description=str(record["description"]),
        again=None if again is None else int(again),
    )
