"""Controls as Jupyter's widgets know them: the state of each model, in the words of ipywidgets' protocol 2."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

VIEW = "application/vnd.jupyter.widget-view+json"
CONTROLS = ("@jupyter-widgets/controls", "2.0.0")
OUTPUT = ("@jupyter-widgets/output", "1.0.0")


@dataclass
class Model:
    """One model: its comm's id and its state."""

    state: dict[str, Any]
    id: str = field(default_factory=lambda: os.urandom(16).hex())

    @property
    def described(self) -> dict[str, Any]:
        """The model as the answer to `request_states` has it."""
        names = {
            name: self.state[f"_{name}"] for name in ("model_name", "model_module", "model_module_version")
        }
        return {**names, "state": self.state}


def kind(module: tuple[str, str], name: str) -> dict[str, Any]:
    """What a front end needs to find the model and the view of the control `name`."""
    package, version = module
    return {
        "_model_module": package, "_model_module_version": version, "_model_name": f"{name}Model",
        "_view_module": package, "_view_module_version": version, "_view_name": f"{name}View",
    }  # fmt: skip


@dataclass(frozen=True)
class Choices:
    """A parameter with a list of values, told by their place."""

    name: str
    labels: Sequence[str]
    first: int = 0

    @property
    def watched(self) -> str:
        """The part of the state that a reader changes."""
        return "index"

    def state(self) -> dict[str, Any]:
        """A slider over the list where it is long enough for one, else a menu."""
        name = "SelectionSlider" if len(self.labels) > 2 and self.numeric else "Dropdown"  # noqa: PLR2004
        told = {"description": self.name, "_options_labels": list(self.labels), "index": self.first}
        more = {"continuous_update": True, "readout": True, "orientation": "horizontal"}
        return {**kind(CONTROLS, name), **told, **(more if name == "SelectionSlider" else {})}

    @property
    def numeric(self) -> bool:
        """Whether the values are numbers, which have an order to slide along."""
        return all(label.replace("/", "").replace(".", "").lstrip("-").isdigit() for label in self.labels)

    def admitted(self, value: object) -> int | None:
        """A place in the list, or `None` where `value` is none."""
        sound = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < len(self.labels)
        return value if sound and isinstance(value, int) else None


@dataclass(frozen=True)
class Range:
    """A parameter that goes from `low` to `high`; a `whole` one takes whole numbers alone."""

    name: str
    low: float
    high: float
    step: float
    first: float
    whole: bool

    @property
    def watched(self) -> str:
        """The part of the state that a reader changes."""
        return "value"

    def state(self) -> dict[str, Any]:
        """A slider."""
        told = {
            "description": self.name,
            "min": self.low,
            "max": self.high,
            "step": self.step,
            "value": self.first,
        }
        digits = "d" if self.whole else ".4~g"
        more = {
            "continuous_update": True,
            "readout": True,
            "readout_format": digits,
            "orientation": "horizontal",
        }
        return {**kind(CONTROLS, "IntSlider" if self.whole else "FloatSlider"), **told, **more}

    def admitted(self, value: object) -> float | None:
        """A number within the range, or `None` where `value` is none."""
        if (
            isinstance(value, bool)
            or not isinstance(value, int | float)
            or not self.low <= value <= self.high
        ):
            return None
        return int(value) if self.whole else float(value)


Control = Choices | Range


def control(line: str) -> Control:
    """The control that Maxima describes, a part a line (see lisp/sliders.lisp).

    Raises `ValueError` for any other text.
    """
    name, what, *rest = line.split("\n")
    if what == "choice":
        return Choices(name, rest[1:], int(rest[0]))
    read = int if what == "whole" else lisp_float
    low, high, step, first = (read(part) for part in rest)
    return Range(name, low, high, step, first, what == "whole")


def lisp_float(text: str) -> float:
    """A float as Lisp writes it: `1.5`, `1.0d-3`."""
    return float(text.lower().replace("d", "e"))


def output_state(outputs: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A place where outputs are shown as a notebook shows them; it is always replaced as a whole."""
    return {**kind(OUTPUT, "Output"), "msg_id": "", "outputs": list(outputs)}


def box_state(children: Sequence[Model]) -> dict[str, Any]:
    """The controls above each other, and what they bring below."""
    return {
        **kind(CONTROLS, "VBox"),
        "children": [f"IPY_MODEL_{child.id}" for child in children],
        "box_style": "",
    }


def view(model: Model, described: str) -> dict[str, Any]:
    """Display data that shows `model`, or where nothing can move the words `described`."""
    return {VIEW: {"version_major": 2, "version_minor": 0, "model_id": model.id}, "text/plain": described}
