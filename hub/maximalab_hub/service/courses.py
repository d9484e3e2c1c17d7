"""Of which courses a material is, for events, which ask with each post."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from maximalab_spawner.catalog import Catalog, CatalogReader

LOOK_SECONDS: Final = 1.0
"""How long a description that was changed where it lies may go unseen; a new or replaced one is seen at once."""


class CoursesOfMaterials:
    """Asks the catalogue, and looks at all its files now and then only; `clock` is monotonic, in seconds."""

    def __init__(self, reader: CatalogReader, clock: Callable[[], float]) -> None:
        self._reader = reader
        self._clock = clock
        self._catalog: Catalog | None = None
        self._until = 0.0
        self._changed: int | None = None

    def __call__(self, material: str) -> tuple[str, ...] | None:
        """Give the courses, `None` where there is no such material. Raises `CatalogError`."""
        found = self._now().find(material)
        return found.courses if found else None

    def _now(self) -> Catalog:
        # Taken before reading, so that a change meanwhile is seen.
        now, changed = self._clock(), self._folder_changed()
        if self._catalog is None or changed is None or changed != self._changed or now >= self._until:
            self._catalog = None
            self._catalog = self._reader.read()
            self._changed, self._until = changed, now + LOOK_SECONDS
        return self._catalog

    def _folder_changed(self) -> int | None:
        """Say when a file of the folder last came, went or was replaced."""
        try:
            return os.stat(self._reader.folder).st_mtime_ns  # noqa: PTH116  a path's own way takes twice as long
        except OSError:
            return None  # the reader says what is wrong
