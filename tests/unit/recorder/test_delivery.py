"""Every event reaches the service, whatever the service, the network or the sender does meanwhile."""

from __future__ import annotations

import json
import logging
import sqlite3
import subprocess
import sys
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_recorder.answers import Verdict, back_off, judge, seconds_of
from maximalab_recorder.delivery import Delivery
from maximalab_recorder.events import EventSource
from maximalab_recorder.spool import Spool
from maximalab_recorder.wire import Address

if TYPE_CHECKING:
    from pathlib import Path

VAGUE = "an answer that does not name every event"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


def answer(*pairs: tuple[str, str]) -> bytes:
    return json.dumps({"results": [{"event_id": name, "status": status} for name, status in pairs]}).encode()


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        pytest.param(200, answer(("a", "stored"), ("b", "known")), Verdict(("a", "b")), id="all are confirmed"),
        pytest.param(
            200, answer(("a", "stored")), Verdict(("a",), trouble=VAGUE),
            id="an event that is not named stays",
        ),
        pytest.param(
            200, answer(("a", "stored"), ("b", "maybe")),
            Verdict(("a",), trouble=VAGUE), id="an unknown word keeps the event",
        ),
        pytest.param(
            200, answer(("b", "refused"), ("a", "stored"), ("z", "stored")),
            Verdict(("a", "b"), {"b": "None: None"}), id="a refused event is let go of, a stranger's is ignored",
        ),
        pytest.param(
            200, b"\xff[", Verdict(trouble=VAGUE), id="garbage confirms nothing"
        ),
        pytest.param(200, b"[" * 100_000, Verdict(trouble=VAGUE), id="deep JSON"),
        pytest.param(302, b"", Verdict(trouble="status 302", retry_after=7.0), id="a redirect is not followed"),
        pytest.param(401, b"", Verdict(trouble="status 401", retry_after=7.0), id="not signed in: keep"),
        pytest.param(413, b"", Verdict(trouble="status 413", unreadable=True), id="too big: smaller pieces"),
        pytest.param(429, b"", Verdict(trouble="status 429", retry_after=7.0), id="too many: later"),
        pytest.param(503, b"", Verdict(trouble="status 503", retry_after=7.0), id="away: later"),
    ],
)  # fmt: skip
def test_what_an_answer_means(status: int, body: bytes, expected: Verdict):
    assert judge(status, body, 7.0, ["a", "b"]) == expected


@given(st.binary(max_size=300), st.integers(100, 599))
def test_no_answer_whatever_confirms_what_it_does_not_name(body: bytes, status: int):
    assert judge(status, body, None, ["0193"]).done == ()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("30", 30.0, id="seconds"),
        pytest.param("99999999", 600.0, id="never longer than ten minutes"),
        pytest.param("Sun, 22 Nov 2026 10:01:00 GMT", 60.0, id="a date"),
        pytest.param("Sun, 22 Nov 2026 09:00:00 GMT", 0.0, id="a date that has passed"),
        pytest.param("soon", None, id="a word says nothing"),
        pytest.param("²", None, id="a digit that is no number"),
        pytest.param(None, None, id="no header"),
    ],
)
def test_how_long_a_service_sends_us_away(header: str | None, expected: float | None):
    assert seconds_of(header, NOW) == expected


@given(st.integers(1, 10_000), st.none() | st.floats(0, 600), st.floats(0, 1, exclude_max=True))
def test_a_pause_is_bounded_and_respects_the_service(failures: int, asked: float | None, chance: float):
    pause = back_off(failures, asked, chance)
    assert 0.5 <= pause <= max(60.0, asked or 0.0)
    assert pause >= (asked or 0.0)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool")


@pytest.fixture
def begun(spool: Spool, collector):
    """Start deliveries to the collector, and end them."""
    running: list[Delivery] = []

    def begin(**settings) -> Delivery:
        delivery = Delivery(spool, collector.url, "s3cret", sender="ann/public-maxima", **settings)
        delivery.start()
        running.append(delivery)
        return delivery

    yield begin
    for delivery in running:
        delivery.stop(2)


def test_events_of_an_earlier_start_are_delivered_at_once_and_in_order(spool, collector, begun):
    names = [EventSource(spool).emit("run") for _ in range(250)]
    begun()
    collector.wait(lambda: len(collector.events) == 250)
    assert list(collector.events) == names
    assert [size for _, size, _ in collector.posts] == [100, 100, 50]
    assert {token for *_, token in collector.posts} == {"token s3cret"}


def test_a_batch_leaves_when_it_is_full_and_not_one_by_one(spool, collector, begun):
    begun(batch=10, gather=30)
    source = EventSource(spool)
    for _ in range(9):
        source.emit("run")
    assert collector.posts == []
    source.emit("run")
    collector.wait(lambda: len(collector.events) == 10, 5)
    assert len(collector.posts) == 1


def test_a_lonely_event_leaves_after_the_gathering_time(spool, collector, begun):
    begun(gather=0.2)
    started = time.monotonic()
    EventSource(spool).emit("run")
    collector.wait(lambda: len(collector.events) == 1, 5)
    assert time.monotonic() - started >= 0.2


def test_flush_does_not_wait_for_company(spool, collector, begun):
    delivery = begun(gather=60)
    EventSource(spool).emit("run")
    assert delivery.flush(5)
    assert len(collector.events) == 1


@pytest.mark.parametrize("mood", ["401", "403", "404", "429", "500", "503", "garbage", "mute"])
def test_what_the_service_did_not_confirm_arrives_later_and_once(spool, collector, begun, mood: str):
    collector.mood = mood
    delivery = begun(gather=0, chance=lambda: 0.0)
    name = EventSource(spool).emit("run")
    collector.wait(lambda: len(collector.posts) >= 1)
    assert len(spool) == 1
    collector.mood = "well"
    delivery.flush(5)
    collector.wait(lambda: list(collector.events) == [name])
    assert delivery.flush(5)
    assert len(collector.events) == 1


def test_a_service_that_is_down_gets_its_events_when_it_is_up(spool, collector, begun):
    collector.close()
    delivery = begun(gather=0, chance=lambda: 0.0)
    names = [EventSource(spool).emit("run") for _ in range(5)]
    assert not delivery.flush(1)
    collector.open()
    collector.wait(lambda: len(collector.events) == 5)
    assert sorted(collector.events) == sorted(names)


def test_the_service_is_left_alone_for_as_long_as_it_asks(spool, collector, begun):
    collector.mood, collector.retry_after = "429", "2"
    begun(gather=0, chance=lambda: 0.0)
    EventSource(spool).emit("run")
    collector.wait(lambda: len(collector.posts) == 1)
    collector.mood = "well"
    collector.wait(lambda: len(collector.events) == 1)
    assert collector.posts[1][0] - collector.posts[0][0] >= 1.9


def test_a_refused_event_is_let_go_of_with_a_word(spool, collector, begun, caplog):
    delivery = begun(gather=0)
    EventSource(spool).emit("forbidden")
    EventSource(spool).emit("run")
    assert delivery.flush(5)
    assert [event["kind"] for event in collector.events.values()] == ["run"]
    assert "refused" in caplog.text
    assert "no such kind" in caplog.text


def test_one_unreadable_event_does_not_hold_up_the_others(spool, collector, begun, caplog):
    collector.mood = "picky"
    source = EventSource(spool)
    for number in range(9):
        source.emit("poison" if number == 4 else "run")
    delivery = begun(chance=lambda: 0.0)
    collector.wait(lambda: len(collector.of("run")) == 8)
    delivery.flush(5)
    assert len(spool) == 1, "the unreadable one is kept for the next start"
    assert "cannot read" in caplog.text


def test_stop_keeps_its_deadline_and_the_events(spool, collector, begun):
    collector.mood = "500"
    delivery = begun(gather=0)
    EventSource(spool).emit("run")
    started = time.monotonic()
    assert not delivery.stop(1)
    assert time.monotonic() - started < 3
    assert len(spool) == 1


def test_neither_log_nor_text_form_holds_the_token(spool, collector, begun, caplog):
    caplog.set_level(logging.DEBUG)
    collector.mood = "403"
    delivery = begun(gather=0)
    EventSource(spool).emit("run")
    collector.wait(lambda: len(collector.posts) >= 1)
    delivery.stop(2)
    assert "ann/public-maxima" in caplog.text
    assert "s3cret" not in caplog.text + repr(Address("http://127.0.0.1/", "s3cret"))


SPOILT = [
    pytest.param("http://127.0.0.1:none/events", "s3cret", id="a port that is a word"),
    pytest.param("http://127.0.0.1:999999/events", "s3cret", id="a port that is too large"),
    pytest.param("http://[::1/events", "s3cret", id="an address that is cut"),
    pytest.param("http://127.0.0.1:{port}/a b", "s3cret", id="a blank in the path"),
    pytest.param("http://127.0.0.1:{port}/", "s3cret\nX: y", id="a new line in the token"),
    pytest.param("http://127.0.0.1:{port}/", "s3cret-їжак", id="a token in another script"),
    pytest.param("http://" + "a" * 300 + ".invalid/", "s3cret", id="a name that is too long"),
]


@pytest.mark.parametrize(("url", "token"), SPOILT)
def test_settings_that_no_request_can_carry_are_said_and_end_nothing(spool, collector, caplog, url, token):
    EventSource(spool).emit("run")
    delivery = Delivery(spool, url.format(port=collector.port), token, sender="ann/public-maxima", gather=0)
    delivery.start()
    try:
        assert not delivery.flush(5)
        assert not delivery.flush(5), "the second try, too, ends by itself"
        assert delivery._thread.is_alive()
    finally:
        delivery.stop(2)
    assert "ann/public-maxima" in caplog.text
    assert "s3cret" not in caplog.text
    assert len(spool) == 1


class Faulty(Spool):
    """A spool whose reading fails in a way that nobody foresaw, for as long as `fault` is set."""

    fault: Exception | None = None

    def unsent(self, limit: int) -> list[dict]:
        if self.fault:
            raise self.fault
        return super().unsent(limit)


@pytest.mark.parametrize(
    "fault",
    [
        pytest.param(sqlite3.OperationalError("disk I/O error"), id="the disk"),
        pytest.param(ValueError("Bearer s3cret"), id="an error with the token in its words"),
        pytest.param(MemoryError(), id="no memory"),
    ],
)
def test_after_a_fault_that_nobody_foresaw_the_delivery_goes_on(tmp_path, collector, caplog, fault):
    spool = Faulty(tmp_path / "faulty")
    spool.fault = fault
    name = EventSource(spool).emit("run")
    delivery = Delivery(spool, collector.url, "s3cret", sender="ann/x", gather=0, chance=lambda: 0.0)
    delivery.start()
    try:
        assert not delivery.flush(0.3)
        assert type(fault).__name__ in caplog.text
        assert "s3cret" not in caplog.text
        spool.fault = None
        collector.wait(lambda: list(collector.events) == [name])  # with nobody to wake it: after its pause
    finally:
        delivery.stop(2)


def test_the_hub_can_use_it_without_jupyter():
    code = "import sys, maximalab_recorder.delivery, maximalab_recorder.events; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    assert not [name for name in loaded if name.startswith(("jupyter", "tornado", "zmq", "traitlets"))]
