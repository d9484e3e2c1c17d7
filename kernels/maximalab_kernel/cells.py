"""Runs the cells of a kernel, one at a time: what each shows and asks goes to whoever sent it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import zmq

from maximalab_kernel import lookup
from maximalab_kernel.execution import Cell
from maximalab_kernel.failures import Failure
from maximalab_kernel.streaming import Stream
from maximalab_kernel.transport import MaximaDiedError
from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maximalab_kernel.channels import Channels
    from maximalab_kernel.panel import Panel
    from maximalab_kernel.transport import Frame, Transport
    from maximalab_kernel.turn import Turn
    from maximalab_kernel.wire import Message


class Cells:
    """The stage of every cell (see `execution.Stage`). Belongs to the shell's thread."""

    def __init__(
        self, channels: Channels, transport: Transport, turn: Turn, panel: Panel, aside: Callable[[], None]
    ) -> None:
        """`aside` answers what can be answered while a question waits for its answer."""
        self._channels = channels
        self._transport = transport
        self._turn = turn
        self._panel = panel
        self._aside = aside
        self._over: set[str] = set()  # questions that were answered, or whose cell was interrupted
        self._stream = Stream(lambda name, text: self._publish("stream", {"name": name, "text": text}))

    def run(self, request: Message, count: int) -> dict[str, Any]:
        """Run the cell of `request`; the content of its reply."""
        content = request.content
        code, silent = str(content.get("code", "")), bool(content.get("silent", False))
        self._turn.begin(request)
        try:
            Cell(self._transport, self, count, silent=silent).run(code)
            values = self._user_expressions(request)
        except Failure as failure:
            if not silent:
                self.show("error", failure.content())
            return {"status": "error", **failure.content()}
        finally:
            self._stream.flush()
            self._turn.end()
        return {"status": "ok", "user_expressions": values, "payload": []}

    def _user_expressions(self, request: Message) -> dict[str, Any]:
        """The values of the expressions that the front end wants to see after the cell."""
        wanted = request.content.get("user_expressions") or {}
        return {name: self._value(str(text)) for name, text in wanted.items()}

    def _value(self, text: str) -> dict[str, Any]:
        try:
            frame = lookup.ask(self._transport, "value", text, "result")
        except MaximaDiedError as error:
            return {"status": "error", **Failure("MaximaDied", say("died", how=error)).content()}
        if frame is None:
            return {"status": "error", **Failure("MaximaError", text).content()}
        return {"status": "ok", "data": {"text/plain": frame.text("text")}, "metadata": {}}

    # The stage.

    @property
    def cancelled(self) -> bool:
        """Whether the cell that runs was interrupted."""
        return self._turn.cancelled

    def show(self, kind: str, content: Mapping[str, Any]) -> None:
        """Publish one output of the cell that runs; printed text may be gathered for a moment."""
        if kind == "stream":
            self._stream.add(str(content["name"]), str(content["text"]))
        else:
            self._stream.flush()
            self._publish(kind, content)

    def catch_up(self) -> None:
        """Publish the printed text that is still gathered."""
        self._stream.flush()

    def tick(self) -> None:
        """Publish the printed text that has been gathered long enough; to be called while a cell runs."""
        self._stream.tick()

    def _publish(self, kind: str, content: Mapping[str, Any]) -> None:
        self._channels.publish(kind, self._turn.request, content)

    def _answering(self) -> Message | None:
        """The request that runs, where its front end takes questions."""
        request = self._turn.request
        return request if request is not None and request.content.get("allow_stdin", False) else None

    def present(self, sliders: Frame) -> None:
        """Show controls where a reader can move them, else what they bring at first."""
        self._stream.flush()
        for kind, content in self._panel.show(
            sliders, self._turn.request, alive=self._answering() is not None
        ):
            self.show(kind, content)

    def ask(self, prompt: str) -> str | None:
        """Ask the reader, where the front end allows it; `None` after an interrupt or a shutdown, too."""
        request = self._answering()
        if request is None:
            return None
        self._stream.flush()
        while self._channels.stdin.poll(0):
            self._channels.stdin.recv_multipart()
        self._turn.drain()
        question = {"prompt": prompt + " " if prompt else "", "password": False}
        asked = self._channels.send(self._channels.stdin, "input_request", request, question)
        try:
            return self._answer()
        finally:
            self._over.add(asked)

    def _is_answer(self, reply: Message) -> bool:
        """Whether it may answer the question that is asked; a box of an earlier one stays open after an interrupt."""
        return reply.kind == "input_reply" and reply.parent.get("msg_id") not in self._over

    def _answer(self) -> str | None:
        poller = zmq.Poller()
        for source in (self._channels.stdin, self._turn.wake, self._channels.shell):
            poller.register(source, zmq.POLLIN)
        while not self._turn.cancelled:
            if self._channels.stdin in dict(poller.poll()):
                reply = self._channels.receive(self._channels.stdin)
                if reply is not None and self._is_answer(reply):
                    return str(reply.content.get("value", ""))
            self._aside()
            self._turn.drain()
        return None
