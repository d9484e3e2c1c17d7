"""Read what is to be published, a folder or a zip, into the memory: whole, checked, and bounded.

A zip is never unpacked on a disk. Whatever is in it, reading takes no more memory than `LARGEST_MATERIAL` and some.
"""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Final

from maximalab_spawner.faults import CatalogError, Fault, Wrong, fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

#: Traces that tools leave beside notebooks; never part of a material.
LEFT_OUT: Final = frozenset(
    {".ipynb_checkpoints", "__pycache__", ".git", ".DS_Store", "__MACOSX", "Thumbs.db", "desktop.ini"}
)
#: Bytes of one material in all: more is a mistake (a data set belongs elsewhere).
LARGEST_MATERIAL: Final = 64 * 1024 * 1024
#: Files of one material.
MOST_FILES: Final = 1000
#: Bytes of a path within a material: file systems allow 255 in a name, and a student's space comes before it.
LONGEST_PATH: Final = 200
#: Bytes of a zip's own list of its files; Python reads it whole before it can be looked at.
LARGEST_LIST: Final = 512 * 1024

_SPARE: Final = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|]')
_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
_LONGEST_COMMENT: Final = 65535
_BEFORE_A_LONG_ONE: Final = b"PK\x06\x07"
_LOCATOR_SIZE: Final = 20
_ENCRYPTED: Final = 0x1
_IN_UTF8: Final = 0x800
_READABLE: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError),
    *(NotImplementedError, ValueError),
)
"""What Python says of a zip that is not as it should be."""
DESCRIPTION: Final = "material.toml"


def read_source(source: Path) -> dict[str, bytes]:
    """Read all files of a material, by their path within it; `source` is its folder, or a zip of it.

    Raises `CatalogError` for links and other things that are no plain files, for names that not every system can hold,
    and for too much of anything.
    """
    return read_folder(source) if source.is_dir() else _read_zip(source)


def read_folder(source: Path) -> dict[str, bytes]:
    """Read a material's folder."""
    content: dict[str, bytes] = {}
    left = LARGEST_MATERIAL
    for path in _files(source):
        content[path.relative_to(source).as_posix()] = _read_plain(path)
        left -= path.lstat().st_size
        if left < 0:
            raise _too_large(source)
    check_names(source, content)
    return content


def check_names(source: Path, names: Iterable[str]) -> None:
    """See that each path can lie in every student's space, and no two of them at one place.

    Raises `CatalogError` with all the faults that there are.
    """
    seen: dict[str, str] = {}
    faults: list[Fault] = []
    for number, name in enumerate(names):
        if number >= MOST_FILES:
            raise fault(Wrong.MANY_FILES, source, MOST_FILES)
        if wrong := _fault_of(name):
            faults.append(_of_a_name(wrong, source, name))
            continue
        alike = unicodedata.normalize("NFC", name).casefold()
        if alike in seen:
            faults.append(Fault(Wrong.ALIKE, str(source), values=(_shown(seen[alike]), _shown(name))))
        seen[alike] = name
    for alike, name in seen.items():
        if {str(parent) for parent in PurePosixPath(alike).parents} & seen.keys():
            faults.append(_of_a_name(Wrong.IN_A_FILE, source, name))
    if faults:
        raise CatalogError(*faults)


def _shown(name: str) -> str:
    return repr(name[:80])


def _of_a_name(what: Wrong, source: Path, name: str) -> Fault:
    return Fault(what, str(source), values=(_shown(name), str(LONGEST_PATH)))


def _fault_of(name: str) -> Wrong | None:
    parts = name.split("/")
    if name.startswith("/") or ".." in parts:
        return Wrong.LEADS_OUT
    if "" in parts or "." in parts:
        return Wrong.NO_PLAIN_PATH
    if _SPARE.search(name) or any(part != part.strip() or part.endswith(".") for part in parts):
        return Wrong.SPARE_SIGN
    try:
        length = len(name.encode("utf-8"))
    except UnicodeEncodeError:
        return Wrong.NAME_NOT_UTF8
    return Wrong.LONG_PATH if length > LONGEST_PATH else None


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.iterdir()):
        if path.name in LEFT_OUT:
            continue
        mode = path.lstat().st_mode
        if stat.S_ISDIR(mode):
            yield from _files(path)
        elif stat.S_ISREG(mode):
            yield path
        else:
            raise fault(Wrong.LINK, folder, _shown(path.name))


def _read_plain(path: Path) -> bytes:
    """Read a file that was no link when listed, and must be none now."""
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW), "rb") as file:
            return file.read(LARGEST_MATERIAL + 1)
    except OSError as error:
        raise fault(Wrong.UNREADABLE, path, error.strerror) from error


def _too_large(source: Path) -> CatalogError:
    return fault(Wrong.LARGE, source, LARGEST_MATERIAL)


def _read_zip(source: Path) -> dict[str, bytes]:
    try:
        with source.open("rb") as file:
            data = file.read(LARGEST_MATERIAL + 1)
    except OSError as error:
        raise fault(Wrong.UNREADABLE, source, error.strerror) from error
    if len(data) > LARGEST_MATERIAL:
        raise _too_large(source)
    _check_list(source, data)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = _entries(source, archive)
            content = {name: _read_entry(source, archive, entry) for name, entry in entries.items()}
    except _BROKEN as error:
        raise fault(Wrong.NOT_WHOLE, source, error) from error
    return _below_its_folder(content)


def _check_list(source: Path, data: bytes) -> None:
    """Look at the size of a zip's list of files before Python reads all of it. Raises `CatalogError`."""
    tail = data[-_END_SIZE - _LONGEST_COMMENT - _LOCATOR_SIZE :]
    at = len(tail) - _END_SIZE if tail[-_END_SIZE:].startswith(_END) else tail.rfind(_END)
    if at < 0 or len(tail) - at < _END_SIZE:
        raise fault(Wrong.NO_ZIP, source)
    listed = int.from_bytes(tail[at + 12 : at + 16], "little")
    if listed > LARGEST_LIST or tail[max(0, at - _LOCATOR_SIZE) : at].startswith(_BEFORE_A_LONG_ONE):
        raise fault(Wrong.MANY_FILES, source, MOST_FILES)


def _entries(source: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """List the plain files, after a look at all that a zip says of them. Raises `CatalogError`."""
    found: dict[str, zipfile.ZipInfo] = {}
    faults: list[Fault] = []
    for entry in archive.infolist():
        name = entry.orig_filename
        if name.endswith("/") or not LEFT_OUT.isdisjoint(name.split("/")):
            continue
        if wrong := _fault_in(entry):
            faults.append(_of_a_name(wrong, source, name))
        elif name in found:
            faults.append(_of_a_name(Wrong.TWICE, source, name))
        else:
            found[name] = entry
    if sum(entry.file_size for entry in found.values()) > LARGEST_MATERIAL:
        raise _too_large(source)
    try:
        check_names(source, found)
    except CatalogError as error:
        faults += error.faults
    if faults:
        raise CatalogError(*faults)
    return found


def _fault_in(entry: zipfile.ZipInfo) -> Wrong | None:
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in {0, stat.S_IFREG}:
        return Wrong.LINK
    if entry.flag_bits & _ENCRYPTED:
        return Wrong.ENCRYPTED
    if entry.compress_type not in _READABLE:
        return Wrong.STRANGE_PACKING
    if not entry.orig_filename.isascii() and not entry.flag_bits & _IN_UTF8:
        return Wrong.PACKED_NAME
    return None


def _read_entry(source: Path, archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    """Unpack one file, and not a byte more than the zip has said."""
    with archive.open(entry) as file:
        data = file.read(entry.file_size + 1)
    if len(data) != entry.file_size:
        raise fault(Wrong.OTHER_LENGTH, source, _shown(entry.orig_filename))
    return data


def _below_its_folder(content: Mapping[str, bytes]) -> dict[str, bytes]:
    """Take a zip of the folder itself for a zip of what is in it."""
    tops = {name.partition("/")[0] for name in content}
    if DESCRIPTION in content or len(tops) != 1:
        return dict(content)
    return {name.partition("/")[2]: data for name, data in content.items() if "/" in name}
