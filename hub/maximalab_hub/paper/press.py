"""The press: a document becomes a PDF, a drawing a PNG. The one place that knows Typst.

Typst comes as one wheel with its fonts inside, asks no network and no program of the machine. What people typed reaches
it as values of `sys.inputs`, never as markup. No clock and no font of the machine counts, so the same input gives
the same bytes.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from maximalab_hub.paper.document import Document

PPI: Final = 192.0
"""Pixels of a PNG to an inch: two to each of the drawing's own, so that it is sharp in print."""
_TEMPLATES: Final = Path(__file__).parent.parent / "templates" / "paper"


def pdf(document: Document) -> bytes:
    """Print a document on A4, tagged for screen readers (PDF/UA-1)."""
    data = json.dumps(document.as_data(), ensure_ascii=False, sort_keys=True)
    return _pressed("document.typ", {"data": data}, format="pdf", pdf_standards="ua-1")


def png(svg: bytes) -> bytes:
    """Draw an SVG on white, with a little room around it."""
    return _pressed("picture.typ", {"svg": svg.decode()}, format="png", ppi=PPI)


def press_version() -> str:
    """Name what prints, for the foot of a report."""
    return f"Typst {version('typst')}"


def _pressed(template: str, inputs: dict[str, str], *, format: Literal["pdf", "png"], **how: Any) -> bytes:  # noqa: A002, ANN401
    import typst  # noqa: PLC0415  60 MB of program, which only those load who print

    made = typst.compile(
        _TEMPLATES / template,
        root=_TEMPLATES,
        sys_inputs=inputs,
        format=format,
        ignore_system_fonts=True,
        timestamp=0,
        **how,
    )
    if not isinstance(made, bytes):
        raise TypeError(f"{template}: has to be one page as a picture")
    return made
