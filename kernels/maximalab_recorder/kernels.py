"""The kernels of a student's server, listened to.

Two classes that Jupyter Server takes by its own settings: `RecordingKernelManager` looks after all kernels,
`RecordedKernel` after the process of one. A subscription of our own to each kernel's broadcast hears every
run, whoever asked for it.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING, Any

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager, ServerKernelManager
from traitlets import default

from maximalab_recorder.broadcasts import TELLS_CODE, TOLD_BY_CONTENT, heard_on_iopub
from maximalab_recorder.environment import for_kernel, notebook_of
from maximalab_recorder.signals import Busy, Interrupted, KernelGone
from maximalab_recorder.subscription import Subscription

if TYPE_CHECKING:
    from collections.abc import Callable

    from maximalab_recorder.recorder import Recorder


class RecordedKernel(ServerKernelManager):
    """One kernel: its process gets no secrets, and each start of it is told to the manager of all kernels."""

    notebook: str | None = None
    """What the process was started for, where that was a notebook."""

    async def _async_pre_start_kernel(self, **kw: Any) -> tuple[list[str], dict[str, Any]]:  # noqa: ANN401
        environment = kw.get("env") or os.environ
        self.notebook = notebook_of(environment)
        kw["env"] = for_kernel(environment)
        return await super()._async_pre_start_kernel(**kw)

    async def _async_post_start_kernel(self, **kw: Any) -> None:  # noqa: ANN401
        await super()._async_post_start_kernel(**kw)
        if isinstance(self.parent, RecordingKernelManager):
            await self.parent.process_began(self)


class RecordingKernelManager(AsyncMappingKernelManager):
    """All kernels of a server; tells `recorder`, once the extension has set it, what becomes of them."""

    recorder: Recorder | None = None

    def __init__(self, **kwargs: Any) -> None:  # noqa: ANN401  (traits)
        super().__init__(**kwargs)  # type: ignore[no-untyped-call]
        self._heard: dict[str, Subscription] = {}
        self._crashed: set[str] = set()

    @default("kernel_manager_class")
    def _listened_to(self) -> str:
        return "maximalab_recorder.kernels.RecordedKernel"

    async def process_began(self, kernel: RecordedKernel) -> None:
        """Listen to a kernel whose process was just started, for the first time or anew, before it is used."""
        if self.recorder is None:
            return
        with self.recorder.around("listen to a kernel"):
            kernel_id = str(kernel.kernel_id)
            self.recorder.process_began(kernel_id, kernel.kernel_name, kernel.notebook)
            subscription = self._listen(kernel_id, kernel, self.recorder)
            if kernel_id in self._crashed:
                self._crashed.discard(kernel_id)
                self.recorder.tell_of_kernel("kernel_restart", kernel_id, cause="died")
            if not await subscription.joined(kernel):
                self.log.warning(
                    "kernel %s was not heard at its start: its first runs may be missed", kernel_id
                )

    def _listen(self, kernel_id: str, kernel: RecordedKernel, recorder: Recorder) -> Subscription:
        known = self._heard.get(kernel_id)
        if known is not None and known.serves(kernel):
            return known  # the subscription finds the new process at the same place
        if known is not None:
            known.close()
        hear = partial(_hear_broadcast, recorder, kernel_id)
        self._heard[kernel_id] = Subscription(kernel, hear, recorder.around)
        return self._heard[kernel_id]

    async def _finish_kernel_start(self, kernel_id: str) -> None:
        await super()._finish_kernel_start(kernel_id)  # type: ignore[no-untyped-call]
        self.add_restart_callback(kernel_id, partial(self._found_dead, kernel_id), "restart")

    def _found_dead(self, kernel_id: str) -> None:
        """Note that a kernel's process ended by itself; Jupyter starts it anew right after."""
        self._gone(kernel_id)
        if self.recorder is not None:
            self.recorder.tell_of_kernel("kernel_dead", kernel_id, restarting=True)
            self._crashed.add(kernel_id)

    def _handle_kernel_died(self, kernel_id: str) -> None:
        self._gone(kernel_id)
        if self.recorder is not None:
            self.recorder.tell_of_kernel("kernel_dead", kernel_id, restarting=False)
        super()._handle_kernel_died(kernel_id)  # type: ignore[no-untyped-call]

    def interrupt_kernel(self, kernel_id: str) -> Any:  # noqa: ANN401  (Jupyter's own: a value or an awaitable)
        """Interrupt a kernel, having noted which run that was meant for."""
        if self.recorder is not None:
            self.recorder.hear(kernel_id, Interrupted())
        return super().interrupt_kernel(kernel_id)

    async def _async_restart_kernel(self, kernel_id: str, now: bool = False) -> Any:  # noqa: ANN401, FBT001, FBT002
        self._gone(kernel_id)
        restarted = await super()._async_restart_kernel(kernel_id, now=now)  # type: ignore[no-untyped-call]
        if self.recorder is not None:
            self.recorder.tell_of_kernel("kernel_restart", kernel_id, cause="asked")
        return restarted

    restart_kernel = _async_restart_kernel  # type: ignore[assignment]

    async def _async_shutdown_kernel(
        self,
        kernel_id: str,
        now: bool | None = False,  # noqa: FBT001, FBT002  (Jupyter's signature)
        restart: bool | None = False,  # noqa: FBT001, FBT002
    ) -> Any:  # noqa: ANN401
        self._gone(kernel_id)
        ended = super()._async_shutdown_kernel(kernel_id, now, restart)  # type: ignore[no-untyped-call]
        return await ended

    shutdown_kernel = _async_shutdown_kernel  # type: ignore[assignment]

    def remove_kernel(self, kernel_id: str) -> Any:  # noqa: ANN401
        """Let go of a kernel, and of our subscription to it."""
        if kernel_id in self._heard:
            self._heard.pop(kernel_id).close()
        self._crashed.discard(kernel_id)
        if self.recorder is not None:
            self.recorder.forget(kernel_id)
        return super().remove_kernel(kernel_id)

    def _gone(self, kernel_id: str) -> None:
        """Hear the last words of a kernel's process, then close what it leaves open."""
        if self.recorder is None:
            return
        with self.recorder.around("hear a kernel out"):
            if kernel_id in self._heard:
                self._heard[kernel_id].last_words()
        self.recorder.hear(kernel_id, KernelGone())


def _hear_broadcast(
    recorder: Recorder,
    kernel_id: str,
    header: dict[str, Any],
    parent: dict[str, Any],
    content: Callable[[], dict[str, Any]],
) -> None:
    kind = header["msg_type"]
    said = content() if kind in TOLD_BY_CONTENT or (kind == TELLS_CODE and recorder.code.asked) else {}
    signal = heard_on_iopub(header, parent, said)
    if isinstance(signal, Busy):
        signal = Busy(signal.msg_id, signal.client, recorder.notebook_of(kernel_id))
    if signal is not None:
        recorder.hear(kernel_id, signal)
