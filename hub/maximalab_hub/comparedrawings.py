"""A comparison's drawings as SVG and PNG files: what the page shows, each by itself, for an article or a slide.

Their colours are the light page's. The same report gives the same bytes, in each language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from maximalab_hub.comparison.words import Words
from maximalab_hub.language import translations
from maximalab_hub.paper.press import png
from maximalab_hub.service.rhythm_chart import FULL, errors_chart, progress_chart, shares_chart, week_chart
from maximalab_hub.service.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from maximalab_hub.comparison.report import Report
    from maximalab_hub.service.rhythm_chart import MaterialErrors, Share, Steps, Week
    from maximalab_hub.settings_sections import Language

DRAWINGS: Final = ("week", "progress", "shares", "errors")
"""What can be drawn of a comparison."""
STEP: Final = 32
SIDE: Final = 29
LEFT: Final = 180
LONGEST: Final = 24
"""Letters of a material's id that fit beside its row."""
ROOMY: Final = 14.0
HIGHEST: Final = 560
"""Bars of people are a line apart where all of them are no higher than this; of more people they are thinner."""
INK, ACCENT, OTHER, LINE = "#1c2733", "#1c5c85", "#7f5200", "#d9d7d0"


def drawings(made: Report, language: Language, time_zone: str) -> dict[str, bytes]:
    """Give the drawings as SVG by file name; one of which nothing may be shown is left out."""
    _, said, words = translations(language).gettext, Wording(language, time_zone), Words(language)
    week, steps = week_chart(made.week, language), progress_chart(made.progress, language)
    shares, errors = shares_chart(made.people or (), said), errors_chart(made.materials, words)
    found = {
        "week.svg": week and week_drawing(week, language),
        "progress.svg": steps and _steps(_("Progress through the materials"), steps),
        "shares.svg": shares and _shares(_("Share of the time out of class, by person"), shares, language),
        "errors.svg": errors and _errors(_("Errors by exercise"), errors),
    }
    return {name: drawn for name, drawn in found.items() if drawn}


def with_pictures(drawn: Mapping[str, bytes]) -> dict[str, bytes]:
    """Give the same drawings, each as PNG, too."""
    return {**drawn, **{f"{name.removesuffix('.svg')}.png": png(svg) for name, svg in drawn.items()}}


def _svg(title: str, width: float, height: float, parts: Iterable[str]) -> bytes:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' font-family="sans-serif" font-size="13" fill="{INK}" role="img">\n<title>{escape(title)}</title>\n'
    )
    return (head + "\n".join(parts) + "\n</svg>\n").encode()


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x}" y="{y}">{escape(text)}</text>'


def _short(name: str) -> str:
    return name if len(name) <= LONGEST else f"{name[: LONGEST - 1]}…"


def _square(column: int, y: float, shade: float, *, frame: str = LINE, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="2 3"' if dashed else ""
    place = f'x="{LEFT + column * STEP}" y="{y}" width="{SIDE}" height="{SIDE}" rx="3"'
    return f'<rect {place} fill="{ACCENT}" fill-opacity="{shade}" stroke="{frame}"{dash}/>'


def _bar(x: float, y: float, length: float, height: float, colour: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{length}" height="{height}" fill="{colour}"/>'


def week_drawing(week: Week, language: Language) -> bytes:
    """Draw a week's rhythm."""
    title = translations(language).gettext("The rhythm of the week")
    parts = [
        f'<text x="{LEFT + n * STEP + SIDE / 2}" y="14" text-anchor="middle">{hour}</text>'
        for n, hour in enumerate(week.hours)
    ]
    for line, (day, row) in enumerate(zip(week.days, week.rows, strict=True)):
        y = 22 + line * STEP
        parts.append(_text(0, y + 20, day))
        for n, one in enumerate(row):
            frame = INK if one.hour.lesson else LINE
            parts.append(_square(n, y, one.shade, frame=frame, dashed=one.hour.runs is None))
    return _svg(title, LEFT + len(week.hours) * STEP, 22 + len(week.days) * STEP, parts)


def _steps(title: str, steps: Steps) -> bytes:
    parts = [_text(LEFT + n * STEP, 14, week) for n, week in enumerate(steps.weeks) if n % 3 == 0]
    for line, (material, row) in enumerate(steps.rows):
        y = 22 + line * STEP
        parts.append(_text(0, y + 20, _short(material)))
        parts += [_square(n, y, one.shade, dashed=one.begun.people is None) for n, one in enumerate(row)]
    return _svg(title, LEFT + (len(steps.weeks) + 2) * STEP, 22 + len(steps.rows) * STEP, parts)


def _shares(title: str, shares: list[Share], language: Language) -> bytes:
    _, parts = translations(language).gettext, []
    step = ROOMY if len(shares) * ROOMY <= HIGHEST else max(2.0, round(HIGHEST / len(shares), 1))
    thick = round(step * 0.8, 1)
    for n, one in enumerate(shares):
        y = round(n * step, 1)
        parts.append(_bar(0, y, round(FULL - one.length, 1), thick, ACCENT))
        parts.append(_bar(round(FULL - one.length, 1), y, one.length, thick, OTHER))
    below = round(len(shares) * step) + 22
    for x, colour, name in ((0, ACCENT, _("in class")), (FULL // 2, OTHER, _("out of class"))):
        parts += [_bar(x, below - 11, 11, 11, colour), _text(x + 18, below, name)]
    return _svg(title, FULL, below + 6, parts)


def _errors(title: str, errors: list[MaterialErrors]) -> bytes:
    parts = []
    for n, one in enumerate(errors):
        parts.append(_text(0, n * 44 + 14, f"{one.material}  {one.value}"))
        parts.append(_bar(0, n * 44 + 20, one.length, 14, OTHER))
    return _svg(title, FULL, len(errors) * 44, parts)
