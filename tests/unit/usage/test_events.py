"""What is an event and what is not: each row says what a sender did, and which field the refusal names."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.events import (
    FUTURE_ALLOWED,
    KINDS_OF,
    PAST_ALLOWED,
    Kind,
    Outcome,
    Refusal,
    Source,
    WitnessEvent,
    clamp_at,
    read_event,
)
from maximalab_hub.store.models import EventRow

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
RUN = {
    "event_id": "01936d3f-2b00-7abc-8def-0123456789ab",
    "boot_id": "6f9619ff-8b86-4d01-b42d-00cf4fc964ff",
    "seq": 17,
    "kind": "run",
    "at": "2026-11-22T10:19:42.123456+00:00",
    "notebook": "simplex/simplex.uk.ipynb",
    "cell_id": "a1b2",
    "kernel": "maxima",
    "duration_ms": 12,
    "outcome": "ok",
    "error_name": None,
    "detail": {},
}
START = {
    **{name: RUN[name] for name in ("event_id", "boot_id", "seq", "at")},
    "kind": "server_start",
    "user": "ada",
    "server": "public-maxima",
    "tier": "public",
    "backend": "local",
    "entrance": "vpn",
}


def nested(depth: int) -> dict:
    return {"deeper": nested(depth - 1)} if depth else {}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        pytest.param("event_id", None, id="an id that is nothing"),
        pytest.param("event_id", "no-uuid", id="an id that is no UUID"),
        pytest.param("event_id", "6f9619ff-8b86-4d01-b42d-00cf4fc964ff", id="an id without time in it"),
        pytest.param("event_id", RUN["event_id"].upper(), id="the same id in capitals would count twice"),
        pytest.param("event_id", "{" + RUN["event_id"] + "}", id="the same id in braces would count twice"),
        pytest.param("event_id", 7, id="a number as id"),
        pytest.param("boot_id", "' OR 1=1", id="a boot that is SQL"),
        pytest.param("seq", -1, id="a negative number"),
        pytest.param("seq", 2**53, id="a number that not every reader keeps"),
        pytest.param("seq", 10**400, id="a number of 400 digits"),
        pytest.param("seq", True, id="a truth value as number"),
        pytest.param("seq", 1.5, id="half a number"),
        pytest.param("kind", "coffee", id="a kind that is none"),
        pytest.param("kind", {}, id="a kind that is no text"),
        pytest.param("at", "yesterday", id="a time that is none"),
        pytest.param("at", "2026-11-22T10:19:42", id="a time without zone"),
        pytest.param("at", "2026-11-22T10:19:42+00:00Z", id="a time with two zones"),
        pytest.param("at", 1763806782, id="a time as number"),
        pytest.param("notebook", "n" * 4097, id="a path longer than any"),
        pytest.param("notebook", "a\0b", id="a path with a zero character"),
        pytest.param("cell_id", "c" * 65, id="a cell id longer than the format allows"),
        pytest.param("duration_ms", -1, id="a run that took less than nothing"),
        pytest.param("duration_ms", 10**12, id="a run of thirty years"),
        pytest.param("duration_ms", float("inf"), id="a run without end"),
        pytest.param("outcome", "splendid", id="an outcome that is none"),
        pytest.param("detail", [], id="detail that is no object"),
        pytest.param("detail", nested(5), id="detail nested too deep"),
        pytest.param("detail", {"text": "x" * 4096}, id="detail too long"),
        pytest.param("detail", {"share": float("nan")}, id="a number that is none in detail"),
        pytest.param("detail", {"text": "\0"}, id="a zero character in detail"),
        pytest.param("detail", {"\0": 1}, id="a zero character in a name in detail"),
    ],
)
def test_a_wrong_field_is_named(field: str, value: object) -> None:
    refusal = read_event({**RUN, field: value}, Source.SERVER)
    assert isinstance(refusal, Refusal)
    assert refusal.field == field
    assert refusal.message


@pytest.mark.parametrize("field", ["event_id", "boot_id", "seq", "kind", "at"])
def test_a_missing_field_is_named(field: str) -> None:
    refusal = read_event({name: value for name, value in RUN.items() if name != field}, Source.SERVER)
    assert isinstance(refusal, Refusal)
    assert refusal.field == field


@pytest.mark.parametrize("raw", [None, 7, "run", [], [RUN], True])
def test_what_is_no_object_is_no_event(raw: object) -> None:
    assert isinstance(read_event(raw, Source.SERVER), Refusal)


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*RUN, "user"]), inner),
    )
)
def test_whatever_comes_is_read_or_refused_and_nothing_else(raw: object) -> None:
    for source in Source:
        assert isinstance(read_event(raw, source), Refusal)


@pytest.mark.parametrize("kind", list(Kind))
@pytest.mark.parametrize("source", list(Source))
def test_nobody_reports_what_they_cannot_have_seen(source: Source, kind: Kind) -> None:
    read = read_event({**START, "kind": kind.value}, source)
    if kind in KINDS_OF[source]:
        assert not isinstance(read, Refusal)
    else:
        assert isinstance(read, Refusal)
        assert read.field == "kind"


@pytest.mark.parametrize("field", ["user", "server", "tier", "backend", "entrance"])
def test_a_start_that_does_not_say_where_is_refused(field: str) -> None:
    refusal = read_event({**START, field: None}, Source.HUB)
    assert isinstance(refusal, Refusal)
    assert refusal.field == field


def test_a_server_may_say_any_nonsense_about_who_and_where_it_is() -> None:
    forged = {
        **RUN,
        "user": 7,
        "server": [],
        "tier": "secret",
        "backend": {},
        "entrance": "window",
        "material": 1,
    }
    read = read_event(forged, Source.SERVER)
    assert not isinstance(read, Refusal)
    assert not isinstance(read, WitnessEvent)
    assert "user" not in read.model_dump()


def test_a_long_error_name_costs_its_end_and_not_the_event() -> None:
    read = read_event({**RUN, "error_name": "E" * 500}, Source.SERVER)
    assert not isinstance(read, Refusal)
    assert read.error_name == "E" * 128


@pytest.mark.parametrize(
    ("reported", "expected", "clamped"),
    [
        pytest.param(NOON, NOON, False, id="now"),
        pytest.param(NOON - timedelta(days=90), NOON - timedelta(days=90), False, id="kept over the summer"),
        pytest.param(
            NOON + timedelta(minutes=4), NOON + timedelta(minutes=4), False, id="a clock a little ahead"
        ),
        pytest.param(NOON + timedelta(minutes=6), NOON, True, id="a clock far ahead"),
        pytest.param(datetime.max.replace(tzinfo=UTC), NOON, True, id="the end of time"),
        pytest.param(NOON - timedelta(days=400), NOON - PAST_ALLOWED, True, id="longer ago than any spool"),
        pytest.param(
            datetime.fromisoformat("0001-01-01T00:00:00+14:00"),
            NOON - PAST_ALLOWED,
            True,
            id="a beginning of time that UTC cannot say",
        ),
        pytest.param(
            datetime.fromisoformat("9999-12-31T23:59:59-14:00"),
            NOON,
            True,
            id="an end of time that UTC cannot say",
        ),
    ],
)
def test_a_time_beyond_belief_is_clamped(reported: datetime, expected: datetime, *, clamped: bool) -> None:
    assert clamp_at(reported, NOON) == (expected, clamped)


@given(st.datetimes(timezones=st.timezones()), st.datetimes(datetime(2020, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_clamped_time_is_never_far_ahead_and_never_older_than_believed(
    reported: datetime, received: datetime
) -> None:
    received = received.replace(tzinfo=UTC)
    at, clamped = clamp_at(reported, received)
    assert received - PAST_ALLOWED <= at <= received + FUTURE_ALLOWED
    # In UTC: hours that a zone has twice are equal to nothing in another zone.
    assert clamped == (at != reported.astimezone(UTC))
    assert clamp_at(at, received) == (at, False)


DOCS = Path(__file__).parents[3] / "docs/events.md"


def named_in_docs() -> set[str]:
    """Everything that stands as code at the beginning of a table row."""
    return set(re.findall(r"^\| `([a-z_]+)` \|", DOCS.read_text(encoding="utf-8"), re.MULTILINE))


def test_every_kind_field_outcome_and_source_is_documented_and_nothing_that_is_none() -> None:
    fields = {column.name for column in EventRow.__table__.columns}
    real = {*Kind, *Outcome, *Source, *fields}
    assert named_in_docs() == {str(word) for word in real}
