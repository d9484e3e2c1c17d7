"""A notebook of Maxima as HTML and PDF: colours, formulas and pictures are kept."""

from __future__ import annotations

import base64
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pypdfium2
import pytest
from labrun import until
from maximalab_export import MaximaPDF, mathjax
from maximalab_export.browser import BrowserError
from maximalab_export.paper import LONGEST_FORMULA
from nbclient import NotebookClient
from nbconvert.exporters import get_exporter
from notebookpage import PHOTOS, notebook
from playwright.sync_api import Browser, Page, expect
from traitlets.config import Config

pytestmark = pytest.mark.chromium

HEADING = "# Симплекс-метод\nДохід $c x$ і\n$$\\sum_j c_j x_j \\to \\max$$"
CELLS = (
    '/* прибуток */ matrix([1/2, sqrt(x)], ["хліб", 25]); if x > 2 then 1 else "рядок";',
    'plot2d([sin(x), cos(x)], [x, -3, 3], [title, "Назва"])$',
    "plot3d(x^2 - y^2, [x, -2, 2], [y, -2, 2])$",
    "expand((a + b + c)^3); expand((a + b + c)^9);",
    "interact(plot2d(sin(n*x), [x, 0, 6]), [n, 3, 10])$",
)
FORMULAS = 6


def executed(folder: Path, *sources: str, heading: str = "", **environment: str) -> Path:
    """A notebook, run as its author would run it."""
    book = nbformat.reads(notebook(*sources), as_version=4)
    if heading:
        book.cells.insert(0, nbformat.v4.new_markdown_cell(heading))
    NotebookClient(book, kernel_name="maxima", timeout=120).execute(env=os.environ | environment)
    nbformat.write(book, folder / "book.ipynb")
    return folder / "book.ipynb"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return executed(tmp_path_factory.mktemp("book"), *CELLS, heading=HEADING, MAXIMALAB_LANG="en")


def exported(book: Path, kind: str) -> Path:
    """What nbconvert makes of a notebook."""
    made, told = get_exporter(kind)().from_filename(str(book))
    target = book.with_suffix(f".{kind}{told['output_extension']}")
    target.write_text(made)
    return target


def nbconvert(book: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """`jupyter nbconvert`, as its user types it."""
    command = [sys.executable, "-m", "jupyter", "nbconvert", *words, str(book)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=240)


@pytest.fixture
def page(browser: Browser):
    """A page without any network: what it wants from elsewhere is noted."""
    page = browser.new_page(viewport={"width": 1000, "height": 2400})
    page.set_default_timeout(60_000)
    page.wanted = []
    page.route(re.compile("^https?:"), lambda route: (page.wanted.append(route.request.url), route.abort()))
    yield page
    page.context.close()


def colour(page: Page, word: str) -> str:
    """In which colour a word of code is shown."""
    return (
        page.locator(".highlight span")
        .get_by_text(word, exact=True)
        .first.evaluate("it => getComputedStyle(it).color")
    )


def test_html_is_complete_with_colours_formulas_and_pictures(book: Path, page: Page):
    page.goto(exported(book, "maxima_html").as_uri())
    expect(page.locator("mjx-container")).to_have_count(FORMULAS)
    page.screenshot(path=PHOTOS / "export-html.png")
    assert page.wanted == []
    assert page.locator("[data-mjx-error]").count() == 0
    assert len({colour(page, word) for word in ("if", "25", '"хліб"', "/* прибуток */")}) == 4
    assert page.locator(".jp-RenderedSVG svg, .jp-RenderedSVG img").count() == 3
    expect(page.locator("body")).to_contain_text("Can be moved in JupyterLab: n = 3 (3 … 10).")
    words = page.locator(".jp-RenderedSVG img").evaluate_all("all => all.map(it => it.alt)")
    assert words[0].startswith("plot: Назва; x: from -3 to 3")
    assert words[1].startswith("surface; x: from -2 to 2")


def test_html_as_nbconvert_makes_it_has_colours_and_pictures_and_asks_for_mathjax(book: Path, page: Page):
    page.goto(exported(book, "html").as_uri())
    assert len({colour(page, word) for word in ("if", "25", '"хліб"', "/* прибуток */")}) == 4
    assert page.locator(".jp-RenderedSVG svg, .jp-RenderedSVG img").count() == 3
    expect(page.locator(".jp-RenderedLatex").first).to_contain_text(r"\tag{$\%$o1}")
    assert any("mathjax" in wanted for wanted in page.wanted)


def letters(document: pypdfium2.PdfDocument) -> str:
    return "\n".join(sheet.get_textpage().get_text_range() for sheet in document)


def test_pdf_is_printed_by_a_browser(book: Path):
    run = nbconvert(book, "--to", "maxima_pdf", "--MaximaPDF.sandbox=False")
    assert run.returncode == 0, run.stderr
    document = pypdfium2.PdfDocument(book.with_suffix(".pdf"))
    text = " ".join(letters(document).split())
    for told in (
        "Симплекс-метод",
        "/* прибуток */",
        "хліб",
        "Назва",
        "x^2-y^2",
        "Can be moved in JupyterLab",
    ):
        assert told in text
    assert text.count("\\") == 0, "no formula is left as TeX"
    assert "c^9+9*b*c^8" in text, f"a result of more than {LONGEST_FORMULA} characters is text"
    sheets = [sheet.render(scale=1.5).to_pil().convert("RGB") for sheet in document]
    for number, sheet in enumerate(sheets, 1):
        sheet.save(PHOTOS / f"export-pdf-{number}.png")
    first = {colour for _, colour in sheets[0].getcolors(1_000_000)}
    assert {(0, 0, 255), (255, 0, 0), (0, 128, 0)} <= first, "curves in blue and red, keywords in green"


def test_pdf_that_cannot_be_printed_says_what_to_do(book: Path):
    config = Config({"MaximaPDF": {"browser": "/nowhere"}})
    with pytest.raises(BrowserError, match=r"--MaximaPDF\.browser="):
        MaximaPDF(config=config).from_filename(str(book))


def test_latex_takes_plots_as_png(tmp_path: Path):
    book = executed(tmp_path, "6*7;", "plot2d(sin(x), [x, -3, 3])$", MAXIMALAB_PLOTS="png")
    (shown,) = [output.data for output in nbformat.read(book, 4).cells[1].outputs]
    assert base64.b64decode(shown["image/png"]).startswith(b"\x89PNG")
    assert "image/svg+xml" not in shown
    tex = exported(book, "latex").read_text()
    assert r"\includegraphics" in tex
    assert r"\tag{$\%$o1}" in tex


def test_the_extension_brings_the_mathjax_of_exports():
    assert "MathJax" in mathjax.script()


def formats(page: Page) -> set[str]:
    """What the menu offers to export as; JupyterLab asks its server for it some time after the notebook is there."""
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.locator(".lm-MenuBar-item").first.click()
    page.locator(".lm-Menu-item", has_text="Save and Export Notebook As").click()
    return {
        label.strip() for label in page.locator(".lm-Menu").last.locator(".lm-Menu-item").all_inner_texts()
    }


def test_the_menu_of_jupyterlab_offers_both(open_notebook, lab, book: Path):
    page = open_notebook("menu", "1;")
    until(lambda: {"Maxima_html", "Maxima_pdf"} <= formats(page), "both are in the menu", 60)
    page.screenshot(path=PHOTOS / "export-menu.png")
    shutil.copy(book, lab.work / "export.ipynb")
    asked = {"timeout": 180_000, "headers": {"Referer": page.url}}
    answer = page.request.get("/nbconvert/maxima_pdf/export.ipynb", **asked)
    assert answer.headers["content-type"].startswith("application/pdf")
    assert len(pypdfium2.PdfDocument(answer.body())) > 1
