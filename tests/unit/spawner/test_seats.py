"""Seats: never one too many, none lost, and whoever came first goes first, whatever happens in between."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from maximalab_spawner.seats import Pool, PoolsError, Seats, Use, Waiting, pool_of, read_pools

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
HOLDERS = st.sampled_from([f"person-{number}" for number in range(6)])
POOLS = (Pool("matlab", 2, ("matlab",)), Pool("maple", 1, ("maple", "maple-old")))


class Clock:
    def __init__(self):
        self.now = NOW

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def seats(tmp_path, clock):
    return Seats(tmp_path / "seats.sqlite", clock)


MATLAB = POOLS[0]


def test_who_comes_first_is_served_first(seats, clock):
    assert seats.ask(MATLAB, "ada", "here") is None
    assert seats.ask(MATLAB, "bob", "here") is None
    assert seats.ask(MATLAB, "eve", "here") == Waiting(1, None)
    assert seats.ask(MATLAB, "dan", "here") == Waiting(2, None)
    clock.now += timedelta(minutes=30)
    seats.give_back("ada")
    assert seats.ask(MATLAB, "dan", "here") == Waiting(2, 30 * 60)
    assert seats.ask(MATLAB, "eve", "here") is None
    assert seats.ask(MATLAB, "dan", "here") == Waiting(1, 15 * 60)


def test_asking_again_takes_no_second_seat(seats):
    for _ in range(3):
        assert seats.ask(MATLAB, "ada", "here") is None
    assert seats.ask(MATLAB, "bob", "here") is None


def test_the_report_counts_use_peak_and_refusals(seats, clock):
    for holder in ("ada", "bob", "eve"):
        seats.ask(MATLAB, holder, "here")
    assert next(iter(seats.use([MATLAB]))) == Use("matlab", 2, 1, 2, 2, 0)
    seats.refuse(MATLAB, "eve")
    seats.give_back("ada")
    clock.now += timedelta(days=1)
    seats.give_back("bob")
    assert list(seats.use(POOLS)) == [Use("matlab", 0, 0, 2, 2, 1), Use("maple", 0, 0, 0, 0, 0)]


def test_a_lease_of_which_nobody_hears_is_looked_at_and_stays_taken(seats, clock):
    for holder in ("ada", "bob"):
        seats.ask(MATLAB, holder, "there")
    clock.now += timedelta(hours=1)
    seats.renew("bob")
    assert [(one.holder, one.backend) for one in seats.stale(MATLAB, 60)] == [("ada", "there")]
    assert isinstance(seats.ask(MATLAB, "eve", "here"), Waiting)


def test_who_comes_back_while_somebody_looks_keeps_the_seat(seats, clock):
    seats.ask(MATLAB, "ada", "here")
    clock.now += timedelta(hours=1)
    (lease,) = seats.stale(MATLAB, 60)
    assert seats.ask(MATLAB, "ada", "here") is None
    seats.give_back("ada", unless_renewed_after=lease.renewed)
    assert next(iter(seats.use([MATLAB]))).taken == 1


class SeatsUnderFire(RuleBasedStateMachine):
    """People come, wait, give up, start, stop, die; the hub is killed at any of these moments."""

    def __init__(self):
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.clock = Clock()
        self.pools = {pool.name: pool for pool in POOLS}
        self.running: dict[str, str] = {}
        self.waiting: list[tuple[str, str]] = []
        self.open()

    def open(self):
        self.seats = Seats(Path(self.folder.name) / "seats.sqlite", self.clock)

    @rule(holder=HOLDERS, pool=st.sampled_from(["matlab", "maple"]), killed=st.booleans())
    def ask(self, holder, pool, killed):
        """A person asks, anew or again; a hub killed now has not started the server yet."""
        if holder in self.running or any(one == holder and other != pool for one, other in self.waiting):
            return
        line = [one for one, other in self.waiting if other == pool]
        answer = self.seats.ask(self.pools[pool], holder, "here")
        if (holder, pool) not in self.waiting:
            self.waiting.append((holder, pool))
            line.append(holder)
        if answer is not None:
            assert answer.position == line.index(holder) + 1
            return
        taken = sum(other == pool for other in self.running.values())
        assert line.index(holder) < self.pools[pool].seats - taken, "nobody is passed over"
        self.waiting.remove((holder, pool))
        self.running[holder] = pool
        if killed:  # between the lease and the start: the next hub finds no server, and says so
            self.kill()
            self.seats.give_back(holder)
            del self.running[holder]

    @rule()
    def kill(self):
        self.open()
        self.seats.begin_anew()
        self.waiting.clear()

    @rule(holder=HOLDERS)
    def end(self, holder):
        """Stop, crash and cull: the server is known to run no more. Said twice, as a hub that comes back does."""
        if self.running.pop(holder, None):
            self.seats.give_back(holder)
        if not any(one == holder for one, _ in self.waiting):
            self.seats.give_back(holder)

    @rule(holder=HOLDERS, refused=st.booleans())
    def give_up(self, holder, refused):
        pool = next((other for one, other in self.waiting if one == holder), None)
        if pool is not None:
            self.waiting.remove((holder, pool))
            if refused:
                self.seats.refuse(self.pools[pool], holder)
            else:
                self.seats.leave(holder)

    @rule(minutes=st.integers(0, 10**5), holder=HOLDERS)
    def time_passes(self, minutes, holder):
        self.clock.now += timedelta(minutes=minutes)
        if holder in self.running:
            self.seats.renew(holder)

    @invariant()
    def seats_are_what_runs_and_never_one_too_many(self):
        for use in self.seats.use(POOLS):
            runs = sum(pool == use.pool for pool in self.running.values())
            assert use.taken == runs <= self.pools[use.pool].seats
            assert use.waiting == sum(pool == use.pool for _, pool in self.waiting)
            assert use.peak <= self.pools[use.pool].seats

    def teardown(self):
        self.folder.cleanup()


SeatsUnderFire.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestSeatsUnderFire = SeatsUnderFire.TestCase

FILE = '[[pool]]\nname = "matlab"\nseats = 2\nimages = ["matlab"]\n'


def test_pools_are_read_and_found_by_image(tmp_path):
    path = tmp_path / "backends.toml"
    path.write_text(FILE + '[[pool]]\nname = "maple"\nseats = 1\nimages = ["maple", "maple-old"]\n')
    assert read_pools(path) == POOLS
    assert pool_of("maple-old", POOLS) == POOLS[1]
    assert pool_of("maxima", POOLS) is None
    path.write_text("")
    assert read_pools(path) == ()


@pytest.mark.parametrize(
    ("text", "field"),
    [
        pytest.param(FILE.replace("2", "-1"), "pool[0].seats", id="fewer than none"),
        pytest.param(FILE.replace("2", "true"), "pool[0].seats", id="a number that is a truth"),
        pytest.param(FILE.replace('["matlab"]', "[]"), "pool[0].images", id="seats for nothing"),
        pytest.param(FILE.replace('["matlab"]', '["MATLAB"]'), "pool[0].images", id="an image in capitals"),
        pytest.param(FILE.replace('name = "matlab"', 'name = "M!"'), "pool[0].name", id="an odd name"),
        pytest.param(FILE + "free = 3\n", "pool[0].", id="something else"),
        pytest.param(FILE + FILE, "pool.images", id="one image in two pools"),
        pytest.param("pool = 3", "pool", id="no list"),
    ],
)
def test_a_wrong_pool_names_field_and_remedy(tmp_path, text, field):
    (tmp_path / "backends.toml").write_text(text)
    with pytest.raises(PoolsError) as told:
        read_pools(tmp_path / "backends.toml")
    assert f"`{field}`" in str(told.value)
