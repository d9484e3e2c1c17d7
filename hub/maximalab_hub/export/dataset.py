"""An export put together: its files, a codebook that explains them, and a manifest, last, that vouches for all."""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from maximalab_hub.export.formats import CODEBOOK, File, codebook_of
from maximalab_hub.export.manifest import CITATION, MANIFEST, as_json, citation_file, manifest_of
from maximalab_hub.export.pipe import Pipe

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from maximalab_hub.export.manifest import Circumstances

_NO_TIME = (1980, 1, 1, 0, 0, 0)
"""The time of every file in an archive: a real one would make no two archives the same."""


class ExportError(Exception):
    """The export cannot be written; the text says where and what to do."""


Seal = Callable[["Mapping[str, Any]"], object]
"""Told what the export log has to know of an export that is whole; where it raises, the manifest is not written."""


class Dataset:
    """The files of an export, in order; `manifest` is there once all of them have been read."""

    def __init__(self, files: Iterable[File], about: Circumstances, seal: Seal) -> None:
        self._files = files
        self._about = about
        self._seal = seal
        self.manifest: Mapping[str, Any] = {}

    def members(self) -> Iterator[tuple[str, Iterator[bytes]]]:
        """Give names and contents; each content has to be read before the next is asked for."""
        told: dict[str, dict[str, object]] = {}
        for file in self._described():
            yield file.name, self._read(file, told)
        yield CITATION, iter([citation_file(self._about, told)])
        self.manifest = manifest_of(self._about, told)
        written = as_json(self.manifest)
        self._seal(self._known_by(written))
        yield MANIFEST, iter([written])

    def _known_by(self, manifest: bytes) -> dict[str, Any]:
        told = {name: self.manifest[name] for name in ("format", "tables", "version", "events", "people")}
        code = {"code": True} if self._about.holds_code else {}
        return {"sha256": sha256(manifest).hexdigest(), **told, **code}

    def _described(self) -> Iterator[File]:
        yield from self._files
        about = self._about
        yield File(CODEBOOK, [as_json(codebook_of(about.form, about.tables, code=about.holds_code))])

    def _read(self, file: File, told: dict[str, dict[str, object]]) -> Iterator[bytes]:
        digest, size = sha256(), 0
        for part in file.parts:
            digest.update(part)
            size += len(part)
            yield part
        told[file.name] = {"sha256": digest.hexdigest(), "bytes": size}
        if file.rows is not None:
            told[file.name]["rows"] = file.rows.count


def write_dataset(folder: Path, files: Iterable[File], about: Circumstances, seal: Seal) -> Mapping[str, Any]:
    """Write the files, and when all are whole `manifest.json`; give the manifest.

    Each file appears whole or not at all; a folder without a manifest is no finished export. Raises
    `ExportError`.
    """
    made = Dataset(files, about, seal)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MANIFEST).unlink(missing_ok=True)
        for name, parts in made.members():
            _write(folder / name, parts)
    except OSError as error:
        raise ExportError(
            f"{folder}: the export cannot be written ({error.strerror}). Choose another folder with"
            " --out, or make room, and export again."
        ) from error
    return made.manifest


def zipped(files: Iterable[File], about: Circumstances, seal: Seal) -> Iterator[bytes]:
    """Give the same as one archive, while it is made; one that was cut off has no manifest and no end."""
    yield from archived(Dataset(files, about, seal).members())


def archived(members: Iterable[tuple[str, Iterator[bytes]]]) -> Iterator[bytes]:
    """Give files as one archive, while they are made; the same files give the same bytes."""
    pipe = Pipe()
    with ZipFile(pipe, "w", ZIP_DEFLATED) as archive:
        for name, parts in members:
            entry = ZipInfo(name, _NO_TIME)
            entry.compress_type = ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            with archive.open(entry, "w", force_zip64=True) as file:
                for part in parts:
                    file.write(part)
                    yield pipe.taken()
    yield pipe.taken()


def _write(path: Path, parts: Iterable[bytes]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.part")
    try:
        with unfinished.open("wb") as file:
            for part in parts:
                file.write(part)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
