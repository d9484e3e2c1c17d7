"""The drawings of a comparison: on its page, in its report, and as files for an article or a slide.

The same report gives the same bytes, in each language.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from maximalab_hub.drawings.bars import errors_chart, errors_drawing, shares_chart, shares_drawing
from maximalab_hub.drawings.grids import progress_chart, progress_drawing, week_chart, week_drawing
from maximalab_hub.drawings.svg import as_file
from maximalab_hub.paper.press import png

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_hub.comparison.report import Report
    from maximalab_hub.drawings.bars import Bar
    from maximalab_hub.drawings.grids import Steps, Week
    from maximalab_hub.drawings.shapes import Drawing
    from maximalab_hub.service.wording import Wording

DRAWINGS: Final = ("week", "shares", "errors", "progress")
"""What can be drawn of a comparison, in the page's order."""


@dataclass(frozen=True, slots=True)
class Charts:
    """What is drawn of a comparison, as numbers; nothing, or none, where nothing may be shown."""

    week: Week | None
    shares: list[Bar]
    errors: list[Bar]
    progress: Steps | None


def charts_of(made: Report, said: Wording) -> Charts:
    """Take the charts from a report."""
    return Charts(
        week_chart(made.week, said.language),
        shares_chart(made.people or (), said),
        errors_chart(made.materials, said),
        progress_chart(made.progress, said),
    )


def drawings(charts: Charts, said: Wording) -> dict[str, Drawing]:
    """Draw what there is, by its name in `DRAWINGS`."""
    found = {
        "week": charts.week and week_drawing(charts.week, said),
        "shares": charts.shares and shares_drawing(charts.shares, said),
        "errors": charts.errors and errors_drawing(charts.errors, said),
        "progress": charts.progress and progress_drawing(charts.progress, said),
    }
    return {name: drawn for name, drawn in found.items() if drawn}


def pictures(drawn: Mapping[str, Drawing]) -> dict[str, bytes]:
    """Give each drawing as two files, SVG and PNG, by their names."""
    svg = {name: as_file(one) for name, one in drawn.items()}
    return {
        f"{name}.{form}": content
        for name, one in svg.items()
        for form, content in (("svg", one), ("png", png(one)))
    }
