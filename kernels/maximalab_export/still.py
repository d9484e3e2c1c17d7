"""Controls on paper: nobody can move them there, so what they stood at is told, and what came of it is shown."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from maximalab_kernel.sliders import described
from maximalab_kernel.standin import without_remedy
from maximalab_kernel.widgets import VIEW, Choices, Control, Range
from maximalab_kernel.words import say
from nbformat import NotebookNode

STATE = "application/vnd.jupyter.widget-state+json"
"""Where JupyterLab saves the models of a notebook's controls, without what is as the protocol has it by default."""

Models = Mapping[str, Mapping[str, Any]]

LIST = ("Dropdown", "SelectionSlider")
NUMBERS = ("IntSlider", "FloatSlider")


def stilled(nb: NotebookNode) -> NotebookNode:
    """The notebook with what our controls brought last in place of them; controls of other kernels stay."""
    nb = deepcopy(nb)
    models: Models = nb.metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    for cell in (cell for cell in nb.cells if cell.cell_type == "code"):
        cell.outputs = [each for output in cell.outputs for each in still(output, models)]
    if not any(VIEW in output.get("data", {}) for cell in nb.cells for output in cell.get("outputs", [])):
        nb.metadata.pop("widgets", None)
    return nb


def still(output: NotebookNode, models: Models) -> list[NotebookNode]:
    """What stands in place of one output; the output itself where it is no control of ours."""
    view = output.get("data", {}).get(VIEW)
    if view is None:
        return [output]
    inside = [models[child] for child in children(view.get("model_id"), models) if child in models]
    last = next((each["state"] for each in inside if each.get("model_name") == "OutputModel"), None)
    if last is None:
        return [without_view(output)] if view.get("model_id") not in models else [output]
    told = ", ".join(described(*moved) for moved in map(moved_to, inside) if moved)
    sentence = {
        "output_type": "display_data",
        "data": {"text/plain": say("sliders", controls=told)},
        "metadata": {},
    }
    outputs = [sentence, *last.get("outputs", [])]
    return [NotebookNode(each) for each in outputs]  # type: ignore[no-untyped-call]


def without_view(output: NotebookNode) -> NotebookNode:
    """The output as a front end without controls shows it, but for what to do to get them."""
    del output.data[VIEW]
    if "text/html" in output.data:
        output.data["text/html"] = without_remedy(output.data["text/html"])
    return output


def children(model: object, models: Models) -> list[str]:
    """The models that a box holds."""
    told = models.get(str(model), {}).get("state", {}).get("children", [])
    return [str(child).removeprefix("IPY_MODEL_") for child in told]


def moved_to(model: Mapping[str, Any]) -> tuple[Control, float] | None:
    """A control and the value at which it stands; `None` for what is no control."""
    name, state = str(model.get("model_name")).removesuffix("Model"), model["state"]
    label = str(state.get("description", ""))
    if name in LIST:
        labels = state.get("_options_labels", [])
        place = state.get("index")
        return (Choices(label, labels), place) if labels and isinstance(place, int) else None
    if name in NUMBERS:
        low, high, value = state.get("min", 0), state.get("max", 100), state.get("value", 0)
        return Range(label, low, high, 1, low, name == "IntSlider"), value
    return None
