"""A notebook of Maxima, and the page of JupyterLab or Notebook that shows it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from labrun import until
from plainhttp import NO_AUTHORITIES
from playwright.sync_api import Locator, Page, expect

PHOTOS = Path(__file__).parents[1] / "artefacts" / "screenshots"
KERNEL = {"name": "maxima", "display_name": "Maxima", "language": "maxima"}


def notebook(*sources: str) -> str:
    """A notebook of Maxima with these cells, none of them run."""
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
    return json.dumps(
        {"cells": cells, "metadata": {"kernelspec": KERNEL}, "nbformat": 4, "nbformat_minor": 5}
    )


@dataclass(frozen=True)
class Site:
    """A Jupyter server: its address, and the folder that it shows."""

    address: str
    work: Path

    def answers(self) -> bool:
        try:
            url = f"{self.address}/api/status"
            answer = httpx.get(url, timeout=5, trust_env=False, verify=NO_AUTHORITIES)
        except httpx.HTTPError:
            return False
        return answer.status_code == 200


@contextmanager
def running(program: str, home: Path) -> Iterator[Site]:
    """A student's server with the kernel and the extension of this environment, in a home of its own."""
    work = home / "work"
    work.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [program, "--allow-root", "--no-browser", f"--port={port}", "--ServerApp.port_retries=0"]
    words += ["--IdentityProvider.token=", "--ServerApp.password=", f"--ServerApp.root_dir={work}"]
    words += ["--MaximaPDF.sandbox=False"]  # tests may run as root, where no browser locks itself in
    env = os.environ | {"HOME": str(home), "JUPYTER_CONFIG_DIR": str(home / "config"), "MAXIMALAB_LANG": "en"}
    site = Site(f"http://127.0.0.1:{port}", work)
    with (home / "server.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "jupyter", *words], stdout=log, stderr=log, env=env)
        try:
            until(site.answers, f"the server answers, see {log.name}", 120)
            yield site
        finally:
            process.terminate()
            process.wait(timeout=60)


def await_kernel(page: Page) -> None:
    """Wait until the page listens to an idle Maxima. What happens before that is test_early_run's."""

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


def picture(canvas: Locator) -> str:
    """What the canvas shows now, as data of a PNG."""
    return canvas.evaluate("it => it.toDataURL()")


def drag(page: Page, what: Locator, x: int, y: int) -> None:
    """Drag with the mouse, from the middle, in a few steps as a hand does."""
    what.scroll_into_view_if_needed()
    box = what.bounding_box()
    assert box is not None
    left, top = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(left, top)
    page.mouse.down()
    page.mouse.move(left + x, top + y, steps=4)
    page.mouse.up()


def colour(page: Page, number: int, word: str) -> str:
    """In which colour a word of a cell's code is shown."""
    shown = cell(page, number).locator(".cm-line span").get_by_text(word, exact=True).first
    return shown.evaluate("it => getComputedStyle(it).color")


def comment_and_brackets(page: Page, place: int) -> None:
    """Ctrl+/ makes a comment of the line and takes it back; brackets are matched, and closed where that is wanted."""
    write(page, place, "")
    code = cell(page, place).locator(".cm-content")
    expect(code.locator("span").first).to_be_attached()  # the language is there
    before = code.inner_text()
    page.keyboard.press("Control+/")
    expect(code).to_have_text(f"/* {before} */")
    page.keyboard.press("Control+/")
    expect(code).to_have_text(before)
    page.keyboard.press("ArrowLeft")
    expect(code.locator(".cm-matchingBracket")).to_have_count(2)
    switch(page)
    code.click()
    try:
        until(lambda: closes(page, code), "brackets close by themselves", 60)
    finally:
        switch(page)


def closes(page: Page, code: Locator) -> bool:
    """Whether a bracket that is typed is closed; takes it away again where it is not."""
    page.keyboard.press("Control+End")
    page.keyboard.type(" f([")
    if code.inner_text().endswith("f([])"):
        return True
    for _ in " f([":
        page.keyboard.press("Backspace")
    return False


def switch(page: Page) -> None:
    """Switch the closing of brackets on or off, in the menu of settings."""
    page.locator(".lm-MenuBar-item", has_text="Settings").click()
    page.locator("[data-command='fileeditor:toggle-autoclosing-brackets-universal']").click()


def photo(page: Page, name: str) -> None:
    page.screenshot(path=PHOTOS / f"{name}.png")
