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

from maximalab_spawner.faults import CatalogError, Fault, Wrong, fault
from maximalab_spawner.history import PUBLISHED
from maximalab_spawner.materials import Course, Material, read_courses, read_material
from maximalab_spawner.sources import DESCRIPTION, read_folder, read_source

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from maximalab_spawner.history import History
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


def publish(
    source: Path, *, catalogue: Path, stores: Mapping[Tier, Path], history: History | None = None
) -> Published:
    """Publish the material in the folder or zip `source`.

    A `courses.toml` beside `source` is merged into the catalogue's. Publishing the same again
    changes nothing; what changes is noted in `history`. Raises `CatalogError` for a wrong description,
    a link, an odd name, a missing notebook, an unknown course, a tier without a store, a version that
    was published with other content or another access, and a version older than the last one.
    """
    _check_apart([catalogue, *stores.values()])
    content = read_source(source)
    courses = _courses(source.parent / COURSES, catalogue / COURSES)
    material = check_content(source, content, courses)
    if material.tier not in stores:
        raise fault(Wrong.NO_STORE, source, material.tier.value)
    catalogue.mkdir(parents=True, exist_ok=True)
    entry = catalogue / f"{material.id}.toml"
    check_version(source / DESCRIPTION, material, last_version(entry, material.id, history))
    folder = stores[material.tier] / material.id / str(material.version)
    changed = put_in_store(content, folder)
    _remove_elsewhere(material, stores)
    write_whole(catalogue / COURSES, render_courses(courses.values()).encode())
    if write_whole(entry, content[DESCRIPTION]):
        changed = True
        if history is not None:
            history.note(material, what=PUBLISHED, who="", description=content[DESCRIPTION].decode("utf-8"))
    return Published(material=material, folder=folder, changed=changed)


def check_content(source: Path, content: Mapping[str, bytes], courses: Collection[str]) -> Material:
    """See that the files are a whole material of known courses. Raises `CatalogError` with all faults."""
    if DESCRIPTION not in content:
        raise fault(Wrong.NO_DESCRIPTION, source, DESCRIPTION)
    material = read_material(source / DESCRIPTION, content[DESCRIPTION])
    faults = [*course_faults(source, material, courses), *_notebook_faults(source, material, content)]
    if faults:
        raise CatalogError(*faults)
    return material


def course_faults(source: Path, material: Material, known: Collection[str]) -> list[Fault]:
    """Name the courses that nobody has described."""
    return [
        Fault(Wrong.COURSE_UNKNOWN, str(source / DESCRIPTION), "courses", (repr(course), source.name or "."))
        for course in material.courses
        if course not in known
    ]


def _notebook_faults(source: Path, material: Material, content: Mapping[str, bytes]) -> list[Fault]:
    faults = []
    for language, name in material.notebooks.items():
        if name not in content or not _is_json(content[name]):
            what = Wrong.NOTEBOOK_BROKEN if name in content else Wrong.NOTEBOOK_MISSING
            faults.append(Fault(what, str(source / DESCRIPTION), f"notebooks.{language}", (repr(name),)))
    return faults


def _is_json(data: bytes) -> bool:
    try:
        return isinstance(json.loads(data), dict)
    except (ValueError, RecursionError):
        return False


def _check_apart(folders: list[Path]) -> None:
    places = [folder.resolve() for folder in folders]
    for first, one in enumerate(places):
        for other in places[first + 1 :]:
            if one.is_relative_to(other) or other.is_relative_to(one):
                raise CatalogError(
                    f"{one} and {other}: lie in each other; give catalogue and stores places apart"
                )


def last_version(entry: Path, material_id: str, history: History | None) -> Material | None:
    """Give the description in force or, of a withdrawn material, the last one that was. Raises `CatalogError`."""
    if entry.exists():
        return read_material(entry)
    deeds = history.of(material_id) if history is not None else ()
    return deeds[-1].material() if deeds else None


def check_version(file: Path, material: Material, before: Material | None) -> None:
    """See that a version is not older than the last one, and loosens nothing. Raises `CatalogError`."""
    if before is None:
        return
    if before.version > material.version:
        raise fault(Wrong.VERSION_OLD, file, before.version, field="version")
    if before.version == material.version and before.access != material.access:
        raise fault(Wrong.ACCESS_CHANGED, file, material.version + 1, field="version")


def put_in_store(content: Mapping[str, bytes], folder: Path) -> bool:
    """Put the files at `folder` in one step; say whether they were not there before."""
    if folder.exists():
        if read_folder(folder) != content:
            raise fault(Wrong.OTHER_CONTENT, folder)
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


def write_whole(path: Path, data: bytes) -> bool:
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
