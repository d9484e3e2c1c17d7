"""What the ingest does with a store that is locked, full, dead, or asked by many at once."""

from __future__ import annotations

import random
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from maximalab_hub import migrations
from maximalab_hub.store.engine import StoreAwayError, open_engine, reading, writing
from sqlalchemy import text

if TYPE_CHECKING:
    from pathlib import Path

    from databases import Postgres
    from sqlalchemy import Engine
from postedevents import ADA, CLIENT, a_run, an_event, ingest_of, plain_of, stored


def test_t25_a_locked_store_keeps_nothing_and_works_again(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("maximalab_hub.store.engine.BUSY_SECONDS", 0.1)
    engine = open_engine(sqlite_url)
    migrations.upgrade(engine)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreAwayError, match="locked"):
        ingest_of(engine).take(ADA, [an_event(1)])
    other.execute("ROLLBACK")
    other.close()
    assert stored(engine) == []
    assert [one.status for one in ingest_of(engine).take(ADA, [an_event(1)])] == ["stored"]


def test_t25_a_full_disk_keeps_nothing_of_a_post_and_works_again(sqlite_url: str) -> None:
    engine = open_engine(sqlite_url)
    migrations.upgrade(engine)
    with writing(engine) as connection:
        pages = connection.execute(text("PRAGMA page_count")).scalar_one()
        connection.execute(text(f"PRAGMA max_page_count = {pages + 3}"))
    post = [an_event(number, detail={"text": "x" * 1000}) for number in range(200)]
    with pytest.raises(StoreAwayError, match="full"):
        ingest_of(engine).take(ADA, post)
    assert stored(engine) == []
    with writing(engine) as connection:
        connection.execute(text("PRAGMA max_page_count = 100000"))
    assert {one.status for one in ingest_of(engine).take(ADA, post)} == {"stored"}


def test_t25_a_postgresql_that_died_is_away_and_then_back(postgres: Postgres, postgres_url: str) -> None:
    engine = open_engine(postgres_url)
    migrations.upgrade(engine)
    ingest = ingest_of(engine)
    ingest.take(ADA, [an_event(1)])
    ingest.take(CLIENT, plain_of([a_run(3)]))
    postgres.stop("immediate")
    try:
        for sender, post in ((ADA, [an_event(2)]), (CLIENT, plain_of([a_run(4)]))):
            with pytest.raises(StoreAwayError):
                ingest.take(sender, post)
    finally:
        postgres.start()
    told = [
        *ingest.take(CLIENT, plain_of([a_run(3), a_run(4)])),
        *ingest.take(ADA, [an_event(1), an_event(2)]),
    ]
    assert [one.status for one in told] == ["known", "stored"] * 2
    postgres.stop("immediate")
    postgres.start()
    assert [one.status for one in ingest.take(CLIENT, plain_of([a_run(5)]))] == ["stored"], "nobody noticed"
    engine.dispose()


def test_postgresql_answers_only_for_what_is_on_the_disk(postgres_url: str) -> None:
    """Whatever the database is set up to do by itself."""
    engine = open_engine(postgres_url)
    name = engine.url.database
    with writing(engine) as connection:
        connection.execute(text(f'ALTER DATABASE "{name}" SET synchronous_commit = off'))
    engine.dispose()
    with reading(engine) as connection:
        assert connection.execute(text("SHOW synchronous_commit")).scalar_one() == "on"
    engine.dispose()


def test_t17_posts_at_the_same_moment_count_once(store: Engine) -> None:
    events = [an_event(number) for number in range(50)]
    ingest = ingest_of(store)
    with ThreadPoolExecutor(6) as threads:
        posts = list(threads.map(lambda _: ingest.take(ADA, random.sample(events, 50)), range(12)))
    assert [one.status for post in posts for one in post].count("stored") == 50
    assert len(stored(store)) == 50


def test_a_store_without_tables_is_away(store_url: str) -> None:
    with pytest.raises(StoreAwayError):
        ingest_of(open_engine(store_url)).take(ADA, [an_event(1)])


def test_those_who_open_a_new_store_at_the_same_moment_all_get_it(tmp_path: Path) -> None:
    """Each sets its kind of log, and SQLite lets one alone at that, without a wait for the others."""
    at_once = 8

    def opened(url: str, together: threading.Barrier) -> int:
        engine = open_engine(url)
        together.wait()
        with reading(engine) as connection:
            one: int = connection.execute(text("SELECT 1")).scalar_one()
        engine.dispose()
        return one

    with ThreadPoolExecutor(at_once) as hands:
        for number in range(150):
            together = threading.Barrier(at_once)
            urls = [f"sqlite:///{tmp_path}/{number}.sqlite"] * at_once
            assert list(hands.map(opened, urls, [together] * at_once)) == [1] * at_once
