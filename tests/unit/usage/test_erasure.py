"""A person's records are erased from every table at once, and what arrives late is not stored again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from canary import CANARY, fill, left_of
from maximalab_hub.completeness import completeness
from maximalab_hub.erasure import FATES, Erasure, erased_before
from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Kind, Source
from maximalab_hub.export_log import verify
from maximalab_hub.service.own_events import OwnEvents
from maximalab_hub.store import erasing, log
from maximalab_hub.store.engine import StoreAwayError, reading, writing
from maximalab_hub.store.models import Base, EventRow
from maximalab_hub.store.personal import CLASSES, Personal
from postedevents import ADA, HUB, LOG_NAMES, NOON, an_event, ingest_of, start, stored
from sqlalchemy import func, select

if TYPE_CHECKING:
    from sqlalchemy import Engine

LATER = NOON + timedelta(minutes=1)
SENDER = Sender(Source.SERVER, CANARY, "public-maxima")


def erase(engine: Engine, user: str = CANARY, *, now: datetime = LATER, **how: Any) -> Erasure:
    told = {"names": LOG_NAMES, "by": "root", "reason": f"asked by {user}", "now": now} | how
    with writing(engine) as connection:
        return erasing.erase(connection, user, **told)


def rows(engine: Engine) -> dict[str, int]:
    with reading(engine) as connection:
        tables = Base.metadata.sorted_tables
        return {
            one.name: connection.execute(select(func.count()).select_from(one)).scalar_one() for one in tables
        }


@pytest.fixture
def full(store: Engine) -> Engine:
    """Something of the person in every table, something of ada in every table that mentions the person, and looks."""
    with writing(store) as connection:
        fill(connection)
        fill(connection, "ada")
    OwnEvents(store, lambda: NOON, LOG_NAMES).record(Kind.LOOK, CANARY, detail={"page": "/"})
    return store


def test_every_column_that_names_has_its_fate() -> None:
    naming = {
        table: {name for name, one in columns.items() if one is Personal.NAMES}
        for table, columns in CLASSES.items()
    }
    assert {table: set(columns) for table, columns in FATES.items()} == {t: c for t, c in naming.items() if c}
    assert "export_log" not in FATES


def test_nothing_of_the_person_is_left_in_any_personal_column(full: Engine) -> None:
    with reading(full) as connection:
        found = left_of(connection, CANARY)
    assert len(found) > 12, "the search finds what is there"
    done = erase(full, mentions=True)
    assert done.rows["event"] == 2
    assert done.mentions > 0
    with reading(full) as connection:
        assert left_of(connection, CANARY) == []
        assert left_of(connection, "ada") != [], "and nothing of anybody else"
        assert verify(log.entries(connection), log.head(connection)).fault is None
        [entry] = [one for one in log.entries(connection) if one.kind == "erasure"]
    assert (entry.who, entry.told["by"]) == (LOG_NAMES.of(CANARY), LOG_NAMES.of("root"))
    assert entry.told["reason"] == "asked by erased"


def test_texts_of_others_stay_unless_asked_otherwise_and_are_counted(full: Engine) -> None:
    done = erase(full)
    with reading(full) as connection:
        found = left_of(connection, CANARY)
    assert done.mentions >= len({one.partition(".")[0] for one in found}) > 0
    assert not [one for one in found if one.endswith((".user", ".made_by"))]
    again = erase(full, mentions=True)
    assert (again.rows, again.mentions) == ({}, done.mentions)


def test_the_same_again_finds_and_changes_nothing(full: Engine) -> None:
    erase(full, mentions=True)
    before = rows(full)
    again = erase(full, now=LATER + timedelta(days=1))
    assert (again.rows, again.mentions, again.entry) == ({}, 0, None)
    assert rows(full) == before


def test_it_happens_wholly_or_not_at_all(full: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    before = rows(full)

    def fail(*_args: object, **_told: object) -> None:
        raise StoreAwayError("the disk is full")

    monkeypatch.setattr("maximalab_hub.store.erasing.log.append", fail)
    with pytest.raises(StoreAwayError):
        erase(full)
    assert rows(full) == before


@pytest.mark.parametrize(
    ("seconds", "source", "refused"),
    [
        pytest.param(-1, Source.SERVER, True, id="before it"),
        pytest.param(0, Source.HUB, True, id="at that moment"),
        pytest.param(299, Source.SERVER, True, id="after it, by a clock that may be ahead"),
        pytest.param(301, Source.SERVER, False, id="after it"),
        pytest.param(299, Source.CLIENT, True, id="a program's clock as well"),
        pytest.param(1, Source.HUB, False, id="the hub's clock is ours"),
    ],
)
def test_what_was_erased_before_it_arrived(seconds: int, source: Source, *, refused: bool) -> None:
    assert erased_before(NOON + timedelta(seconds=seconds), source, NOON) is refused
    assert erased_before(NOON + timedelta(seconds=seconds), source, None) is False


def test_a_spool_that_comes_late_is_told_to_stop(store: Engine) -> None:
    ingest = ingest_of(store)
    ingest.take(HUB, [start(0, CANARY), start(1, "ada")])
    posted = [an_event(n) for n in range(2, 9)]
    assert {one.status for one in ingest.take(SENDER, posted)} == {"stored"}
    erase(store)
    late = [*posted, an_event(9)]
    for _ in range(2):
        assert {(one.status, one.field) for one in ingest.take(SENDER, late)} == {("refused", "user")}
    assert [one.status for one in ingest.take(ADA, [an_event(10)])] == ["stored"]
    assert {row[8] for row in stored(store)} == {"ada"}


def test_who_goes_on_working_is_recorded_anew(store: Engine) -> None:
    ingest = ingest_of(store)
    erase(store, now=NOON - timedelta(hours=2))
    assert [one.status for one in ingest.take(SENDER, [an_event(1)])] == ["stored"]


def test_completeness_stays_right(store: Engine) -> None:
    """The hub numbers events of many people: those of the erased one are no gap, nor are those that come late."""
    ingest = ingest_of(store)
    told = [start(n, CANARY if n % 2 else "ada") for n in range(8)]
    ingest.take(HUB, told[:6])
    with reading(store) as connection:
        before = completeness(connection, {"ada", CANARY})
    assert (before.missing, before.received) == (0, 6)
    erase(store)
    ingest.take(HUB, told)
    ingest.take(HUB, told)
    with reading(store) as connection:
        after = completeness(connection, {"ada", CANARY})
    assert (after.missing, after.starts_with_gaps, after.received, after.removed) == (0, 0, 4, 4)
    ingest.take(HUB, [start(9, "ada")])
    with reading(store) as connection:
        assert completeness(connection, {"ada"}).missing == 1, "a gap is still seen"


def test_nothing_that_is_posted_at_the_same_moment_is_left(store: Engine) -> None:
    """Posts and the erasure really at once: whoever comes first, nothing from before it is left."""
    ingest, together = ingest_of(store), threading.Barrier(5)

    def post(worker: int) -> None:
        together.wait(60)
        for n in range(12):
            try:
                ingest.take(SENDER, [an_event(worker * 100 + n)])
            except StoreAwayError:
                continue  # the sender would come again, and be refused

    def end() -> None:
        together.wait(60)
        erase(store)

    works: list[Callable[[], None]] = [*(lambda worker=worker: post(worker) for worker in range(4)), end]
    with ThreadPoolExecutor(5) as threads:
        for done in [threads.submit(work) for work in works]:
            done.result()
    with reading(store) as connection:
        assert connection.execute(select(func.count()).where(EventRow.user == CANARY)).scalar_one() == 0


def test_a_request_waits_until_it_is_done_or_taken_back(store: Engine) -> None:
    with writing(store) as connection:
        for user in (CANARY, "ada", CANARY):
            erasing.ask_for_erasure(connection, user, datetime(2026, 11, 1, tzinfo=UTC))
        erasing.withdraw_request(connection, "ada")
        assert [one.user for one in erasing.requests(connection)] == [CANARY]
    erase(store)
    with reading(store) as connection:
        assert erasing.requests(connection) == []
