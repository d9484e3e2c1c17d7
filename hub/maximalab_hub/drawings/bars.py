"""Drawings of bars: shares by person, errors by material, errors in each setting. Pure.

Each is a chart first, a list of bars with their values in words, and then a drawing of that chart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from maximalab_hub.comparison.findings import Measure
from maximalab_hub.drawings.shapes import Box, Drawing, Kind, Label, Look
from maximalab_hub.language import translations
from maximalab_hub.setting import Setting

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from maximalab_hub.compare import Comparison
    from maximalab_hub.comparison.figures import PersonFigures
    from maximalab_hub.comparison.report import Row
    from maximalab_hub.service.wording import Wording

FULL: Final = 400
"""Length of a bar for the whole, in the drawing's units."""
ROOMY: Final = 14
"""From one bar without a name to the next."""
THICK: Final = 11
WIDEST: Final = 34
"""Letters of a name that fit above its bar, beside its value."""


@dataclass(frozen=True, slots=True)
class Bar:
    """What a bar is of, what it is worth in words, and its length."""

    name: str
    value: str
    length: float
    look: Look = Look.OUT_OF_CLASS

    @property
    def text(self) -> str:
        """Say it to those who do not see the drawing."""
        return f"{self.name} {self.value}"


@dataclass(frozen=True, slots=True)
class Line:
    """How a bar and its name above share a line's height: where the words stand, where the bar begins."""

    step: int
    words: int
    top: int
    thick: int


NARROW: Final = Line(44, 14, 20, 14)
WIDE: Final = Line(56, 16, 24, 20)


def shares_chart(people: Sequence[PersonFigures], said: Wording) -> list[Bar]:
    """Give each person's share of the time out of class, from the largest to the smallest; nobody is named."""
    shares = [(one.share_out, one.user) for one in people if one.share_out is not None]
    return [
        Bar(user[:8], said.percent(share), round(FULL * share, 1))
        for share, user in sorted(shares, key=lambda one: (-one[0], one[1]))
    ]


def errors_chart(materials: Sequence[Row], said: Wording) -> list[Bar]:
    """Give each material's share of runs that ended with an error, the median person's."""
    shares = {
        row.name: share
        for row in materials
        if row.medians is not None and (share := row.medians[Measure.ERRORS]) is not None
    }
    return [
        Bar(said.short_material(name, WIDEST), said.percent(share), length)
        for (name, share), length in zip(shares.items(), lengths(shares.values()), strict=True)
    ]


def settings_chart(compared: Comparison, said: Wording) -> list[Bar]:
    """Give the share of errors in each setting that has figures."""
    shares = {
        setting: figures.error_share
        for setting, figures in compared.by_setting.items()
        if figures is not None and figures.error_share is not None and setting is not Setting.UNKNOWN
    }
    return [
        Bar(said.setting(setting), said.percent(share), length, Look(setting.value))
        for (setting, share), length in zip(shares.items(), lengths(shares.values()), strict=True)
    ]


def shares_drawing(shares: Sequence[Bar], said: Wording) -> Drawing:
    """Draw each person's time as one bar in two parts."""
    _ = translations(said.language).gettext
    return Drawing(
        Kind.BARS,
        _("Share of the time out of class, by person"),
        _(
            "A bar for each person: time in class on the left, out of class on the right."
            " The table below says the same."
        ),
        _("A bar for each person: time in class on the left, out of class on the right."),
        FULL,
        len(shares) * ROOMY,
        tuple(part for n, one in enumerate(shares) for part in _parts(n * ROOMY, one)),
        key=((Look.IN_CLASS, _("in class")), (Look.OUT_OF_CLASS, _("out of class"))),
    )


def errors_drawing(errors: Sequence[Bar], said: Wording) -> Drawing:
    """Draw the errors of each material."""
    _ = translations(said.language).gettext
    return Drawing(
        Kind.BARS,
        _("Errors by material"),
        _(
            "A bar for each material: the share of runs that ended with an error."
            " The table of materials says the same."
        ),
        _("Share of runs that ended with an error, of the median person."),
        FULL,
        len(errors) * NARROW.step,
        named_bars(errors, NARROW),
    )


def settings_drawing(bars: Sequence[Bar], said: Wording) -> Drawing:
    """Draw the errors in each setting."""
    _ = translations(said.language).gettext
    title = _("Share of runs that ended with an error")
    told = f"{_('Share of runs with an error:')} {', '.join(one.text for one in bars)}"
    return Drawing(Kind.BARS, title, told, title, FULL, len(bars) * WIDE.step, named_bars(bars, WIDE))


def named_bars(bars: Sequence[Bar], line: Line) -> tuple[Label | Box, ...]:
    """Draw bars, each below its name and value."""
    return tuple(shape for n, one in enumerate(bars) for shape in _named(n * line.step, one, line))


def _named(top: float, bar: Bar, line: Line) -> Iterator[Label | Box]:
    yield Label(0, top + line.words, bar.name, bar.value)
    yield Box(
        0,
        top + line.top,
        bar.length,
        line.thick,
        (Look.BAR, bar.look),
        corner=3,
        told=f"{bar.name}: {bar.value}",
    )


def _parts(top: float, share: Bar) -> Iterator[Box]:
    """Draw one person's bar; the part out of class tells the figure, so that each line tells it once."""
    inside = round(FULL - share.length, 1)
    yield Box(0, top, inside, THICK, (Look.BAR, Look.IN_CLASS))
    told = f"{share.name}: {share.value}"
    yield Box(inside, top, share.length, THICK, (Look.BAR, Look.OUT_OF_CLASS), told=told)


def lengths(shares: Collection[float]) -> list[float]:
    """Give lengths of which the largest fills the drawing."""
    largest = max(shares, default=0) or 1
    return [round(FULL * share / largest, 1) for share in shares]
