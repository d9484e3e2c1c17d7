"""How much a sender may send, and for how long something is waited for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.service import limits
from maximalab_hub.service.limits import Bucket, Patience, Rate, RateLimit, draw

RATE = Rate(per_second=10, burst=100)


@pytest.mark.parametrize(
    ("left", "seconds", "cost", "expected_left", "expected_wait"),
    [
        pytest.param(100, 0, 100, 0, 0, id="a whole burst at once"),
        pytest.param(0, 0, 5, 0, 0.5, id="nothing left: come again when there is enough"),
        pytest.param(0, 1, 5, 5, 0, id="after a second there are ten"),
        pytest.param(100, 999, 1, 99, 0, id="never more than a burst"),
        pytest.param(100, 0, 5000, 0, 0, id="more than a burst is possible after all"),
        pytest.param(50, -9, 50, 0, 0, id="a clock that goes back gives nothing and takes nothing"),
    ],
)
def test_draw(left: float, seconds: float, cost: float, expected_left: float, expected_wait: float) -> None:
    bucket, wait = draw(Bucket(left, 100), RATE, cost, 100 + seconds)
    assert (bucket.left, wait) == (expected_left, expected_wait)


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 100))))
def test_nobody_gets_more_than_burst_and_rate_allow(draws: list[tuple[float, float]]) -> None:
    bucket, now, granted = Bucket(RATE.burst, 0), 0.0, 0.0
    for pause, cost in draws:
        now += pause
        bucket, wait = draw(bucket, RATE, cost, now)
        granted += cost if wait == 0 else 0
        if wait:
            assert draw(bucket, RATE, cost, now + wait)[1] == pytest.approx(0, abs=1e-6), (
                "the wait was enough"
            )
    assert granted <= RATE.burst + now * RATE.per_second + 1e-6


def test_senders_do_not_share_a_bucket_and_memory_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "MOST_KEYS", 2)
    limit = RateLimit(RATE, lambda: 0.0)
    assert limit.wait_of("ada", 100) == 0
    assert limit.wait_of("bob", 100) == 0
    assert limit.wait_of("ada", 1) > 0
    limit.wait_of("cy", 1)
    assert len(limit._buckets) == 2


def test_patience_ends_counted_from_the_first_time() -> None:
    now = [0.0]
    patience = Patience(120, lambda: now[0])
    assert patience.lasts("ada/public-maxima")
    now[0] = 119
    assert patience.lasts("ada/public-maxima")
    now[0] = 121
    assert not patience.lasts("ada/public-maxima")
    assert patience.lasts("bob/public-maxima")
    patience.end("ada/public-maxima")
    assert patience.lasts("ada/public-maxima")
