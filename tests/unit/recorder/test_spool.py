"""No event is lost or doubled by the spool, wherever its process dies; and what is dropped is counted."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from maximalab_recorder.events import EventSource
from maximalab_recorder.ids import uuid7
from maximalab_recorder.spool import FILE_NAME, NOTES_MOST, Spool

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOMENTS = st.integers(0, 10**14).map(lambda ms: EPOCH + timedelta(milliseconds=ms))
MOMENT = datetime(2026, 11, 22, 10, 19, 42, 123456, tzinfo=UTC)


@given(MOMENTS, st.binary(min_size=10, max_size=10))
def test_a_name_tells_its_version_and_its_millisecond(moment: datetime, entropy: bytes):
    name = uuid7(moment, entropy)
    assert name.version == 7
    assert name.variant == "specified in RFC 4122"
    assert name.int >> 80 == int(moment.timestamp() * 1000)


def test_a_name_without_a_time_zone_is_refused():
    with pytest.raises(ValueError, match="time zone"):
        uuid7(datetime(2026, 11, 22))  # noqa: DTZ001
    with pytest.raises(ValueError, match="10 random bytes"):
        uuid7(MOMENT, b"short")


def test_an_event_carries_its_envelope(tmp_path: Path):
    boot = UUID("0193aaaa-0000-4000-8000-000000000000")
    spool = Spool(tmp_path)
    source = EventSource(spool, boot, clock=lambda: MOMENT, mint=lambda at: uuid7(at, b"0123456789"))
    name = source.emit("run", outcome="ok", error_name=None, detail={"via": "kernel"})
    assert spool.unsent(10) == [
        {
            "event_id": name, "boot_id": str(boot), "seq": 0, "kind": "run",
            "at": "2026-11-22T10:19:42.123456+00:00", "outcome": "ok", "detail": {"via": "kernel"},
        }
    ]  # fmt: skip


def test_the_spool_is_for_its_owner_alone(tmp_path: Path):
    Spool(tmp_path / "deep" / "spool").close()
    assert (tmp_path / "deep" / "spool").stat().st_mode & 0o077 == 0
    assert (tmp_path / "deep" / "spool" / FILE_NAME).stat().st_mode & 0o077 == 0


class SpoolLife(RuleBasedStateMachine):
    """A spool under appends, deliveries and sudden ends, beside a plain model of it."""

    @initialize(cap=st.sampled_from([2_000, 6_000, 10_000_000]))
    def begin(self, cap: int) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="spool-"))
        self.cap = cap
        self.spool = Spool(self.folder, cap_bytes=cap)
        self.source = EventSource(self.spool)
        self.emitted = 0
        self.delivered: dict[str, dict] = {}

    def teardown(self) -> None:
        self.spool.close()
        shutil.rmtree(self.folder)

    @rule(word=st.text(st.characters(), max_size=200))
    def tell(self, word: str) -> None:
        self.source.emit("run", notebook=word)
        self.emitted += 1

    @rule(limit=st.integers(1, 7), confirmed=st.integers(0, 7))
    def deliver(self, limit: int, confirmed: int) -> None:
        events = self.spool.unsent(limit)
        assert len(events) <= limit
        for event in events[:confirmed]:
            assert self.delivered.setdefault(event["event_id"], event) == event
        self.spool.forget([event["event_id"] for event in events[:confirmed]])

    @rule()
    def deliver_with_the_answer_lost(self) -> None:
        for event in self.spool.unsent(5):
            assert self.delivered.setdefault(event["event_id"], event) == event, "a sent event has changed"

    @rule()
    def start_anew(self) -> None:
        self.spool.close()
        self.spool = Spool(self.folder, cap_bytes=self.cap)
        self.source = EventSource(self.spool)

    @invariant()
    def nothing_is_lost_silently(self) -> None:
        there = {event["event_id"]: event for event in self.spool.unsent(10_000)} | self.delivered
        dropped = sum(
            event["detail"]["count"] for event in there.values() if event["kind"] == "events_dropped"
        )
        runs = sum(event["kind"] == "run" for event in there.values())
        assert runs + dropped == self.emitted

    @invariant()
    def the_count_is_the_rows(self) -> None:
        assert len(self.spool) == len(self.spool.unsent(10_000))


TestSpoolLife = SpoolLife.TestCase
TestSpoolLife.settings = settings(max_examples=25, stateful_step_count=20, deadline=None)


def test_a_full_spool_stays_near_its_cap_and_counts_what_it_drops(tmp_path: Path):
    spool = Spool(tmp_path, cap_bytes=20_000)
    source = EventSource(spool)
    for _ in range(1000):
        source.emit("run", notebook="simplex/simplex.uk.ipynb")
    events = spool.unsent(10_000)
    assert sum(len(json.dumps(event)) for event in events) <= 20_500
    assert events[-1]["kind"] == "events_dropped"
    assert events[-1]["detail"]["count"] == 1000 - (len(events) - 1)
    assert events[-1]["detail"]["last_seq"] == 999


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, bytes, list[str]]:
    """A spool's file and its log of writes as they lie on the disk after twelve events, and their names."""
    folder = tmp_path_factory.mktemp("written")
    spool = Spool(folder)
    source = EventSource(spool)
    names = [source.emit("run", notebook="n" * 100) for _ in range(12)]
    raw = (folder / FILE_NAME).read_bytes(), (folder / f"{FILE_NAME}-wal").read_bytes()
    spool.close()
    return *raw, names


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1), torn=st.booleans())
def test_a_write_torn_at_any_byte_leaves_the_events_before_it(written, share: float, *, torn: bool):
    main, log, names = written
    cut = int(len(log) * share)
    with tempfile.TemporaryDirectory() as place:
        (Path(place) / FILE_NAME).write_bytes(main)
        (Path(place) / f"{FILE_NAME}-wal").write_bytes(log[:cut] + (b"\xa5" * 500 if torn else b""))
        spool = Spool(Path(place))
        found = [event["event_id"] for event in spool.unsent(100)]
        assert found == names[: len(found)]
        if cut == len(log):
            assert found == names
        EventSource(spool).emit("run")
        assert len(spool) == len(found) + 1
        spool.close()


APPENDER = """
import sys
from pathlib import Path
from maximalab_recorder.events import EventSource
from maximalab_recorder.spool import Spool
source = EventSource(Spool(Path(sys.argv[1])))
while True:
    print(source.emit("run"), flush=True)
"""


def test_a_killed_process_has_kept_every_event_it_reported(tmp_path: Path):
    with subprocess.Popen(
        [sys.executable, "-c", APPENDER, tmp_path], stdout=subprocess.PIPE, text=True
    ) as child:
        told = [child.stdout.readline().strip() for _ in range(150)]
        child.kill()
        told += child.stdout.read().split()
    kept = [event["event_id"] for event in Spool(tmp_path).unsent(100_000)]
    whole = [name for name in told if len(name) == 36]
    assert kept[: len(whole)] == whole
    assert len(kept) <= len(whole) + 1


def test_threads_share_a_spool_and_the_numbers_stay_in_order(tmp_path: Path):
    spool = Spool(tmp_path)
    source = EventSource(spool)
    threads = [threading.Thread(target=lambda: [source.emit("run") for _ in range(40)]) for _ in range(5)]
    for thread in threads:
        thread.start()
    taken: list[dict] = []
    while any(thread.is_alive() for thread in threads) or len(spool):
        batch = spool.unsent(17)
        spool.forget([event["event_id"] for event in batch])
        taken += batch
    assert [event["seq"] for event in taken] == list(range(200))


def test_a_full_disk_drops_and_counts_and_recovers(tmp_path: Path):
    spool = Spool(tmp_path)
    source = EventSource(spool)
    pages = spool._db.execute("PRAGMA page_count").fetchone()[0]
    spool._db.execute(f"PRAGMA max_page_count = {pages}")
    for _ in range(60):
        source.emit("run", notebook="n" * 300)
    kept = len(spool)
    assert kept < 60
    spool._db.execute("PRAGMA max_page_count = 100000")
    source.emit("run")
    events = spool.unsent(100)
    assert [event["kind"] for event in events[kept:]] == ["events_dropped", "run"]
    assert events[kept]["detail"]["count"] == 60 - kept


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda raw: b"this is no database" + raw[19:], id="the file's head is overwritten"),
        pytest.param(lambda raw: raw[:4096] + os.urandom(len(raw) - 4096), id="the pages are overwritten"),
    ],
)
def test_a_damaged_file_is_kept_apart_and_a_new_one_begun(tmp_path: Path, damage, caplog):
    spool = Spool(tmp_path)
    for _ in range(100):
        EventSource(spool).emit("run")
    spool.close()
    file = tmp_path / FILE_NAME
    file.write_bytes(damage(file.read_bytes()))
    fresh = Spool(tmp_path)
    EventSource(fresh).emit("run")
    assert len(fresh) == 1
    assert (tmp_path / f"{FILE_NAME}.damaged-1").exists()
    assert "damaged" in caplog.text


def test_a_folder_that_cannot_be_used_is_said_at_once(tmp_path: Path):
    (tmp_path / "spool").write_text("a file in the way")
    with pytest.raises((OSError, sqlite3.Error)):
        Spool(tmp_path / "spool")


def test_events_set_aside_come_again_at_the_next_start(tmp_path: Path):
    spool = Spool(tmp_path)
    source = EventSource(spool)
    first, second = source.emit("run"), source.emit("run")
    spool.set_aside([first])
    assert [event["event_id"] for event in spool.unsent(9)] == [second]
    spool.close()
    assert [event["event_id"] for event in Spool(tmp_path).unsent(9)] == [first, second]


@given(word=st.text(st.characters(categories=["Cs", "Lu", "Cc"]), min_size=1, max_size=20))
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_text_that_no_encoding_carries_is_kept_as_far_as_it_goes(tmp_path: Path, word: str):
    with contextlib.closing(Spool(tmp_path / "odd")) as spool:
        name = EventSource(spool).emit("run", notebook=word, detail={word: [word]})
        (event,) = [event for event in spool.unsent(1000) if event["event_id"] == name]
        spool.forget([name])
    stored = "".join("?" if "\ud800" <= char <= "\udfff" else char for char in word)
    assert (event["notebook"], event["detail"]) == (stored, {stored: [stored]})


NOTER = """
import os, signal, sys
from pathlib import Path
from maximalab_recorder.events import EventSource
from maximalab_recorder.spool import Spool
spool = Spool(Path(sys.argv[1]))
for name in ("a", "b", "c"):
    spool.note(name, {"kind": "run", "notebook": name})
EventSource(spool).emit("run", closes="b")
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_notes_survive_the_death_of_their_process_and_go_with_their_event(tmp_path: Path):
    subprocess.run([sys.executable, "-c", NOTER, tmp_path], check=False)
    spool = Spool(tmp_path)
    assert list(spool.notes()) == ["a", "c"]
    assert len(spool) == 1
    source = EventSource(spool)
    source.emit("run", closes="a")
    source.emit("run", closes="no such note")
    assert list(spool.notes()) == ["c"]
    assert spool._db.execute("PRAGMA synchronous").fetchone()[0] == 2, "events are flushed"


def test_a_note_goes_even_where_its_event_has_no_room(tmp_path: Path):
    spool = Spool(tmp_path, cap_bytes=10)
    spool.note("a", {})
    EventSource(spool).emit("run", closes="a")
    assert spool.notes() == {}
    assert [event["kind"] for event in spool.unsent(9)] == ["events_dropped"]


def test_a_note_whose_event_the_disk_refused_goes_with_the_next_event(tmp_path: Path):
    spool = Spool(tmp_path)
    source = EventSource(spool)
    spool.note("a", {})
    spool._db.execute("PRAGMA query_only = ON")
    source.emit("run", closes="a")
    spool._db.execute("PRAGMA query_only = OFF")
    assert list(spool.notes()) == ["a"]
    source.emit("run")
    assert spool.notes() == {}


def test_what_is_noted_is_bounded(tmp_path: Path):
    spool = Spool(tmp_path)
    for number in range(NOTES_MOST + 5):
        spool.note(str(number), {})
    assert len(spool.notes()) == NOTES_MOST


def test_a_disk_that_takes_no_note_ends_nothing(tmp_path: Path, caplog):
    spool = Spool(tmp_path)
    spool._db.execute("PRAGMA query_only = ON")
    spool.note("a", {})
    assert "could not be noted" in caplog.text
    spool._db.execute("PRAGMA query_only = OFF")
    EventSource(spool).emit("run")
    assert (len(spool), spool.notes()) == (1, {})
