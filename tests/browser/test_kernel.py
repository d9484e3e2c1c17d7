"""A student at work in JupyterLab: writes, completes, asks for help, answers, interrupts."""

from __future__ import annotations

import re
from collections.abc import Callable

import nbformat
import pytest
from labrun import until
from maximalab_kernel.standin import standing_in
from maximalab_kernel.widgets import VIEW
from notebookpage import (
    await_kernel,
    cell,
    colour,
    comment_and_brackets,
    drag,
    notebook,
    photo,
    picture,
    write,
)
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.chromium


def test_a_student_writes_completes_and_asks_for_help(open_notebook):
    page = open_notebook("write", "")
    await_kernel(page)
    write(page, 0, "/* a remark */ profit(x) := 3*x$ a: [1, 2]; profit(14);")
    page.keyboard.press("Shift+Enter")
    expect(cell(page, 0).locator("mjx-container")).to_have_count(2)
    assert len({colour(page, 0, word) for word in ("/* a remark */", "profit", "3", ":=")}) == 4
    write(page, 1, "integra")
    page.keyboard.press("Tab")
    completer = page.locator(".jp-Completer:visible")
    expect(completer).to_contain_text("integrate")
    photo(page, "kernel-completion")
    completer.get_by_text("integrate", exact=True).first.click()
    page.keyboard.type("(x^2, ")
    page.keyboard.press("Shift+Tab")
    tooltip = page.locator(".jp-Tooltip")
    expect(tooltip).to_contain_text("integrate(expr, x, a, b)")
    photo(page, "kernel-help")


def test_what_is_meant_most_often_stands_first_in_the_completer(open_notebook):
    page = open_notebook("order", "profit: 1$", "2*%p", "draw2d(tit", "pro")
    await_kernel(page)
    write(page, 0, "")
    page.keyboard.press("Shift+Enter")
    expect(cell(page, 0).locator(".jp-InputPrompt")).to_have_text("[1]:")
    for place, first in (1, "%pi"), (2, "title="), (3, "profit"):
        write(page, place, "")
        page.keyboard.press("Tab")
        shown = page.locator(".jp-Completer:visible .jp-Completer-item code")
        expect(shown.first).to_have_text(first)
        page.keyboard.press("Escape")


def test_a_student_comments_a_line_out_and_has_brackets_closed(open_notebook):
    page = open_notebook("edit", "b: (2 + 3)$")
    await_kernel(page)
    comment_and_brackets(page, 0)


def test_a_student_answers_a_question_and_interrupts_a_loop(open_notebook):
    page = open_notebook("ask", "integrate(u^n, u);", "do 1$", "6*7;")
    await_kernel(page)
    write(page, 0, "")
    page.keyboard.press("Shift+Enter")
    answer = cell(page, 0).locator(".jp-Stdin-input")
    expect(answer).to_be_visible()
    photo(page, "kernel-question")
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
    photo(page, "kernel-interrupted")


def test_run_all_at_once_runs_every_cell(open_notebook):
    page = open_notebook("all", *(f"{number} + {number};" for number in range(1, 6)))
    await_kernel(page)
    page.locator(".lm-MenuBar-item").nth(3).click()
    page.locator("[data-command='runmenu:run-all']").click()
    for number in range(5):
        expect(cell(page, number).locator("mjx-container")).to_have_count(1)


PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="4000" height="9"><rect width="4000" height="9"/></svg>'
)
ALT = {"image/svg+xml": {"alt": "plot: sales"}}


def test_pictures_in_a_notebook_from_elsewhere_are_seen(browser, lab):
    """It is not trusted, so no control in it may run; what stands in place of one says what to do."""
    drawn = nbformat.v4.new_output("display_data", {"image/svg+xml": PICTURE}, metadata=ALT)
    brought = {"data": drawn.data, "metadata": ALT}
    control = nbformat.v4.new_output("display_data", {VIEW: {}, **standing_in([brought], "n = 1")})
    book = nbformat.reads(notebook("6*7;"), as_version=4)
    book.cells[0].outputs = [drawn, control]
    (lab.work / "elsewhere.ipynb").write_text(nbformat.writes(book))
    page = browser.new_page(base_url=lab.address)
    page.goto("/lab/workspaces/elsewhere/tree/elsewhere.ipynb?reset")
    images = page.locator(".jp-OutputArea-output img")
    expect(images).to_have_count(2, timeout=120_000)
    expect(page.locator(".jp-RenderedHTML")).to_contain_text("jupyterlab_widgets")
    assert [image.get_attribute("alt") for image in images.all()] == ["plot: sales"] * 2
    whole = "all => all.every(it => it.complete && it.naturalWidth === 4000 && it.width < 1280)"
    until(lambda: images.evaluate_all(whole), "both pictures are there and not wider than the page", 60)
    photo(page, "kernel-elsewhere")
    page.context.close()


def by_mouse(page: Page, canvas: Locator) -> None:
    drag(page, canvas, 120, 30)


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
    photo(page, "kernel-surface")
    views = [picture(canvas)]
    for turn in by_mouse, press("ArrowRight"), press("ArrowUp"):
        turn(page, canvas)
        until(lambda: picture(canvas) not in views, "the surface turns", 30)
        views.append(picture(canvas))
    photo(page, "kernel-surface-turned")
    press("Home")(page, canvas)
    until(lambda: picture(canvas) == views[0], "the surface stands as at first", 30)


class Fingers:
    """Fingers on a touch screen, by their places relative to the canvas's middle."""

    def __init__(self, page: Page, canvas: Locator) -> None:
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        assert box is not None
        self._middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self._session = page.context.new_cdp_session(page)

    def _send(self, kind: str, *places: tuple[int, int]) -> None:
        left, top = self._middle
        points = [{"x": left + x, "y": top + y, "id": i} for i, (x, y) in enumerate(places)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def move(self, *paths: tuple[tuple[int, int], tuple[int, int]]) -> None:
        """Move each finger from its first place to its last, in steps, all at the same time."""
        self._send("touchStart", *(begin for begin, _ in paths))
        for step in range(1, 6):
            share = step / 5
            places = [(int(a + (c - a) * share), int(b + (d - b) * share)) for (a, b), (c, d) in paths]
            self._send("touchMove", *places)
        self._send("touchEnd")


def test_a_student_turns_a_surface_by_a_finger_and_enlarges_it_by_two(open_notebook):
    screen = {"has_touch": True, "viewport": {"width": 820, "height": 1180}}
    page = open_notebook("touch", "plot3d(x^2 - y^2, [x, -2, 2], [y, -2, 2])$", **screen)
    await_kernel(page)
    write(page, 0, "")
    page.keyboard.press("Shift+Enter")
    canvas = cell(page, 0).locator("canvas")
    expect(canvas).to_have_attribute("data-view", "60.0 30.0 1.0")
    fingers = Fingers(page, canvas)
    fingers.move(((-60, 0), (40, 30)))
    expect(canvas).not_to_have_attribute("data-view", "60.0 30.0 1.0")
    expect(canvas).to_have_attribute("data-view", re.compile(r" 1\.0$"))
    before = picture(canvas)
    fingers.move(((-40, 0), (-90, 0)), ((40, 0), (90, 0)))
    expect(canvas).to_have_attribute("data-view", re.compile(r" [2-9]\.\d+$"))
    until(lambda: picture(canvas) != before, "the surface is larger", 30)
    photo(page, "kernel-surface-touched")
