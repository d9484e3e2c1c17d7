"""PostgreSQL's months: no event waits for a partition, none is lost with one, and nobody sees a month go."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from threading import Thread
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from alembic import command
from archivedusage import BEGIN, event, id_of, put, with_months
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub import migrations
from maximalab_hub.store import partitions
from maximalab_hub.store.archive import moving
from maximalab_hub.store.archive.months import Month, month_of
from maximalab_hub.store.engine import StoreAwayError, open_engine, reading, writing
from maximalab_hub.store.partitions import first_id, keep, many_of, months_made
from maximalab_recorder.ids import uuid7
from postedevents import stored
from sqlalchemy import text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Engine

DAY = 24 * 60
NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
JANUARY, FEBRUARY = Month(2026, 1), Month(2026, 2)
EVENTS = [event(n, n * 2 * DAY) for n in range(30)]
"""Half of them made in January, most of the rest in February, and each at about the time that its id tells."""
STRAY = event(3, 40 * DAY)
"""Made in January, and it happened in February."""


@pytest.fixture
def store(postgres_url: str, tmp_path: Path) -> Iterator[Engine]:
    engine = open_engine(postgres_url, archive=tmp_path / "archive")
    migrations.upgrade(engine)
    yield engine
    engine.dispose()


def lying(engine: Engine) -> dict[str, int]:
    """Say how many events lie in which partition."""
    asked = text("SELECT tableoid::regclass::text, count(*) FROM event GROUP BY 1")
    with reading(engine) as connection:
        return {row[0]: row[1] for row in connection.execute(asked)}


def made(engine: Engine) -> list[str]:
    with reading(engine) as connection:
        return [str(month) for month in sorted(months_made(connection))]


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda at: 1970 < at.year < 9999))
def test_an_id_lies_within_the_bounds_of_the_month_in_which_it_was_made(at: datetime) -> None:
    month = month_of(at)
    assert first_id(month) <= str(uuid7(at)) < first_id(month.later(1))


def test_a_new_store_has_the_present_month_and_some_ahead(store: Engine) -> None:
    now = month_of(datetime.now(UTC))
    assert made(store) == [str(now.later(n)) for n in range(partitions.AHEAD + 1)]


def test_no_event_waits_for_a_partition_and_a_later_one_takes_it_over(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(store, EVENTS)
    before = stored(store)
    assert lying(store) == {"event_other": 30}
    assert keep(store, NOW) == [Month(2026, 6), Month(2026, 7), Month(2026, 8), Month(2026, 9)]
    assert lying(store) == {"event_other": 30}, "too few for a past month"
    monkeypatch.setattr(partitions, "LEAST", 14)
    assert keep(store, NOW) == [JANUARY, FEBRUARY]
    assert lying(store) == {"event_2026_01": 16, "event_2026_02": 14}
    assert stored(store) == before
    assert put(store, EVENTS) == frozenset()


def test_ids_that_somebody_made_up_make_no_partitions(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "LEAST", 1)
    far = [datetime(1970, 1, 1, tzinfo=UTC), NOW + timedelta(days=150), datetime(9000, 1, 1, tzinfo=UTC)]
    put(store, [event(n, n, event_id=str(uuid7(at))) for n, at in enumerate(far)])
    before = made(store)
    keep(store, NOW)
    assert set(made(store)) - set(before) <= {"2026-06", "2026-07", "2026-08", "2026-09"}
    assert len(stored(store)) == 3


def test_a_month_that_stands_empty_goes_and_the_present_one_stays(store: Engine) -> None:
    with_months(store)
    put(store, [EVENTS[1]])
    keep(store, NOW)
    assert made(store)[:2] == ["2026-01", "2026-06"]


def test_while_somebody_reads_on_a_partition_waits_and_no_event_does(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = datetime.now(UTC) + timedelta(days=400)
    with reading(store), monkeypatch.context() as patch:
        patch.setattr(partitions, "PATIENCE", 0.05)
        assert keep(store, later) == []
        assert put(store, EVENTS)
    assert len(keep(store, later)) == partitions.AHEAD + 1


@pytest.mark.parametrize(
    ("count", "months"),
    [
        pytest.param(partitions.LEAST, [JANUARY], id="enough for a partition"),
        pytest.param(partitions.LEAST - 1, [], id="too few"),
    ],
)
def test_which_months_of_a_table_of_events_get_one(count: int, months: list[Month]) -> None:
    at = BEGIN + timedelta(days=9)
    told = [str(uuid7(at)) for _ in range(count)] + ["no id", "zzzzzz", "", "ffffffff-ffff-7fff"]
    assert many_of(pa.array(told), NOW) == months


def archived(engine: Engine, through: Month = JANUARY) -> list[int]:
    return [one.from_table for one in moving.archive(engine, through, NOW)]


def test_an_archived_month_goes_as_a_whole_but_for_what_happened_in_another(store: Engine) -> None:
    with_months(store)
    put(store, [STRAY, *(one for one in EVENTS if one["event_id"] != STRAY["event_id"])])
    before = stored(store)
    assert archived(store) == [15]
    assert "2026-01" not in made(store)
    assert lying(store) == {"event_other": 1, "event_2026_02": 14}
    assert stored(store) == before
    assert moving.bring_back(store, JANUARY) == 15
    assert stored(store) == before


def test_a_month_of_which_more_stays_than_goes_keeps_its_partition(store: Engine) -> None:
    with_months(store)
    put(store, [event(n, (40 if n else 1) * DAY + n) for n in range(5)])
    before = stored(store)
    assert archived(store) == [1]
    assert lying(store) == {"event_2026_01": 4}
    assert stored(store) == before


def test_whoever_reads_on_sees_all_events_and_the_month_goes_row_by_row(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "PATIENCE", 0.05)
    with_months(store)
    put(store, EVENTS)
    count = text("SELECT count(*) FROM event")
    with reading(store) as connection:
        before = connection.execute(count).scalar_one()
        assert archived(store) == [16]
        assert connection.execute(count).scalar_one() == before == 30
    assert "2026-01" in made(store)
    assert lying(store) == {"event_2026_02": 14}
    assert len(stored(store)) == 30


def test_whoever_comes_while_a_partition_goes_finds_each_event_once(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_months(store)
    put(store, EVENTS)
    found: list[Any] = []
    reader = Thread(target=lambda: found.extend(once_there(store)))
    real = moving._take_out

    def taken_while_somebody_comes(connection: Any, *args: Any) -> None:
        real(connection, *args)
        reader.start()
        until_blocked(connection)

    monkeypatch.setattr(moving, "_take_out", taken_while_somebody_comes)
    assert archived(store) == [16]
    reader.join(60)
    assert "2026-01" not in made(store)
    assert [row[0] for row in found] == [one["event_id"] for one in EVENTS]


def once_there(engine: Engine) -> list[tuple[Any, ...]]:
    """Read; come again where the machine is so slow that the store counts as away."""
    until = time.monotonic() + 60
    while True:
        try:
            return stored(engine)
        except StoreAwayError:
            assert time.monotonic() < until


def until_blocked(connection: Any) -> None:
    """Wait until somebody waits for us."""
    asked = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'event'::regclass")
    until = time.monotonic() + 60
    while not connection.execute(asked).scalar_one():
        assert time.monotonic() < until, "nobody came"
        time.sleep(0.01)


def step(engine: Engine, word: Any, version: str) -> None:
    with writing(engine) as connection:
        config = migrations._config()
        config.attributes["connection"] = connection
        word(config, version)


def test_a_store_with_events_is_divided_and_made_one_again(
    store: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    then = BEGIN + timedelta(days=3)
    many = [event(n, n, event_id=str(uuid7(then))) for n in range(1000)]
    put(store, [*many, *EVENTS, event(0, 5, event_id="no uuid")])
    before = stored(store)
    step(store, command.downgrade, "0009")
    step(store, command.upgrade, "head")
    assert lying(store) == {"event_2026_01": 1016, "event_other": 15}
    assert stored(store) == before
    assert put(store, EVENTS) == frozenset()
    step(store, command.downgrade, "0009")
    assert lying(store) == {"event": 1031}
    assert stored(store) == before
    migrations.upgrade(store)
    assert id_of(3) in {row[0] for row in stored(store)}
