"""What the MathJax of JupyterLab makes of Maxima's TeX: a corpus of results, each of them typeset without an error."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from labrun import until
from nbclient import NotebookClient
from notebookpage import notebook, photo
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.chromium

CORPUS = Path(__file__).parents[1] / "corpus.mac"
IN_A_CELL = 10
WRONG = (r"\begin{equation*}\frac{1}\end{equation*}", r"\begin{equation*}\nosuchthing{1}\end{equation*}")
"""What MathJax cannot typeset: it has to be told from the rest, or this test would see nothing."""

FAULTS = "mjx-merror, mjx-container [style*='color: red']"
"""An error of TeX, and a command that is unknown to MathJax."""


def executed(sources: list[str]) -> nbformat.NotebookNode:
    """The notebook, run by a real kernel; a statement that fails is raised."""
    book = nbformat.reads(notebook(*sources), as_version=4)
    NotebookClient(book, kernel_name="maxima", timeout=120).execute()
    return book


def shown(page: Page, name: str, book: nbformat.NotebookNode, work: Path) -> int:
    """Open the notebook in a window in which all of it is in sight; how many formulas are in it."""
    (work / f"{name}.ipynb").write_text(nbformat.writes(book))
    formulas = sum("text/latex" in output.get("data", {}) for each in book.cells for output in each.outputs)
    page.goto(f"/lab/workspaces/{name}/tree/{name}.ipynb?reset")
    expect(page.locator(".jp-Cell").first).to_be_visible(timeout=120_000)
    until(lambda: page.locator(".jp-RenderedLatex").count() == formulas, f"{formulas} formulas are there", 60)
    typeset = page.locator(".jp-RenderedLatex mjx-container")
    until(lambda: typeset.count() == formulas, f"{formulas} formulas are typeset", 60)
    return formulas


@pytest.fixture
def tall_page(browser: Browser, lab):
    """JupyterLab takes away what is out of sight: nothing is, in this one."""
    page = browser.new_page(viewport={"width": 1280, "height": 16_000}, base_url=lab.address)
    yield page
    page.context.close()


def test_a_hundred_results_of_maxima_are_typeset_without_an_error(tall_page, lab):
    statements = CORPUS.read_text().splitlines()[1:]
    cells = ["\n".join(statements[i : i + IN_A_CELL]) for i in range(0, len(statements), IN_A_CELL)]
    assert shown(tall_page, "corpus", executed(cells), lab.work) >= 100
    photo(tall_page, "formulas")
    faults = tall_page.locator(".jp-RenderedLatex").filter(has=tall_page.locator(FAULTS))
    assert faults.all_inner_texts() == []


def test_what_mathjax_cannot_typeset_would_be_seen(tall_page, lab):
    book = nbformat.reads(notebook(""), as_version=4)
    book.cells[0].outputs = [
        nbformat.v4.new_output("display_data", {"text/latex": latex}) for latex in (*WRONG, "$$x^2$$")
    ]
    assert shown(tall_page, "wrong", book, lab.work) == 3
    expect(tall_page.locator(".jp-RenderedLatex").filter(has=tall_page.locator(FAULTS))).to_have_count(2)
