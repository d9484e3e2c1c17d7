"""An engine whose every act is a step of its own, and a hub above it that may die at any of them: for seats.

What is asked of the engine waits until the test lets it happen, in whichever order, and its answer may be lost. The
hub has an event loop of its own, which goes on by single turns: so a start can be given up at each of its awaits, and
a hub that is killed does not do one thing more, while the engine still does what it was asked for.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from jupyterhub.spawner import Spawner
from maximalab_spawner.engine import Engine, EngineError, EngineRefused, EngineUnreachable, ObjectGone
from maximalab_spawner.seated import Seated
from maximalab_spawner.spawner import TieredDockerSpawner
from maximalab_spawner.tiered import TieredStart
from maximalab_spawner.tiers import Tier
from serverlab import ServerLab


@dataclass
class Act:
    """One thing that was asked of the engine, and who waits for the answer."""

    do: Callable[[Any], Any]
    answer: asyncio.Future[Any]

    @property
    def word(self) -> str:
        """What the client is asked for: the first name that the function uses of it."""
        return str(self.do.__code__.co_names[0])


@dataclass
class Daemon:
    """The engine's own side, which outlives every hub; a docker-py client as far as `Containers` uses one."""

    containers: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[Act] = field(default_factory=list)
    numbers: itertools.count[int] = field(default_factory=itertools.count)
    starts_what_it_makes: bool = False
    """As a Swarm does with a service."""

    def happen(self, place: int, *, how: str) -> None:
        """Let one thing be done, and answered; `lost` is done and not answered, `away` and `refused` are not done."""
        act = self.asked.pop(place % len(self.asked))
        said: Any = EngineUnreachable("the engine is away") if how == "away" else None
        said = EngineRefused("it does not want to", 403) if how == "refused" else said
        if said is None:
            try:
                said = act.do(self)
            except EngineError as error:
                said = error
        if how == "lost":
            said = EngineUnreachable("the answer was lost")
        if not act.answer.done() and not act.answer.get_loop().is_closed():
            act.answer.set_exception(said) if isinstance(said, Exception) else act.answer.set_result(said)

    def running(self) -> list[str]:
        """The holders of seats, as the engine would name them."""
        return [one["holder"] for one in self.containers.values() if one["State"]["Running"]]

    def _the(self, word: str) -> dict[str, Any]:
        found = next((one for one in self.containers.values() if word in {one["Id"], one["Name"]}), None)
        if found is None:
            raise ObjectGone(word)
        return found

    # What a client is asked for

    def ping(self) -> str:
        return "OK"

    def inspect_image(self, _word: str) -> dict[str, str]:
        return {"Id": "sha"}

    def inspect_volume(self, _name: str) -> dict[str, Any]:
        return {"Options": self.options}

    options: dict[str, str] = field(default_factory=dict)

    def create_volume(self, _name: str, *, driver_opts: dict[str, str], **_more: Any) -> dict[str, Any]:
        self.options = driver_opts or self.options
        return {}

    def create_container_from_config(self, config: dict[str, Any], name: str) -> dict[str, Any]:
        if any(one["Name"] == name for one in self.containers.values()):
            raise EngineRefused(f"{name} is taken", 409)
        made = {
            "Id": f"id{next(self.numbers)}", "Name": name, "Image": "sha", "Config": config, "holder": name,
            "State": {"Running": self.starts_what_it_makes, "ExitCode": 0}, "NetworkSettings": {},
        }  # fmt: skip
        self.containers[made["Id"]] = made
        return made

    def start(self, word: str) -> None:
        self._the(word)["State"]["Running"] = True

    def inspect_container(self, word: str) -> dict[str, Any]:
        found = self._the(word)
        return {**found, "State": dict(found["State"])}

    def stats(self, word: str, **_more: Any) -> dict[str, Any]:
        self._the(word)
        return {}

    def stop(self, word: str, **_more: Any) -> None:
        self._the(word)["State"]["Running"] = False

    def remove_container(self, word: str, **_more: Any) -> None:
        del self.containers[self._the(word)["Id"]]

    def crash(self, place: int) -> None:
        """Let a server end by itself."""
        running = [one for one in self.containers.values() if one["State"]["Running"]]
        if running:
            running[place % len(running)]["State"] = {"Running": False, "ExitCode": 137}


class SlowEngine(Engine):
    """The hub's side: asks, and waits for the answer."""

    daemon: Daemon

    async def call(self, do: Callable[[Any], Any], *, extra: float = 0.0) -> Any:  # noqa: ARG002
        answer = asyncio.get_running_loop().create_future()
        self.daemon.asked.append(Act(do, answer))
        return await answer

    async def network(self, wanted: Any) -> Any:
        """The network is there, as it must be."""
        return {
            "Driver": "bridge", "Internal": wanted["internal"], "Options": wanted["options"],
            "IPAM": wanted["ipam"],
        }  # fmt: skip


class OneEngine:
    """Stands for `Engines`: all addresses lead to the one daemon."""

    def __init__(self, daemon: Daemon) -> None:
        self._daemon = daemon
        self._engines: dict[str, SlowEngine] = {}

    def of(self, address: Any) -> SlowEngine:
        if address.backend not in self._engines:
            self._engines[address.backend] = SlowEngine(address)
            self._engines[address.backend].daemon = self._daemon
        return self._engines[address.backend]


class SlowLab(ServerLab):
    word, kind, answers = "docker", TieredDockerSpawner, ""

    def subnet(self, tier: Tier) -> str:
        return {"public": "172.20.9", "private": "172.21.9"}[str(tier)]


class SmallHub:
    """What JupyterHub does around a spawner: `User.spawn`, `User.stop`, its polls, and its look at old servers."""

    def __init__(self, lab: SlowLab, daemon: Daemon, states: dict[str, dict[str, Any]]) -> None:
        self.loop = asyncio.new_event_loop()
        self.lab, self.engines = lab, OneEngine(daemon)
        self.spawners: dict[str, Spawner] = {}
        self.starts: dict[str, asyncio.Future[Any]] = {}
        self.at_work: dict[str, asyncio.Task[Any]] = {}
        for name, state in states.items():
            spawner = self._spawner(name)
            spawner.load_state(state)
            spawner.orm_spawner.state = state
            spawner._check_pending = True
            self._do(name, self._looked_at(name))

    def turn(self) -> None:
        """Let everything that is ready go on to its next await."""
        self.loop.call_soon(self.loop.stop)
        self.loop.run_forever()

    def start(self, name: str, seat_wait: float) -> None:
        if name not in self.at_work:
            spawner = self._spawner(name)
            spawner.seat_wait = seat_wait
            self._do(name, self._started(name))

    def give_up(self, name: str) -> None:
        """Let a start take too long."""
        if name in self.starts:
            self.starts[name].cancel()

    def stop(self, name: str) -> None:
        """Let its person, an admin or the culler stop a server; one that is starting or stopping is not."""
        if name in self.spawners and name not in self.at_work:
            self._do(name, self._stopped(name))

    def poll(self, name: str) -> None:
        if name in self.spawners and name not in self.at_work:
            self._do(name, self._looked_at(name))

    def states(self) -> dict[str, dict[str, Any]]:
        """What its database holds of servers."""
        return {name: one.orm_spawner.state for name, one in self.spawners.items() if one.orm_spawner.state}

    def kill(self) -> None:
        """Do nothing any more; what is known of servers and seats in memory is gone."""
        TieredStart._all.clear()
        Seated._open.clear()

    def bury(self) -> None:
        """End the loop of a hub that was killed long ago."""
        for task in asyncio.all_tasks(self.loop):
            task.cancel()
        self.loop.run_until_complete(asyncio.sleep(0))
        while left := asyncio.all_tasks(self.loop):
            self.loop.run_until_complete(asyncio.wait(left, timeout=0.01))
        self.loop.close()

    def _spawner(self, name: str) -> Spawner:
        if name not in self.spawners:
            self.spawners[name] = self.lab.spawner(user=name, **self.lab.given)
            self.spawners[name].engines = self.engines
            self.spawners[name]._check_pending = False
        return self.spawners[name]

    def _do(self, name: str, what: Any) -> None:
        task = self.at_work[name] = self.loop.create_task(what)
        task.add_done_callback(lambda _done: self.at_work.pop(name))

    async def _started(self, name: str) -> None:
        start = self.starts[name] = asyncio.ensure_future(self.spawners[name].start())
        await asyncio.wait([start])
        del self.starts[name]
        if start.cancelled() or start.exception() is not None:
            await self._stopped(name)

    async def _stopped(self, name: str) -> None:
        spawner = self.spawners[name]
        spawner._check_pending = False
        try:
            if await spawner.poll() is None:
                await spawner.stop()
        except EngineError:
            pass  # JupyterHub logs it
        finally:
            spawner.clear_state()
            spawner.orm_spawner.state = spawner.get_state()
            del self.spawners[name]

    async def _looked_at(self, name: str) -> None:
        if await self.spawners[name].poll() is not None:
            await self._stopped(name)
