"""A file that is given out whole: asked for, made, logged by its hash, and only then sent."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Final

from fastapi import Response

from maximalab_hub.drawings.svg import as_file
from maximalab_hub.paper.press import png
from maximalab_hub.paper.printer import Printer
from maximalab_hub.service.errors import problem
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import language_of
from maximalab_hub.service.saying import said_to
from maximalab_hub.service.template_words import TemplateWords

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from fastapi import Request

    from maximalab_hub.drawings.shapes import Drawing
    from maximalab_hub.export_log import Entry

LOG_HEADER: Final = "X-MaximaLab-Log-Entry"
"""In the answer to an export: the position and hash of its entry in the export log."""
PDF: Final = "application/pdf"
FORMS: Final[Mapping[str, str]] = {"svg": "image/svg+xml", "png": "image/png"}
"""What a drawing is given as."""


def given(request: Request, entry: Entry, content: bytes, name: str, media_type: str) -> Response:
    """Log that the file of the export that `entry` began is whole, and give it under a name.

    Raises `maximalab_hub.store.engine.StoreAwayError`.
    """
    request.app.state.own_events.exported(entry, {"sha256": sha256(content).hexdigest()})
    return Response(content, media_type=media_type, headers=attached(name, entry))


def attached(name: str, entry: Entry) -> dict[str, str]:
    """Name the file, and the place in the export log: whoever keeps it can prove later that nothing before moved."""
    return {"Content-Disposition": f'attachment; filename="{name}"', LOG_HEADER: str(entry.point)}


def drawing_asked(file: str, known: Collection[str]) -> tuple[str, str]:
    """Part a drawing's file, `week.svg`, into its name and its form. Raises an error 404 where there is no such one."""
    name, _, form = file.partition(".")
    if name not in known or form not in FORMS:
        files = ", ".join(f"{one}.{end}" for one in known for end in FORMS)
        raise problem(404, "drawing", f"there is no such drawing; the drawings are {files}")
    return name, form


def drawing_given(request: Request, entry: Entry, drawing: Drawing | None, name: str, form: str) -> Response:
    """Give a drawing as SVG or PNG.

    Raises an error 404 where nothing may be drawn, and `maximalab_hub.store.engine.StoreAwayError`.
    """
    if drawing is None:
        raise problem(
            404, "drawing", "nothing may be shown of these events: too few people, or none of them ran a cell"
        )
    svg = as_file(drawing)
    content = png(svg) if form == "png" else svg
    return given(request, entry, content, f"{name}.{form}", FORMS[form])


def printer_of(request: Request) -> Printer:
    """Say who speaks in a report to this reader: the words, the lab and the study of the address."""
    language, settings = language_of(request), lab_of(request)
    return Printer(
        said_to(request),
        TemplateWords(language),
        settings.lab.name.text(language),
        settings.study.title.text(language),
        settings.study.id,
    )
