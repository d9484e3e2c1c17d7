# ruff: noqa: ANN401  # JupyterHub's own objects have no types
"""What every tiered spawner is beside what its servers are made of: settings, the life it keeps, what it tells."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from aiohttp import ClientTimeout
from maximalab_recorder.ids import uuid7
from sqlalchemy.orm import object_session
from traitlets import Bool, Float, List, Unicode, default

from maximalab_spawner import messages
from maximalab_spawner.admission import Turned
from maximalab_spawner.life import Keeper, Life
from maximalab_spawner.metered import MeteredServer
from maximalab_spawner.refusal import refusal
from maximalab_spawner.refusals import NOT_IN_TIME
from maximalab_spawner.seated import Seated

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from maximalab_spawner.admission import Admitted
    from maximalab_spawner.backends import Backend
    from maximalab_spawner.process import ProcessId
    from maximalab_spawner.tiers import Entrance


#: Seconds that are left of `start_timeout` when a start takes too long: a look at a slow engine, and what is undone.
SPARE = 15.0
#: Seconds that the hub waits for an answer of a server that listens, and that one such question may take.
HTTP_TIMEOUT = 30


def client_options(seconds: float = HTTP_TIMEOUT) -> dict[str, Any]:
    """Give the options of JupyterHub's HTTP client with which one question has an end.

    JupyterHub looks at its `http_timeout` between two questions, and aiohttp alone would wait 300 s for one answer: so
    long a start took at a server that takes connections and never answers.
    """
    return {"timeout": ClientTimeout(total=seconds)}


class TieredServer(Seated, MeteredServer):
    """Keeps one server's life, so that a hub that comes back finds the server and tells of it once.

    A mix-in before JupyterHub's `Spawner`.
    """

    orm_spawner: Any
    port: int
    start_timeout: float
    _log_name: str

    usage_url = Unicode(config=True, help="""Where a server posts its events: the full URL.""")
    allowed_kernelspecs = List(
        Unicode(),
        config=True,
        help="""Kernels that a server offers, the first for new notebooks. Empty, as by default at an engine: those that
        its image names. By default a local process offers Maxima alone.""",
    )
    stop_grace = Float(
        10.0,
        config=True,
        help="""Seconds that a server has after SIGTERM to save and to tell, before it is killed.""",
    )
    disable_user_config = Bool(
        True, config=True, help="""What a student writes does not change the server."""
    )

    def __init__(self, **kwargs: Any) -> None:
        self._keeper = Keeper(
            self._save_state,
            self.tell_due,
            self.find,
            lambda: datetime.now(UTC),
            lambda moment: str(uuid7(moment)),
        )
        super().__init__(**kwargs)
        self._due = 0.0
        self._launched, self._listening = asyncio.Event(), asyncio.Event()

    @default("start_timeout")
    def _start_timeout(self) -> int:
        return 180

    def begin_start(self) -> None:
        """Count from now what a start takes."""
        self._launched.clear()
        self._listening.clear()
        self._due = time.monotonic() + self.start_timeout - min(SPARE, self.start_timeout / 4)

    @property
    def left_to_start(self) -> float:
        """Seconds until a start takes too long."""
        return self._due - time.monotonic()

    def must_be_in_time(self) -> None:
        """Raise what the person reads where a start takes too long: JupyterHub's own end of it tells nobody why."""
        if self.left_to_start <= 0:
            self.log.error("%s does not listen in time", self._log_name)
            raise refusal(Turned(NOT_IN_TIME, f"of {self.start_timeout} s"))

    @default("http_timeout")
    def _http_timeout(self) -> int:
        return HTTP_TIMEOUT  # it listens already: a start has waited for that

    def forget(self) -> None:
        """Know of no server."""
        super().forget()
        self._keeper.life = None

    @property
    def alive(self) -> bool:
        """Whether this hub knows of a server here, or is about to start one."""
        return bool(self.backend)

    async def take_seat_or_forget(self, admitted: Admitted, backend: Backend, entrance: Entrance) -> None:
        """Take a seat; without one nothing is remembered of the start."""
        try:
            await self.take_seat(admitted, backend, entrance)
        except BaseException:
            self.forget()
            raise

    def find(self, mark: str) -> ProcessId | None:  # noqa: ARG002  # for those who can
        """Find the server's process by its mark, where servers are processes of this machine."""
        return None

    def ended(self, status: int, why: str = "") -> None:
        """Tell once that the server is gone, and forget it."""
        self._keeper.end(status, why, self.end_metering())
        self.forget()

    def get_state(self) -> dict[str, Any]:
        """Give what recognises the server after the hub's restart, and what is still to be told of it."""
        state: dict[str, Any] = super().get_state()  # type: ignore[misc]  # of `Spawner`
        if self._keeper.life is not None:
            state |= self.record() | self._keeper.life.as_state()
            state |= {"port": self.port, "handed": list(self.handed)} | self.metered_state()
        return state

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take what `get_state` gave in an earlier life of the hub. What is not whole counts as no server."""
        super().load_state(state)  # type: ignore[misc]  # of `Spawner`
        life = Life.from_state(state)
        if life is not None:
            self.recall(state)
            self.port = int(state.get("port", 0))
            self.handed = tuple(map(str, state.get("handed") or ()))
            self._keeper.adopt(life)
            self.adopt_meter(state)

    def clear_state(self) -> None:
        """Forget the server. One that has not ended yet has no place any more: it is ended, and that is told."""
        super().clear_state()  # type: ignore[misc]  # of `Spawner`
        self.ended(0)
        self.forget()

    def _save_state(self) -> None:
        """Write the state at once: a hub that dies now must find the process again."""
        if self.orm_spawner is not None:
            self.orm_spawner.state = self.get_state()
            session = object_session(self.orm_spawner)
            if session is not None:
                session.commit()

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Say in both languages how far the start is."""
        yield messages.step(10, messages.STARTING)
        told = None
        while not self._launched.is_set():
            if self.waiting is not None and self.waiting != told:
                told = self.waiting
                yield messages.step(20, messages.waiting(told.position, told.seconds))
            with suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self._launched.wait()
        yield messages.step(40, messages.LAUNCHED)
        await self._listening.wait()
        yield messages.step(80, messages.ANSWERING)
