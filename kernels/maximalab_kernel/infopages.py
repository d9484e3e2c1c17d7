"""Reads Maxima's manual from its info files: each function, variable and option with its signatures and its text."""

from __future__ import annotations

import gzip
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

HEADING = re.compile(r"^ -- ([A-Za-z_ ]+?): +(.*)$")
CONTINUED = " " * 10
BODY = " " * 5


@dataclass(frozen=True)
class Entry:
    """One name of the manual."""

    name: str
    kind: str
    """In the manual's words: `Function`, `Option variable`, `Graphic option` …"""
    signatures: tuple[str, ...]
    text: str


def parts(folder: Path) -> list[Path]:
    """The files of `maxima.info` in `folder` that hold text, packed or not, in order; none where there is no manual."""
    split = [file for file in folder.glob("maxima.info-*") if re.search(r"-\d+(\.gz)?$", file.name)]
    whole = [file for file in (folder / "maxima.info", folder / "maxima.info.gz") if file.is_file()]
    return sorted(split, key=lambda file: int(re.findall(r"-(\d+)", file.name)[-1])) or whole[:1]


def read(file: Path) -> str:
    """The text of one part."""
    data = file.read_bytes()
    return (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8", errors="replace")


def signatures_of(heading: str, more: Sequence[str]) -> list[str]:
    """The ways to call that a heading gives: on its line, or one a line below, where long ones go on."""
    name = heading.split(None, 1)[0]
    if heading == name and more:
        found: list[str] = []
        for line in more:
            if line.startswith(name) or not found:
                found.append(line)
            else:
                found[-1] += " " + line
    else:
        found = [" ".join([heading, *more])]
    return [re.sub(r"<([^<>]+)>", r"\1", line).replace(f"{name} (", f"{name}(", 1) for line in found]


def entries(text: str) -> Iterator[Entry]:
    """The entries of one part of the manual. Headings that follow each other share the text below."""
    lines = text.split("\n")
    i = 0
    while i < len(lines):
        if not HEADING.match(lines[i]):
            i += 1
            continue
        heads: list[tuple[str, str, list[str]]] = []
        while i < len(lines) and (match := HEADING.match(lines[i])):
            i, more = _gather(lines, i + 1, CONTINUED)
            heads.append((match[1], match[2].strip(), more))
        begin = i
        while i < len(lines) and (not lines[i].strip() or lines[i].startswith(BODY)):
            i += 1
        body = "\n".join(line.removeprefix(BODY).rstrip() for line in lines[begin:i]).strip("\n")
        yield from _entries(heads, body)


def _gather(lines: Sequence[str], i: int, indent: str) -> tuple[int, list[str]]:
    """The lines from `i` that are indented so far, and the index behind them."""
    found = []
    while i < len(lines) and lines[i].startswith(indent):
        found.append(lines[i].strip())
        i += 1
    return i, found


def _entries(heads: Sequence[tuple[str, str, list[str]]], body: str) -> Iterator[Entry]:
    gathered: dict[str, tuple[str, list[str]]] = {}
    for kind, heading, more in heads:
        if heading:
            name = heading.split(None, 1)[0]
            gathered.setdefault(name, (kind, []))[1].extend(signatures_of(heading, more))
    for name, (kind, signatures) in gathered.items():
        yield Entry(name, kind.strip().capitalize(), tuple(dict.fromkeys(signatures)), body)
