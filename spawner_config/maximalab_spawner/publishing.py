"""Publish a material: its description to the catalogue, its files to the store of its tier.

The hub's disk gets the description alone, so that no byte of a private notebook ever lies there.
Files appear in one step, in a folder of their own for each version. What was published once is
never changed.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from maximalab_spawner.materials import CatalogError, Course, Material, read_courses, read_material
from maximalab_spawner.sources import DESCRIPTION, read_folder, read_source

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from maximalab_spawner.tiers import Tier
COURSES = "courses.toml"


@dataclass(frozen=True, slots=True)
class Published:
    """What publishing did."""

    material: Material
    folder: Path
    """Where the files of this version lie, in the store of the material's tier."""
    changed: bool
    """False where exactly this was there already."""


def publish(source: Path, *, catalogue: Path, stores: Mapping[Tier, Path]) -> Published:
    """Publish the material in the folder or zip `source`.

    A `courses.toml` beside `source` is merged into the catalogue's. Publishing the same again
    changes nothing. Raises `CatalogError` for a wrong description, a link, an odd name, a missing
    notebook, an unknown course, a tier without a store, a version that was published with other
    content or another access, and a version older than the one in the catalogue.
    """
    _check_apart([catalogue, *stores.values()])
    content = read_source(source)
    material = _described(source, content)
    courses = _courses(source.parent / COURSES, catalogue / COURSES)
    _check_courses(source, material, courses)
    _check_notebooks(source, material, content)
    if material.tier not in stores:
        raise CatalogError(
            f"{source}: catalogue.{material.tier.value}_store is not set; name its folder there"
        )
    catalogue.mkdir(parents=True, exist_ok=True)
    entry = catalogue / f"{material.id}.toml"
    _check_version(source, material, entry)
    folder = stores[material.tier] / material.id / str(material.version)
    changed = _store(content, folder)
    _remove_elsewhere(material, stores)
    _write(catalogue / COURSES, render_courses(courses.values()).encode())
    changed |= _write(entry, content[DESCRIPTION])
    return Published(material=material, folder=folder, changed=changed)


def _described(source: Path, content: Mapping[str, bytes]) -> Material:
    if DESCRIPTION not in content:
        raise CatalogError(f"{source}: holds no {DESCRIPTION}; put it beside the notebooks")
    return read_material(source / DESCRIPTION, content[DESCRIPTION])


def _check_courses(source: Path, material: Material, known: Mapping[str, Course]) -> None:
    for course in material.courses:
        if course not in known:
            raise CatalogError(
                f"{source / DESCRIPTION}: field `courses`: {course!r} is in no {COURSES};"
                f" put one that describes it beside {source.name}"
            )


def _check_apart(folders: list[Path]) -> None:
    places = [folder.resolve() for folder in folders]
    for first, one in enumerate(places):
        for other in places[first + 1 :]:
            if one.is_relative_to(other) or other.is_relative_to(one):
                raise CatalogError(
                    f"{one} and {other}: lie in each other; give catalogue and stores places apart"
                )


def _check_notebooks(source: Path, material: Material, content: Mapping[str, bytes]) -> None:
    for language, name in material.notebooks.items():
        if name not in content:
            raise CatalogError(
                f"{source / DESCRIPTION}: field `notebooks.{language}`: no file {name!r}; add it"
            )
        if not _is_json(content[name]):
            raise CatalogError(
                f"{source / DESCRIPTION}: field `notebooks.{language}`: {name!r} is no notebook; save it once more"
            )


def _is_json(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


def _check_version(source: Path, material: Material, entry: Path) -> None:
    if not entry.exists():
        return
    before = read_material(entry)
    field = f"{source / DESCRIPTION}: field `version`"
    if before.version > material.version:
        raise CatalogError(f"{field}: {before.version} is published already; write a number above it")
    if before.version == material.version and before.access != material.access:
        raise CatalogError(f"{field}: the access has changed; write {material.version + 1}")


def _store(content: Mapping[str, bytes], folder: Path) -> bool:
    """Put the files at `folder` in one step; say whether they were not there before."""
    if folder.exists():
        if read_folder(folder) != content:
            raise CatalogError(f"{folder}: was published with other content; write a higher `version`")
        return False
    folder.parent.mkdir(parents=True, exist_ok=True)
    coming = Path(tempfile.mkdtemp(prefix=".coming-", dir=folder.parent))
    try:
        coming.chmod(0o755)
        for name, data in content.items():
            path = coming / PurePosixPath(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        coming.rename(folder)
    finally:
        shutil.rmtree(coming, ignore_errors=True)
    return True


def _remove_elsewhere(material: Material, stores: Mapping[Tier, Path]) -> None:
    """Remove what another tier's store holds of this material, before the catalogue says where it is now."""
    for tier, store in stores.items():
        old = store / material.id
        if tier != material.tier and old.exists():
            going = Path(tempfile.mkdtemp(prefix=f".going-{material.id}-", dir=store))
            old.rename(going / "old")
            shutil.rmtree(going)


def _courses(source: Path, target: Path) -> dict[str, Course]:
    """Put the courses that are described beside the source to those that are known."""
    known = {course.id: course for course in read_courses(target)} if target.exists() else {}
    if source.exists():
        known |= {course.id: course for course in read_courses(source)}
    return known


def render_courses(courses: Iterable[Course]) -> str:
    """Write courses as TOML. A JSON string is a TOML string as well."""
    return "\n".join(
        f"[[course]]\nid = {_quoted(course.id)}\n\n[course.title]\n"
        f"uk = {_quoted(course.title.uk)}\nen = {_quoted(course.title.en)}\n"
        for course in courses
    )


def _quoted(text: str) -> str:
    # JSON leaves DEL as it is; TOML wants it escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write(path: Path, data: bytes) -> bool:
    """Write a file so that a reader sees the old or the new, whole; say whether it changed."""
    if path.exists() and path.read_bytes() == data:
        return False
    handle, name = tempfile.mkstemp(prefix=".coming-", dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(name).chmod(0o644)
    Path(name).replace(path)
    return True
