"""What a drawing consists of: labels and boxes with their places, looks, words and figures. Pure.

A drawing is decided once. How a look is dressed, by a page's style sheet or by colours of its own, is `svg`'s.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

HIGHEST: Final = 560
"""A file's bars without names are a line apart where all of them are no higher than this; more of them are thinner."""
THINNEST: Final = 1 / 7
"""And no thinner than this part of what they are on a page."""
KEY_STEP: Final = 200
WIDE_LETTER, BOLD_LETTER = 0.62, 0.74
"""A letter's width on average, in its height, in the widest of the usual fonts; Ukrainian ones are the wider."""
LEADING: Final = 1.35
"""From one line of words to the next, in a letter's height."""


class Kind(StrEnum):
    """What a drawing is made of: the style sheet and the script of the pages know it by this name."""

    SQUARES = "week"
    BARS = "bars"


LETTERS: Final[Mapping[Kind, int]] = {Kind.SQUARES: 13, Kind.BARS: 15}
"""How large words are, in the drawing's units."""


class Look(StrEnum):
    """How a box looks; it may have several of these, of which the later prevail."""

    HOUR = "hour"
    LESSON = "lesson"
    FEW = "few"
    BAR = "bar"
    IN_CLASS = "in_class"
    OUT_OF_CLASS = "out_of_class"


@dataclass(frozen=True, slots=True)
class Label:
    """Words that stand at a place; `strong` are those after them that count."""

    x: float
    y: float
    text: str
    strong: str = ""
    centred: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A square or a bar. Where it tells something, it can be chosen on a page, by pointing, click or arrow keys."""

    x: float
    y: float
    width: float
    height: float
    looks: tuple[Look, ...]
    corner: float = 0
    shade: float | None = None
    """How dark it is filled, 0 to 1; whole without."""
    told: str = ""


@dataclass(frozen=True, slots=True)
class Drawing:
    """Shapes in units of their own, with what is said about them."""

    kind: Kind
    title: str
    said: str
    """What it shows, to those who do not see it on its page."""
    caption: str
    width: float
    height: float
    shapes: tuple[Label | Box, ...]
    key: tuple[tuple[Look, str], ...] = ()
    """What the looks of its bars mean; a page says so below it, in a file it is part of the drawing."""
    page_width: float = 0
    """On a page it is at least so wide: there few squares would otherwise become large ones."""


def on_paper(drawing: Drawing) -> Drawing:
    """Give the drawing as a file has it, which is looked at whole and has nothing around it: with its key."""
    thin = _thinner(drawing)
    shapes = list(thin.shapes)
    for place, (look, name) in enumerate(drawing.key):
        shapes.append(Box(place * KEY_STEP, thin.height + 11, 11, 11, (Look.BAR, look)))
        shapes.append(Label(place * KEY_STEP + 18, thin.height + 22, name))
    return replace(thin, height=thin.height + (28 if drawing.key else 0), shapes=tuple(shapes))


def with_words(drawing: Drawing) -> Drawing:
    """Write the title above a drawing as a file has it, and below it what it shows: nothing else will say so."""
    step = LETTERS[drawing.kind] * LEADING
    heads = _in_lines(drawing.title, drawing, BOLD_LETTER)
    tails = _in_lines(drawing.caption, drawing, WIDE_LETTER)
    top = round(len(heads) * step + step / 2, 1)
    below = top + drawing.height + step
    shapes = [Label(0, round((n + 1) * step, 1), "", line) for n, line in enumerate(heads)]
    moved = [replace(one, y=round(one.y + top, 1)) for one in drawing.shapes]
    said = [Label(0, round(below + n * step, 1), line) for n, line in enumerate(tails)]
    height = round(below + (len(tails) - 1) * step + step / 2)
    return replace(drawing, height=height, shapes=(*shapes, *moved, *said))


def _in_lines(text: str, drawing: Drawing, letter: float) -> list[str]:
    return textwrap.wrap(text, int(drawing.width / (LETTERS[drawing.kind] * letter)))


def _thinner(drawing: Drawing) -> Drawing:
    """Make bars thinner where they are many and no names stand between them."""
    boxes = [one for one in drawing.shapes if isinstance(one, Box)]
    if drawing.height <= HIGHEST or len(boxes) < len(drawing.shapes):
        return drawing
    part = max(HIGHEST / drawing.height, THINNEST)
    thin = tuple(replace(one, y=round(one.y * part, 1), height=round(one.height * part, 1)) for one in boxes)
    return replace(drawing, height=round(drawing.height * part), shapes=thin)
