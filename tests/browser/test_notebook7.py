"""A student at work in Jupyter Notebook 7: the same kernel and the same extension in the other front end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from labrun import until
from notebookpage import (
    Site,
    await_kernel,
    cell,
    colour,
    comment_and_brackets,
    drag,
    notebook,
    photo,
    picture,
    running,
    write,
)  # fmt: skip
from playwright.sync_api import Browser, Page, expect

pytestmark = pytest.mark.chromium

CELLS = (
    "/* a remark */ matrix([1, 2]);",
    "plot2d(sin(x), [x, -3, 3])$",
    "plot3d(x^2 - y^2, [x, -2, 2], [y, -2, 2])$",
    "interact(integrate(x^k, x), [k, 1, 5])$",
    "integra",
)


@pytest.fixture(scope="module")
def notebook7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running("notebook", tmp_path_factory.mktemp("notebook7")) as site:
        yield site


@pytest.fixture
def page(browser: Browser, notebook7: Site) -> Iterator[Page]:
    (notebook7.work / "seven.ipynb").write_text(notebook(*CELLS))
    page = browser.new_page(viewport={"width": 1100, "height": 2000}, base_url=notebook7.address)
    page.set_default_timeout(60_000)
    page.goto("/notebooks/seven.ipynb")
    expect(page.locator(".jp-Cell")).to_have_count(len(CELLS), timeout=120_000)
    yield page
    page.context.close()


def test_all_of_it_works_in_notebook_7(page: Page):
    await_kernel(page)
    write(page, 0, "")
    for _ in CELLS[:-1]:
        page.keyboard.press("Shift+Enter")
    expect(cell(page, 0).locator("mjx-container")).to_have_count(1)
    assert len({colour(page, 0, word) for word in ("/* a remark */", "matrix", "1", "([")}) == 4
    expect(cell(page, 1).locator(".jp-RenderedSVG")).to_be_visible()
    canvas = cell(page, 2).locator("canvas")
    expect(canvas).to_be_visible()
    before = picture(canvas)
    drag(page, canvas, 120, 30)
    until(lambda: picture(canvas) != before, "the surface turns", 30)
    formula = cell(page, 3).locator("mjx-container")
    expect(formula).to_have_count(1)
    first = formula.inner_html()
    drag(page, cell(page, 3).locator(".noUi-handle"), 120, 0)
    until(
        lambda: formula.count() == 1 and formula.inner_html() != first, "the formula follows the slider", 60
    )
    write(page, 4, "")
    page.keyboard.press("Tab")
    completer = page.locator(".jp-Completer:visible")
    completer.get_by_text("integrate", exact=True).first.click()
    page.keyboard.type("(x^2, ")
    page.keyboard.press("Shift+Tab")
    expect(page.locator(".jp-Tooltip")).to_contain_text("integrate(expr, x, a, b)")
    photo(page, "notebook7")
    comment_and_brackets(page, 3)
