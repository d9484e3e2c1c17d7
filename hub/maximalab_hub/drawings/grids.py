"""Drawings of squares: the rhythm of a week, and progress through the materials. Pure.

Each is a chart first, numbers in rows, of which the page makes a table, too; and then a drawing of that chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from babel.dates import format_date, get_day_names

from maximalab_hub.comparison.rhythm import DAYS
from maximalab_hub.drawings.shapes import Box, Drawing, Kind, Label, Look
from maximalab_hub.language import translations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from maximalab_hub.comparison.progress import Begun
    from maximalab_hub.comparison.rhythm import Hour
    from maximalab_hub.service.wording import Wording
    from maximalab_hub.settings_sections import Language

FAINTEST: Final = 0.12
USUAL: Final = (8, 19)
"""Hours that are always drawn: a day of lessons."""
STEP: Final = 32
SIDE: Final = 29
TOP: Final = 22
BESIDE_DAYS, BESIDE_MATERIALS = 120, 180
"""Where the squares begin: what stands before them fits."""
LONGEST: Final = 24
"""Letters of a material's title that fit beside its row."""
WEEKS_WIDE: Final = 888
"""On a page, as wide as the squares of 22 weeks."""
NAMED: Final = 3
"""Of so many weeks one has its day above: the others' would run into it."""


@dataclass(frozen=True, slots=True)
class Square:
    """One hour of the week: where it is drawn, how dark, and whether it is a lesson's."""

    hour: Hour
    shade: float
    """0 for nothing, up to 1 for the busiest hour."""


@dataclass(frozen=True, slots=True)
class Week:
    """A week: a row for each day, over the hours in which anything happens."""

    days: tuple[str, ...]
    hours: tuple[int, ...]
    rows: tuple[tuple[Square, ...], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One material at the end of one week, and how dark it is drawn."""

    begun: Begun
    shade: float


@dataclass(frozen=True, slots=True)
class Steps:
    """The progress: a row for each material, a column for each week."""

    weeks: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Step, ...]], ...]


def week_chart(week: Sequence[Hour], language: Language) -> Week | None:
    """Put the hours of the week in rows; nothing where no hour may be shown."""
    alive = [one.hour for one in week if one.runs or one.runs is None or one.lesson]
    largest = max((one.runs or 0 for one in week), default=0)
    if not largest:
        return None
    hours = range(min(*alive, USUAL[0]), max(*alive, USUAL[1]) + 1)
    names = get_day_names("wide", locale=language)
    rows = tuple(
        tuple(Square(one, _shade(one.runs, largest)) for one in week if one.day == day and one.hour in hours)
        for day in DAYS
    )
    return Week(tuple(names[day] for day in DAYS), tuple(hours), rows)


def progress_chart(progress: Sequence[Begun], said: Wording) -> Steps | None:
    """Put in rows how many people have begun each material by each week; nothing where no number may be shown."""
    largest = max((one.people or 0 for one in progress), default=0)
    if not largest:
        return None
    weeks = sorted({one.week for one in progress})
    rows = tuple(
        (material, tuple(Step(one, _shade(one.people, largest)) for one in steps))
        for material, steps in groupby(progress, key=attrgetter("material"))
    )
    return Steps(tuple(format_date(one, "d MMM", locale=said.language) for one in weeks), rows)


def week_drawing(week: Week, said: Wording) -> Drawing:
    """Draw a week: a row of squares for each day, hours with lessons framed."""
    _ = translations(said.language).gettext
    heads = (
        Label(BESIDE_DAYS + n * STEP + SIDE / 2, 14, str(hour), centred=True)
        for n, hour in enumerate(week.hours)
    )
    rows = (
        shape
        for line, (day, row) in enumerate(zip(week.days, week.rows, strict=True))
        for shape in _week_row(line, day, row, said)
    )
    return Drawing(
        Kind.SQUARES,
        _("The rhythm of the week"),
        _("Runs by day and hour; hours with lessons have a frame. The table below says the same."),
        _(
            "Runs by day and hour, in the lab's time zone: the darker, the more. A frame marks hours with lessons;"
            " a dotted frame, hours in which only a few people worked."
        ),
        BESIDE_DAYS + len(week.hours) * STEP,
        _height(len(week.rows)),
        (*heads, *rows),
    )


def _week_row(line: int, day: str, row: Sequence[Square], said: Wording) -> Iterator[Label | Box]:
    yield _name(line, day)
    for n, one in enumerate(row):
        lesson = (Look.LESSON,) if one.hour.lesson else ()
        told = f"{day}, {one.hour.hour}: {said.shown(one.hour.runs)}"
        yield _square(BESIDE_DAYS + n * STEP, line, one.shade, (*lesson, *_few(one.hour.runs)), told)


def progress_drawing(steps: Steps, said: Wording) -> Drawing:
    """Draw the progress: a row of squares for each material, one for each week."""
    _ = translations(said.language).gettext
    heads = (
        Label(BESIDE_MATERIALS + n * STEP, 14, steps.weeks[n]) for n in range(0, len(steps.weeks), NAMED)
    )
    rows = (shape for line in range(len(steps.rows)) for shape in _steps_row(line, steps, said))
    return Drawing(
        Kind.SQUARES,
        _("Progress through the materials"),
        _(
            "A row for each material, a square for each week: the darker, the more people have begun it."
            " The table below says the same."
        ),
        _(
            "How many people have run a cell of each material by the end of each week: the darker, the more; a"
            " dotted frame, only a few."
        ),
        BESIDE_MATERIALS + (len(steps.weeks) + 2) * STEP,
        _height(len(steps.rows)),
        (*heads, *rows),
        page_width=WEEKS_WIDE,
    )


def _steps_row(line: int, steps: Steps, said: Wording) -> Iterator[Label | Box]:
    material, row = steps.rows[line]
    yield _name(line, said.short_material(material, LONGEST))
    for n, one in enumerate(row):
        told = f"{said.material(material)}, {steps.weeks[n]}: {said.shown(one.begun.people)}"
        yield _square(BESIDE_MATERIALS + n * STEP, line, one.shade, _few(one.begun.people), told)


def _name(line: int, text: str) -> Label:
    return Label(0, TOP + line * STEP + 20, text)


def _square(x: float, line: int, shade: float, looks: tuple[Look, ...], told: str) -> Box:
    return Box(x, TOP + line * STEP, SIDE, SIDE, (Look.HOUR, *looks), corner=3, shade=shade, told=told)


def _few(count: int | None) -> tuple[Look, ...]:
    return (Look.FEW,) if count is None else ()


def _height(rows: int) -> int:
    return TOP + rows * STEP + 4


def _shade(count: int | None, largest: int) -> float:
    return round(FAINTEST + (1 - FAINTEST) * count / largest, 3) if count else 0.0
