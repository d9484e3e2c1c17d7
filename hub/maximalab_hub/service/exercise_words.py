"""The page of a material's exercises: what each is called, its figures in words, and its drawing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from maximalab_hub.drawings.exercises import exercises_chart, exercises_drawing
from maximalab_hub.language import cut, translations
from maximalab_hub.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from maximalab_hub.comparison.exercises import Exercise, Tally
    from maximalab_hub.drawings.shapes import Drawing
    from maximalab_hub.service.wording import Wording
    from maximalab_hub.sourcecells import SourceCell, SourceNotebooks

FEW: Final = "…"
"""Stands for what hides."""
LONGEST_ID: Final = 12
"""Letters of a cell's id that are shown where nothing else is known of it."""
SIDES: Final = (Setting.IN_CLASS, Setting.OUT_OF_CLASS)


@dataclass(frozen=True, slots=True)
class Figures:
    """A tally in words."""

    people: str
    runs: str
    errors: str


@dataclass(frozen=True, slots=True)
class Line:
    """An exercise as a row of the table."""

    name: str
    figures: tuple[Figures, ...] | None
    """In all, in class, and out of class; `None` where it hides."""
    stuck: str
    error_names: str


def names_of(
    exercises: Iterable[Exercise], source: Sequence[SourceCell], said: Wording
) -> tuple[tuple[str, Exercise], ...]:
    """Name each exercise: as its task, by its place and heading in the notebook, or by the order of first runs."""
    known = {one.cell: one for one in source}
    found, others = [], 0
    for one in exercises:
        others += one.cell is not None and one.cell not in known
        found.append((_name(one.cell, known, others, said), one))
    return tuple(found)


def _name(cell: str | None, known: Mapping[str, SourceCell], others: int, said: Wording) -> str:
    _ = translations(said.language).gettext
    if cell is None:
        return _("cells of their own")
    if cell not in known:
        return _("cell %(id)s, in order of first runs the %(number)s.") % {
            "id": cut(cell, LONGEST_ID),
            "number": others,
        }
    one = known[cell]
    if one.grade_id:
        return one.grade_id
    return f"{one.place} · {one.heading}" if one.heading else _("cell %(place)s") % {"place": one.place}


def lines_of(named: Iterable[tuple[str, Exercise]], said: Wording) -> list[Line]:
    """Say each exercise's figures."""
    return [_line(name, one, said) for name, one in named]


def _line(name: str, one: Exercise, said: Wording) -> Line:
    sides = (one.by_setting[setting] for setting in SIDES)
    return Line(
        name,
        tuple(_figures(each, said) for each in (one.whole, *sides)) if one.whole else None,
        said.shown(one.stuck),
        ", ".join(one.error_names) or "–",
    )


def _figures(tally: Tally | None, said: Wording) -> Figures:
    if tally is None:
        return Figures(FEW, FEW, FEW)
    share = tally.error_share
    return Figures(
        said.number(tally.people), said.number(tally.runs), "–" if share is None else said.percent(share)
    )


def named_of(
    every: Iterable[Exercise], notebooks: SourceNotebooks, said: Wording
) -> tuple[tuple[str, Exercise], ...]:
    """Name the exercises of each material, which stand together."""
    return tuple(
        one
        for material, its in groupby(every, key=attrgetter("material"))
        for one in names_of(its, notebooks.cells_of(material, said.language), said)
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """The exercises of one material with their names, and among which materials it was chosen."""

    material: str
    materials: tuple[str, ...]
    named: tuple[tuple[str, Exercise], ...]
    lines: tuple[Line, ...]
    drawing: Drawing | None


def shown_of(every: Sequence[Exercise], material: str, notebooks: SourceNotebooks, said: Wording) -> Shown:
    """Choose a material's exercises, the first one's where none is named, and say and draw them."""
    there = tuple(dict.fromkeys(one.material for one in every))
    chosen = material or next(iter(there), "")
    # A choice stays one in days that have nothing of it.
    materials = there if chosen in {"", *there} else (*there, chosen)
    named = named_of((one for one in every if one.material == chosen), notebooks, said)
    bars = exercises_chart(named, said)
    drawing = exercises_drawing(said.material(chosen), bars, said) if bars else None
    return Shown(chosen, materials, named, tuple(lines_of(named, said)), drawing)
