"""What a printed report consists of: plain values, which the template sets and nobody can make markup of. Pure."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from maximalab_hub.settings_sections import Language


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph."""

    text: str
    soft: bool = False
    """Printed small and pale: what only explains."""


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading below that of the section."""

    text: str


@dataclass(frozen=True, slots=True)
class Points:
    """A list of sentences."""

    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the first `names` columns hold names, the others figures."""

    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    total: tuple[str, ...] = ()
    """A last row that sums up."""
    names: int = 1


@dataclass(frozen=True, slots=True)
class Bars:
    """A bar for each row, in parts; `rows` have a name, a value in words, and the length of each part, 0 to 1."""

    alt: str
    rows: tuple[tuple[str, str, tuple[float, ...]], ...]
    legend: tuple[str, ...] = ()
    """What the parts are called, the first the darkest; empty where there is one part."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A drawing as SVG, what it shows to those who do not see it, and its caption."""

    svg: str
    alt: str
    caption: str


Block = Text | Heading | Points | Table | Bars | Picture


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and what stands below it."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """A report in one language."""

    language: Language
    kind: str
    """What it is, above the title: "Report", say."""
    title: str
    author: str
    facts: tuple[tuple[str, str], ...]
    """Short lines below the title: a word and what it is here."""
    sections: tuple[Section, ...]
    cite: str
    """How to cite it; where it says `%(version)s`, the version stands."""
    foot: str
    """The programs that made it."""

    @property
    def version(self) -> str:
        """Name exactly this content by the first digits of its hash."""
        return sha256(json.dumps(self._plain(), sort_keys=True).encode()).hexdigest()[:12]

    def as_data(self) -> dict[str, Any]:
        """Give it as plain values, each block with its kind."""
        return self._plain() | {"cite": self.cite.replace("%(version)s", self.version)}

    def _plain(self) -> dict[str, Any]:
        sections = [
            {"title": one.title, "blocks": [_told(block) for block in one.blocks]} for one in self.sections
        ]
        return asdict(self) | {"sections": sections}


def _told(block: Block) -> dict[str, Any]:
    return {"kind": type(block).__name__.lower(), **asdict(block)}
