"""Counts of starts are kept in a table, and say what the events themselves say (see `test_archive`, too)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from alembic import command
from archivedusage import PEOPLE, event, put, starts
from maximalab_hub import migrations
from maximalab_hub.service import daily
from maximalab_hub.store.boots import boot_counts, counted_anew, in_order
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.models import StartChangeRow, StartCountRow
from maximalab_hub.store.startchoice import Choice
from maximalab_hub.store.startcounts import begin_anew, settle
from sqlalchemy import event as sqlalchemy_event
from sqlalchemy import func, select

if TYPE_CHECKING:
    from sqlalchemy import Engine

WORK = [event(n, n * 60, user=n % 3, boot=n % 2) for n in range(1, 40)]


def rows(engine: Engine, table: type[Any]) -> int:
    with reading(engine) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def counted(engine: Engine) -> list[Any]:
    with reading(engine) as connection:
        found = boot_counts(connection)
        assert found == in_order(connection, counted_anew(connection, Choice()))
        return found


def test_a_store_from_before_is_counted_by_the_service_and_says_the_same_meanwhile(store: Engine) -> None:
    put(store, WORK)
    before = counted(store)
    with writing(store) as connection:
        config = migrations._config()
        config.attributes["connection"] = connection
        command.downgrade(config, "0012")
        command.upgrade(config, "head")
    assert rows(store, StartCountRow) == 0
    assert counted(store) == before
    daily.count_starts(store)
    assert (rows(store, StartChangeRow), rows(store, StartCountRow)) == (0, len(before))
    assert counted(store) == before
    begin_anew(store)
    assert counted(store) == before


def test_what_comes_later_is_added_without_counting_all_again(store: Engine) -> None:
    put(store, WORK)
    daily.count_starts(store)
    put(store, [event(n, n * 60, user=1, boot=1) for n in range(40, 45)])
    asked: list[str] = []
    sqlalchemy_event.listen(store, "before_cursor_execute", lambda *given: asked.append(given[2]))
    with reading(store) as connection:
        found = boot_counts(connection)
    of_events = [one for one in asked if "FROM event" in one or "JOIN event" in one]
    assert all("event.seq >= start_change.from_seq" in one for one in of_events), of_events
    assert {one.user: one.stored for one in found if one.boot_id == f"boot-1{PEOPLE[1]}"} == {
        PEOPLE[1]: 5 + 5
    }
    counted(store)


def test_a_number_that_comes_late_or_twice_counts_once(store: Engine) -> None:
    put(store, [event(n, n * 60) for n in (1, 2, 5)])
    daily.count_starts(store)
    put(store, [event(3, 180), event(6, 200, seq=5), event(7, 240)])
    found = counted(store)
    assert [(one.stored, one.numbered, one.missing) for one in found] == [(5, 8, 3)]
    daily.count_starts(store)
    assert counted(store) == found


def test_who_stores_events_has_a_turn_while_a_large_store_is_counted(store: Engine) -> None:
    put(store, [event(n, n * 60, user=n % 3, boot=n % 2) for n in range(1, 12)])
    begin_anew(store)
    late = iter(range(40, 60))
    found = settle(store, lambda _: put(store, [event(n := next(late), n * 60, user=0, boot=0)]), at_once=2)
    assert found >= 6
    assert next(late) > 41, "nobody had a turn"
    assert counted(store)


def test_a_page_of_starts_says_what_all_of_them_say_counted_or_not(store: Engine) -> None:
    put(store, [event(n, n * 1500, user=n % 4, boot=n % 3) for n in range(1, 60)])
    settle(store)
    put(store, [event(n, n * 1500, user=n % 4, boot=n % 5, course="or") for n in range(60, 75)])
    with reading(store) as connection:
        starts(connection)
    settle(store)
    with reading(store) as connection:
        starts(connection)
