"""A server's life under a hub that may be killed before or after anything that it does."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from maximalab_spawner.life import START, STOP, Keeper, Life
from maximalab_spawner.process import ProcessId

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
KILLS = st.none() | st.integers(0, 12)


class HubKilledError(BaseException):
    """Stands for a `kill -9`."""


class World:
    """What outlives a hub: its database, the machine's processes, and the events that were told."""

    def __init__(self):
        self.state, self.running, self.launched, self.told = {}, {}, set(), []
        self.pids, self.names, self.marks = count(100), count(), count()
        self.moments = (NOW + timedelta(seconds=number) for number in count())
        self.left: int | None = None

    def step(self):
        """Be killed, if this is the moment."""
        if self.left is not None:
            self.left -= 1
            if self.left < 0:
                raise HubKilledError

    def save(self, hub):
        self.step()
        self.state = hub.life.as_state() if hub.life else {}
        self.step()

    def tell(self, due):
        self.step()
        self.told.append((due.event_id, due.kind))
        self.step()

    def launch(self, mark, *, dies_at_once):
        self.step()
        process = ProcessId(next(self.pids), 1, "boot")
        self.launched.add(mark)
        if not dies_at_once:
            self.running[mark] = process
        self.step()
        return self.running.get(mark)

    def hub(self) -> Keeper:
        """Start a hub on what is there."""
        hub = Keeper(
            lambda: self.save(hub),
            self.tell,
            self.running.get,
            lambda: next(self.moments),
            lambda _: f"event-{next(self.names)}",
        )
        hub.adopt(Life.from_state(self.state))
        return hub


class ServerLife(RuleBasedStateMachine):
    """One server's place: hubs come and go, at most one server stands there."""

    def __init__(self):
        super().__init__()
        self.world = World()
        self.hub = self.world.hub()

    def act(self, kill_at, do):
        """Let the hub do something, and be killed at the numbered moment of it; the next hub takes over."""
        self.world.left = kill_at
        with suppress(HubKilledError):
            do()
            self.world.left = None
            return
        self.world.left = None
        self.hub = self.world.hub()

    def look(self):
        """Do what the spawner does when it is asked whether the server runs."""
        life = self.hub.life
        if life is None:
            return
        self.hub.catch_up()
        if life.over or life.process not in self.world.running.values():
            self.world.running.pop(life.mark, None)
            self.hub.end(life.status)

    @rule(kill_at=KILLS, dies_at_once=st.booleans())
    def start(self, kill_at, dies_at_once):
        def do():
            self.look()
            if self.hub.life is None:
                mark = f"mark-{next(self.world.marks)}"
                self.hub.start(mark, lambda: self.world.launch(mark, dies_at_once=dies_at_once))

        self.act(kill_at, do)

    @rule(kill_at=KILLS)
    def poll(self, kill_at):
        self.act(kill_at, self.look)

    @rule(kill_at=KILLS)
    def stop(self, kill_at):
        def do():
            self.hub.stopping()
            if self.hub.life is not None:
                self.world.running.pop(self.hub.life.mark, None)
            self.look()

        self.act(kill_at, do)

    @precondition(lambda self: self.world.running)
    @rule()
    def die(self):
        self.world.running.clear()

    @rule()
    def restart(self):
        self.hub = self.world.hub()

    @invariant()
    def at_most_one_process_and_the_hub_knows_it(self):
        assert len(self.world.running) <= 1
        known = self.hub.life.process if self.hub.life is not None else None
        assert all(process == known for process in self.world.running.values())

    @invariant()
    def a_name_is_always_the_same_kind(self):
        assert len(dict(self.world.told)) == len(set(self.world.told))

    def teardown(self):
        self.world.left = None
        self.stop_for_good()
        kinds = Counter(kind for _, kind in set(self.world.told))
        assert kinds[START] == kinds[STOP] >= len(self.world.launched), "each start and each end, once"
        firsts = [kind for position, (name, kind) in enumerate(self.world.told)
                  if name not in {other for other, _ in self.world.told[:position]}]  # fmt: skip
        assert firsts == [START, STOP] * kinds[START], "in the order in which they happened"

    def stop_for_good(self):
        self.hub = self.world.hub()
        self.hub.stopping()
        self.world.running.clear()
        self.look()
        assert self.world.state == {}


TestServerLife = ServerLife.TestCase


@given(
    st.builds(
        Life,
        st.text(min_size=1),
        st.text(min_size=1),
        st.text(min_size=1),
        st.datetimes(timezones=st.just(UTC)),
        launched=st.booleans(),
        process=st.none() | st.builds(ProcessId, st.integers(2, 2**22), st.integers(0), st.text()),
        start_told=st.booleans(),
        stopping=st.booleans(),
        ended=st.none() | st.datetimes(timezones=st.just(UTC)),
        status=st.integers(-64, 255),
    )
)
def test_a_life_is_the_same_after_the_database(life):
    assert Life.from_state(life.as_state()) == life


@pytest.mark.parametrize("error", [OSError, ValueError, RuntimeError])
def test_a_launch_that_fails_leaves_nothing_to_tell(error):
    world = World()
    hub = world.hub()

    def launch():
        raise error("no room")

    with pytest.raises(error, match="no room"):
        hub.start("mark", launch)
    assert (hub.life, world.state, world.told) == (None, {}, [])
