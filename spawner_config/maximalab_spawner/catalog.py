"""Which material has which access: the catalogue on the hub.

A folder with one `<id>.toml` for each material and a `courses.toml`. It holds descriptions only;
the notebooks lie in the store of their tier. A description that is wrong makes its own material
unavailable and nothing else.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from maximalab_spawner.faults import CatalogError
from maximalab_spawner.history import History
from maximalab_spawner.materials import (
    Course,
    Material,
    Title,
    read_courses,
    read_material,
)
from maximalab_spawner.publishing import Published, publish

if TYPE_CHECKING:
    from pathlib import Path

__all__ = [
    "Catalog",
    "CatalogError",
    "CatalogReader",
    "Course",
    "History",
    "Material",
    "Published",
    "Title",
    "publish",
    "read_catalog",
    "read_courses",
    "read_material",
]

COURSES_FILE = "courses.toml"


@dataclass(frozen=True, slots=True)
class Catalog:
    """What may be opened in this lab."""

    materials: tuple[Material, ...]
    courses: tuple[Course, ...]
    faults: tuple[str, ...] = ()
    """Why some material is not available, one text for each: for admins and teachers, not for students."""

    def find(self, material_id: str) -> Material | None:
        """Find a material by its id; None where there is none of that id, or its description is wrong."""
        return next((one for one in self.materials if one.id == material_id), None)

    def of_course(self, course_id: str) -> tuple[Material, ...]:
        """List a course's materials in the order in which they are taught."""
        of_it = (one for one in self.materials if course_id in one.courses)
        return tuple(sorted(of_it, key=lambda one: (one.order, one.id)))


def read_catalog(folder: Path) -> Catalog:
    """Read the whole catalogue.

    A wrong `<id>.toml` is told in `Catalog.faults`, and its material is not there. Raises
    `CatalogError` where the folder or `courses.toml` cannot be used: then nothing may be opened.
    """
    courses = read_courses(folder / COURSES_FILE)
    catalog = Catalog(materials=(), courses=courses)
    for path in _descriptions(folder):
        try:
            material = _entry(path, {course.id for course in courses})
        except CatalogError as fault:
            catalog = replace(catalog, faults=(*catalog.faults, str(fault)))
        else:
            catalog = replace(catalog, materials=(*catalog.materials, material))
    return catalog


def _descriptions(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.iterdir() if _is_description(path.name))
    except OSError as error:
        raise CatalogError(
            f"{folder}: cannot be listed ({error.strerror}); check that the folder is there"
        ) from error


def _is_description(name: str) -> bool:
    return name.endswith(".toml") and name != COURSES_FILE and not name.startswith(".")


def _entry(path: Path, courses: set[str]) -> Material:
    material = read_material(path)
    if path.name != f"{material.id}.toml":
        raise CatalogError(
            f"{path}: field `id`: is {material.id!r}; rename the file or the id so that they agree"
        )
    for course in material.courses:
        if course not in courses:
            raise CatalogError(f"{path}: field `courses`: {course!r} is not in {COURSES_FILE}; add it there")
    return material


class CatalogReader:
    """The catalogue as it is now: read again when a file has changed, so that no restart is needed."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._seen: tuple[tuple[str, int, int, int], ...] | None = None
        self._catalog: Catalog | None = None

    def read(self) -> Catalog:
        """Give the catalogue. Raises `CatalogError` where it cannot be used, whatever was known before."""
        seen = self._fingerprint()
        if self._catalog is None or seen != self._seen:
            self._catalog, self._seen = None, None
            self._catalog = read_catalog(self.folder)
            self._seen = seen
        return self._catalog

    def _fingerprint(self) -> tuple[tuple[str, int, int, int], ...]:
        """Tell whether files changed; taken before reading, so that a change meanwhile is seen."""
        try:
            with os.scandir(self.folder) as found:  # events ask for each post
                states = [(entry.name, entry.stat()) for entry in found]
        except OSError as error:
            raise CatalogError(
                f"{self.folder}: cannot be read ({error.strerror}); check the folder"
            ) from error
        return tuple(sorted((name, state.st_mtime_ns, state.st_size, state.st_ino) for name, state in states))
