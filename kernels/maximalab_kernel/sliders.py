"""One expression with its controls: which values they have, and what a reader's move changes. Decides, does nothing."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from maximalab_kernel.widgets import Choices, Control, Model, box_state, output_state
from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass
class Sliders:
    """The models of one `interact`: a control for each parameter, the place for what comes of them, a box for all."""

    key: int
    controls: Sequence[Control]
    values: list[float] = field(init=False)
    moved: bool = False
    """Whether a value has changed that has not been computed with."""

    def __post_init__(self) -> None:
        """Every control stands at its first value; nothing has been computed."""
        self.values = [control.first for control in self.controls]
        self.handles = [Model(control.state()) for control in self.controls]
        self.output = Model(output_state([]))
        self.box = Model(box_state([*self.handles, self.output]))

    @property
    def models(self) -> list[Model]:
        """All models, each before those that contain it."""
        return [*self.handles, self.output, self.box]

    @property
    def request(self) -> str:
        """What Maxima is asked to compute: the key and the values, as Lisp reads them."""
        return " ".join([str(self.key), *(repr(value) for value in self.values)])

    @property
    def described(self) -> str:
        """What can be moved, and where it stands, in a sentence."""
        told = ", ".join(
            described(control, value) for control, value in zip(self.controls, self.values, strict=True)
        )
        return say("sliders", controls=told)

    def take(self, model: str, state: Mapping[str, Any]) -> None:
        """Note a reader's move: new `state` of one model. What is no value of that control is left out."""
        for place, (handle, control) in enumerate(zip(self.handles, self.controls, strict=True)):
            if handle.id == model and control.watched in state:
                value = control.admitted(state[control.watched])
                if value is not None and value != self.values[place]:
                    self.values[place] = value
                    handle.state[control.watched] = value
                    self.moved = True


def described(control: Control, value: float) -> str:
    """One parameter: its values, and the one it has."""
    if isinstance(control, Choices):
        return f"{control.name} = {control.labels[int(value)]} ({', '.join(control.labels[:12])})"
    return f"{control.name} = {value:g} ({control.low:g} … {control.high:g})"
