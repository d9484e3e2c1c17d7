"""A notebook as one HTML file that needs nothing else: colours, formulas and pictures are in it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbconvert.exporters.html import HTMLExporter
from traitlets import default

from maximalab_export import mathjax
from maximalab_export.still import stilled

if TYPE_CHECKING:
    from nbformat import NotebookNode


class MaximaHTML(HTMLExporter):
    """nbconvert's HTML, with the MathJax of the lab inside, in place of an older one that each reader has to fetch."""

    export_from_notebook = "HTML, complete"

    @default("template_name")
    def _template_name_default(self) -> str:
        return "maxima"

    @default("extra_template_basedirs")
    def _extra_template_basedirs_default(self) -> list[str]:
        return [str(Path(__file__).parent / "templates")]

    @default("exclude_output_stdin")
    def _exclude_output_stdin_default(self) -> bool:
        return False  # what Maxima asked, and the reader's answer, on which the result rests

    def _init_resources(self, resources: dict[str, Any] | None) -> dict[str, Any]:
        told: dict[str, Any] = super()._init_resources(resources)  # type: ignore[no-untyped-call]
        return told | {"mathjax": mathjax.script(), "mathjax_url": mathjax.ELSEWHERE}

    def from_notebook_node(  # type: ignore[override]  # a text, as from nbconvert's own
        self,
        nb: NotebookNode,
        resources: dict[str, Any] | None = None,
        **kw: Any,  # noqa: ANN401  nbconvert's, passed on
    ) -> tuple[str, dict[str, Any]]:
        """The page and nbconvert's resources."""
        made: tuple[str, dict[str, Any]] = super().from_notebook_node(stilled(nb), resources, **kw)
        return made
