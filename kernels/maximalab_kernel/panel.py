"""Shows controls, takes a reader's moves and has Maxima compute with the newest values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_kernel.sliders import Sliders
    from maximalab_kernel.transport import Frame, Transport
    from maximalab_kernel.widgets import Model
    from maximalab_kernel.wire import Message

TARGET = "jupyter.widget"
CONTROL_TARGET = "jupyter.widget.control"
PROTOCOL = "2.1.0"

MOST_PANELS = 200
"""Panels that are kept; of more the oldest cease to move."""


class Publisher(Protocol):
    """What the panel needs of the channels."""

    def publish(
        self,
        kind: str,
        request: Message | None,
        content: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell everyone who listens."""


class Panel:
    """All sliders of a kernel. Belongs to the shell thread; `comms` may be read from any."""

    def __init__(self, publisher: Publisher, transport: Transport) -> None:
        """Nothing is shown yet."""
        self._publisher = publisher
        self._transport = transport
        self._panels: dict[str, Sliders] = {}

    def comms(self) -> dict[str, dict[str, str]]:
        """The open comms, as `comm_info_reply` has them."""
        return {
            model.id: {"target_name": TARGET}
            for panel in list(self._panels.values())
            for model in panel.models
        }

    def info(self, request: Message) -> dict[str, Any]:
        """The reply to a `comm_info_request`."""
        wanted = request.content.get("target_name")
        return {"status": "ok", "comms": self.comms() if wanted in {None, "", TARGET} else {}}

    # Showing.

    def show(self, frame: Frame, request: Message | None, *, alive: bool) -> list[tuple[str, dict[str, Any]]]:
        """Compute for the first values and say what to publish in the cell; `alive` where a reader can move them."""
        from maximalab_kernel.gathering import gather  # noqa: PLC0415  most kernels never show any
        from maximalab_kernel.sliders import Sliders  # noqa: PLC0415
        from maximalab_kernel.standin import standing_in  # noqa: PLC0415
        from maximalab_kernel.widgets import control, view  # noqa: PLC0415

        key = frame.fields.get("key")
        sliders = Sliders(
            key if isinstance(key, int) else 0, [control(line) for line in frame.fields["controls"]]
        )
        outputs = gather(self._transport, sliders.request)
        if not alive:
            sentence = {"data": {"text/plain": sliders.described}, "metadata": {}, "transient": {}}
            return [("display_data", sentence), *(self._static(output) for output in outputs)]
        sliders.output.state["outputs"] = outputs
        self._keep(sliders)
        for model in sliders.models:
            self._open(model, request)
        data = {**view(sliders.box, sliders.described), **standing_in(outputs, sliders.described)}
        return [("display_data", {"data": data, "metadata": {}, "transient": {}})]

    def _keep(self, sliders: Sliders) -> None:
        self._panels[sliders.box.id] = sliders
        for oldest in list(self._panels)[:-MOST_PANELS]:
            del self._panels[oldest]

    def _static(self, output: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        kind = str(output["output_type"])
        if kind == "error":  # the cell itself has not failed
            return "stream", {"name": "stderr", "text": "\n".join(output["traceback"]) + "\n"}
        return kind, {name: value for name, value in output.items() if name != "output_type"}

    def _open(self, model: Model, request: Message | None) -> None:
        data = {"state": model.state, "buffer_paths": []}
        content = {"comm_id": model.id, "target_name": TARGET, "data": data}
        self._publisher.publish("comm_open", request, content, {"version": PROTOCOL})

    # A reader's moves.

    def receive(self, request: Message) -> None:
        """Take a `comm_open`, `comm_msg` or `comm_close`; what it moves is computed by `settle`."""
        comm, data = str(request.content.get("comm_id")), request.content.get("data")
        match request.kind:
            case "comm_open" if request.content.get("target_name") != CONTROL_TARGET:
                self._publisher.publish("comm_close", request, {"comm_id": comm, "data": {}})
            case "comm_msg" if isinstance(data, dict):
                self._take(request, comm, data)
            case "comm_close":
                self._panels.pop(comm, None)

    def _take(self, request: Message, comm: str, data: Mapping[str, Any]) -> None:
        method, state = data.get("method"), data.get("state")
        if method == "request_states":
            states = {model.id: model.described for panel in self._panels.values() for model in panel.models}
            self._send(comm, request, {"method": "update_states", "states": states, "buffer_paths": []})
        for panel in self._panels.values():
            model = next((each for each in panel.models if each.id == comm), None)
            if model is not None and method == "request_state":
                self._update(model, request, model.state)
            elif model is not None and method == "update" and isinstance(state, dict):
                panel.take(comm, state)

    def _update(self, model: Model, request: Message | None, state: Mapping[str, Any]) -> None:
        self._send(model.id, request, {"method": "update", "state": state, "buffer_paths": []})

    def _send(self, comm: str, request: Message | None, data: Mapping[str, Any]) -> None:
        self._publisher.publish("comm_msg", request, {"comm_id": comm, "data": data}, {"version": PROTOCOL})

    @property
    def moved(self) -> bool:
        """Whether something is to be computed anew."""
        return any(panel.moved for panel in self._panels.values())

    def settle(self, request: Message | None) -> None:
        """Compute whatever was moved, with the newest values, and show it in place of what was there."""
        from maximalab_kernel.gathering import gather  # noqa: PLC0415  see above

        for panel in list(self._panels.values()):
            if panel.moved:
                panel.moved = False
                outputs = gather(self._transport, panel.request)
                panel.output.state["outputs"] = outputs
                self._update(panel.output, request, {"outputs": outputs})
