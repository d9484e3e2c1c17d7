"""To which start of a server an event belongs, from what the hub saw of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.starts import START_LASTS, STOP_LINGERS, start_of
from maximalab_hub.store.queries import ServerMoment

TEN = datetime(2026, 11, 22, 10, tzinfo=UTC)


def minutes(count: float) -> datetime:
    return TEN + timedelta(minutes=count)


FIRST = ServerMoment(minutes(0), True, "public", "room-1", "public")
STOPPED = ServerMoment(minutes(60), False)
SECOND = ServerMoment(minutes(120), True, "public", "room-2", "vpn")


@pytest.mark.parametrize(
    ("moments", "at", "expected"),
    [
        pytest.param([], minutes(1), None, id="the hub has said nothing"),
        pytest.param([FIRST], minutes(1), FIRST, id="the server runs"),
        pytest.param([FIRST], minutes(-1), FIRST, id="the server speaks before the hub notes its start"),
        pytest.param([FIRST], minutes(-6), None, id="long before any start"),
        pytest.param([FIRST, STOPPED], minutes(59), FIRST, id="an event from before the stop comes late"),
        pytest.param([FIRST, STOPPED], minutes(60.1), FIRST, id="the last word, by a clock a little ahead"),
        pytest.param(
            [FIRST, STOPPED], minutes(70), None, id="started again, and the hub has not said so yet"
        ),
        pytest.param(
            [FIRST, STOPPED, SECOND], minutes(30), FIRST, id="yesterday's spool after today's start"
        ),
        pytest.param([FIRST, STOPPED, SECOND], minutes(119), SECOND, id="just before the second start"),
        pytest.param([FIRST, STOPPED, SECOND], minutes(121), SECOND, id="after the second start"),
        pytest.param([FIRST, SECOND], minutes(119), FIRST, id="a stop that the hub never saw"),
        pytest.param([STOPPED], minutes(60.1), None, id="a stop alone says nothing about where"),
    ],
)
def test_start_of(moments: list[ServerMoment], at: datetime, expected: ServerMoment | None) -> None:
    assert start_of(moments, at) == expected


histories = st.lists(st.tuples(st.integers(0, 10_000), st.booleans()), unique_by=lambda pair: pair[0]).map(
    lambda pairs: [
        ServerMoment(TEN + timedelta(seconds=second), running) for second, running in sorted(pairs)
    ]
)


@given(histories, st.integers(-1000, 11_000))
def test_it_is_a_start_and_near_enough(moments: list[ServerMoment], second: int) -> None:
    at = TEN + timedelta(seconds=second)
    start = start_of(moments, at)
    if start is None:
        return
    assert start.running
    assert start.moment <= at + START_LASTS
    stops = [seen.moment for seen in moments if not seen.running and start.moment < seen.moment <= at]
    assert all(at - stop <= STOP_LINGERS for stop in stops)
