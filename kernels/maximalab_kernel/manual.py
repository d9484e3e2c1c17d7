"""Maxima's manual, made once into one file that answers in less than a millisecond, and what packages there are."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sys
import tempfile
from bisect import bisect_left
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from maximalab_kernel import infopages

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from maximalab_kernel.finder import Installation

log = logging.getLogger(__name__)

FORMAT = 2
NO_PACKAGE = ("rtest", "test_", "demo", "batch_", "compile", "load_")


def info_folder(installation: Installation) -> Path | None:
    """Where this Maxima's manual is; `None` where it has none, as Debian's without `maxima-doc`."""
    places = [Path(told) for told in [os.environ.get("MAXIMA_INFODIR")] if told]
    for prefix in prefixes(installation):
        places += [
            prefix / "share" / "info",
            prefix / "info",
        ]  # the second: of a core that images/maxima/build made
    return next((place for place in [*places, Path("/usr/share/info")] if infopages.parts(place)), None)


def prefixes(installation: Installation) -> list[Path]:
    """Under which this Maxima may be installed, the likeliest first."""
    told = installation.environment.get("MAXIMA_PREFIX") or os.environ.get("MAXIMA_PREFIX") or ""
    programs = [Path(word).resolve() for word in installation.command if word.startswith("/")]
    return [Path(told)] * (told != "") + [folder for program in programs for folder in program.parents[1:3]]


def packages(installation: Installation) -> list[str]:
    """What `load("…")` finds among Maxima's share packages."""
    roots = [root for prefix in prefixes(installation) for root in prefix.glob("share/maxima/*/share")]
    found = set()
    for root in roots[:1]:
        for folder, _, files in os.walk(root):
            depth = len(Path(folder).relative_to(root).parts)
            if depth <= 3:  # noqa: PLR2004  share/contrib/NAME/ at most, beyond are parts of packages
                found |= {Path(file).stem for file in files if is_package(Path(folder) / file)}
    return sorted(name for name in found if not name.startswith(NO_PACKAGE) and not name.endswith("-index"))


def is_package(file: Path) -> bool:
    """Whether people load this file: written in Maxima, or Lisp that is called as its folder is; not a part of one."""
    return file.suffix in {".mac", ".mc"} or (file.suffix == ".lisp" and file.stem == file.parent.name)


class Manual:
    """The manual in one file: a line of names with places, then the texts. Read when it is first asked."""

    def __init__(self, path: Path | None) -> None:
        """`path` is what `make` wrote; without it nothing is known."""
        self._path = path

    @cached_property
    def _head(self) -> dict[str, Any]:
        if self._path is None:
            return {"names": [], "packages": []}
        with self._path.open("rb") as file:
            line = file.readline()
            head: dict[str, Any] = json.loads(line)
            head["start"] = len(line)
            return head

    @cached_property
    def _places(self) -> dict[str, list[Any]]:
        return {row[0]: row for row in self._head["names"]}

    @cached_property
    def names(self) -> list[str]:
        """All names, sorted."""
        return [row[0] for row in self._head["names"]]

    @property
    def packages(self) -> list[str]:
        """Names for `load`, sorted."""
        told: list[str] = self._head["packages"]
        return told

    def starting(self, prefix: str) -> list[str]:
        """The names that begin with `prefix`."""
        begin = bisect_left(self.names, prefix)
        end = bisect_left(self.names, prefix + "\U0010ffff")
        return self.names[begin:end]

    def kind(self, name: str) -> str:
        """What the manual calls it, or nothing."""
        row = self._places.get(name)
        return str(row[1]) if row else ""

    def signatures(self, name: str) -> list[str]:
        """The ways to call it."""
        row = self._places.get(name)
        return list(row[2]) if row else []

    def text(self, name: str) -> str:
        """What the manual says of it, or nothing."""
        row = self._places.get(name)
        if row is None or self._path is None:
            return ""
        with self._path.open("rb") as file:
            file.seek(self._head["start"] + row[3])
            return file.read(row[4]).decode()


def gathered(folder: Path | None) -> dict[str, infopages.Entry]:
    """Every entry by its name; what the manual says in several places of one name is put together, a function first."""
    found: dict[str, list[infopages.Entry]] = {}
    for file in infopages.parts(folder) if folder else []:
        for entry in infopages.entries(infopages.read(file)):
            found.setdefault(entry.name, []).append(entry)
    return {name: together(entries) for name, entries in found.items()}


def together(entries: list[infopages.Entry]) -> infopages.Entry:
    """One entry of several with the same name."""
    ordered = sorted(entries, key=lambda each: "unction" not in each.kind)
    return infopages.Entry(
        ordered[0].name,
        ", ".join(dict.fromkeys(each.kind for each in ordered)),
        tuple(dict.fromkeys(signature for each in ordered for signature in each.signatures)),
        "\n\n".join(dict.fromkeys(each.text for each in ordered)),
    )


def make(path: Path, folder: Path | None, names_of_packages: Sequence[str]) -> None:
    """Write the manual in `folder` to `path`, whole or not at all. Raises `OSError` where that is not allowed."""
    rows, texts, at = [], [], 0
    for entry in sorted(gathered(folder).values(), key=lambda each: each.name):
        data = entry.text.encode()
        rows.append([entry.name, entry.kind, entry.signatures, at, len(data)])
        texts.append(data)
        at += len(data)
    head = json.dumps({"names": rows, "packages": list(names_of_packages)}, ensure_ascii=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(head.encode() + b"\n" + b"".join(texts))
    Path(file.name).chmod(0o644)
    Path(file.name).replace(path)


def key(installation: Installation, folder: Path | None) -> str:
    """Names one manual of one Maxima in one state; another Maxima or another version gets another name."""
    files = infopages.parts(folder) if folder else []
    states = [(str(file), file.stat().st_size, int(file.stat().st_mtime)) for file in files]
    told = json.dumps([FORMAT, installation.command, states])
    return hashlib.sha256(told.encode()).hexdigest()[:16]


def shelves() -> Iterator[Path]:
    """Where a manual that was made may be: beside this Python, where `install` puts it, else the user's cache."""
    yield Path(sys.prefix) / "share" / "maximalab"
    yield Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "maximalab"


def open_manual(installation: Installation) -> Manual:
    """The manual of this Maxima; made now, in half a second, where it was not made before."""
    folder = info_folder(installation)
    name = f"manual-{key(installation, folder)}.json"
    for shelf in shelves():
        if (shelf / name).is_file():
            return Manual(shelf / name)
    for shelf in shelves():
        try:
            make(shelf / name, folder, packages(installation))
        except OSError as error:
            log.info("the manual cannot be kept in %s: %s", shelf, error)
            continue
        return Manual(shelf / name)
    log.warning("the manual can be kept nowhere: no completion of Maxima's own names")
    return Manual(None)
