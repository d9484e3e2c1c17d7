# JupyterHub's own objects have no types
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
from pathlib import Path
from typing import TYPE_CHECKING

from jupyterhub.spawner import Spawner
from jupyterhub.utils import random_port
from traitlets import Unicode, default

from maximalab_spawner.admission import Admitted, Turned
from maximalab_spawner.core import TieredServer
from maximalab_spawner.process import ProcessId, find_marked, kill_marked, listens, open_log, used
from maximalab_spawner.refusal import refusal
from maximalab_spawner.refusals import ENDED_EARLY
from maximalab_spawner.serverenv import Place, arguments, safe_name
from maximalab_spawner.tiers import Reason

if TYPE_CHECKING:
    from maximalab_spawner.backends import Backend

#: Seconds that a process may take to vanish after SIGKILL.
KILL_TIMEOUT = 5.0
#: Seconds between two looks whether a starting server listens yet.
LOOK_EVERY = 0.1


class TieredLocalSpawner(TieredServer, Spawner):  # type: ignore[misc]  # JupyterHub has no annotations
    """Starts `jupyterhub-singleuser` as a process of this machine, on the tier that the catalogue says."""

    spool_dir = Unicode(
        config=True,
        help="""Folder for undelivered events, outside the homes: `<tier>/<user>/<server>/`.""",
    )

    @default("allowed_kernelspecs")
    def _of_this_python(self) -> list[str]:
        return ["maxima"]

    @default("cmd")
    def _this_python(self) -> list[str]:
        return [sys.executable, "-m", "jupyterhub.singleuser"]

    # What is kept of a server

    def find(self, mark: str) -> ProcessId | None:
        """Find the server's process by its mark."""
        return find_marked(mark, [*self.cmd, *self.get_args()])

    @property
    def process(self) -> ProcessId | None:
        """The server's process; None where there is no server, or it was dead at once."""
        return self._keeper.life.process if self._keeper.life is not None else None

    def forget(self) -> None:
        """Know of no server."""
        super().forget()
        self._child: subprocess.Popen[bytes] | None = None

    async def get_url(self) -> str:
        """Give the process's own address: a hub that died early never wrote it to the database."""
        if self.process is None or not self.port or self.server is None:
            return str(await super().get_url())
        return f"http://{self.ip or '127.0.0.1'}:{self.port}{self.server.base_url}"

    # Starting

    async def start(self) -> tuple[str, int]:
        """Decide again and start. Raises `SpawnException` with the reason where it may not be."""
        self.begin_start()
        admitted, backend, entrance = await self.settle()
        self.port = random_port()
        self.remember(admitted, backend, entrance)
        await self.take_seat_or_forget(admitted, backend, entrance)
        mark = secrets.token_hex(16)
        try:
            self._keeper.start(mark, lambda: self._launch(admitted, backend, mark))
        except Exception as error:
            if self._keeper.life is not None:  # it runs; JupyterHub stops it, and that is told
                raise
            self.log.exception("%s does not start at %s", self._log_name, backend.name)
            kill_marked(mark)
            self.give_seat_back()
            self.forget()
            raise self.turn_away(Turned(Reason.TIER_UNAVAILABLE, type(error).__name__), entrance) from error
        self.begin_metering()
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
            handed=admitted.handed,
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
        """Wait until the server takes connections, for as long as a start may take."""
        while not await listens(self.ip or "127.0.0.1", self.port):
            status = await self.poll()
            if status is not None:
                self.log.error("%s ended while starting, status %s", self._log_name, status)
                raise refusal(Turned(ENDED_EARLY, f"status {status}"))
            self.must_be_in_time()
            await asyncio.sleep(LOOK_EVERY)

    # Looking and stopping

    async def poll(self) -> int | None:
        """Say None while the server runs, else its exit status (0 where nobody knows it)."""
        life = self._keeper.life
        if life is None:
            return 0
        self._keeper.catch_up()
        status = life.status if life.over else self._status()
        if status is not None:
            self.ended(status)
        else:
            self.keep_seat()
            await self.meter()
        return status

    async def use(self) -> tuple[int, int] | None:
        """Sum up what the server's processes use."""
        life = self._keeper.life
        return None if life is None else await asyncio.to_thread(used, life.mark)

    def _status(self) -> int | None:
        if self._child is not None:
            return self._child.poll()
        return None if self.process is not None and self.process.alive() else 0

    def ended(self, status: int, why: str = "") -> None:
        """Tell once that the server is gone, and end what it left behind."""
        life = self._keeper.life
        if life is None:
            return
        left = kill_marked(life.mark)
        if left:
            self.log.warning("Ended %i processes that %s left behind", left, self._log_name)
        self.give_seat_back()
        super().ended(status, why)

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
