"""Reads the tier's store of materials: `<store>/<id>/<version>/`, each version whole and never changed."""

from __future__ import annotations

import re
import stat
import tomllib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from maximalab_materials.refusals import Reason, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ID = re.compile(r"[a-z][a-z0-9-]{0,40}")
_VERSION = re.compile(r"[1-9][0-9]{0,8}")
DESCRIPTION = "material.toml"


@dataclass(frozen=True)
class Edition:
    """One version of one material in the store. `notebooks` maps a language to a file in `folder`."""

    material: str
    version: int
    folder: Path
    title: Mapping[str, str]
    notebooks: Mapping[str, str]

    def notebook(self, language: str) -> str:
        """Give the notebook in `language`, or else in one there is. Raises `Refused` where there is none."""
        for wanted in (language, *sorted(self.notebooks)):
            if wanted in self.notebooks:
                return self.notebooks[wanted]
        raise Refused(Reason.DAMAGED)


def checked_id(text: str) -> str:
    """Give `text` back where it can name a material. Raises `Refused` (bad id) otherwise."""
    if not _ID.fullmatch(text):
        raise Refused(Reason.BAD_ID)
    return text


def handed_id(text: str, handed: str) -> str:
    """Give `text` back where the hub handed that material to this server. Raises `Refused` otherwise.

    `handed` is what the hub said at the start: ids with spaces between them, `*` for every material of the tier.
    Whether the store has a material that was not handed over is not told.
    """
    material, told = checked_id(text), handed.split()
    if material not in told and "*" not in told:
        raise Refused(Reason.NOT_HANDED)
    return material


def versions_of(store: Path, material: str) -> list[int]:
    """Give the versions of a material in the store, oldest first; `material` is a checked id.

    Raises `Refused` where the store is missing or unreadable, the material unknown, or a link stands in its
    place.
    """
    if not store.is_dir():
        raise Refused(Reason.NO_STORE)
    folder = store / material
    try:
        if folder.is_symlink():
            raise Refused(Reason.DAMAGED)
        names = [each.name for each in folder.iterdir()]
    except (FileNotFoundError, NotADirectoryError) as error:
        raise Refused(Reason.UNKNOWN) from error
    except OSError as error:
        raise Refused(Reason.NO_STORE) from error
    found = sorted(int(name) for name in names if _VERSION.fullmatch(name))
    if not found:
        raise Refused(Reason.UNKNOWN)
    return found


def edition(store: Path, material: str, version: int) -> Edition:
    """Read one version. Raises `Refused` where it is not what the catalogue may hold."""
    folder = store / material / str(version)
    files = set(files_of(folder))
    try:
        told = tomllib.loads((folder / DESCRIPTION).read_text(encoding="utf-8"))
        notebooks = {str(k): str(v) for k, v in told["notebooks"].items()}
        title = {str(k): str(v) for k, v in told["title"].items()}
    except (OSError, ValueError, KeyError, AttributeError) as error:
        raise Refused(Reason.DAMAGED) from error
    if told.get("id") != material or not set(notebooks.values()) <= files:
        raise Refused(Reason.DAMAGED)
    return Edition(material, version, folder, title, notebooks)


def files_of(folder: Path) -> Iterator[str]:
    """Give the files in `folder`, relative to it, with `/`; a link or a device among them is refused."""
    try:
        kind = folder.lstat().st_mode
        if not stat.S_ISDIR(kind):
            raise Refused(Reason.DAMAGED)
        for entry in sorted(folder.iterdir()):
            mode = entry.lstat().st_mode
            if stat.S_ISREG(mode):
                yield entry.name
            elif stat.S_ISDIR(mode):
                yield from (str(PurePosixPath(entry.name) / below) for below in files_of(entry))
            else:
                raise Refused(Reason.DAMAGED)
    except OSError as error:
        raise Refused(Reason.DAMAGED) from error
