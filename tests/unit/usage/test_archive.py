"""Closed months in files: nothing that the lab says of its events tells whether they are archived."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from archivedusage import (
    BEGIN,
    KEPT_DAYS,
    KYIV,
    PEOPLE,
    bring_back,
    event,
    everything,
    put,
    set_up,
    starts,
    with_months,
)
from exportexample import STUDY
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from maximalab_hub import migrations
from maximalab_hub.export.source import Source
from maximalab_hub.retention import cutoffs
from maximalab_hub.store import each, erasing, retaining
from maximalab_hub.store.archive import moving
from maximalab_hub.store.archive.columns import sorted_tables
from maximalab_hub.store.archive.groups import groups_of
from maximalab_hub.store.archive.months import Month, last_closed, month_from, month_of
from maximalab_hub.store.archive.places import archived_months
from maximalab_hub.store.archive.reading import Archive
from maximalab_hub.store.arrow import SCHEMA
from maximalab_hub.store.engine import open_engine, reading, writing
from maximalab_hub.store.research import Selection
from maximalab_hub.store.startcounts import settle
from postedevents import LOG_NAMES, emptied

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

NOW = datetime(2026, 6, 15, 12, tzinfo=UTC)
KINDS = ("run", "run", "notebook_open", "login", "look", "server_use", "recording_end")
EVENTS = st.builds(
    event,
    st.integers(1, 60),
    st.integers(0, 120 * 24 * 60),
    user=st.integers(0, len(PEOPLE) - 1),
    kind=st.sampled_from(KINDS),
    boot=st.integers(0, 2),
)
DEEDS = st.one_of(
    st.tuples(st.just("post"), st.lists(EVENTS, min_size=1, max_size=40)),
    st.tuples(st.just("archive"), st.integers(0, 4)),
    st.tuples(st.just("archive"), st.integers(0, 4)),
    st.tuples(st.just("bring back"), st.integers(0, 4)),
    st.tuples(st.just("erase"), st.integers(0, len(PEOPLE) - 1)),
    st.tuples(st.just("retain"), st.integers(60, 160)),
    st.tuples(st.just("count starts"), st.none()),
    st.tuples(st.just("count starts"), st.none()),
)


@pytest.fixture
def stores(
    store: Engine, store_url: str, request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[list[Engine]]:
    """Two stores of the same kind: events of the one are archived, those of the other never."""
    if store.dialect.name == "sqlite":
        other = open_engine(f"sqlite:///{tmp_path / 'other.sqlite'}", archive=tmp_path / "never")
        mine = open_engine(store_url, archive=tmp_path / "archive")
    else:
        other = open_engine(
            request.getfixturevalue("postgres").create_database(f"never-{tmp_path.name}"[:60])
        )
        mine = open_engine(store_url, archive=tmp_path / "archive")
    migrations.upgrade(other)
    with_months(mine)
    yield [mine, other]
    for one in (mine, other):
        one.dispose()


@settings(
    max_examples=8,
    derandomize=True,
    deadline=None,
    phases=(Phase.generate,),  # a failing history is not made smaller: that takes many minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(EVENTS, min_size=5, max_size=60), st.lists(DEEDS, min_size=1, max_size=6))
def test_nothing_tells_what_is_archived(stores: list[Engine], events: list[Any], deeds: list[Any]) -> None:
    for one in stores:
        emptied(one)
        set_up(one)
        put(one, events)
        settle(one)
    for deed, about in [*deeds, ("archive", 2)]:
        do(stores, deed, about)
    with reading(stores[0]) as connection:
        starts(connection)  # some of them counted before what came last, and some after
        assert archived_rows(connection, most=7, rows=5) == archived_rows(connection), "read in parts"
    for one in stores:
        settle(one)
    mine, never = (everything(one) for one in stores)
    assert mine.keys() == never.keys()
    for name, said in never.items():
        assert mine[name] == said, name


@pytest.mark.parametrize(("at_once", "times"), [(20_000, 1), (1, 3)], ids=["together", "each alone"])
def test_an_export_asks_the_archive_for_many_people_together(
    stores: list[Engine], monkeypatch: pytest.MonkeyPatch, at_once: int, times: int
) -> None:
    events = [event(n, n * 60, user=n % 3) for n in range(1, 30)]
    for one in stores:
        set_up(one)
        put(one, events)
    list(moving.archive(stores[0], Month(2026, 1), NOW))
    put(stores[0], late := [event(n, n * 60, user=n % 3) for n in range(30, 40)])
    put(stores[1], late)
    asked: list[Any] = []
    real = Archive.events
    monkeypatch.setattr(Archive, "events", lambda *given: asked.append(given) or real(*given))
    monkeypatch.setattr(each, "EVENTS_AT_ONCE", at_once)
    mine, never = (sessions_in(one) for one in stores)
    assert mine == never
    assert len(asked) == times


def archived_rows(connection: Connection, **limits: int) -> list[dict[str, Any]]:
    """All of every archived event, in order."""
    months = archived_months(connection)
    return [
        row for one in sorted_tables(months, SCHEMA.names, Selection(), **limits) for row in one.to_pylist()
    ]


def test_a_day_of_many_events_is_read_in_parts(stores: list[Engine]) -> None:
    """Whatever a day holds, no more of it is sorted, or given, at a time."""
    events = [event(n, n, user=n % 4) for n in range(1, 60)]
    put(stores[0], events)
    list(moving.archive(stores[0], Month(2026, 1), NOW))
    with reading(stores[0]) as connection:
        months = archived_months(connection)
        [group] = groups_of([one.path for one in months], Selection(), [])
        assert (group.rows, len(list(group.stretches(20))), len(list(group.stretches(59)))) == (59, 3, 1)
        for most, rows in ((7, 100), (100, 5)):
            tables = list(sorted_tables(months, ["event_id", "at"], Selection(), most=most, rows=rows))
            assert max(map(len, tables)) <= min(most, rows)
            found = [row["event_id"] for one in tables for row in one.to_pylist()]
            assert found == [one["event_id"] for one in events]


def sessions_in(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        return list(Source(connection, STUDY, Selection(), KYIV).sessions())


def do(stores: list[Engine], deed: str, about: Any) -> None:
    """Do it to both stores; moving months to the first alone."""
    mine, _ = stores
    match deed:
        case "archive":
            list(moving.archive(mine, Month(2026, 1 + about), NOW))
        case "bring back":
            bring_back(mine, Month(2026, 1 + about))
        case "post":
            assert put(stores[0], about) == put(stores[1], about), "the same are known"
        case "count starts":
            settle(mine)
        case "erase":
            done = [erase(one, PEOPLE[about]) for one in stores]
            assert done[0] == done[1]
        case _:
            at = BEGIN + timedelta(days=about)
            before = cutoffs(KEPT_DAYS, at)
            done = [retaining.retain(one, before, LOG_NAMES, NOW) for one in stores]
            assert done[0] == done[1]


def erase(engine: Engine, user: str) -> Any:
    with writing(engine) as connection:
        return erasing.erase(
            connection, user, names=LOG_NAMES, by="root", reason="asked", now=NOW, mentions=True
        )


@pytest.mark.parametrize(
    ("now", "keep", "month"),
    [
        pytest.param("2026-03-01T00:00:00+00:00", 0, "2026-02", id="a month that has just ended"),
        pytest.param("2026-03-01T01:00:00+02:00", 0, "2026-01", id="months end in UTC"),
        pytest.param("2026-03-31T23:59:59+00:00", 6, "2025-08", id="half a year is kept"),
        pytest.param("2026-01-01T00:00:00+00:00", 12, "2024-12", id="a year"),
    ],
)
def test_which_months_are_closed(now: str, keep: int, month: str) -> None:
    assert last_closed(datetime.fromisoformat(now), keep) == month_from(month)


@given(st.datetimes(timezones=st.just(UTC)).filter(lambda at: at.year < 9999))
def test_every_moment_lies_in_its_month(at: datetime) -> None:
    month = month_of(at)
    assert month.start <= at < month.end
    assert month_from(str(month)) == month


@pytest.mark.parametrize(
    "text", ["2026-13", "2026-00", "2026-1", "26-01", "0000-01", "2026-01-01", "", "٢٠٢٦-٠١"]
)
def test_what_is_no_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="2026-03"):
        month_from(text)
