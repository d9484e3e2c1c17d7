"""How fast one may guess, and that nobody is locked out for long."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.throttle import FROM_EVERYWHERE, FROM_ONE_PLACE, OF_ONE_PLACE, Pace, Throttle, address_of
from tornado.httputil import HTTPHeaders


class Clock:
    """A clock that a test moves."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("attempts", "delay"),
    [(1, 0), (4, 0), (5, 1), (6, 2), (7, 4), (9, 16), (10, 30), (10_000, 30)],
)
def test_the_wait_grows_and_has_an_end(attempts: int, delay: float):
    assert Pace(free=5, longest=30.0).delay_after(attempts) == delay


def guesses_within(seconds: float, addresses: int) -> int:
    """Count the guesses that are looked at, by one who never rests, from so many addresses in turn."""
    clock, looked = Clock(), 0
    throttle = Throttle(clock=clock)
    while clock.now < seconds:
        waits = [throttle.begin("ada", f"10.0.0.{number}") for number in range(addresses)]
        looked += waits.count(0.0)
        clock.now += min(wait for wait in waits) or 0.25
    return looked


@pytest.mark.parametrize(
    ("addresses", "most"),
    [pytest.param(1, 130, id="one address"), pytest.param(200, 750, id="many addresses")],
)
def test_a_guesser_gets_few_guesses_an_hour(addresses: int, most: int):
    assert guesses_within(3600, addresses) <= most


@given(
    st.lists(
        st.tuples(st.sampled_from(["ada", "bob"]), st.sampled_from("xyz"), st.floats(0, 40)), max_size=80
    )
)
def test_whatever_others_do_one_waits_seconds_only(attempts):
    clock = Clock()
    throttle = Throttle(clock=clock)
    for name, address, rest in attempts:
        assert throttle.begin(name, address) <= FROM_ONE_PLACE.longest
        clock.now += rest
    assert throttle.begin("ada", "at home") <= FROM_EVERYWHERE.longest
    clock.now += FROM_ONE_PLACE.longest
    assert throttle.begin("bob", "x") == 0.0


def gets_in_under_attack(throttle: Throttle, clock: Clock, seconds: float) -> bool:
    """Try with the right password as often as told to wait, while eight addresses guess without rest."""
    come_back, end = clock.now, clock.now + seconds
    while clock.now < end:
        for number in range(8):
            throttle.begin("ada", f"10.0.0.{number}")
        if clock.now >= come_back:
            wait = throttle.begin("ada", "at home")
            if wait == 0.0:
                throttle.take_back("ada", "at home")
                return True
            come_back = clock.now + wait
        clock.now += 0.1
    return False


def test_a_person_gets_in_from_where_they_have_been_before_whoever_guesses_meanwhile():
    clock = Clock()
    throttle = Throttle(clock=clock)
    assert throttle.begin("ada", "at home") == 0.0
    throttle.take_back("ada", "at home")
    assert gets_in_under_attack(throttle, clock, seconds=10)
    clock.now += 60
    assert gets_in_under_attack(throttle, clock, seconds=10)


def test_one_password_on_many_names_gets_few_guesses_an_hour():
    clock, looked = Clock(), 0
    throttle = Throttle(clock=clock)
    for number in range(100_000):
        wait = throttle.begin(f"name{number}", "10.0.0.7")
        looked += wait == 0.0
        clock.now += wait
        if clock.now > 3600:
            break
    assert looked <= OF_ONE_PLACE.free + 3600 / OF_ONE_PLACE.longest + 10


@pytest.mark.parametrize("since", [0.0, 60.0], ids=["at once", "after another hall"])
def test_a_lecture_hall_behind_one_address_signs_in_at_once(since: float):
    clock = Clock()
    throttle = Throttle(clock=clock)
    for people in range(3):
        names = [f"name{people}-{number}" for number in range(300)]
        assert [throttle.begin(name, "hall") for name in names] == [0.0] * 300
        for name in names:
            throttle.take_back(name, "hall")
        clock.now += since


def test_slips_at_one_address_do_not_pile_up_over_a_day():
    clock = Clock()
    throttle = Throttle(clock=clock)
    for slip in range(2000):
        assert throttle.begin(f"name{slip}", "campus") == 0.0
        clock.now += 30.0
    assert [throttle.begin(f"new{number}", "campus") for number in range(250)] == [0.0] * 250


def test_who_has_been_there_gets_in_at_once_while_a_neighbour_guesses_many_names():
    throttle = Throttle(clock=Clock())
    assert throttle.begin("ada", "campus") == 0.0
    throttle.take_back("ada", "campus")
    assert max(throttle.begin(f"name{number}", "campus") for number in range(400)) > 0
    assert throttle.begin("ada", "campus") == 0.0
    throttle.take_back("ada", "campus")
    assert throttle.begin("name400", "campus") > 0, "and that helps the neighbour nothing"


def test_a_known_address_is_slowed_by_its_own_guesses():
    throttle = Throttle(clock=Clock())
    assert throttle.begin("ada", "at home") == 0.0
    throttle.take_back("ada", "at home")
    waits = [throttle.begin("ada", "at home") for _ in range(FROM_ONE_PLACE.free + 1)]
    assert waits[-1] > 0


def test_an_attempt_that_comes_too_early_makes_nobody_wait_longer():
    clock = Clock()
    throttle = Throttle(clock=clock)
    for _ in range(FROM_ONE_PLACE.free):
        assert throttle.begin("ada", "x") == 0.0
    assert [throttle.begin("ada", "x") for _ in range(50)] == [1.0] * 50
    clock.now = 1.0
    assert throttle.begin("ada", "x") == 0.0


def test_it_forgets_and_a_flood_of_names_does_not_fill_the_memory():
    clock = Clock()
    throttle = Throttle(forget=60, keep=10, clock=clock)
    for number in range(100):
        throttle.begin(f"name{number}", "x")
    assert len(throttle._tracks) <= 13
    clock.now = 61.0
    throttle.begin("ada", "x")
    assert len(throttle._tracks) == 3


@pytest.mark.parametrize(
    ("headers", "address"),
    [
        pytest.param([("X-Forwarded-For", "10.0.0.7")], "10.0.0.7", id="what our proxy appended"),
        pytest.param(
            [("X-Forwarded-For", "1.1.1.1, 2.2.2.2,10.0.0.7")], "10.0.0.7", id="the client's own before it"
        ),
        pytest.param(
            [("X-Forwarded-For", "1.1.1.1"), ("X-Forwarded-For", "10.0.0.7")], "10.0.0.7", id="two lines"
        ),
        pytest.param([("X-Forwarded-For", "10.0.0.7"), ("X-Real-Ip", "1.1.1.1")], "10.0.0.7", id="X-Real-IP"),
        pytest.param([("X-Real-Ip", "1.1.1.1")], "", id="past the proxies all are one"),
        pytest.param(
            [("X-Forwarded-For", "2001:db8:1:2:3:4:5:6")], "2001:db8:1:2::/64", id="IPv6: a network"
        ),
        pytest.param([("X-Forwarded-For", "::ffff:10.0.0.7")], "10.0.0.7", id="IPv4 by another name"),
        pytest.param([("X-Forwarded-For", "unknown")], "unknown", id="no address at all"),
    ],
)
def test_an_address_is_our_own_proxys_word(headers: list[tuple[str, str]], address: str):
    given = HTTPHeaders()
    for name, value in headers:
        given.add(name, value)
    assert address_of(given) == address
