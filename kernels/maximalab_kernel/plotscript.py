"""Reads the script that Maxima has written for gnuplot: what is drawn, with which labels, ranges and colours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

QUOTED = r"'(?:[^']|'')*'|\"(?:[^\"\\]|\\.)*\""
SET_TEXT = re.compile(rf"set (title|xlabel|ylabel|zlabel)\s+({QUOTED})")
SET_RANGE = re.compile(r"set ([xyz])range\s*\[\s*([^\s:\]]+)\s*:\s*([^\s:\]]+)\s*\]")
SET_VIEW = re.compile(r"set view\s+([-\d.]+)(?:\s*,\s*([-\d.]+))?")
CURVE = re.compile(rf"^\s*({QUOTED})(?:\s+index\s+(\d+))?\s*(.*)$", re.DOTALL)
TITLE = re.compile(rf"\b(?:t|title)\s+({QUOTED})")
LEADING_RANGES = re.compile(r"^(\s*\[[^\]]*\])*")


@dataclass(frozen=True)
class Axis:
    """One axis; `low` and `high` are `None` where gnuplot chooses."""

    label: str = ""
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Curve:
    """One thing drawn: from the file `source` (`-` is the script itself), as `style` says in gnuplot's words."""

    source: str
    index: int
    title: str
    style: str


@dataclass
class Script:
    """What a script draws. `commands` counts its drawings: more than one is several on a page, or an animation."""

    title: str = ""
    axes: dict[str, Axis] = field(default_factory=lambda: {"x": Axis(), "y": Axis(), "z": Axis()})
    curves: list[Curve] = field(default_factory=list)
    in_space: bool = False
    commands: int = 0
    palette: str = ""
    elevation: float = 60.0
    azimuth: float = 30.0
    equal: bool = False
    logarithmic: bool = False
    inline: str = ""
    """The numbers that stand in the script itself, behind its drawing."""


def unquoted(text: str) -> str:
    """The content of a gnuplot string."""
    if text.startswith("'"):
        return text[1:-1].replace("''", "'")
    return re.sub(r"\\(.)", r"\1", text[1:-1].replace("\\n", " "))


def number(text: str) -> float | None:
    """A number as Lisp writes it, or `None` for `*` and the like."""
    try:
        return float(text)
    except ValueError:
        return None


def parts(text: str) -> Iterator[str]:
    """`text` between the commas that stand outside quotes and brackets."""
    depth, begin = 0, 0
    for match in re.finditer(rf"{QUOTED}|[(\[]|[)\]]|,", text):
        mark = match[0]
        depth += (mark in "([") - (mark in ")]")
        if mark == "," and depth == 0:
            yield text[begin : match.start()]
            begin = match.end()
    yield text[begin:]


def curves(command: str) -> list[Curve]:
    """The curves of a `plot` or `splot` command, its first word left out."""
    found = []
    for part in parts(LEADING_RANGES.sub("", command)):
        match = CURVE.match(part)
        if match:
            title = TITLE.search(match[3])
            found.append(
                Curve(unquoted(match[1]), int(match[2] or 0), unquoted(title[1]) if title else "", match[3])
            )
    return found


def take_setting(script: Script, line: str) -> None:
    """Note what a `set` line says, where it matters to us."""
    text, bounds, view = SET_TEXT.match(line), SET_RANGE.match(line), SET_VIEW.match(line)
    if text and text[1] == "title":
        script.title = unquoted(text[2])
    elif text:
        old = script.axes[text[1][0]]
        script.axes[text[1][0]] = Axis(unquoted(text[2]), old.low, old.high)
    elif bounds:
        label = script.axes[bounds[1]].label
        script.axes[bounds[1]] = Axis(label, number(bounds[2]), number(bounds[3]))
    elif line.startswith("set view equal"):
        script.equal = True
    elif view:
        script.elevation = number(view[1]) or 0.0
        script.azimuth = script.azimuth if view[2] is None else number(view[2]) or 0.0
    elif line.startswith("set palette "):
        script.palette = line.removeprefix("set palette ").strip()
    elif line.startswith(("set log", "set nonlinear")):
        script.logarithmic = True


def take_drawing(script: Script, text: str) -> None:
    """Note a `plot` or `splot` command."""
    word, _, command = text.partition(" ")
    script.commands += 1
    script.in_space = word == "splot"
    script.curves += curves(command)


def read(text: str) -> Script:
    """What the gnuplot script `text` draws. What cannot be read is left out; nothing is raised."""
    script = Script()
    place = 0
    while place < len(text):
        end = text.find("\n", place) + 1 or len(text)
        while end < len(text) and text.endswith("\\\n", place, end):
            end = text.find("\n", end) + 1 or len(text)
        line = text[place:end].replace("\\\n", " ").strip()
        place = end
        if line.startswith(("plot ", "splot ")):
            take_drawing(script, line)
            if any(curve.source == "-" for curve in script.curves):
                script.inline = text[place:]
                break
        elif line.startswith("set "):
            take_setting(script, line)
    return script
