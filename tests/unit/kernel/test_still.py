"""Sliders on paper: what JupyterLab has saved of them comes out as what they stood at, and what came of it."""

from __future__ import annotations

import nbformat
import pytest
from maximalab_export import MaximaHTML
from maximalab_export.still import STATE, stilled
from maximalab_kernel.sliders import Sliders
from maximalab_kernel.standin import standing_in
from maximalab_kernel.widgets import VIEW, Choices, Range, view

BROUGHT = {"output_type": "display_data", "data": {"text/plain": "the last of it"}, "metadata": {}}


@pytest.fixture
def sliders() -> Sliders:
    """Controls that a reader has moved."""
    moved = Sliders(1, [Range("n", 0, 10, 1, 3, whole=True), Choices("c", ["red", "green"])])
    moved.take(moved.handles[0].id, {"value": 7})
    moved.take(moved.handles[1].id, {"index": 1})
    moved.output.state["outputs"] = [BROUGHT]
    return moved


def saved(sliders: Sliders, *, models: bool = True) -> nbformat.NotebookNode:
    """A notebook as JupyterLab saves it, or one whose controls it has not saved."""
    data = {**view(sliders.box, sliders.described), "text/html": "<p>in place of it</p>"}
    output = nbformat.v4.new_output("display_data", data)
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=[output])])
    if models:
        states = {model.id: model.described for model in sliders.models}
        for told in states.values():  # what is as the protocol has it is left out
            told["state"] = {name: value for name, value in told["state"].items() if value != 0}
        told = {"state": states, "version_major": 2, "version_minor": 0}
        book.metadata["widgets"] = nbformat.from_dict({STATE: told})
    return book


def test_what_they_stood_at_is_told_and_what_came_of_it_is_shown(sliders, monkeypatch):
    monkeypatch.setenv("MAXIMALAB_LANG", "en")
    book = saved(sliders)
    shown = [output["data"]["text/plain"] for output in stilled(book).cells[0].outputs]
    assert shown == ["Can be moved in JupyterLab: n = 7 (0 … 10), c = green (red, green).", "the last of it"]
    assert VIEW in book.cells[0].outputs[0].data, "the notebook itself stays as it is"


def test_the_page_needs_no_scripts_of_controls(sliders):
    page, _ = MaximaHTML().from_notebook_node(saved(sliders))
    assert "the last of it" in page
    assert "require.min.js" not in page


def test_where_no_models_were_saved_the_word_beside_them_is_shown(sliders):
    (output,) = stilled(saved(sliders, models=False)).cells[0].outputs
    assert output.data["text/html"] == "<p>in place of it</p>"
    assert VIEW not in output.data


@pytest.mark.parametrize("language", ["en", "uk"])
def test_paper_asks_nobody_to_install_anything(sliders, monkeypatch, language):
    monkeypatch.setenv("MAXIMALAB_LANG", language)
    book = saved(sliders, models=False)
    book.cells[0].outputs[0].data["text/html"] = standing_in([BROUGHT], "n from 0 to 10")["text/html"]
    assert "pip install" in book.cells[0].outputs[0].data["text/html"]
    page, _ = MaximaHTML().from_notebook_node(book)
    assert "the last of it" in page
    assert "n from 0 to 10" in page
    assert "pip install" not in page


def test_a_question_and_its_answer_stand_on_paper():
    asked = nbformat.v4.new_output("stream", name="stdin", text="Is n equal to - 1? no")
    cell = nbformat.v4.new_code_cell("integrate(x^n, x);", outputs=[asked])
    page, _ = MaximaHTML().from_notebook_node(nbformat.v4.new_notebook(cells=[cell]))
    assert "Is n equal to - 1? no" in page


def test_controls_of_another_kernel_stay(sliders):
    book = saved(sliders)
    states = book.metadata["widgets"][STATE]["state"]
    del states[sliders.output.id]
    assert stilled(book) == book
