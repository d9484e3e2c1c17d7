"""A student who runs cells before the kernel is there: they wait for it, and no second kernel is started."""

from __future__ import annotations

import pytest
from labrun import until
from notebookpage import Site, cell, notebook, photo, write
from playwright.sync_api import Browser, Page, Route, expect

pytestmark = pytest.mark.chromium

CELLS = "a: 6$ print(a)$", "a: 7*a$ print(a)$", "print(a + 1)$"
SHOWN = "6", "42", "43"


@pytest.fixture
def asked() -> list[Route]:
    """The requests to start a kernel; each waits until the test lets it go on."""
    return []


@pytest.fixture
def page(browser: Browser, lab: Site, asked: list[Route]):
    (lab.work / "early.ipynb").write_text(notebook(*CELLS))
    page = browser.new_page(viewport={"width": 1280, "height": 900}, base_url=lab.address)
    page.set_default_timeout(60_000)
    starts = "**/api/sessions?*"
    page.route(
        starts, lambda route: asked.append(route) if route.request.method == "POST" else route.fallback()
    )
    page.goto("/lab/workspaces/early/tree/early.ipynb?reset")
    expect(page.locator(".jp-Cell")).to_have_count(len(CELLS), timeout=120_000)
    yield page
    page.context.close()


def test_cells_that_are_run_too_early_wait_for_their_kernel(page: Page, lab: Site, asked: list[Route]):
    write(page, 0, "")
    for _ in CELLS:
        page.keyboard.press("Shift+Enter")
    for number in range(len(CELLS)):
        expect(cell(page, number).locator(".jp-InputPrompt")).to_have_text("[*]:")
    until(lambda: page.title() and asked, "a kernel is asked for", 60)
    photo(page, "kernel-awaited")
    asked[0].continue_()
    for number, shown in enumerate(SHOWN):
        expect(cell(page, number).locator(".jp-OutputArea-output")).to_have_text(shown)
        expect(cell(page, number).locator(".jp-InputPrompt")).to_have_text(f"[{number + 1}]:")
    assert len(asked) == 1
    photo(page, "kernel-arrived")
