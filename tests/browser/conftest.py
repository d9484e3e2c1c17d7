"""One JupyterLab and one browser for the tests of a student's notebook."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from notebookpage import PHOTOS, Site, notebook, running
from playwright.sync_api import Browser, expect, sync_playwright

expect.set_options(timeout=60_000)


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with running("lab", tmp_path_factory.mktemp("student")) as site:
        yield site


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    PHOTOS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_notebook(browser: Browser, lab: Site) -> Iterator:
    """Opens a notebook of these cells, in a browser that knows nothing yet; `how` goes to the browser's context."""
    contexts = []

    def opened(name: str, *sources: str, **how):
        (lab.work / f"{name}.ipynb").write_text(notebook(*sources))
        context = browser.new_context(
            **({"viewport": {"width": 1280, "height": 900}, "base_url": lab.address} | how)
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"/lab/workspaces/{name}/tree/{name}.ipynb?reset")
        expect(page.locator(".jp-Cell").first).to_be_visible(timeout=120_000)
        return page

    yield opened
    for context in contexts:
        context.close()
