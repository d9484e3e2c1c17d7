"""Whatever dies while a month moves, each event is in one place, and is known when it comes again."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq
import pytest
from archivedusage import event, put, with_months
from maximalab_hub import migrations
from maximalab_hub.incoming import IncomingError, TakenIn, incoming_events, take_in
from maximalab_hub.store import erasing
from maximalab_hub.store.archive import moving
from maximalab_hub.store.archive.ids import archived_among, key_of
from maximalab_hub.store.archive.months import Month
from maximalab_hub.store.archive.places import archived_months, folder_of, sole_changer
from maximalab_hub.store.engine import StoreAwayError, archive_folder, open_engine, reading, writing
from maximalab_hub.store.models import ArchivedIdRow, EventRow
from postedevents import LOG_NAMES, stored
from sqlalchemy import func, select

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
JANUARY, MARCH = Month(2026, 1), Month(2026, 3)
DAY = 24 * 60
EVENTS = [event(n, n * 2 * DAY, user=n % 4, boot=n % 3) for n in range(40)]
"""From January on, one every other day."""
MOVING = ("write_month", "hold_everybody_off", "_take_out", "ids.add", "name_in_force")
BRINGING = ("ids.forget", "no_longer", "load_events")


class KilledError(BaseException):
    """Where a process would have died."""


@pytest.fixture
def lab(store: Engine, store_url: str, tmp_path: Path) -> Iterator[Engine]:
    """A store with some months of events, none of them archived."""
    engine = open_engine(store_url, archive=tmp_path / "archive")
    with_months(engine)
    put(engine, EVENTS)
    yield engine
    engine.dispose()


def moved(engine: Engine, through: Month = MARCH) -> list[str]:
    return [str(one.month) for one in moving.archive(engine, through, NOW)]


def in_the_table(engine: Engine) -> int:
    with reading(engine) as connection:
        return connection.execute(select(func.count()).select_from(EventRow)).scalar_one()


def files(engine: Engine) -> list[str]:
    return sorted(path.name for path in folder_of(engine).glob("*.parquet*"))


def whole(engine: Engine) -> None:
    """Each event is there once, and nothing that is sent again is new."""
    assert [row[0] for row in stored(engine)] == [one["event_id"] for one in EVENTS]
    assert put(engine, EVENTS) == frozenset()
    assert len(stored(engine)) == len(EVENTS)


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize("point", MOVING)
def test_dying_while_a_month_moves_loses_nothing(
    lab: Engine, monkeypatch: pytest.MonkeyPatch, point: str, *, before: bool
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(f"maximalab_hub.store.archive.moving.{point}", dying(point, before=before))
        with pytest.raises(KilledError):
            moved(lab)
    assert in_the_table(lab) == len(EVENTS)
    whole(lab)
    assert moved(lab) == ["2026-01", "2026-02", "2026-03"]
    assert in_the_table(lab) == 0
    assert files(lab) == ["2026-01.parquet", "2026-02.parquet", "2026-03.parquet"]
    whole(lab)


@pytest.mark.parametrize("point", BRINGING)
def test_dying_while_a_month_comes_back_loses_nothing(
    lab: Engine, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    moved(lab)
    with monkeypatch.context() as patch:
        patch.setattr(f"maximalab_hub.store.archive.moving.{point}", dying(point, before=False))
        with pytest.raises(KilledError):
            moving.bring_back(lab, JANUARY)
    whole(lab)
    assert moving.bring_back(lab, JANUARY) == 16
    assert files(lab) == ["2026-02.parquet", "2026-03.parquet"]
    whole(lab)
    assert moved(lab) == ["2026-01"]
    whole(lab)


def dying(point: str, *, before: bool) -> Any:
    owner = moving.ids if point.startswith("ids.") else moving
    real = getattr(owner, point.removeprefix("ids."))

    def die(*args: Any, **how: Any) -> None:
        if not before:
            real(*args, **how)
        raise KilledError(point)

    return die


PROGRAM = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from maximalab_hub.store.archive import moving, places
from maximalab_hub.store.archive.months import month_from
from maximalab_hub.store.engine import open_engine
real, calls = moving.{point}, []
def die(*args, **how):
    calls.append(real(*args, **how))
    if len(calls) == {call}:
        os.kill(os.getpid(), signal.SIGKILL)
    return calls[-1]
moving.{point} = die
engine = open_engine(sys.argv[1], archive=Path(sys.argv[2]))
print([*moving.archive(engine, month_from("2026-03"), datetime.fromisoformat("2026-06-15T12:00:00+00:00"))])
"""


@pytest.mark.parametrize(
    ("point", "call", "left"),
    [
        pytest.param("name_in_force", 2, 24, id="before the second month's commit"),
        pytest.param("_move", 2, 10, id="after it"),
    ],
)
def test_a_program_that_is_killed_loses_nothing(
    sqlite_url: str, tmp_path: Path, point: str, call: int, left: int
) -> None:
    lab = open_engine(sqlite_url, archive=tmp_path / "archive")
    migrations.upgrade(lab)
    put(lab, EVENTS)
    program = PROGRAM.format(point=point, call=call)
    words = [sys.executable, "-c", program, sqlite_url, str(archive_folder(lab))]
    done = subprocess.run(words, capture_output=True, timeout=600, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert in_the_table(lab) == left
    whole(lab)
    moved(lab)
    assert in_the_table(lab) == 0
    whole(lab)
    lab.dispose()


def test_a_file_that_reads_back_otherwise_is_not_believed(
    lab: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("maximalab_hub.store.archive.files._digests_in", lambda _path: ["other"])
        with pytest.raises(StoreAwayError, match="reads back otherwise"):
            moved(lab)
    assert files(lab) == ["2026-01.parquet.part"]
    whole(lab)
    assert moved(lab) == ["2026-01", "2026-02", "2026-03"]
    whole(lab)


def test_a_file_that_is_gone_is_told_of_and_never_passed_over(lab: Engine) -> None:
    moved(lab)
    (folder_of(lab) / "2026-02.parquet").unlink()
    with pytest.raises(StoreAwayError, match="archive"):
        stored(lab)


def test_events_that_come_late_are_read_at_once_and_merged_by_the_next_run(lab: Engine) -> None:
    moved(lab)
    late = [event(100 + n, n * DAY + 1) for n in range(5)]
    assert put(lab, [*late, *EVENTS[:10]]) == {one["event_id"] for one in late}
    before = stored(lab)
    assert len(before) == len(EVENTS) + 5
    assert moved(lab) == ["2026-01"]
    assert stored(lab) == before
    assert files(lab) == ["2026-01.2.parquet", "2026-02.parquet", "2026-03.parquet"]
    assert put(lab, [*late, *EVENTS]) == frozenset()


def test_the_files_are_sorted_compressed_and_named_in_the_manifest(lab: Engine) -> None:
    moved(lab)
    path = folder_of(lab) / "2026-01.parquet"
    rows = pq.read_table(path).to_pylist()
    assert rows == sorted(rows, key=lambda one: (one["at"].date(), one["user"], one["at"], one["event_id"]))
    assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"
    assert path.stat().st_mode & 0o777 == 0o600
    told = (folder_of(lab) / "manifest.json").read_text()
    with reading(lab) as connection:
        assert all(f'"{one.sha256}"' in told for one in archived_months(connection))
        assert connection.execute(select(func.count()).select_from(ArchivedIdRow)).scalar_one() == len(EVENTS)


def test_one_at_a_time_changes_the_archive(lab: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("maximalab_hub.store.archive.places.BUSY_SECONDS", 0)
    with sole_changer(lab):
        with pytest.raises(StoreAwayError, match="just now"):
            moved(lab)
        with pytest.raises(StoreAwayError, match="just now"), writing(lab) as connection:
            erasing.erase(connection, "ada", names=LOG_NAMES, by="root", reason="asked", now=NOW)
    assert moved(lab) == ["2026-01", "2026-02", "2026-03"]


def test_ids_that_are_no_uuids_are_known_as_well(lab: Engine) -> None:
    strange = [
        event(200, 1, event_id="far-uk"),
        event(201, 2, event_id="FAR-UK"),
        event(202, 3, event_id="0" * 32),
    ]
    put(lab, strange)
    moved(lab)
    assert put(lab, strange) == frozenset()
    assert len({key_of(one["event_id"]) for one in strange}) == 3
    with reading(lab) as connection:
        assert archived_among(connection, ["far-uk", "far-de"]) == {"far-uk"}


def test_events_of_another_lab_are_taken_in_once(lab: Engine, tmp_path: Path) -> None:
    moved(lab)
    copy = tmp_path / "copy.parquet"
    copy.write_bytes((folder_of(lab) / "2026-02.parquet").read_bytes())
    assert taken(lab, copy) == TakenIn(0, 14, 0)
    other = tmp_path / "more.jsonl"
    other.write_text(a_line(300) + "\n" + a_line(301) + "\n")
    assert taken(lab, other) == TakenIn(2, 0, 0)
    assert taken(lab, other) == TakenIn(0, 2, 0)
    with writing(lab) as connection:
        erasing.erase(connection, "ada", names=LOG_NAMES, by="root", reason="asked", now=NOW)
    assert taken(lab, other) == TakenIn(0, 0, 2)


def a_line(n: int, **fields: Any) -> str:
    return json.dumps({**event(n, n), **fields}, default=datetime.isoformat)


def taken(engine: Engine, path: Path) -> TakenIn:
    total = TakenIn()
    for events in incoming_events(path):
        total += take_in(engine, events, LOG_NAMES)
    return total


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("{", "line 1", id="no JSON"),
        pytest.param("[]", "event_id is missing", id="no object"),
        pytest.param('{"person": "x"}', "study's export", id="a study's export"),
        pytest.param(a_line(1, at="2026-01-01T00:00:00"), "no time zone", id="no time zone"),
        pytest.param(a_line(1, kind="nonsense"), "'nonsense' is unknown", id="an unknown kind"),
        pytest.param(a_line(1, user=None), "user is missing", id="nobody"),
        pytest.param(a_line(1, course="x" * 65), "at most 64", id="too long"),
        pytest.param(a_line(1, seq="x"), "cannot be read", id="no number"),
    ],
)
def test_what_is_no_event_is_refused(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "events.jsonl"
    path.write_text(text)
    with pytest.raises(IncomingError, match=said):
        list(incoming_events(path))
