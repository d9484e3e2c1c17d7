"""What a server uses: nothing lost, nothing twice, whenever it is read, told, or its hub killed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.metering import MIB, READ_EVERY, TELL_EVERY, Meter, Reading, unmetered_ms

BEGAN = datetime(2026, 9, 1, 8, tzinfo=UTC)
STEPS = st.lists(
    st.tuples(
        st.integers(1, 900),
        st.integers(0, 60_000),
        st.integers(0, 2**33),
        st.sampled_from(["", "share", "restart"]),
    ),
    max_size=30,
)
"""Seconds until the next reading, milliseconds used meanwhile, bytes then, and what the hub does after it."""


def read(at: float, cpu_ms: int, memory: int) -> Reading:
    return Reading(BEGAN + timedelta(seconds=at), cpu_ms, memory)


@given(STEPS)
def test_all_that_was_used_is_in_shares_however_often_the_hub_is_killed(steps):
    meter, at, cpu = Meter.begin(BEGAN), 0, 0
    shares = {}
    for number, (seconds, used, memory, then) in enumerate(steps):
        at, cpu = at + seconds, cpu + used
        meter = meter.read(read(at, cpu, memory))
        if then == "share" and not meter.empty:
            meter = meter.shared(f"id-{number}")
        if then == "restart":
            meter = Meter.from_state(json.loads(json.dumps(meter.as_state())))
        if meter.share:
            shares[meter.share.event_id] = meter.share  # told once more is the same event
    meter = meter.read(read(at + 1, cpu, 0)).shared("last")
    shares["last"] = meter.share
    assert sum(one.cpu_ms for one in shares.values()) == cpu
    assert sum(one.seconds for one in shares.values()) == pytest.approx(at + 1)
    ordered = sorted(shares.values(), key=lambda one: one.since)
    ends = [one.since + timedelta(seconds=one.seconds) for one in ordered]
    assert [one.since for one in ordered] == [BEGAN, *ends[:-1]], "each begins where the one before it ended"


def test_memory_is_reckoned_by_straight_lines_between_readings():
    meter = Meter.begin(BEGAN).read(read(10, 0, 100 * MIB)).read(read(20, 0, 100 * MIB)).shared("a")
    assert meter.share.mib_seconds == 500 + 1000


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(read(30, 900, MIB), id="the same moment again"),
        pytest.param(read(29, 950, MIB), id="a clock that was set back"),
        pytest.param(read(60, 950, -1), id="less than no memory"),
    ],
)
def test_an_odd_reading_is_not_believed(odd):
    meter = Meter.begin(BEGAN).read(read(30, 900, MIB))
    assert meter.read(odd) == meter


def test_a_counter_that_fell_takes_nothing_back():
    meter = Meter.begin(BEGAN).read(read(30, 900, MIB)).read(read(60, 400, MIB))
    assert meter.shared("a").share.cpu_ms == 900


def test_it_wants_a_reading_and_tells_at_its_times():
    meter = Meter.begin(BEGAN)
    assert not meter.wants(BEGAN + READ_EVERY - timedelta(seconds=1))
    assert meter.wants(BEGAN + READ_EVERY)
    assert meter.empty
    almost = meter.read(read(TELL_EVERY.total_seconds() - 1, 5, MIB))
    assert (almost.full, almost.empty) == (False, False)
    assert almost.read(read(TELL_EVERY.total_seconds(), 6, MIB)).full


@pytest.mark.parametrize(
    ("seconds", "missed"),
    [
        pytest.param(29, 0, id="before its next reading"),
        pytest.param(119, 0, id="one that was late"),
        pytest.param(120, 120_000, id="nobody read it"),
        pytest.param(-5, 0, id="a clock that was set back"),
    ],
)
def test_an_end_long_after_the_last_reading_is_told_as_a_gap(seconds, missed):
    assert unmetered_ms(BEGAN, BEGAN + timedelta(seconds=seconds)) == missed


@pytest.mark.parametrize(
    "state", [None, "", [], {}, {"told": 1}, {"told": {"at": "x", "cpu_ms": 1, "memory": 1}}]
)
def test_what_is_not_whole_is_no_meter(state):
    assert Meter.from_state(state) is None
