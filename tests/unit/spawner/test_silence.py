"""For how long an outage is borne."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.silence import Silence

GRACE = 900.0


@given(st.lists(st.tuples(st.floats(0, 1000), st.booleans())))
def test_it_is_too_long_when_nothing_was_heard_for_that_long_without_a_break(looks):
    now, since = 0.0, None
    silence = Silence(lambda: now)
    for pause, heard in looks:
        now += pause
        if heard:
            silence.heard()
            since = None
        else:
            assert silence.begins() is (since is None)
            since = now if since is None else since
        assert silence.lasts(GRACE) is (since is not None and now - since >= GRACE)
