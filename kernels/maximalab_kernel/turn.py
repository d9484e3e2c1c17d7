"""What runs now, and how others stop it: the place where the shell's thread and the control thread meet."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from maximalab_kernel.transport import Transport
    from maximalab_kernel.wire import Message


class Turn:
    """One request at a time. `begin`, `end` and `drain` belong to the shell's thread, the rest to any."""

    def __init__(self, transport: Transport) -> None:
        """Nothing runs yet."""
        self._transport = transport
        self._lock = threading.Lock()
        self._executions = 0
        self._running = False
        self._cancelled = False
        self._request: Message | None = None
        self._over = threading.Event()
        self.wake, self._waker = os.pipe()
        """The first is a descriptor that can be read when something was interrupted or the kernel is to end."""
        os.set_blocking(self.wake, False)

    @property
    def request(self) -> Message | None:
        """The request that runs, or ran last."""
        return self._request

    @property
    def running(self) -> bool:
        """Whether something runs that an interrupt would stop."""
        return self._running

    @property
    def cancelled(self) -> bool:
        """Whether what runs was interrupted."""
        return self._cancelled

    @property
    def over(self) -> bool:
        """Whether the kernel is to end."""
        return self._over.is_set()

    def begin(self, request: Message | None) -> None:
        """From here on something runs that an interrupt stops; one that has come for it already stays."""
        with self._lock:
            if self._running and self._request is request:
                return
            self._executions += 1
            self._request, self._running, self._cancelled = request, True, self.over

    def end(self) -> None:
        """Nothing runs any more."""
        with self._lock:
            self._running = False

    def drain(self) -> None:
        """Forget what has woken the shell's thread."""
        try:
            os.read(self.wake, 4096)
        except BlockingIOError:
            return

    def interrupt(self) -> int | None:
        """Interrupt what runs; its number, or `None` where nothing does."""
        with self._lock:
            if not self._running:
                return None
            self._cancelled = True
            execution = self._executions
            self._transport.interrupt()  # inside, so that it cannot reach the next cell
        os.write(self._waker, b"i")
        return execution

    def runs(self, execution: int) -> bool:
        """Whether what has this number still runs."""
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
        """End the kernel: Maxima goes at once, the shell's thread as soon as it sees it."""
        with self._lock:
            self._cancelled = True
        self._over.set()
        self._transport.kill("the kernel was shut down")
        os.write(self._waker, b"s")
