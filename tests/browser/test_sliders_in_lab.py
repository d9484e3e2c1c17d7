"""A student moves a slider in JupyterLab, and the plot follows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from labrun import free_port, until
from playwright.sync_api import Page, expect, sync_playwright

pytestmark = pytest.mark.chromium

PHOTOS = Path(__file__).parents[2] / "artefacts" / "screenshots"
CELLS = (
    'interact(plot2d(sin(n*x), [x,0,6], [title, concat("n = ", n)]), [n, 1, 10])$',
    "interact(integrate(x^k, x), [k, 1, 5], [c, [red, blue]])$",
    "with_slider_draw(m, [1,2,3], explicit(x^m,x,0,1))$",
)
SLOW = 120_000


def notebook(folder: Path) -> None:
    cells = [
        {
            "cell_type": "code",
            "id": f"c{place}",
            "source": code,
            "metadata": {},
            "outputs": [],
            "execution_count": None,
        }
        for place, code in enumerate(CELLS)
    ]
    kernel = {"kernelspec": {"name": "maxima", "display_name": "Maxima", "language": "maxima"}}
    content = {"cells": cells, "metadata": kernel, "nbformat": 4, "nbformat_minor": 5}
    (folder / "sliders.ipynb").write_text(json.dumps(content))


def asked(address: str) -> Any:
    """What the server answers, as data."""
    with urllib.request.urlopen(address, timeout=20) as answer:  # noqa: S310  it is our own
        return json.load(answer)


def stands_at(jupyter: str) -> list[object]:
    """What the sliders over whole numbers stand at in the notebook, as saved; as the protocol has it by default: 0.

    Jupyter's server may answer 500 to who reads a notebook that is just being saved: that is not yet.
    """
    try:
        notebook = asked(f"{jupyter}/api/contents/sliders.ipynb")["content"]
    except OSError:
        return []
    saved = notebook["metadata"].get("widgets", {}).values()
    models = [model for each in saved for model in each["state"].values()]
    return [model["state"].get("value", 0) for model in models if model["model_name"] == "IntSliderModel"]


def save(page: Page, jupyter: str) -> list[object]:
    """Save, and say what stands there a moment later; JupyterLab passes over the keys while it saves by itself."""
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1_000)
    return stands_at(jupyter)


def answers(address: str) -> bool:
    try:
        return urllib.request.urlopen(f"{address}/api", timeout=5).status == 200  # noqa: S310  it is our own
    except OSError:
        return False


def connected(address: str) -> bool:
    """Whether the notebook has a kernel that listens to the page and waits for cells.

    Jupyter's server answers 500 to a list that it makes at the moment in which a kernel starts: that is not yet.
    """
    try:
        with urllib.request.urlopen(f"{address}/api/kernels", timeout=5) as answer:  # noqa: S310  it is our own
            kernels = json.load(answer)
    except OSError:
        return False
    return any(kernel["connections"] and kernel["execution_state"] == "idle" for kernel in kernels)


@pytest.fixture(scope="module")
def jupyter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A JupyterLab of its own, with the kernel and nothing else of a lab."""
    place = tmp_path_factory.mktemp("jupyter")
    work = place / "work"
    work.mkdir()
    notebook(work)
    own = {f"JUPYTER_{name}_DIR": str(place / name) for name in ("CONFIG", "DATA", "RUNTIME")}
    environment = {
        **os.environ,
        **own,
        "JUPYTER_PATH": str(place / "share" / "jupyter"),
        "MAXIMALAB_LANG": "uk",
    }
    install = [sys.executable, "-m", "maximalab_kernel", "install", "--prefix", str(place)]
    subprocess.run(install, check=True, env=environment)
    port = free_port()
    options = [f"--port={port}", "--port-retries=0", "--no-browser", "--allow-root", f"--notebook-dir={work}"]
    options += ["--IdentityProvider.token=", "--MultiKernelManager.default_kernel_name=maxima"]
    with (place / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=environment, stdout=log, stderr=log
        )
    address = f"http://127.0.0.1:{port}"
    try:
        until(lambda: answers(address), "JupyterLab answers", 90)
        yield address
    finally:
        server.terminate()
        server.wait()


@pytest.fixture
def page(jupyter: str, chromium_path: str) -> Iterator[Page]:
    PHOTOS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1100, "height": 1700})
        page.set_default_timeout(SLOW)
        page.goto(f"{jupyter}/lab/tree/sliders.ipynb")
        page.locator(".jp-Cell").first.wait_for()
        until(lambda: connected(jupyter), "the notebook has a kernel", 90)
        page.locator(".lm-MenuBar-item").nth(3).click()
        page.locator("[data-command='runmenu:run-all']").click()
        yield page
        browser.close()


def drag(page: Page, place: int, by: int) -> None:
    """Drag a slider's handle to the right, in many small steps as a hand does."""
    handle = page.locator(".noUi-handle").nth(place)
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 21):
        page.mouse.move(x + by * step / 20, y)
    page.mouse.up()


def picture(page: Page, place: int) -> str:
    return page.locator(".jp-Cell").nth(place).locator("img").get_attribute("src") or ""


def leave(page: Page, jupyter: str) -> dict[str, str]:
    """End the notebook's kernel, as at the end of a day; what a request to the server needs for its header."""
    page.goto("about:blank")
    token = {each["name"]: each["value"] for each in page.context.cookies(jupyter)}["_xsrf"]
    for session in asked(f"{jupyter}/api/sessions"):
        ended = page.request.delete(f"{jupyter}/api/sessions/{session['id']}", headers={"X-XSRFToken": token})
        assert ended.status == 204
    return {"X-XSRFToken": token}


def test_a_dragged_slider_draws_anew_in_place(page: Page):
    first = page.locator(".jp-Cell").nth(0)
    expect(first.locator("img")).to_have_count(1, timeout=SLOW)
    expect(page.locator(".noUi-handle")).to_have_count(3, timeout=SLOW)
    expect(page.locator(".jp-Cell").nth(1).locator("mjx-container")).to_have_count(1, timeout=SLOW)
    before = picture(page, 0)
    page.screenshot(path=PHOTOS / "sliders-before.png")
    drag(page, 0, 120)
    expect(first.locator(".widget-readout")).not_to_have_text("1", timeout=SLOW)
    shown = first.locator(".widget-readout").inner_text()
    until(lambda: f"n%20%3D%20{shown}%3C" in picture(page, 0), f"the plot for n = {shown}", 60)
    assert picture(page, 0) != before
    expect(first.locator("img")).to_have_count(1)
    drag(page, 1, 120)
    expect(page.locator(".jp-Cell").nth(1).locator("mjx-container")).to_have_count(1)
    page.screenshot(path=PHOTOS / "sliders-after.png")


def test_who_comes_back_another_day_sees_where_the_slider_stood(page: Page, jupyter: str):
    first = page.locator(".jp-Cell").nth(0)
    expect(page.locator(".noUi-handle")).to_have_count(3, timeout=SLOW)
    drag(page, 0, 120)
    expect(first.locator(".widget-readout")).not_to_have_text("1", timeout=SLOW)
    shown = first.locator(".widget-readout").inner_text()
    until(lambda: f"n%20%3D%20{shown}%3C" in picture(page, 0), f"the plot for n = {shown}", 60)
    until(lambda: int(shown) in save(page, jupyter), "the notebook is saved with its sliders", 60)
    leave(page, jupyter)
    page.goto(f"{jupyter}/lab/tree/sliders.ipynb?reset")
    expect(first.locator(".widget-readout")).to_have_text(shown, timeout=SLOW)
    expect(first.locator("img")).to_have_count(1, timeout=SLOW)
    assert f"n%20%3D%20{shown}%3C" in picture(page, 0)
    page.screenshot(path=PHOTOS / "sliders-next-day.png")


def test_a_notebook_saved_without_its_sliders_shows_the_picture_and_what_to_do(page: Page, jupyter: str):
    expect(page.locator(".noUi-handle")).to_have_count(3, timeout=SLOW)
    until(lambda: save(page, jupyter), "the notebook is saved with its sliders", 60)
    header = leave(page, jupyter)
    saved = asked(f"{jupyter}/api/contents/sliders.ipynb")
    del saved["content"]["metadata"]["widgets"]
    name = f"{jupyter}/api/contents/without.ipynb"
    put = page.request.put(name, headers=header, data={"type": "notebook", "content": saved["content"]})
    assert put.status == 201
    page.goto(f"{jupyter}/lab/tree/without.ipynb?reset")
    first = page.locator(".jp-Cell").nth(0)
    expect(first).to_contain_text("Тут немає повзунка? Виконайте комірку.", timeout=SLOW)
    expect(first.locator("img")).to_have_count(1)
    expect(page.locator(".jp-Cell").nth(1).locator("mjx-container")).to_have_count(1, timeout=SLOW)
    expect(page.locator(".jp-Notebook")).not_to_contain_text("model not found")
    page.screenshot(path=PHOTOS / "sliders-without.png")
