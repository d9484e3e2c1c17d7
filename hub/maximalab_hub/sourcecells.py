"""What a teacher calls the cells of a material: their places in the notebook that was handed out, and its headings.

The hub has the notebooks of open material alone, where it publishes to a folder of its own (`catalogue.public_store`);
those of licensed and private material it never reads, wherever they lie.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from maximalab_spawner.tiers import Tier

from maximalab_hub.catalogue import read_or_warn
from maximalab_hub.comparison.exercises import exercises
from maximalab_hub.study import cells, study_of, timetables_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from maximalab_spawner.catalog import CatalogReader, Material
    from sqlalchemy import Connection

    from maximalab_hub.comparison.exercises import Exercise
    from maximalab_hub.settings import Settings
    from maximalab_hub.store.research import Selection
    from maximalab_hub.study import Study

LONGEST: Final = 80
"""Letters of a heading or a task's name that are kept."""


@dataclass(frozen=True, slots=True)
class SourceCell:
    """A cell of code in the notebook that was handed out."""

    cell: str
    """Its id, the same in everybody's copy."""
    place: int
    """Among the notebook's cells of code, from 1."""
    grade_id: str | None
    """What the task is called where the cell is graded (nbgrader's metadata)."""
    heading: str
    """The heading above it; empty where there is none."""


def source_cells(notebook: bytes) -> tuple[SourceCell, ...]:
    """Read the cells of code of a notebook; none of what is no notebook, or of a format without ids."""
    try:
        cells = json.loads(notebook)["cells"]
        return tuple(_read(cells))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return ()


def _read(cells: Iterable[Mapping[str, Any]]) -> Iterable[SourceCell]:
    heading, place = "", 0
    for one in cells:
        text = one["source"] if isinstance(one["source"], str) else "".join(one["source"])
        if one["cell_type"] == "markdown":
            heading = _heading(text) or heading
        elif one["cell_type"] == "code":
            place += 1
            name = one["metadata"].get("nbgrader", {}).get("grade_id")
            yield SourceCell(str(one["id"]), place, str(name)[:LONGEST] if name else None, heading)


def _heading(text: str) -> str:
    """Give the last heading of some Markdown."""
    lines = [line.lstrip("#").strip() for line in text.splitlines() if line.startswith("#")]
    return lines[-1][:LONGEST] if lines else ""


class SourceNotebooks:
    """The notebooks of a lab's open materials, as they are handed out now."""

    def __init__(self, settings: Settings, catalogue: CatalogReader) -> None:
        self._store = settings.catalogue.public_store
        self._catalogue = catalogue

    def cells_of(self, material_id: str, language: str) -> tuple[SourceCell, ...]:
        """Give the cells of the material's notebook, the one in this language first; none where the hub has it not.

        Cells that only another language's notebook has follow.
        """
        catalogue = read_or_warn(self._catalogue)
        material = catalogue.find(material_id) if catalogue else None
        return self._cells(material, language) if material else ()

    def _cells(self, material: Material, language: str) -> tuple[SourceCell, ...]:
        found: dict[str, SourceCell] = {}
        for path in self._paths(material, language):
            for one in source_cells(_content(path)):
                found.setdefault(one.cell, one)
        return tuple(found.values())

    def known(self, language: str) -> dict[str, tuple[str, ...]]:
        """Give the ids of the cells of every material whose notebook the hub has, in order."""
        found = {one.id: self._cells(one, language) for one in self._materials()}
        return {name: tuple(one.cell for one in cells) for name, cells in found.items() if cells}

    def versions(self, course: str | None = None) -> tuple[tuple[str, int], ...]:
        """Give the materials, of one course where it is named, with their versions: what `known` follows from."""
        mine = (one for one in self._materials() if course is None or course in one.courses)
        return tuple((one.id, one.version) for one in mine)

    def _materials(self) -> tuple[Material, ...]:
        catalogue = read_or_warn(self._catalogue)
        return catalogue.materials if catalogue else ()

    def _paths(self, material: Material, language: str) -> list[Path]:
        if self._store is None or material.tier is not Tier.PUBLIC:
            return []
        folder = self._store / material.id / str(material.version)
        others = sorted(one for one in material.notebooks if one != language)
        return [folder / material.notebooks[one] for one in (language, *others) if one in material.notebooks]


def exercises_of(
    connection: Connection, settings: Settings, catalogue: CatalogReader, selection: Selection
) -> tuple[Exercise, ...]:
    """Say how the cells of each material went with those who agreed, in the order of the notebooks that the hub has."""
    known = SourceNotebooks(settings, catalogue).known(settings.lab.default_language)
    return exercises_read(connection, study_of(settings), selection, known)()


def exercises_read(
    connection: Connection, study: Study, selection: Selection, known: Mapping[str, Sequence[str]]
) -> Callable[[], tuple[Exercise, ...]]:
    """Read all that says so; what it gives says it when nothing is read any more. `known` is as of `exercises`."""
    found, timetables = cells(connection, study, selection), timetables_of(connection, study)
    return partial(exercises, found, timetables, known, study.parameters.smallest_group)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
