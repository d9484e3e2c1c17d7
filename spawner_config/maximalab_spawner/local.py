# ruff: noqa: ANN401  # JupyterHub's own objects have no types
"""Students' servers as local processes, for the one-command lab.

All of them run as the user who started the lab: nothing keeps students apart. It is for trying out
and developing. A server outlives the hub, and is recognised after the hub's restart by its process
and that process's start.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyterhub.spawner import Spawner
from jupyterhub.utils import random_port
from maximalab_recorder.ids import uuid7
from sqlalchemy.orm import object_session
from traitlets import Bool, Float, List, Unicode, default

from maximalab_spawner import messages
from maximalab_spawner.admission import Admitted, Turned
from maximalab_spawner.life import Keeper, Life
from maximalab_spawner.process import ProcessId, find_marked, kill_marked, listens, open_log
from maximalab_spawner.refusal import refusal
from maximalab_spawner.refusals import ENDED_EARLY
from maximalab_spawner.serverenv import Place, arguments, safe_name
from maximalab_spawner.tiered import TieredStart
from maximalab_spawner.tiers import Reason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from maximalab_spawner.backends import Backend

#: Seconds that a process may take to vanish after SIGKILL.
KILL_TIMEOUT = 5.0
#: Seconds between two looks whether a starting server listens yet.
LOOK_EVERY = 0.1


class TieredLocalSpawner(TieredStart, Spawner):  # type: ignore[misc]  # JupyterHub has no annotations
    """Starts `jupyterhub-singleuser` as a process of this machine, on the tier that the catalogue says."""

    spool_dir = Unicode(
        config=True,
        help="""Folder for undelivered events, outside the homes: `<tier>/<user>/<server>/`.""",
    )
    usage_url = Unicode(config=True, help="""Where a server posts its events: the full URL.""")
    allowed_kernelspecs = List(
        Unicode(),
        ["maxima"],
        config=True,
        help="""Kernels that a server offers, the first for new notebooks. Empty: all that are installed.""",
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
            lambda mark: find_marked(mark, [*self.cmd, *self.get_args()]),
            lambda: datetime.now(UTC),
            lambda moment: str(uuid7(moment)),
        )
        super().__init__(**kwargs)
        self._launched, self._listening = asyncio.Event(), asyncio.Event()

    @default("cmd")
    def _this_python(self) -> list[str]:
        return [sys.executable, "-m", "jupyterhub.singleuser"]

    @default("start_timeout")
    def _start_timeout(self) -> int:
        return 180

    @default("http_timeout")
    def _http_timeout(self) -> int:
        return 120

    # What is kept of a server

    @property
    def process(self) -> ProcessId | None:
        """The server's process; None where there is no server, or it was dead at once."""
        return self._keeper.life.process if self._keeper.life is not None else None

    def forget(self) -> None:
        """Know of no server."""
        super().forget()
        self._keeper.life = None
        self._child: subprocess.Popen[bytes] | None = None

    def get_state(self) -> dict[str, Any]:
        """Give what recognises the server after the hub's restart, and what is still to be told of it."""
        state: dict[str, Any] = super().get_state()
        if self._keeper.life is not None:
            state |= self.record() | self._keeper.life.as_state() | {"port": self.port}
        return state

    def load_state(self, state: Mapping[str, Any]) -> None:
        """Take what `get_state` gave in an earlier life of the hub. What is not whole counts as no server."""
        super().load_state(state)
        life = Life.from_state(state)
        if life is not None:
            self.recall(state)
            self.port = int(state.get("port", 0))
            self._keeper.adopt(life)

    def clear_state(self) -> None:
        """Forget the server. One that has not ended yet has no place any more: it is ended, and that is told."""
        super().clear_state()
        self._ended(0)
        self.forget()

    def _save_state(self) -> None:
        """Write the state at once: a hub that dies now must find the process again."""
        if self.orm_spawner is not None:
            self.orm_spawner.state = self.get_state()
            session = object_session(self.orm_spawner)
            if session is not None:
                session.commit()

    async def get_url(self) -> str:
        """Give the process's own address: a hub that died early never wrote it to the database."""
        if self.process is None or not self.port or self.server is None:
            return str(await super().get_url())
        return f"http://{self.ip or '127.0.0.1'}:{self.port}{self.server.base_url}"

    # Starting

    async def start(self) -> tuple[str, int]:
        """Decide again and start. Raises `SpawnException` with the reason where it may not be."""
        self._launched.clear()
        self._listening.clear()
        admitted, backend, entrance = self.settle()
        self.port = random_port()
        self.remember(admitted, backend, entrance)
        mark = secrets.token_hex(16)
        try:
            self._keeper.start(mark, lambda: self._launch(admitted, backend, mark))
        except Exception as error:
            if self._keeper.life is not None:  # it runs; JupyterHub stops it, and that is told
                raise
            self.log.exception("%s does not start at %s", self._log_name, backend.name)
            kill_marked(mark)
            self.forget()
            raise self.turn_away(Turned(Reason.TIER_UNAVAILABLE, type(error).__name__), entrance) from error
        self._launched.set()
        await self._until_it_listens()
        self._listening.set()
        return self.ip or "127.0.0.1", self.port

    def _launch(self, admitted: Admitted, backend: Backend, mark: str) -> ProcessId | None:
        """Start the process. Raises `OSError` where the machine does not let us."""
        where = Place(
            tier=admitted.tier,
            home=self.home(backend),
            materials=backend.materials or Path(os.devnull),
            spool=Path(self.spool_dir) / admitted.tier / safe_name(self.user.name) / self.name,
            usage_url=self.usage_url,
            language=self.reader_language(),
            mark=mark,
        )
        for folder in (where.home, where.spool):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.keep_home(backend)
        self.log.info("Starting %s at %s for %s", self._log_name, backend.name, admitted.material.id)
        with open_log(where.home, self.name) as output:
            self._child = subprocess.Popen(
                [*self.cmd, *self.get_args()],
                env=self.get_env() | where.environment(),
                cwd=where.home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return ProcessId.of(self._child.pid)

    def get_args(self) -> list[str]:
        """Give the server's arguments: ours, then those of the configuration."""
        return [*arguments(self.allowed_kernelspecs, as_root=os.geteuid() == 0), *super().get_args()]

    def get_env(self) -> dict[str, str]:
        """Give JupyterHub's environment, with this Python's programs first and the person's name."""
        env: dict[str, str] = super().get_env()
        path = env.get("PATH", os.defpath)
        here = str(Path(sys.executable).parent)
        own = {"USER": self.user.name, "SHELL": "/bin/sh", "PATH": f"{here}{os.pathsep}{path}"}
        # Without any locale, programs that a kernel starts would not write Ukrainian.
        return {"LANG": "C.UTF-8"} | env | own

    async def _until_it_listens(self) -> None:
        """Wait until the server takes connections; JupyterHub bounds the wait by `start_timeout`."""
        while not await listens(self.ip or "127.0.0.1", self.port):
            status = await self.poll()
            if status is not None:
                self.log.error("%s ended while starting, status %s", self._log_name, status)
                raise refusal(Turned(ENDED_EARLY, f"status {status}"))
            await asyncio.sleep(LOOK_EVERY)

    async def progress(self) -> AsyncIterator[dict[str, Any]]:
        """Say in both languages how far the start is."""
        yield messages.step(10, messages.STARTING)
        await self._launched.wait()
        yield messages.step(40, messages.LAUNCHED)
        await self._listening.wait()
        yield messages.step(80, messages.ANSWERING)

    # Looking and stopping

    async def poll(self) -> int | None:
        """Say None while the server runs, else its exit status (0 where nobody knows it)."""
        life = self._keeper.life
        if life is None:
            return 0
        self._keeper.catch_up()
        status = life.status if life.over else self._status()
        if status is not None:
            self._ended(status)
        return status

    def _status(self) -> int | None:
        if self._child is not None:
            return self._child.poll()
        return None if self.process is not None and self.process.alive() else 0

    def _ended(self, status: int) -> None:
        """Tell once that the server is gone, and end what it left behind."""
        life = self._keeper.life
        if life is None:
            return
        left = kill_marked(life.mark)
        if left:
            self.log.warning("Ended %i processes that %s left behind", left, self._log_name)
        self._keeper.end(status)
        self.forget()

    async def stop(self, now: bool = False) -> None:  # noqa: FBT001, FBT002  # JupyterHub's signature
        """Stop the server: SIGTERM, time to save and to tell, then SIGKILL. `now` leaves no time."""
        process = self.process
        self._keeper.stopping()
        if process is None:
            await self.poll()
            return
        if not now:
            process.send(signal.SIGTERM)
            await self.wait_for_death(self.stop_grace)
        if await self.poll() is None:
            self.log.warning("%s does not stop by itself: killing it", self._log_name)
            process.kill_group()
            await self.wait_for_death(KILL_TIMEOUT)
