"""The drawing of a material's exercises: the errors of each, in the notebook's order. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from maximalab_hub.drawings.bars import FULL, NARROW, WIDEST, Bar, lengths, named_bars
from maximalab_hub.drawings.shapes import Drawing, Kind
from maximalab_hub.language import cut, translations

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from maximalab_hub.comparison.exercises import Exercise
    from maximalab_hub.service.wording import Wording


def exercises_chart(named: Iterable[tuple[str, Exercise]], said: Wording) -> list[Bar]:
    """Give each exercise's share of runs that ended with an error, of all that anybody ran and that may be shown."""
    shares = [
        (cut(name, WIDEST), share)
        for name, one in named
        if one.whole and (share := one.whole.error_share) is not None
    ]
    long = lengths([share for _, share in shares])
    return [
        Bar(name, said.percent(share), length) for (name, share), length in zip(shares, long, strict=True)
    ]


def exercises_drawing(material: str, bars: Sequence[Bar], said: Wording) -> Drawing:
    """Draw the errors of each exercise."""
    _ = translations(said.language).gettext
    return Drawing(
        Kind.BARS,
        f"{_('Errors by exercise')}: {material}",
        _(
            "A bar for each exercise: the share of runs that ended with an error. The table below says the same."
        ),
        _(
            "Share of runs that ended with an error, in the order of the notebook."
            " A cell of the notebook that was handed out is the same exercise for everybody."
        ),
        FULL,
        len(bars) * NARROW.step,
        named_bars(bars, NARROW),
    )
