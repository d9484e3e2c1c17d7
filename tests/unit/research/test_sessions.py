"""Sessions and active time of one person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.sessions import Activity, active_by_setting, active_seconds, active_spans, sessions
from maximalab_hub.setting import Schedule, Setting, Span

NINE = datetime(2026, 10, 19, 9, tzinfo=UTC)


def at(minutes: float, lasted: float = 0) -> Activity:
    return Activity(NINE + timedelta(minutes=minutes), timedelta(minutes=lasted))


@pytest.mark.parametrize(
    ("activities", "expected"),
    [
        pytest.param([], [], id="nothing happened"),
        pytest.param([at(0)], [(1, 0)], id="one event is a session without a length"),
        pytest.param([at(0), at(4)], [(2, 240)], id="a short silence is work"),
        pytest.param([at(0), at(5)], [(2, 300)], id="five minutes still are"),
        pytest.param([at(0), at(6)], [(2, 0)], id="six are not, and the session goes on"),
        pytest.param([at(0), at(30)], [(1, 0), (1, 0)], id="half an hour ends it"),
        pytest.param([at(0), at(29), at(58)], [(3, 0)], id="the gap is counted from the last event"),
        pytest.param([at(0, 3), at(7)], [(2, 420)], id="a silence begins when the run ends"),
        pytest.param([at(0, 600), at(700)], [(1, 300), (1, 0)], id="a program running over night is no work"),
        pytest.param([at(0, 4), at(1, 1)], [(2, 240)], id="two notebooks at once count once"),
        pytest.param([at(4), at(0)], [(2, 240)], id="in whatever order they arrive"),
    ],
)
def test_sessions_and_their_active_seconds(activities, expected):
    assert [(one.events, one.active.total_seconds()) for one in sessions(activities)] == expected


def test_both_thresholds_move_the_result():
    activities = [at(0), at(10), at(50)]
    assert [len(sessions(activities, gap=timedelta(minutes=gap))) for gap in (5, 30, 60)] == [3, 2, 1]
    assert [active_seconds(activities, timedelta(minutes=idle)) for idle in (5, 10, 60)] == [0, 600, 3000]


def test_bare_moments_do_as_well():
    moments = [NINE + timedelta(minutes=minutes) for minutes in (40, 0, 4)]
    assert sessions(moments, timedelta(minutes=30)) == sessions([at(0), at(4), at(40)])


@pytest.mark.parametrize(
    ("how", "said"),
    [
        pytest.param({"gap": timedelta(0)}, "gap is 0:00:00; give the silence", id="no gap"),
        pytest.param(
            {"idle_after": timedelta(minutes=-1)}, "idle_after is .*; give 0 or more", id="less than none"
        ),
        pytest.param({"times": [NINE.replace(tzinfo=None)]}, "has no time zone", id="whose nine o'clock?"),
    ],
)
def test_what_makes_no_sessions_is_refused(how, said):
    with pytest.raises(ValueError, match=said):
        sessions(**{"times": [NINE], **how})


happenings = st.lists(
    st.builds(at, st.integers(0, 600), st.sampled_from([0, 0.1, 1, 7, 90])), min_size=1, max_size=40
)


@given(happenings, st.randoms())
def test_the_order_of_arrival_does_not_matter(activities, random):
    assert sessions(random.sample(activities, len(activities))) == sessions(activities)


@given(happenings)
def test_every_event_is_in_one_session_and_no_session_is_more_active_than_long(activities):
    found = sessions(activities)
    assert sum(one.events for one in found) == len(activities)
    assert all(timedelta(0) <= one.active <= one.span.length for one in found)
    assert all(later.span.start > earlier.span.end for earlier, later in pairwise(found))


@given(happenings, st.sampled_from([1, 5, 15]))
def test_an_event_that_arrives_twice_changes_no_time(activities, idle):
    twice = active_spans(activities + activities, timedelta(minutes=idle))
    assert twice == active_spans(activities, timedelta(minutes=idle))


@given(happenings, st.lists(st.integers(0, 600), min_size=2, max_size=2, unique=True).map(sorted))
def test_time_shared_out_by_setting_adds_up(activities, borders):
    window = Span(*(NINE + timedelta(minutes=minutes) for minutes in borders))
    schedule = Schedule(
        (window,), (Span(min(NINE, window.start), max(window.end, NINE + timedelta(hours=5))),)
    )
    shares = active_by_setting(activities, schedule)
    assert set(shares) == set(Setting)
    assert sum(shares.values(), timedelta(0)).total_seconds() == active_seconds(activities)
