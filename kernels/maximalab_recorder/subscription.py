"""Our own subscription to a kernel's broadcast, and the proof that it is in force before anybody uses the kernel.

ZeroMQ connects and subscribes in its own time, and what a kernel says before that it says to nobody: a client that
is quicker than the subscription would run cells unheard. So the start of a kernel counts as done only once the
subscription has carried something that this very process said.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import TYPE_CHECKING, Any

import zmq
from jupyter_client.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from jupyter_server.services.kernels.kernelmanager import ServerKernelManager

    Part = dict[str, Any]
    Hear = Callable[[Part, Part, Callable[[], Part]], None]

NUDGE_SECONDS = 0.2
"""After so long without an answer a kernel is asked once more: it may have answered before we were subscribed."""
JOIN_SECONDS = 30.0
"""How long a start waits to be heard, at most; then the kernel is used all the same, and the log says so."""
LAST_WORDS_MOST = 1000
"""How many messages of an ending kernel are read at once: one that floods must not hold up its own end."""
WELCOME = "iopub_welcome"
"""What newer kernels say to each new subscriber."""


class Subscription:
    """Hears one kernel, through restarts at the same ports.

    `hear` is given a message's header and parent, and a way to its content, which most messages need not have read;
    it is called within `around`, so that no message, whatever it is like, ends the subscription.
    """

    def __init__(
        self,
        kernel: ServerKernelManager,
        hear: Hear,
        around: Callable[[str], AbstractContextManager[None]],
    ) -> None:
        self._ports = list(kernel.ports)
        self._session = Session(config=kernel.session.config, key=kernel.session.key)
        self._hear = hear
        self._around = around
        self._asked: set[str] = set()
        self._answered = asyncio.Event()
        self._stream = kernel.connect_iopub()
        self._stream.on_recv(self._on_message)

    def serves(self, kernel: ServerKernelManager) -> bool:
        """Say whether a new process of the kernel is heard here, too."""
        return not self._stream.closed() and self._ports == list(kernel.ports)

    async def joined(self, kernel: ServerKernelManager, seconds: float = JOIN_SECONDS) -> bool:
        """Wait until the kernel's new process is heard; False where it died before, or said nothing for so long."""
        self._asked.clear()
        self._answered.clear()
        until = time.monotonic() + seconds
        with contextlib.ExitStack() as opened:
            channels = [opened.enter_context(contextlib.closing(each)) for each in _asked_through(kernel)]
            while time.monotonic() < until and await kernel.is_alive():
                for channel in channels:
                    asked = kernel.session.send(channel, "kernel_info_request")
                    self._asked.add(asked["header"]["msg_id"])
                with contextlib.suppress(TimeoutError):
                    return await asyncio.wait_for(self._answered.wait(), NUDGE_SECONDS)
        return False

    def last_words(self) -> None:
        """Hear what has arrived and is not read yet."""
        if not self._stream.closed():
            self._stream.flush(zmq.POLLIN, LAST_WORDS_MOST)

    def close(self) -> None:
        """Hear no more."""
        if not self._stream.closed():
            self._stream.close()

    def _on_message(self, parts: list[bytes]) -> None:
        with self._around("read a kernel's broadcast"):
            _, frames = self._session.feed_identities(parts)
            message = self._session.deserialize(frames, content=False)
            header, parent = message["header"], message["parent_header"]
            if header["msg_type"] == WELCOME or parent.get("msg_id") in self._asked:
                self._answered.set()
            self._hear(header, parent, lambda: self._session.unpack(message["content"]))


def _asked_through(kernel: ServerKernelManager) -> list[Any]:
    """Connect to both channels on which a kernel may answer: not every kernel does so on each."""
    return [kernel.connect_control(), kernel.connect_shell()]
