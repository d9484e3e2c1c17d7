"""A post that is checked all at once is taken as if each of its events had been checked by itself."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from maximalab_hub.events import Kind, Outcome, Refusal, Source, plain_events, read_event, read_events

RUN: dict[str, Any] = {
    "event_id": "01936d3f-2b00-7abc-8def-0123456789ab", "boot_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", "seq": 17,
    "kind": "run", "at": "2026-11-22T10:19:42.123456+00:00", "notebook": "simplex/simplex.uk.ipynb", "cell_id": "a1b2",
    "kernel": "maxima", "duration_ms": 12, "outcome": "ok", "error_name": None, "detail": {"via": "websocket"},
}  # fmt: skip
TEXTS = st.text(max_size=6) | st.sampled_from(
    ["", "\0", "a\0b", "x" * 63, "x" * 64, "x" * 128, "x" * 4097, "\ud800"]
)
IDS = st.sampled_from(
    [
        RUN["event_id"],
        RUN["boot_id"],
        RUN["event_id"] + "\n",
        RUN["event_id"].upper(),
        RUN["event_id"][:-1],
        "٣" * 36,
    ]
)
DATES = st.builds(
    "{:04}-{:02}-{:02}".format,
    st.sampled_from([1999, 2024, 2026, 9999]),
    st.integers(0, 13),
    st.integers(0, 32),
)
CLOCKS = st.sampled_from(
    [
        "T10:19:42.123456",
        "T10:19:42",
        " 10:19:42",
        "T24:00:00",
        "T23:59:60",
        "T10:19:42.1",
        "T10:19",
        "T٣3:00:00",
    ]
)
ZONES = st.sampled_from(["+00:00", "+00:00", "Z", "+02:00", "-00:00", "", "+00:00\n", "+25:00"])
MOMENTS = st.builds("{}{}{}".format, DATES, CLOCKS, ZONES) | TEXTS
NUMBERS = st.integers(-2, 3) | st.sampled_from([2**53 - 1, 2**53, 10**11, True, 1.0, 1.5])
DETAILS = st.dictionaries(TEXTS, TEXTS | NUMBERS | st.none() | st.just([[[["deep"]]]]), max_size=8)
ANY = st.none() | NUMBERS | TEXTS
FIELDS = {
    "event_id": IDS, "boot_id": IDS, "seq": NUMBERS, "at": MOMENTS, "notebook": TEXTS, "cell_id": TEXTS,
    "kernel": TEXTS,
    "kind": st.sampled_from([*(kind.value for kind in Kind), "no such", Kind.RUN]), "duration_ms": NUMBERS,
    "outcome": st.sampled_from([*(one.value for one in Outcome), "no such"]), "error_name": TEXTS, "detail": DETAILS,
    "user": TEXTS, "server": TEXTS, "tier": TEXTS,
}  # fmt: skip


@st.composite
def events(draw: st.DrawFn) -> object:
    """Give a usual event with a few of its fields replaced or missing, or no event at all."""
    if draw(st.integers(0, 30)) == 0:
        return draw(ANY)
    event = dict(RUN)
    for name in draw(st.lists(st.sampled_from(sorted(FIELDS)), max_size=3)):
        event[name] = draw(FIELDS[name] if draw(st.integers(0, 5)) else ANY)
    for name in draw(st.lists(st.sampled_from(sorted(RUN)), max_size=1)) if draw(st.booleans()) else ():
        event.pop(name, None)
    return event


def told(one: Any) -> Any:
    return one if isinstance(one, Refusal) else one.model_dump()


@settings(max_examples=400, deadline=None)
@given(raws=st.lists(events(), max_size=3), source=st.sampled_from(Source))
def test_all_at_once_is_as_one_by_one(raws, source):
    assert list(map(told, read_events(raws, source))) == [told(read_event(raw, source)) for raw in raws]


@settings(max_examples=300, deadline=None)
@given(at=st.builds("{}{}{}".format, DATES, CLOCKS, ZONES))
def test_a_moment_that_is_plain_is_one_that_is_taken(at):
    if plain_events([RUN | {"at": at}]) is not None:
        assert not isinstance(read_event(RUN | {"at": at}, Source.SERVER), Refusal)


@pytest.mark.parametrize(
    ("changed", "plain"),
    [
        pytest.param({}, True, id="what recorders send"),
        pytest.param(
            {"kind": "notebook_save", "outcome": None, "cell_id": None}, True, id="a saved notebook"
        ),
        pytest.param({"error_name": "MaximaError", "outcome": "error"}, True, id="an error"),
        pytest.param({"at": "2028-02-29T10:19:42.123456+00:00"}, False, id="a leap day goes the long way"),
        pytest.param({"detail": {"count": 3}}, False, id="and so does a detail that is no text"),
    ],
)
def test_what_is_usual_is_checked_by_compiled_code_alone(changed, plain):
    assert (plain_events([RUN | changed]) is not None) is plain
