"""The export log: whatever is done to an entry later is found, and writers at the same moment keep it whole."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub import migrations
from maximalab_hub.export_log import (
    Entry,
    Fault,
    Head,
    LogKind,
    Point,
    Verdict,
    entry_after,
    hash_of,
    names_in_the_log,
    verify,
)
from maximalab_hub.store import log
from maximalab_hub.store.engine import open_engine, reading, writing
from maximalab_hub.store.models import LogEntryRow
from sqlalchemy import delete, select, update

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection, Engine, Executable

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
WHO = names_in_the_log("k" * 64).of("rea")


def chain(length: int) -> list[Entry]:
    first = entry_after(Point(), at=NOON, kind=LogKind.LOOK, who=WHO, study="lab-study", detail={"page": "/"})
    return list(accumulate(range(1, length), follow, initial=first))


def follow(last: Entry, n: int) -> Entry:
    kind = (LogKind.LOOK, LogKind.EXPORT, LogKind.EXPORTED)[n % 3]
    at = NOON + timedelta(seconds=n)
    return entry_after(last.point, at=at, kind=kind, who=WHO, study=None, detail={"n": n, "курс": "ґ"})


def head_of(entries: Sequence[Entry]) -> Head:
    return Head(last=entries[-1].point if entries else Point())


LENGTHS = st.integers(1, 12)


@given(LENGTHS)
def test_an_untouched_log_is_whole(length: int) -> None:
    entries = chain(length)
    verdict = verify(entries, head_of(entries), entries[length // 2].point)
    assert (verdict.fault, verdict.entries, verdict.last) == (None, length, entries[-1].point)


def other(value: object) -> object:
    match value:
        case int():
            return value + 1
        case datetime():
            return value + timedelta(microseconds=1)
        case None:
            return ""
        case _:
            return f"{value}x"


@given(st.data(), LENGTHS, st.sampled_from([field.name for field in fields(Entry)]))
def test_a_change_of_any_entry_is_found_whatever_it_changes(data: Any, length: int, name: str) -> None:
    entries = chain(length)
    place = data.draw(st.integers(0, length - 1))
    entries[place] = replace(entries[place], **{name: other(getattr(entries[place], name))})
    verdict = verify(entries, head_of(chain(length)))
    assert verdict.fault is not None
    assert verdict.position in {place + 1, place + 2}


@given(st.data(), LENGTHS, st.booleans())
def test_a_change_with_its_hash_made_anew_is_found(data: Any, length: int, cover: bool) -> None:
    """Made anew up to its end as well, in which case the head tells."""
    entries, whole = chain(length), head_of(chain(length))
    place = data.draw(st.integers(0, length - 1))
    forged = replace(entries[place], detail='{"page":"another"}')
    entries[place] = replace(forged, hash=hash_of(forged))
    for later in range(place + 1, length if cover else 0):
        moved = replace(entries[later], previous=entries[later - 1].hash)
        entries[later] = replace(moved, hash=hash_of(moved))
    assert verify(entries, whole).fault is not None
    # Whoever may write everything makes the head anew, too: then a head that was kept elsewhere tells.
    assert verify(entries, head_of(entries), whole.last).fault is not None


@given(st.data(), LENGTHS)
def test_a_removal_of_any_entries_is_found(data: Any, length: int) -> None:
    entries = chain(length)
    gone = data.draw(st.sets(st.integers(0, length - 1), min_size=1))
    left = [entry for place, entry in enumerate(entries) if place not in gone]
    verdict = verify(left, head_of(entries))
    assert (verdict.fault in {Fault.MISSING, Fault.CUT}, verdict.fault is None) == (True, False)
    cut = verify(left, head_of(left), entries[-1].point)
    assert cut.fault is not None


@given(st.data(), st.integers(2, 12))
def test_any_other_order_is_found(data: Any, length: int) -> None:
    entries = chain(length)
    order = data.draw(st.permutations(range(length)).filter(lambda found: found != list(range(length))))
    assert verify([entries[place] for place in order], head_of(entries)).fault is not None
    # And where the numbers are put right again:
    moved = [replace(entries[place], position=n + 1) for n, place in enumerate(order)]
    assert verify(moved, head_of(entries)).fault is not None


@given(st.data(), LENGTHS)
def test_an_insertion_is_found_wherever_it_is(data: Any, length: int) -> None:
    entries = chain(length)
    place = data.draw(st.integers(0, length))
    last = entries[place - 1].point if place else Point()
    new = entry_after(last, at=NOON, kind=LogKind.LOOK, who=WHO, study=None, detail={})
    assert verify([*entries[:place], new, *entries[place:]], head_of(entries)).fault is not None
    shifted = [replace(entry, position=entry.position + 1) for entry in entries[place:]]
    assert verify([*entries[:place], new, *shifted], head_of(entries)).fault is not None


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        entry_after(Point(), at=datetime(2026, 1, 1), kind=LogKind.LOOK, who=WHO, study=None, detail={})  # noqa: DTZ001


def test_what_retention_removed_has_to_be_told_in_the_log() -> None:
    entries = chain(5)
    base = entries[2].point
    told = {"log": {"position": base.position, "hash": base.hash}}
    honest = entry_after(entries[-1].point, at=NOON, kind=LogKind.RETENTION, who=WHO, study=None, detail=told)
    left = [*entries[3:], honest]
    assert verify(left, Head(base, honest.point)).fault is None
    quiet = entries[3:]
    assert verify(quiet, Head(base, entries[-1].point)).fault is Fault.MISSING


# In the store, on both databases.


def append(connection: Connection, n: int) -> Entry:
    detail = {"page": "/", "n": n}
    at = NOON + timedelta(microseconds=n)
    return log.append(connection, at=at, kind=LogKind.LOOK, who=WHO, study="lab-study", detail=detail)


def found(engine: Engine, kept: Point | None = None) -> Verdict:
    with reading(engine) as connection:
        return verdict_in(connection, kept)


def verdict_in(connection: Connection, kept: Point | None = None) -> Verdict:
    return verify(log.entries(connection), log.head(connection), kept)


@pytest.fixture
def logged(store: Engine) -> Engine:
    for n in range(6):
        with writing(store) as connection:
            append(connection, n)
    assert (found(store).fault, found(store).entries) == (None, 6)
    return store


def after(engine: Engine, *changes: Executable) -> Verdict:
    """What is found after these changes, which are then taken back."""
    with engine.connect() as connection:
        for change in changes:
            connection.execute(change)
        verdict = verdict_in(connection)
        connection.rollback()
    return verdict


def test_an_empty_log_is_whole(store: Engine) -> None:
    assert (found(store).fault, found(store).last) == (None, Point())


def test_a_transaction_that_fails_leaves_no_entry(logged: Engine) -> None:
    def write_and_fail() -> None:
        with writing(logged) as connection:
            append(connection, 7)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_and_fail()
    assert (found(logged).fault, found(logged).entries) == (None, 6)


def changed(name: str, value: object, place: int) -> object:
    """Another value that the column can hold."""
    if name == "position":
        return place + 100
    return str(value)[1:] if name in {"who", "previous", "hash"} else other(value)


def test_whatever_is_done_to_any_entry_of_the_store_is_found(logged: Engine) -> None:
    columns = LogEntryRow.__table__.c
    with reading(logged) as connection:
        rows = connection.execute(select(LogEntryRow.__table__).order_by(columns.position)).all()
    for row in rows:
        place, mine = row.position, LogEntryRow.position == row.position
        gone = after(logged, delete(LogEntryRow).where(mine))
        assert (gone.fault, gone.position) == (Fault.CUT if place == 6 else Fault.MISSING, place)
        for name in columns.keys():  # noqa: SIM118  no mapping
            values = {name: changed(name, row._mapping[name], place)}
            verdict = after(logged, update(LogEntryRow).where(mine).values(**values))
            assert verdict.fault is not None, (place, name)
            assert verdict.position in {place, place + 1}, (place, name)


def test_two_entries_of_the_store_that_change_places_are_found(logged: Engine) -> None:
    moves = ((2, 99), (4, 2), (99, 4))
    steps = [
        update(LogEntryRow).where(LogEntryRow.position == old).values(position=new) for old, new in moves
    ]
    verdict = after(logged, *steps)
    assert (verdict.fault, verdict.position) == (Fault.CHANGED, 2)


def test_a_log_that_was_wholly_made_anew_is_found_by_a_head_kept_elsewhere(logged: Engine) -> None:
    kept = found(logged).last
    with writing(logged) as connection:
        for table in ("export_log", "export_log_head"):
            connection.execute(delete(LogEntryRow.metadata.tables[table]))
        for n in range(8):
            append(connection, n + (n > 2))
    assert found(logged).fault is None
    assert (found(logged, kept).fault, found(logged, kept).position) == (Fault.UNKNOWN, 6)


@pytest.fixture
def patient_engines(store_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Engine]]:
    """As many processes have: each its own connections, and time to wait for the others on a busy machine."""
    monkeypatch.setattr("maximalab_hub.store.engine.BUSY_SECONDS", 120)
    engines = [open_engine(store_url) for _ in range(6)]
    migrations.upgrade(engines[0])
    yield engines
    for engine in engines:
        engine.dispose()


def test_writers_at_the_same_moment_make_one_chain(patient_engines: list[Engine]) -> None:
    """The first entry of all included: nobody has made the head before."""
    together = threading.Barrier(len(patient_engines))

    def write(engine: Engine) -> list[int]:
        together.wait(60)
        positions = []
        for n in range(20):
            with writing(engine) as connection:
                positions.append(append(connection, n).position)
        return positions

    with ThreadPoolExecutor(len(patient_engines)) as threads:
        written = list(threads.map(write, patient_engines))
    assert sorted(n for positions in written for n in positions) == list(range(1, 121))
    assert all(positions == sorted(positions) for positions in written)
    assert (found(patient_engines[0]).fault, found(patient_engines[0]).entries) == (None, 120)
