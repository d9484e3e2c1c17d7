"""The kernel: takes Jupyter's requests on the shell channel, one at a time, and answers them with Maxima."""

from __future__ import annotations

import os
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import zmq

from maximalab_kernel import lookup, replies
from maximalab_kernel.channels import QUOTED_CHARACTERS, sheltered
from maximalab_kernel.control import Control
from maximalab_kernel.execution import Cell, Failure
from maximalab_kernel.history import History
from maximalab_kernel.journal import Journal
from maximalab_kernel.panel import Panel
from maximalab_kernel.transport import Frame, MaximaDiedError, Transport
from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_kernel.channels import Channels
    from maximalab_kernel.lookup import Help
    from maximalab_kernel.wire import Message

log = Journal(__name__)

COMMS = frozenset({"comm_open", "comm_msg", "comm_close"})
INTERRUPTIBLE = COMMS | {"execute_request"}
"""The requests that may keep Maxima at work."""


class Kernel:
    """Lives in the main thread; the control thread calls `interrupt`, `runs`, `kill`, `stop` and `describe`."""

    def __init__(self, channels: Channels, transport: Transport, help_: Help, parent: int = 0) -> None:
        """`parent` is the process whose end ends the kernel; 0 for none."""
        self._channels = channels
        self._transport = transport
        self._control = Control(channels, self, parent)
        self._history = History()
        self._panel = Panel(channels, transport)
        self._help = help_
        self._waiting: deque[Message] = deque()
        transport.meanwhile(int(channels.shell.getsockopt(zmq.FD)), self._serve_aside)
        self._count = 0
        self._lock = threading.Lock()
        self._executions = 0
        self._running = False
        self._cancelled = False
        self._request: Message | None = None
        self._over = threading.Event()
        self._wake_reader, self._wake_writer = os.pipe()
        os.set_blocking(self._wake_reader, False)

    def serve(self) -> None:
        """Answer requests until shutdown."""
        self._control.start()
        self._channels.status(None, "starting")
        poller = zmq.Poller()
        poller.register(self._channels.shell, zmq.POLLIN)
        poller.register(self._wake_reader, zmq.POLLIN)
        try:
            while not self._over.is_set():
                ready = dict(poller.poll(0 if self._waiting else None))
                if self._waiting or self._channels.shell in ready:
                    with sheltered("a request on the shell channel"):
                        self._serve_one(abort=False)
                self._drain_wake()
        finally:
            self.stop()
            self._transport.close()
            self._control.join(timeout=2)
            self._channels.close()

    def _drain_wake(self) -> None:
        try:
            os.read(self._wake_reader, 4096)
        except BlockingIOError:
            return

    # What the control thread may call.

    def interrupt(self) -> int | None:
        """Interrupt the cell that runs; its number, or `None` where none runs."""
        with self._lock:
            if not self._running:
                return None
            self._cancelled = True
            execution = self._executions
            self._transport.interrupt()  # inside, so that it cannot reach the next cell
        os.write(self._wake_writer, b"i")
        return execution

    def runs(self, execution: int) -> bool:
        """Whether the cell with this number still runs."""
        with self._lock:
            return self._running and self._executions == execution

    def nudge(self, execution: int) -> None:
        """Have an interrupt that came before its evaluation reach it; end programs that Maxima waits for since."""
        with self._lock:
            if self._running and self._executions == execution:
                self._transport.interrupt()
                self._transport.nudge()

    def kill(self, why: str) -> None:
        """End Maxima at once; the cell fails and says `why`."""
        self._transport.kill(why)

    def stop(self) -> None:
        """End the kernel: Maxima goes at once, the shell thread as soon as it sees it."""
        with self._lock:
            self._cancelled = True
        self._over.set()
        self._transport.kill("the kernel was shut down")
        os.write(self._wake_writer, b"s")

    def describe(self, request: Message) -> dict[str, Any] | None:
        """The reply to a request that needs no Maxima; any other gets none."""
        if request.kind == "comm_info_request":
            return self._panel.info(request)
        return replies.describe(request)

    # Stage of a cell.

    @property
    def cancelled(self) -> bool:
        """Whether the cell that runs was interrupted."""
        return self._cancelled

    def show(self, kind: str, content: Mapping[str, Any]) -> None:
        """Publish one output of the cell that runs."""
        self._channels.publish(kind, self._request, content)

    def present(self, sliders: Frame) -> None:
        """Show controls where a reader can move them, else what they bring at first."""
        request = self._request
        alive = request is not None and bool(request.content.get("allow_stdin", False))
        for kind, content in self._panel.show(sliders, request, alive=alive):
            self.show(kind, content)

    def ask(self, prompt: str) -> str | None:
        """Ask the reader, where the front end allows it; `None` after an interrupt or a shutdown, too."""
        request = self._request
        if request is None or not request.content.get("allow_stdin", False):
            return None
        while self._channels.stdin.poll(0):
            self._channels.stdin.recv_multipart()
        self._drain_wake()
        question = {"prompt": prompt + " " if prompt else "", "password": False}
        self._channels.send(self._channels.stdin, "input_request", request, question)
        poller = zmq.Poller()
        poller.register(self._channels.stdin, zmq.POLLIN)
        poller.register(self._wake_reader, zmq.POLLIN)
        poller.register(self._channels.shell, zmq.POLLIN)
        while not self._cancelled:
            if self._channels.stdin in dict(poller.poll()):
                reply = self._channels.receive(self._channels.stdin)
                if reply is not None and reply.kind == "input_reply":
                    return str(reply.content.get("value", ""))
            self._serve_aside()
            self._drain_wake()
        return None

    # The shell channel.

    def _serve_one(self, *, abort: bool) -> None:
        request = self._waiting.popleft() if self._waiting else self._channels.receive(self._channels.shell)
        if request is None:
            return
        if request.kind == "kernel_info_request":
            self._channels.await_listener()
        if request.kind in INTERRUPTIBLE and not abort:
            self._begin(request)  # whoever sees that it is busy may interrupt it
        self._channels.status(request, "busy")
        pending = self._attend(request, abort=abort)
        self._end()
        self._channels.status(request, "idle")
        while pending and not self._over.is_set():
            self._serve_one(abort=True)
            pending -= 1
        self._move(None)

    def _serve_aside(self) -> None:
        """While Maxima works: answer at once what needs no Maxima; the rest waits for its turn."""
        while int(self._channels.shell.getsockopt(zmq.EVENTS)) & zmq.POLLIN:
            request = self._channels.receive(self._channels.shell)
            if request is None:
                continue
            if request.kind not in replies.ASIDE:
                self._waiting.append(request)
                continue
            self._channels.status(request, "busy")
            self._attend(request, abort=False, aside=True)
            self._channels.status(request, "idle")
            if self._running:  # front ends show the last state that was told, whoever it was told to
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
        if self._panel.moved and not self._over.is_set() and not self._others_wait():
            self._begin(request)
            try:
                self._panel.settle(request)
            finally:
                self._end()

    def _gather(self) -> int:
        """Take in all requests that have arrived; how many wait."""
        while self._channels.shell.poll(0):
            request = self._channels.receive(self._channels.shell)
            if request is not None:
                self._waiting.append(request)
        return len(self._waiting)

    def _others_wait(self) -> bool:
        return bool(self._waiting) or self._channels.shell.poll(0) != 0

    def _begin(self, request: Message | None) -> None:
        """From here on something runs that an interrupt stops; one that has come for it already stays."""
        with self._lock:
            if self._running and self._request is request:
                return
            self._executions += 1
            self._request, self._running, self._cancelled = request, True, self._over.is_set()

    def _end(self) -> None:
        with self._lock:
            self._running = False

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
        code, silent = str(content.get("code", "")), bool(content.get("silent", False))
        if not silent:
            self._count += 1
            self._channels.publish("execute_input", request, {"code": code, "execution_count": self._count})
            if content.get("store_history", True):
                self._history.add(self._count, code)
        self._help.learn(code)
        reply = self._run(request, code, silent=silent)
        failed = reply["status"] == "error"
        abort = failed and bool(content.get("stop_on_error", True))
        queued = self._gather() if abort else 0
        self._reply(request, {**reply, "execution_count": self._count})
        return queued

    def _run(self, request: Message, code: str, *, silent: bool) -> dict[str, Any]:
        self._begin(request)
        try:
            Cell(self._transport, self, self._count, silent=silent).run(code)
            values = self._user_expressions(request)
        except Failure as failure:
            if not silent:
                self.show("error", failure.content())
            return {"status": "error", **failure.content()}
        finally:
            self._end()
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

    def _abort_execution(self, request: Message) -> int:
        self._reply(request, {"status": "aborted", "execution_count": self._count})
        return 0
