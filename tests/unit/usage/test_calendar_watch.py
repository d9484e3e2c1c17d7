"""A calendar at an address is followed: what it changed is done, what people changed stays, a fault changes nothing."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from httpscertificate import certificate_for
from maximalab_hub.calendarwatch import AROUND, CalendarWatch, follow, of_course, read_calendar
from maximalab_hub.store import timetable_imports, timetables
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.timetable_imports import Source
from maximalab_hub.store.timetables import How, Made
from maximalab_hub.timetable import edits
from maximalab_hub.timetable.address import Fetching
from maximalab_hub.timetable.edits import Hours
from maximalab_hub.timetable.state import State, imported
from sqlalchemy import Engine

KYIV = ZoneInfo("Europe/Kyiv")
NOW = datetime(2026, 9, 1, 12, tzinfo=UTC)


def calendar(*days: str, zone: str = ";TZID=Europe/Kyiv") -> bytes:
    events = (
        f"BEGIN:VEVENT\nUID:{day}\nDTSTART{zone}:{day}T083000\nDTEND{zone}:{day}T100500\nEND:VEVENT\n"
        for day in days
    )
    text = f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//t//\n{''.join(events)}END:VCALENDAR\n"
    return text.replace("\n", "\r\n").encode()


@dataclass
class Calendar:
    """A calendar's server on loopback, with what it answers."""

    address: str
    how: Fetching
    answer: bytes = b""
    status: int = 200
    asked: list[str] = field(default_factory=list)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Calendar]:
    certificate_for("localhost", tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            found.asked.append(self.path)
            self.send_response(found.status)
            self.send_header("Content-Length", str(len(found.answer)))
            self.end_headers()
            self.wfile.write(found.answer)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    listening.socket = context.wrap_socket(listening.socket, server_side=True)
    trust = ssl.create_default_context(cafile=tmp_path / "cert.pem")
    how = Fetching(frozenset({"localhost"}), trust, 60.0)
    found = Calendar(f"https://localhost:{listening.server_port}/a.ics?secret=1", how)
    thread = threading.Thread(target=listening.serve_forever)
    thread.start()
    yield found
    listening.shutdown()
    thread.join(60)
    listening.server_close()


@pytest.fixture
def source(store: Engine, server: Calendar) -> Source:
    """A course that took three lessons over from the calendar."""
    server.answer = calendar("20260907", "20260914", "20260921")
    found = read_calendar(server.answer, "or", "A", NOW, KYIV)
    source = Source("s" * 36, "or", server.address, "A", "tanya", NOW, NOW, of_course(found, "or"))
    with writing(store) as connection:
        state = imported(State("or"), found.lessons, (), keep_earlier=False)
        timetables.keep(connection, state, Made("tanya", NOW, How.ADDRESS, "localhost"))
        timetable_imports.add_source(connection, source)
    return source


def state(store: Engine) -> State:
    with reading(store) as connection:
        return timetables.state_of(connection, "or")


def days(store: Engine) -> list[int]:
    return [one.starts_at.day for one in state(store).lessons]


def kept(store: Engine) -> Source:
    with reading(store) as connection:
        [found] = timetable_imports.sources(connection, "or")
    return found


def test_what_the_calendar_changed_is_done_and_what_people_changed_stays(store, server, source):
    with writing(store) as connection:
        now = timetables.state_of(connection, "or")
        moved, _ = edits.move(
            now, now.lessons[0].lesson_id, "A", Hours(date(2026, 9, 8), time(9), time(10)), KYIV
        )
        timetables.keep(connection, moved, Made("tanya", NOW, How.HAND))
    server.answer = calendar("20260907", "20260921", "20260928")
    assert follow(store, source, server.how, KYIV, NOW + timedelta(hours=1))
    assert days(store) == [8, 21, 28]
    with reading(store) as connection:
        made = timetables.versions(connection, "or")[0].made
    assert (made.by, made.how, made.words) == ("", How.ADDRESS, "localhost"), "no secret of the address"


def test_the_same_calendar_makes_no_version(store, server, source):
    assert follow(store, source, server.how, KYIV, NOW + timedelta(hours=1))
    with reading(store) as connection:
        assert timetables.newest(connection, "or") == 1
    assert kept(store).good_at == NOW + timedelta(hours=1)


@pytest.mark.parametrize(
    ("answer", "status", "trouble"),
    [
        pytest.param(b"", 500, "refused", id="the server is ill"),
        pytest.param(b"<html>sign in</html>", 200, "no_calendar", id="a page to sign in at"),
        pytest.param(calendar("20260907", zone=""), 200, "no_zone", id="a time without a zone"),
    ],
)
def test_a_calendar_that_cannot_be_used_changes_nothing_and_says_so(
    store, server, source, answer, status, trouble
):
    server.answer, server.status = answer, status
    assert not follow(store, source, server.how, KYIV, NOW + timedelta(hours=1))
    assert days(store) == [7, 14, 21]
    found = kept(store)
    assert (found.trouble, found.good_at, found.asked_at) == (trouble, NOW, NOW + timedelta(hours=1))
    server.answer, server.status = calendar("20260907"), 200
    assert follow(store, found, server.how, KYIV, NOW + timedelta(hours=2))
    assert (days(store), kept(store).trouble) == ([7], "")


def test_what_has_grown_too_old_to_be_read_is_not_taken_for_removed(store, server, source):
    later = datetime(2026, 9, 10, tzinfo=UTC) + AROUND
    assert follow(store, source, server.how, KYIV, later)
    assert days(store) == [7, 14, 21]
    again = replace(kept(store))
    server.answer = calendar("20260921")
    assert follow(store, again, server.how, KYIV, later + timedelta(hours=1))
    assert days(store) == [7, 21]


def test_the_watch_asks_only_when_it_is_time(store, server, source):
    at = [NOW + timedelta(minutes=59)]
    watch = CalendarWatch(store, server.how, KYIV, timedelta(hours=1), lambda: at[0])
    watch.turn()
    assert server.asked == []
    at[0] += timedelta(minutes=1)
    watch.turn()
    watch.turn()
    assert server.asked == ["/a.ics?secret=1"]
    watch.start()
    watch.stop()


def test_a_fault_that_nobody_foresaw_at_one_calendar_ends_no_watch_and_is_told(store, server, source, caplog):
    at = [NOW + timedelta(hours=1)]
    watch = CalendarWatch(store, None, KYIV, timedelta(hours=1), lambda: at[0])  # it cannot fetch at all
    watch.turn()
    assert "AttributeError" in caplog.text
    assert "secret" not in caplog.text
    assert kept(store).trouble == "no_calendar"
    assert days(store) == [7, 14, 21]
    watch.how = server.how
    at[0] += timedelta(hours=1)
    watch.turn()
    assert kept(store).trouble == ""
