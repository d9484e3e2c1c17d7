"""What a person does in the lab by a browser: opens a material, waits for its kernel, runs it, is photographed."""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page, expect

ROOT = Path(__file__).parents[1]
PHOTOS = ROOT / "artefacts" / "screenshots"
SHOWN = ".jp-NotebookPanel:visible"  # JupyterLab also keeps the notebooks of an earlier visit open, hidden


def photo(page: Page, name: str, lang: str) -> None:
    """Keep a picture of what a person sees now."""
    page.screenshot(path=PHOTOS / f"{name}.{lang}.png", full_page=True)


def press_open(page: Page, material: str) -> None:
    """Press the button on the card of `material`."""
    page.locator(f"form[action$='/open/{material}'] button").click()


def stop_servers(page: Page) -> None:
    """Stop what an earlier visit has left running, by the buttons of My lab."""
    button = page.locator("form[action*='/stop/'] button")
    for _ in range(30):
        page.goto("/hub/lab")
        if button.count():
            button.first.click()
        elif not page.locator(".servers li").count():
            return
        page.wait_for_timeout(500)
    raise AssertionError("a server does not stop")


def open_notebook(page: Page, material: str, lang: str) -> None:
    """Press *Open* and stay until JupyterLab shows the notebook."""
    press_open(page, material)
    page.wait_for_url(re.compile(rf"/lab/tree/{material}/{material}\.{lang}\.ipynb"), timeout=120_000)
    expect(page.locator(f"{SHOWN} .jp-Cell").first).to_be_visible(timeout=120_000)


KERNELS = """async () => {
  const base = JSON.parse(document.getElementById("jupyter-config-data").textContent).baseUrl;
  const token = document.cookie.match(/_xsrf=([^;]+)/)[1];
  const answer = await fetch(`${base}api/sessions`, {headers: {"X-XSRFToken": token}});
  return await answer.json();
}"""


def await_kernel(page: Page) -> None:
    """Wait until the notebook of this page has a kernel that is connected and idle."""
    notebook = page.url.split("/lab/tree/")[1].split("?")[0]
    for _ in range(120):
        kernels = [one["kernel"] for one in page.evaluate(KERNELS) if one["path"] == notebook]
        if any(kernel["connections"] and kernel["execution_state"] == "idle" for kernel in kernels):
            return
        page.wait_for_timeout(500)
    raise AssertionError(f"no kernel for {notebook}")


def run_all(page: Page) -> None:
    """Run every cell of the open notebook by the menu, whatever the menu's language."""
    await_kernel(page)
    page.locator(".lm-MenuBar-item").nth(3).click()
    page.locator("[data-command='runmenu:run-all']").click()


def html_lang(page: Page) -> str | None:
    return page.locator("html").get_attribute("lang")
