"""The control thread: interrupts and shutdown while a cell runs; heartbeat; the kernel goes when Jupyter is gone."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING, Protocol

import zmq

from maximalab_kernel.channels import sheltered
from maximalab_kernel.journal import Journal
from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from maximalab_kernel.channels import Channels
    from maximalab_kernel.wire import Message

log = Journal(__name__)

TICK_MS = 250
INTERRUPT_WITHIN = 3.0
"""Seconds that Maxima has to react to an interrupt before it is stopped."""


class Busy(Protocol):
    """What the control thread may do to the shell's side."""

    def interrupt(self) -> int | None:
        """Interrupt the running cell and return its number; `None` where none runs."""

    def runs(self, execution: int) -> bool:
        """Whether that cell still runs."""

    def nudge(self, execution: int) -> None:
        """Have an interrupt reach what has begun since, and end programs that Maxima waits for."""

    def kill(self, why: str) -> None:
        """End Maxima at once."""

    def stop(self) -> None:
        """End the kernel."""


class Control(threading.Thread):
    """Owns the control and heartbeat sockets."""

    def __init__(
        self,
        channels: Channels,
        busy: Busy,
        describe: Callable[[Message], dict[str, object] | None],
        parent: int,
    ) -> None:
        """`describe` gives the reply to a request that needs no Maxima, to any other none.

        `parent` is the process whose end ends the kernel; 0 or 1 for none.
        """
        super().__init__(name="control", daemon=True)
        self._channels = channels
        self._busy = busy
        self._describe = describe
        self._parent = parent
        self._deadline: tuple[int, float] | None = None
        self._over = False

    def run(self) -> None:
        """Serve until shutdown, or until the parent is gone."""
        poller = zmq.Poller()
        poller.register(self._channels.control, zmq.POLLIN)
        poller.register(self._channels.heartbeat, zmq.POLLIN)
        poller.register(self._channels.arrivals, zmq.POLLIN)
        while not self._over:
            ready = dict(poller.poll(TICK_MS))
            if self._channels.arrivals in ready:
                self._channels.greet()
            if self._channels.heartbeat in ready:
                self._channels.heartbeat.send_multipart(self._channels.heartbeat.recv_multipart())
            if self._channels.control in ready:
                with sheltered("a request on the control channel"):
                    self._serve()
            self._escalate()
            self._watch_parent()

    def _serve(self) -> None:
        request = self._channels.receive(self._channels.control)
        if request is None:
            return
        self._channels.status(request, "busy")
        self._answer(request)
        self._channels.status(request, "idle")
        if request.kind == "shutdown_request":
            self._over = True
            self._busy.stop()

    def _answer(self, request: Message) -> None:
        if request.kind == "interrupt_request":
            self._interrupt()
            content: dict[str, object] | None = {"status": "ok"}
        elif request.kind == "shutdown_request":
            content = {"status": "ok", "restart": bool(request.content.get("restart"))}
            self._channels.publish("shutdown_reply", request, content)
        else:
            content = self._describe(request)
        if content is not None:
            self._channels.reply(self._channels.control, request, content)

    def _interrupt(self) -> None:
        execution = self._busy.interrupt()
        watched = self._deadline[0] if self._deadline is not None else None
        if execution not in (None, watched):  # what was watched till now may have ended unseen
            self._deadline = (execution, time.monotonic() + INTERRUPT_WITHIN)

    def _escalate(self) -> None:
        if self._deadline is None:
            return
        execution, until = self._deadline
        if not self._busy.runs(execution):
            self._deadline = None
        elif time.monotonic() <= until:
            self._busy.nudge(execution)  # it may have started another program since, and wait for that
        else:
            self._deadline = None
            log.warning("Maxima did not react to an interrupt; it is stopped")
            self._busy.kill(say("no_answer_to_interrupt", seconds=int(INTERRUPT_WITHIN)))

    def _watch_parent(self) -> None:
        if self._parent > 1 and os.getppid() != self._parent:
            log.warning("the parent process is gone; the kernel ends")
            self._over = True
            self._busy.stop()
