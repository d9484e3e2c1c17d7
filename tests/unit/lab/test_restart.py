"""When a process is started again, and when it is given up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.lab.restart import DELAYS, QUICK, Again, GiveUp, after_death


@pytest.mark.parametrize(
    ("lived", "failures", "expected"),
    [
        pytest.param(3600.0, 0, Again(0.0, 0), id="a process that served for an hour is started at once"),
        pytest.param(3600.0, 4, Again(0.0, 0), id="an hour of service makes up for earlier failures"),
        pytest.param(0.1, 0, Again(0.0, 1), id="the first quick death is forgiven at once"),
        pytest.param(0.1, 2, Again(1.0, 3), id="the third quick death makes it wait"),
        pytest.param(0.1, 5, GiveUp(6), id="the sixth quick death is the last"),
        pytest.param(QUICK, 5, Again(0.0, 0), id="just long enough is long enough"),
    ],
)
def test_after_a_death(lived, failures, expected):
    assert after_death(lived, failures) == expected


@given(st.lists(st.floats(0, QUICK, exclude_max=True), min_size=len(DELAYS) + 1, max_size=30))
def test_quick_deaths_in_a_row_always_come_to_an_end(lives):
    failures, waited = 0, []
    for lived in lives:
        match after_death(lived, failures):
            case Again(delay, failures):
                waited.append(delay)
            case GiveUp():
                break
    else:
        pytest.fail("it was started for ever")
    assert waited == sorted(waited)
