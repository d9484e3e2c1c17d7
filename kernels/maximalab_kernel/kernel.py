"""The kernel: takes Jupyter's requests on the shell channel, one at a time, and answers them with Maxima."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Any

import zmq

from maximalab_kernel import replies
from maximalab_kernel.channels import QUOTED_CHARACTERS, sheltered, waiting
from maximalab_kernel.control import Control
from maximalab_kernel.failures import Failure
from maximalab_kernel.history import History
from maximalab_kernel.journal import Journal
from maximalab_kernel.panel import Panel
from maximalab_kernel.transport import MaximaDiedError
from maximalab_kernel.turn import Turn
from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_kernel.cells import Cells
    from maximalab_kernel.channels import Channels
    from maximalab_kernel.lookup import Help
    from maximalab_kernel.transport import Transport
    from maximalab_kernel.wire import Message

log = Journal(__name__)

COMMS = frozenset({"comm_open", "comm_msg", "comm_close"})
INTERRUPTIBLE = COMMS | {"execute_request"}
"""The requests that may keep Maxima at work."""


class Kernel:
    """Lives in the main thread; the control thread calls `describe`, and `Turn` for the rest."""

    def __init__(self, channels: Channels, transport: Transport, help_: Help, parent: int = 0) -> None:
        """`parent` is the process whose end ends the kernel; 0 for none."""
        self._channels = channels
        self._transport = transport
        self._turn = Turn(transport)
        self._panel = Panel(channels, transport)
        self._control = Control(channels, self._turn, self.describe, parent)
        self._history = History()
        self._help = help_
        self._waiting: deque[Message] = deque()
        transport.meanwhile(int(channels.shell.getsockopt(zmq.FD)), self._serve_aside)
        self._count = 0

    @cached_property
    def _cells(self) -> Cells:
        """Loaded when the first request is answered: whoever waits for a kernel's start waits for that answer."""
        from maximalab_kernel.cells import Cells  # noqa: PLC0415  see above

        return Cells(self._channels, self._transport, self._turn, self._panel, self._serve_aside)

    def serve(self) -> None:
        """Answer requests until shutdown."""
        self._control.start()
        self._channels.status(None, "starting")
        poller = zmq.Poller()
        poller.register(self._channels.shell, zmq.POLLIN)
        poller.register(self._turn.wake, zmq.POLLIN)
        try:
            while not self._turn.over:
                ready = dict(poller.poll(0 if self._waiting else None))
                if self._waiting or self._channels.shell in ready:
                    with sheltered("a request on the shell channel"):
                        self._serve_one(abort=False)
                    _ = self._cells  # from the second time on there is nothing to load
                self._turn.drain()
        finally:
            self._turn.stop()
            self._transport.close()
            self._control.join(timeout=2)
            self._channels.close()

    def describe(self, request: Message) -> dict[str, Any] | None:
        """The reply to a request that needs no Maxima; any other gets none. From any thread."""
        if request.kind == "comm_info_request":
            return self._panel.info(request)
        return replies.describe(request)

    def _serve_one(self, *, abort: bool) -> None:
        request = self._waiting.popleft() if self._waiting else self._channels.receive(self._channels.shell)
        if request is None:
            return
        if request.kind == "kernel_info_request":
            self._channels.await_listener()
        if request.kind in INTERRUPTIBLE and not abort:
            self._turn.begin(request)  # whoever sees that it is busy may interrupt it
        self._channels.status(request, "busy")
        pending = self._attend(request, abort=abort)
        self._turn.end()
        self._channels.status(request, "idle")
        while pending and not self._turn.over:
            self._serve_one(abort=True)
            pending -= 1
        self._move(None)

    def _serve_aside(self) -> None:
        """While Maxima works: answer at once what needs no Maxima; the rest waits for its turn."""
        if self._turn.running:
            self._cells.tick()
        while waiting(self._channels.shell):
            request = self._channels.receive(self._channels.shell)
            if request is None:
                continue
            if request.kind not in replies.ASIDE:
                self._waiting.append(request)
                continue
            self._channels.status(request, "busy")
            self._attend(request, abort=False, aside=True)
            self._channels.status(request, "idle")
            if self._turn.running:  # front ends show the last state that was told, whoever it was told to
                self._channels.status(None, "busy")

    def _attend(self, request: Message, *, abort: bool, aside: bool = False) -> int:
        """Serve one request, whatever is in it; how many that wait behind it are to be aborted, as far as cells."""
        try:
            if request.kind == "execute_request":
                return self._abort_execution(request) if abort else self._execute(request)
            if request.kind in COMMS:
                self._panel.receive(request)
                self._move(request)
            else:
                self._answer(request, None if aside else self._transport)
        except Exception as error:  # noqa: BLE001  no message of a client may end the kernel
            told = f"{type(error).__name__}: {error}"[:QUOTED_CHARACTERS]
            log.warning("a request could not be served: %.40r: %s", request.kind, told)
            trouble = Failure("BadRequest", say("unserved", what=told)).content()
            self._reply(request, {"status": "error", **trouble, "execution_count": self._count})
        return 0

    def _move(self, request: Message | None) -> None:
        """Compute what a reader's sliders ask for, once nothing else waits: cells first, and of many moves the last."""
        if self._panel.moved and not self._turn.over and not self._others_wait():
            self._turn.begin(request)
            try:
                self._panel.settle(request)
            finally:
                self._turn.end()

    def _gather(self) -> int:
        """Take in all requests that have arrived; how many wait."""
        while waiting(self._channels.shell):
            request = self._channels.receive(self._channels.shell)
            if request is not None:
                self._waiting.append(request)
        return len(self._waiting)

    def _others_wait(self) -> bool:
        return bool(self._waiting) or waiting(self._channels.shell)

    def _answer(self, request: Message, transport: Transport | None) -> None:
        try:
            content = self.describe(request) or replies.reply_to(
                request, transport, self._history, self._help
            )
        except MaximaDiedError as error:
            content = {"status": "error", **Failure("MaximaDied", say("died", how=error)).content()}
        if content is not None:
            self._reply(request, content)

    def _reply(self, request: Message, content: Mapping[str, Any]) -> None:
        self._channels.reply(self._channels.shell, request, content)

    def _execute(self, request: Message) -> int:
        """Run a cell and reply; how many requests wait whose cells are to be aborted: those sent before the reply."""
        content = request.content
        code = str(content.get("code", ""))
        if not content.get("silent", False):
            self._count += 1
            self._channels.publish("execute_input", request, {"code": code, "execution_count": self._count})
            if content.get("store_history", True):
                self._history.add(self._count, code)
        self._help.learn(code)
        reply = self._cells.run(request, self._count)
        abort = reply["status"] == "error" and bool(content.get("stop_on_error", True))
        queued = self._gather() if abort else 0
        self._reply(request, {**reply, "execution_count": self._count})
        return queued

    def _abort_execution(self, request: Message) -> int:
        self._reply(request, {"status": "aborted", "execution_count": self._count})
        return 0
