"""Posts that come together are kept together, each answered only once it is kept, and what fails, fails alone."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest
from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Source
from maximalab_hub.ingest import WitnessAwaited
from maximalab_hub.store.engine import StoreAwayError, reading, writing
from maximalab_hub.store.together import NotWrittenError, WritesTogether
from postedevents import ADA, HUB, an_event, ingest_of, start, stored
from sqlalchemy import event, text


class Slow:
    """Holds the turn until the others wait behind it."""

    def __init__(self, together: WritesTogether, others: int) -> None:
        self._together, self._others = together, others
        self.begun, self._go_on = Event(), Event()

    def work(self, _connection) -> str:
        self.begun.set()
        assert self._go_on.wait(60)
        return "slow"

    def until_all_wait(self, pool: ThreadPoolExecutor, works) -> list:
        first = pool.submit(self._together.do, self.work)
        assert self.begun.wait(60)
        futures = [pool.submit(self._together.do, work) for work in works]
        pause = Event()
        assert any(len(self._together._waiting) >= self._others or pause.wait(0.01) for _ in range(6000))
        self._go_on.set()
        return [first, *futures]


def commits(engine) -> list[int]:
    counted: list[int] = []
    event.listen(engine, "commit", lambda _connection: counted.append(1))
    return counted


def add(name: str):
    def work(connection) -> str:
        connection.execute(text("INSERT INTO seen VALUES (:name)"), {"name": name})
        return name

    return work


@pytest.fixture
def seen(store):
    with writing(store) as connection:
        connection.execute(text("CREATE TABLE seen (name VARCHAR(20) NOT NULL UNIQUE)"))

    def names() -> set[str]:
        with reading(store) as connection:
            return set(connection.execute(text("SELECT name FROM seen")).scalars())

    return names


def test_those_who_wait_share_one_transaction_and_get_their_own_results(store, seen):
    together = WritesTogether(store)
    counted = commits(store)
    with ThreadPoolExecutor(8) as pool:
        futures = Slow(together, 6).until_all_wait(pool, [add(f"n{n}") for n in range(6)])
        assert [future.result(60) for future in futures] == ["slow", *(f"n{n}" for n in range(6))]
    assert len(counted) == 2, "the slow one alone, then all six"
    assert seen() == {f"n{n}" for n in range(6)}


def test_one_that_the_database_refuses_takes_nobody_with_it(store, seen):
    together = WritesTogether(store)
    with ThreadPoolExecutor(8) as pool:
        futures = Slow(together, 3).until_all_wait(pool, [add("a"), add("a"), add("b")])
        found = [future.exception(60) for future in futures]
    assert [type(error) for error in found] == [type(None), type(None), StoreAwayError, type(None)]
    assert seen() == {"a", "b"}


def test_one_that_has_written_nothing_yet_leaves_the_others_in_their_transaction(store, seen):
    def waits(_connection):
        raise NotWrittenError("later")

    together = WritesTogether(store)
    counted = commits(store)
    with ThreadPoolExecutor(8) as pool:
        futures = Slow(together, 3).until_all_wait(pool, [add("a"), waits, add("b")])
        found = [future.exception(60) for future in futures]
    assert isinstance(found[2], NotWrittenError)
    assert (len(counted), seen()) == (2, {"a", "b"})


def test_a_fault_of_ours_reaches_whoever_brought_it_and_is_undone(store, seen):
    def broken(connection):
        add("half")(connection)
        raise ZeroDivisionError

    together = WritesTogether(store)
    with ThreadPoolExecutor(8) as pool:
        futures = Slow(together, 2).until_all_wait(pool, [broken, add("b")])
        found = [type(future.exception(60)) for future in futures]
    assert found == [type(None), ZeroDivisionError, type(None)]
    assert seen() == {"b"}
    assert together.do(add("later")) == "later"


def test_where_the_store_is_away_everybody_hears_so_and_nothing_is_kept(store, seen):
    together = WritesTogether(store)

    def refuse(_connection) -> None:
        raise StoreAwayError("the disk is full")

    with ThreadPoolExecutor(8) as pool:
        slow = Slow(together, 3)
        event.listen(store, "commit", refuse)
        futures = slow.until_all_wait(pool, [add("a"), add("b"), add("c")])
        found = [type(future.exception(60)) for future in futures]
        event.remove(store, "commit", refuse)
    assert found == [StoreAwayError] * 4
    assert seen() == set()


def test_an_event_loop_gets_each_result_and_each_fault(store, seen):
    def broken(_connection):
        raise ZeroDivisionError

    async def all_at_once() -> list:
        together = WritesTogether(store)
        works = [add("a"), broken, add("a"), add("b")]
        first = await asyncio.gather(*map(together.soon, works), return_exceptions=True)
        return [*first, await together.soon(add("c"))]

    found = asyncio.run(all_at_once())
    assert [one if isinstance(one, str) else type(one) for one in found] == [
        "a", ZeroDivisionError, StoreAwayError, "b", "c",
    ]  # fmt: skip
    assert seen() == {"a", "b", "c"}


def test_who_goes_away_meanwhile_leaves_the_thread_to_the_others(store, seen):
    begun, go_on = Event(), Event()

    def slow(connection) -> str:
        begun.set()
        assert go_on.wait(60)
        return add("slow")(connection)

    async def one_goes() -> str:
        together = WritesTogether(store)
        gone = asyncio.ensure_future(together.soon(slow))
        assert await asyncio.to_thread(begun.wait, 60), "the loop went on"
        gone.cancel()
        go_on.set()
        return await together.soon(add("next"))

    assert asyncio.run(one_goes()) == "next"
    assert seen() == {"slow", "next"}


def test_the_thread_ends_with_its_owner(store, seen):
    there = set(threading.enumerate())
    together = WritesTogether(store)
    assert asyncio.run(together.soon(add("a"))) == "a"
    [thread] = [one for one in set(threading.enumerate()) - there if one.name == "store"]
    del together
    gc.collect()
    thread.join(60)
    assert not thread.is_alive()
    assert seen() == {"a"}


def test_posts_of_many_servers_at_once_are_each_stored_once(store):
    ingest, senders = ingest_of(store, patience=60), 6
    ingest.take(HUB, [start(0)])
    barrier = Barrier(senders)
    stranger = Sender(Source.SERVER, "bob", "public-maxima")

    def post(number: int) -> list[str]:
        barrier.wait(60)
        mine = [an_event(100 * number + n) for n in range(20)]
        return [one.status for one in [*ingest.take(ADA, mine), *ingest.take(ADA, mine)]]

    with ThreadPoolExecutor(senders) as pool:
        told = list(pool.map(post, range(1, senders + 1)))
        with pytest.raises(WitnessAwaited):
            ingest.take(stranger, [an_event(9999)])
    assert told == [["stored"] * 20 + ["known"] * 20] * senders
    assert len(stored(store)) == 1 + 20 * senders
