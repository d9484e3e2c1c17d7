"""A comparison's drawings as SVG files: what the page shows, each by itself, for an article or a slide.

Their colours are the light page's. The same report gives the same bytes, in each language.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.sax.saxutils import escape

from maximalab_hub.comparison.words import Words
from maximalab_hub.language import translations
from maximalab_hub.service.rhythm_chart import FULL, errors_chart, progress_chart, shares_chart, week_chart
from maximalab_hub.service.wording import Wording

if TYPE_CHECKING:
    from collections.abc import Iterable

    from maximalab_hub.comparison.report import Report
    from maximalab_hub.service.rhythm_chart import MaterialErrors, Share, Steps, Week
    from maximalab_hub.settings_sections import Language

STEP: Final = 32
SIDE: Final = 29
LEFT: Final = 180
INK, ACCENT, OTHER, LINE = "#1c2733", "#1c5c85", "#7f5200", "#d9d7d0"


def drawings(made: Report, language: Language, time_zone: str) -> dict[str, bytes]:
    """Give the drawings by file name; one of which nothing may be shown is left out."""
    _, said, words = translations(language).gettext, Wording(language, time_zone), Words(language)
    week, steps = week_chart(made.week, language), progress_chart(made.progress, language)
    shares, errors = shares_chart(made.people or (), said), errors_chart(made.materials, words)
    found = {
        "week.svg": week and _week(_("The rhythm of the week"), week),
        "progress.svg": steps and _steps(_("Progress through the materials"), steps),
        "shares.svg": shares and _shares(_("Share of the time out of class, by person"), shares),
        "errors.svg": errors and _errors(_("Errors by exercise"), errors),
    }
    return {name: drawn for name, drawn in found.items() if drawn}


def _svg(title: str, width: float, height: float, parts: Iterable[str]) -> bytes:
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
        f' font-family="sans-serif" font-size="13" fill="{INK}" role="img">\n<title>{escape(title)}</title>\n'
    )
    return (head + "\n".join(parts) + "\n</svg>\n").encode()


def _text(x: float, y: float, text: str) -> str:
    return f'<text x="{x}" y="{y}">{escape(text)}</text>'


def _square(column: int, y: float, shade: float, *, frame: str = LINE, dashed: bool = False) -> str:
    dash = ' stroke-dasharray="2 3"' if dashed else ""
    place = f'x="{LEFT + column * STEP}" y="{y}" width="{SIDE}" height="{SIDE}" rx="3"'
    return f'<rect {place} fill="{ACCENT}" fill-opacity="{shade}" stroke="{frame}"{dash}/>'


def _bar(x: float, y: float, length: float, height: float, colour: str) -> str:
    return f'<rect x="{x}" y="{y}" width="{length}" height="{height}" fill="{colour}"/>'


def _week(title: str, week: Week) -> bytes:
    parts = [_text(LEFT + n * STEP + 6, 14, str(hour)) for n, hour in enumerate(week.hours)]
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
        parts.append(_text(0, y + 20, material))
        parts += [_square(n, y, one.shade, dashed=one.begun.people is None) for n, one in enumerate(row)]
    return _svg(title, LEFT + (len(steps.weeks) + 2) * STEP, 22 + len(steps.rows) * STEP, parts)


def _shares(title: str, shares: list[Share]) -> bytes:
    parts = []
    for n, one in enumerate(shares):
        parts.append(_bar(0, n * 14, round(FULL - one.length, 1), 11, ACCENT))
        parts.append(_bar(round(FULL - one.length, 1), n * 14, one.length, 11, OTHER))
    return _svg(title, FULL, len(shares) * 14, parts)


def _errors(title: str, errors: list[MaterialErrors]) -> bytes:
    parts = []
    for n, one in enumerate(errors):
        parts.append(_text(0, n * 44 + 14, f"{one.material}  {one.value}"))
        parts.append(_bar(0, n * 44 + 20, one.length, 14, OTHER))
    return _svg(title, FULL, len(errors) * 44, parts)
