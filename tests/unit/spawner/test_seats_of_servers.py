"""Seats underneath the real code that starts, stops and looks at servers: never one too many, and none lost.

A start given up at every await, a server that crashes or is culled, an engine that is away or whose answer is lost, a
hub that is killed while the engine goes on: whatever comes in between, whoever runs has a seat, and in the end every
seat can be had.
"""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from maximalab_spawner import atengine, held, seated
from maximalab_spawner.seats import Seats
from maximalab_spawner.tiers import Tier
from slowengine import Daemon, SlowLab, SmallHub

PEOPLE = st.sampled_from(["ada", "bob", "eve"])
POOL = '[[pool]]\nname = "licensed"\nseats = {}\nimages = ["maxima"]\n'
#: What servers hang on.
MOMENTS = ("create_container_from_config", "start", "inspect_container", "stop", "remove_container")
#: A folder in memory, where there is one: each step of the seats is written through to the disk.
QUICK = next((place for place in ("/dev/shm",) if Path(place).is_dir()), None)  # noqa: S108  # a folder in it
HOW = st.sampled_from(["done"] * 5 + ["lost", "away", "refused"])


class SeatsOfServers(RuleBasedStateMachine):
    """One lab, its engine, and one hub after the other."""

    def __init__(self):
        super().__init__()
        self.exits = ExitStack()
        self.folder = Path(self.exits.enter_context(tempfile.TemporaryDirectory(dir=QUICK)))
        for module, name in (
            (atengine, "LOOK_EVERY"),
            (held, "ASK_EVERY"),
            (seated, "ASK_EVERY"),
            (seated, "SILENT"),
        ):
            self.exits.enter_context(patch.object(module, name, 0.0))
        for module in (atengine, held):
            self.exits.enter_context(patch.object(module, "takes_connections", self.listens))
        self.daemon, self.dead, self.deaf = Daemon(), [], False
        self.lab = SlowLab(self.folder, {"maxima": "x"}, dict.fromkeys(Tier, "unix:///none"))
        self.lab.given = {"stop_grace": 1.0}
        self.hub = SmallHub(self.lab, self.daemon, {})

    async def listens(self, seen):
        return seen.running and not self.deaf

    @initialize(seats=st.integers(1, 2), starts_what_it_makes=st.booleans())
    def furnish(self, seats, *, starts_what_it_makes=False):
        self.seats, self.daemon.starts_what_it_makes = seats, starts_what_it_makes
        self.lab.pools = POOL.format(seats)
        self.lab.write()

    @rule(name=PEOPLE, seat_wait=st.sampled_from([0.0, 600.0]))
    def start(self, name, seat_wait):
        self.hub.start(name, seat_wait)

    @rule(name=PEOPLE, turns=st.integers(0, 3))
    def give_up(self, name, turns):
        self.hub.give_up(name)
        self.turns(turns)

    @rule(name=PEOPLE)
    def stop(self, name):
        self.hub.stop(name)

    @rule(name=PEOPLE)
    def poll(self, name):
        self.hub.poll(name)

    @rule(turns=st.integers(1, 6))
    def turns(self, turns):
        for _ in range(turns):
            self.hub.turn()

    @rule(place=st.sampled_from([0, 0, -1, 1]), how=HOW, turns=st.integers(0, 6))
    def happen(self, place, how, turns):
        if self.daemon.asked:
            self.daemon.happen(place, how=how)
        self.turns(turns)

    @rule(steps=st.integers(1, 12))
    def all_goes_well(self, steps):
        for _ in range(steps):
            self.turns(4)
            if self.daemon.asked:
                self.daemon.happen(0, how="done")
        self.turns(2)

    @rule(word=st.sampled_from(MOMENTS))
    def all_goes_well_until_the_engine_is_asked(self, word):
        for _ in range(40):
            self.turns(4)
            if not self.daemon.asked or self.daemon.asked[0].word == word:
                return
            self.daemon.happen(0, how="done")

    @rule(place=st.integers(0, 9))
    def crash(self, place):
        self.daemon.crash(place)

    @rule(deaf=st.booleans())
    def servers_listen_or_not(self, deaf):
        self.deaf = deaf

    @rule()
    def the_hub_is_killed(self):
        states = self.hub.states()
        self.hub.kill()
        self.dead.append(self.hub)
        self.hub = SmallHub(self.lab, self.daemon, states)

    def leases(self):
        store = Seats(self.folder / "seats.sqlite", seated.datetime.now)
        with store._step() as base:
            return {row[0] for row in base.execute("SELECT holder FROM lease")}

    @invariant()
    def whoever_runs_has_a_seat(self):
        running = {f"public-maxima/{name.rpartition('.')[2]}" for name in self.daemon.running()}
        leases = self.leases()
        assert running <= leases, "somebody runs without a seat"
        assert len(leases) <= getattr(self, "seats", 2)

    def teardown(self):
        try:
            self.in_the_end_every_seat_can_be_had()
        finally:
            self.hub.kill()
            for hub in (*self.dead, self.hub):
                hub.bury()
            self.exits.close()

    def in_the_end_every_seat_can_be_had(self):
        """All goes well again, everybody stops, and others come."""
        self.deaf = False
        for _ in range(60):
            self.all_goes_well(3)
            for name in list(self.hub.spawners):
                self.hub.give_up(name)
                self.hub.stop(name)
            if not self.hub.spawners and not self.daemon.asked:
                break
        assert not self.hub.spawners, f"{self.hub.spawners} {self.hub.at_work}"
        newcomers = [f"new{number}" for number in range(getattr(self, "seats", 0))]
        for name in newcomers:
            self.hub.start(name, 600.0)
        for _ in range(200):
            self.all_goes_well(1)
            self.whoever_runs_has_a_seat()
            if not self.hub.at_work:
                break
        running = {name.rpartition(".")[2] for name in self.daemon.running()}
        assert running == set(newcomers), "a seat is lost"


SeatsOfServers.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestSeatsOfServers = SeatsOfServers.TestCase


@pytest.fixture(params=["start"])
def lab(request):
    """A lab with one seat, whose engine is about to do what the start of ada's server wants: it starts the server."""
    lab = SeatsOfServers()
    lab.furnish(1)
    lab.start("ada", 0.0)
    lab.all_goes_well_until_the_engine_is_asked(request.param)
    assert lab.daemon.asked[0].word == request.param
    yield lab
    lab.teardown()


def test_what_a_killed_hub_has_asked_for_does_not_come_without_a_seat(lab):
    """The next hub looks before the engine has started it."""
    lab.the_hub_is_killed()
    lab.turns(6)
    assert [act.word for act in lab.daemon.asked] == ["start", "inspect_container"]
    lab.daemon.happen(1, how="done")
    lab.turns(6)
    lab.whoever_runs_has_a_seat()
    while lab.daemon.asked:
        lab.daemon.happen(0, how="done")
        lab.turns(6)
        lab.whoever_runs_has_a_seat()


@pytest.mark.parametrize("lab", ["create_container_from_config"], indirect=True)
def test_what_a_killed_hub_has_asked_a_swarm_for_keeps_its_seat_while_nothing_is_there(lab):
    """The next hub looks before the service is made; then others come for the seat."""
    lab.daemon.starts_what_it_makes = True
    lab.the_hub_is_killed()
    lab.turns(6)
    assert [act.word for act in lab.daemon.asked] == ["create_container_from_config", "inspect_container"]
    lab.daemon.happen(1, how="done")
    lab.turns(6)
    lab.daemon.happen(0, how="done")
    assert lab.daemon.running()
    lab.whoever_runs_has_a_seat()


def test_a_server_at_which_the_engine_lets_nobody_look_keeps_its_seat(lab):
    lab.daemon.happen(0, how="done")
    lab.turns(6)
    lab.daemon.happen(0, how="refused")
    lab.turns(6)
    lab.whoever_runs_has_a_seat()
