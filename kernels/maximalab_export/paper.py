"""A notebook as PDF, as a browser prints it: no LaTeX, no other converter is needed."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

from traitlets import Bool, Unicode, default

from maximalab_export.browser import Browser
from maximalab_export.page import MaximaHTML

if TYPE_CHECKING:
    from nbformat import NotebookNode

LONGEST_FORMULA = 160
"""Characters of a result's text from which on the text is printed: a formula cannot go on in a second line."""


def without_endless_formulas(nb: NotebookNode) -> NotebookNode:
    """The notebook with text alone for what no sheet of paper is wide enough for."""
    nb = deepcopy(nb)
    for output in (output for cell in nb.cells for output in cell.get("outputs", [])):
        data = output.get("data", {})
        if len(data.get("text/plain", "")) > LONGEST_FORMULA:
            data.pop("text/latex", None)
    return nb


class MaximaPDF(MaximaHTML):
    """Prints the complete HTML by a Chromium, Chrome or Edge of this machine."""

    export_from_notebook = "PDF, by a browser"
    output_mimetype = "application/pdf"

    browser = Unicode("", help="The browser's program; empty to look for Chromium, Chrome, Edge.").tag(
        config=True
    )
    sandbox = Bool(
        True,
        help="""Whether the browser locks itself in. It cannot in most containers, nor as root; without, what a
        notebook's outputs do in the browser is done with your rights: only for notebooks that you trust.""",
    ).tag(config=True)

    @default("file_extension")
    def _file_extension_default(self) -> str:
        return ".pdf"

    @default("template_extension")
    def _template_extension_default(self) -> str:
        return ".html.j2"

    def _init_resources(self, resources: dict[str, Any] | None) -> dict[str, Any]:
        return super()._init_resources(resources) | {"on_paper": True}

    def from_notebook_node(  # type: ignore[override]  # bytes, as from nbconvert's own exporters to PDF
        self,
        nb: NotebookNode,
        resources: dict[str, Any] | None = None,
        **kw: Any,  # noqa: ANN401  nbconvert's, passed on
    ) -> tuple[bytes, dict[str, Any]]:
        """The PDF and nbconvert's resources. Raises `BrowserError`, which says what to do."""
        html, told = super().from_notebook_node(without_endless_formulas(nb), resources, **kw)
        return Browser(self.browser, sandbox=self.sandbox).printed(html), told
