"""A student at work in JupyterLab: writes, completes, asks for help, answers, interrupts."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from labrun import until
from notebookpage import await_kernel, cell, photo, write
from playwright.sync_api import Locator, Page, expect

pytestmark = pytest.mark.chromium


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
    photo(page, "kernel-completion")
    completer.get_by_text("integrate", exact=True).first.click()
    page.keyboard.type("(x^2, ")
    page.keyboard.press("Shift+Tab")
    tooltip = page.locator(".jp-Tooltip")
    expect(tooltip).to_contain_text("integrate(expr, x, a, b)")
    photo(page, "kernel-help")


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
    photo(page, "kernel-surface")
    views = [picture(canvas)]
    for turn in drag, press("ArrowRight"), press("ArrowUp"):
        turn(page, canvas)
        until(lambda: picture(canvas) not in views, "the surface turns", 30)
        views.append(picture(canvas))
    photo(page, "kernel-surface-turned")
    press("Home")(page, canvas)
    until(lambda: picture(canvas) == views[0], "the surface stands as at first", 30)
