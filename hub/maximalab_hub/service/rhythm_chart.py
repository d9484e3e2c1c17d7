"""The drawings of the comparison page: numbers and words for a template that draws them as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TYPE_CHECKING, Final

from babel.dates import format_date, get_day_names

from maximalab_hub.comparison.findings import Measure
from maximalab_hub.comparison.rhythm import DAYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_hub.comparison.figures import PersonFigures
    from maximalab_hub.comparison.progress import Begun
    from maximalab_hub.comparison.report import Row
    from maximalab_hub.comparison.rhythm import Hour
    from maximalab_hub.comparison.words import Words
    from maximalab_hub.service.wording import Wording
    from maximalab_hub.settings_sections import Language

FULL: Final = 400
"""Length of a bar for the whole, in the drawing's units."""
FAINTEST: Final = 0.12
USUAL: Final = (8, 19)
"""Hours that are always drawn: a day of lessons."""


@dataclass(frozen=True, slots=True)
class Square:
    """One hour of the week: where it is drawn, how dark, and whether it is a lesson's."""

    hour: Hour
    shade: float
    """0 for nothing, up to 1 for the busiest hour."""


@dataclass(frozen=True, slots=True)
class Week:
    """The drawing of a week: a row for each day, over the hours in which anything happens."""

    days: tuple[str, ...]
    hours: tuple[int, ...]
    rows: tuple[tuple[Square, ...], ...]


@dataclass(frozen=True, slots=True)
class Share:
    """One person's share of the time out of class."""

    person: str
    value: str
    length: float


@dataclass(frozen=True, slots=True)
class MaterialErrors:
    """One material's bar: what it is worth in words, and its length."""

    material: str
    value: str
    length: float


@dataclass(frozen=True, slots=True)
class Step:
    """One material at the end of one week, and how dark it is drawn."""

    begun: Begun
    shade: float


@dataclass(frozen=True, slots=True)
class Steps:
    """The drawing of the progress: a row for each material, a column for each week."""

    weeks: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Step, ...]], ...]


def week_chart(week: Sequence[Hour], language: Language) -> Week | None:
    """Draw the week; nothing where no hour may be shown."""
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


def errors_chart(materials: Sequence[Row], words: Words) -> list[MaterialErrors]:
    """Draw each material's share of runs that ended with an error, the median person's; the longest is the whole."""
    shares = {
        row.name: share
        for row in materials
        if row.medians is not None and (share := row.medians[Measure.ERRORS]) is not None
    }
    largest = max(shares.values(), default=0) or 1
    return [
        MaterialErrors(name, words.value(Measure.ERRORS, share), round(FULL * share / largest, 1))
        for name, share in shares.items()
    ]


def progress_chart(progress: Sequence[Begun], language: Language) -> Steps | None:
    """Draw how many people have begun each material by each week; nothing where no number may be shown."""
    largest = max((one.people or 0 for one in progress), default=0)
    if not largest:
        return None
    weeks = sorted({one.week for one in progress})
    rows = tuple(
        (material, tuple(Step(one, _shade(one.people, largest)) for one in steps))
        for material, steps in groupby(progress, key=attrgetter("material"))
    )
    return Steps(tuple(format_date(one, "d MMM", locale=language) for one in weeks), rows)


def shares_chart(people: Sequence[PersonFigures], said: Wording) -> list[Share]:
    """Draw each person's share, from the largest to the smallest; nobody is named."""
    shares = [(one.share_out, one.user) for one in people if one.share_out is not None]
    return [
        Share(user[:8], said.percent(share), round(FULL * share, 1))
        for share, user in sorted(shares, key=lambda one: (-one[0], one[1]))
    ]


def _shade(runs: int | None, largest: int) -> float:
    return round(FAINTEST + (1 - FAINTEST) * runs / largest, 3) if runs else 0.0
