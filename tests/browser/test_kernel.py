"""A student at work in JupyterLab: writes, completes, asks for help, answers, interrupts."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from labrun import until
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

pytestmark = pytest.mark.chromium

expect.set_options(timeout=60_000)

ROOT = Path(__file__).parents[2]
PHOTOS = ROOT / "artefacts" / "screenshots"


def notebook(*sources: str) -> str:
    """A notebook of Maxima with these cells."""
    cells = [
        {
            "cell_type": "code",
            "id": f"c{i}",
            "metadata": {},
            "source": source,
            "outputs": [],
            "execution_count": None,
        }
        for i, source in enumerate(sources)
    ]
    kernel = {"name": "maxima", "display_name": "Maxima", "language": "maxima"}
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": kernel}, "nbformat": 4, "nbformat_minor": 5}
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """JupyterLab with the kernel and the extension of this environment: its address, and its folder."""
    home = tmp_path_factory.mktemp("student")
    work = home / "work"
    work.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = ["lab", "--allow-root", "--no-browser", f"--port={port}", "--ServerApp.port_retries=0"]
    words += ["--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={work}"]
    env = os.environ | {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"), "MAXIMALAB_LANG": "en"}
    address = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{address}/api/status", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False

    with (home / "lab.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "jupyter", *words], stdout=log, stderr=log, env=env)
        try:
            until(answers, f"JupyterLab answers, see {log.name}", 120)
            yield address, work
        finally:
            process.terminate()
            process.wait(timeout=60)


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    PHOTOS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def open_notebook(browser: Browser, lab: tuple[str, Path]) -> Iterator:
    address, work = lab
    contexts = []

    def opened(name: str, *sources: str) -> Page:
        (work / f"{name}.ipynb").write_text(notebook(*sources))
        context = browser.new_context(viewport={"width": 1280, "height": 900}, base_url=address)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto(f"/lab/workspaces/{name}/tree/{name}.ipynb?reset")
        expect(page.locator(".jp-Cell").first).to_be_visible(timeout=120_000)
        return page

    yield opened
    for context in contexts:
        context.close()


def await_kernel(page: Page) -> None:
    """Wait until the page listens to an idle Maxima: before that, JupyterLab lets a run cell come to nothing."""

    def listens() -> bool:
        kernels = [session["kernel"] for session in page.request.get("/api/sessions").json()]
        return any(
            kernel["name"] == "maxima" and kernel["execution_state"] == "idle" and kernel["connections"]
            for kernel in kernels
            if kernel["id"] not in HEARD
        )

    until(listens, "the page listens to an idle Maxima", 90)
    HEARD.update(session["kernel"]["id"] for session in page.request.get("/api/sessions").json())
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first).to_be_attached()


HEARD: set[str] = set()
"""The kernels of notebooks that earlier tests have opened."""


def cell(page: Page, number: int) -> Locator:
    return page.locator(".jp-NotebookPanel:visible .jp-Cell").nth(number)


def write(page: Page, number: int, text: str) -> None:
    """Click into a cell and type."""
    cell(page, number).locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type(text)


def photo(page: Page, name: str) -> None:
    page.screenshot(path=PHOTOS / f"kernel-{name}.png")


def test_a_student_writes_completes_and_asks_for_help(open_notebook):
    page = open_notebook("write", "")
    await_kernel(page)
    write(page, 0, "/* a remark */ profit(x) := 3*x$ a: [1, 2]; profit(14);")
    page.keyboard.press("Shift+Enter")
    expect(cell(page, 0).locator("mjx-container")).to_have_count(2)
    write(page, 1, "integra")
    page.keyboard.press("Tab")
    completer = page.locator(".jp-Completer:visible")
    expect(completer).to_contain_text("integrate")
    photo(page, "completion")
    completer.get_by_text("integrate", exact=True).first.click()
    page.keyboard.type("(x^2, ")
    page.keyboard.press("Shift+Tab")
    tooltip = page.locator(".jp-Tooltip")
    expect(tooltip).to_contain_text("integrate(expr, x, a, b)")
    photo(page, "help")


def test_a_student_answers_a_question_and_interrupts_a_loop(open_notebook):
    page = open_notebook("ask", "integrate(u^n, u);", "do 1$", "6*7;")
    await_kernel(page)
    write(page, 0, "")
    page.keyboard.press("Shift+Enter")
    answer = cell(page, 0).locator(".jp-Stdin-input")
    expect(answer).to_be_visible()
    photo(page, "question")
    answer.fill("no")
    answer.press("Enter")
    expect(cell(page, 0).locator("mjx-container")).to_have_count(1)
    write(page, 1, "")
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".jp-Notebook-ExecutionIndicator[data-status=busy]").first).to_be_attached()
    write(page, 2, " integra")
    page.keyboard.press("Tab")
    expect(page.locator(".jp-Completer:visible")).to_contain_text("integrate")
    page.keyboard.press("Escape")
    page.locator("[data-command='notebook:interrupt-kernel']").first.click()
    expect(cell(page, 1)).to_contain_text("KeyboardInterrupt")
    photo(page, "interrupted")


def test_run_all_at_once_runs_every_cell(open_notebook):
    page = open_notebook("all", *(f"{number} + {number};" for number in range(1, 6)))
    await_kernel(page)
    page.locator(".lm-MenuBar-item").nth(3).click()
    page.locator("[data-command='runmenu:run-all']").click()
    for number in range(5):
        expect(cell(page, number).locator("mjx-container")).to_have_count(1)


def picture(canvas: Locator) -> str:
    """What the canvas shows now, as data of a PNG."""
    return canvas.evaluate("it => it.toDataURL()")


def drag(page: Page, canvas: Locator) -> None:
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 320, box["y"] + 230, steps=4)
    page.mouse.up()


def press(key: str) -> Callable[[Page, Locator], None]:
    return lambda page, _: page.keyboard.press(key)


def test_a_student_plots_and_turns_a_surface_by_mouse_and_by_keys(open_notebook):
    plots = "plot2d(sin(x), [x, -3, 3])$", "plot3d(x^2 - y^2, [x, -2, 2], [y, -2, 2])$"
    page = open_notebook("surface", *plots)
    await_kernel(page)
    write(page, 0, "")
    page.keyboard.press("Shift+Enter")
    curve = cell(page, 0).locator(".jp-RenderedSVG")
    expect(curve).to_be_visible()
    page.keyboard.press("Shift+Enter")
    canvas = cell(page, 1).locator("canvas")
    expect(canvas).to_be_visible()
    expect(canvas).to_have_attribute("data-view", "60.0 30.0 1.0")
    photo(page, "surface")
    views = [picture(canvas)]
    for turn in drag, press("ArrowRight"), press("ArrowUp"):
        turn(page, canvas)
        until(lambda: picture(canvas) not in views, "the surface turns", 30)
        views.append(picture(canvas))
    photo(page, "surface-turned")
    press("Home")(page, canvas)
    until(lambda: picture(canvas) == views[0], "the surface stands as at first", 30)
