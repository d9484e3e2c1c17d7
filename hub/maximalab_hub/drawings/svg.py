"""Writes drawings as SVG: into a page, whose style sheet dresses them, or as a file with colours of its own."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Final

from markupsafe import Markup

from maximalab_hub.drawings.shapes import LETTERS, Box, Look, on_paper, with_words

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maximalab_hub.drawings.shapes import Drawing, Label

COLOURS: Final = {
    "ink": "#1c2630",
    "soft": "#505c69",
    "accent": "#1b5c86",
    "licensed": "#7d5200",
    "line": "#d9d6cc",
}
"""The light page's, by their names in `maximalab.css`; a test holds the two equal."""
DRESS: Final[Mapping[Look, Mapping[str, str]]] = {
    Look.HOUR: {"fill": COLOURS["accent"], "stroke": COLOURS["line"]},
    Look.LESSON: {"stroke": COLOURS["ink"], "stroke-width": "2"},
    Look.FEW: {"stroke": COLOURS["soft"], "stroke-dasharray": "2 3"},
    Look.BAR: {},
    Look.IN_CLASS: {"fill": COLOURS["accent"]},
    Look.OUT_OF_CLASS: {"fill": COLOURS["licensed"]},
}
"""What `usage.css` says of the same looks."""


@dataclass(frozen=True, slots=True)
class _Manner:
    """How a place wants its shapes dressed."""

    box: Callable[[tuple[Look, ...]], Mapping[str, str]]
    centred: Mapping[str, str]
    strong: Mapping[str, str]
    tells: bool
    """Whether each box tells its figure."""


def _coloured(looks: tuple[Look, ...]) -> dict[str, str]:
    return {name: value for look in looks for name, value in DRESS[look].items()}


_PAGE: Final = _Manner(
    lambda looks: {"class": " ".join(looks)}, {"class": "head"}, {"class": "value"}, tells=True
)
_FILE: Final = _Manner(_coloured, {"text-anchor": "middle"}, {"font-weight": "bold"}, tells=False)


def on_page(drawing: Drawing, name: str) -> Markup:
    """Write a drawing for a page, on which `name` is the drawing's alone."""
    head = {
        "class": drawing.kind,
        "viewBox": f"0 0 {max(drawing.width, drawing.page_width)} {drawing.height}",
        "role": "img",
        "aria-labelledby": f"{name}-title",
    }
    title = _element("title", {"id": f"{name}-title"}, escape(drawing.said))
    return Markup(_element("svg", head, _lines(title, drawing, _PAGE)))  # noqa: S704  every value is escaped here


def as_file(drawing: Drawing) -> bytes:
    """Write a drawing as a file of its own, for whoever opens it apart: with its title, and what it shows."""
    return _file(with_words(on_paper(drawing)))


def as_picture(drawing: Drawing) -> bytes:
    """Write the same for a report, which says both beside it."""
    return _file(on_paper(drawing))


def _file(whole: Drawing) -> bytes:
    """Write it with colours of its own.

    It holds no figure of a single box: a picture goes further than the study's page, and pseudonyms stay there.
    """
    head = {
        "xmlns": "http://www.w3.org/2000/svg",
        "width": whole.width,
        "height": whole.height,
        "viewBox": f"0 0 {whole.width} {whole.height}",
        "font-family": "sans-serif",
        "font-size": LETTERS[whole.kind],
        "fill": COLOURS["ink"],
        "role": "img",
    }
    return (
        _element("svg", head, _lines(_element("title", {}, escape(whole.title)), whole, _FILE)).encode()
        + b"\n"
    )


def _lines(title: str, drawing: Drawing, manner: _Manner) -> str:
    return "\n".join(["", title, *(_shape(one, manner) for one in drawing.shapes), ""])


def _shape(shape: Label | Box, manner: _Manner) -> str:
    return _box(shape, manner) if isinstance(shape, Box) else _label(shape, manner)


def _label(label: Label, manner: _Manner) -> str:
    strong = _element("tspan", manner.strong, escape(label.strong)) if label.strong else ""
    place = {"x": label.x, "y": label.y, **(manner.centred if label.centred else {})}
    return _element("text", place, " ".join(filter(None, (escape(label.text), strong))))


def _box(box: Box, manner: _Manner) -> str:
    place = {"x": box.x, "y": box.y, "width": box.width, "height": box.height}
    corner = {"rx": box.corner} if box.corner else {}
    shade = {} if box.shade is None else {"fill-opacity": box.shade}
    told = _element("title", {}, escape(box.told)) if box.told and manner.tells else ""
    return _element("rect", {**place, **corner, **manner.box(box.looks), **shade}, told)


def _element(name: str, attributes: Mapping[str, object], content: str) -> str:
    """Write an element; `content` is markup already, the attributes' values become it here."""
    said = "".join(f' {key}="{escape(str(value))}"' for key, value in attributes.items())
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"
