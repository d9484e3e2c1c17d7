"""Taking events in: posts through HTTP into one service, beside bare `executemany` of the same rows.

Both write into a store with the same tables, indexes and settings, one transaction for each post; the peer knows
no tokens, checks nothing and answers nobody.
"""

from __future__ import annotations

import json
import sqlite3
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.client import HTTPConnection
from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from databases import running_postgres
from maximalab_hub import migrations
from maximalab_hub.store.engine import open_engine
from maximalab_hub.store.models import EventRow
from maximalab_recorder.ids import uuid7
from usagelab import running_usage_lab

from benchmarks.table import Figure, Goal
from benchmarks.turns import medians
from benchmarks.usage.events import BATCH, Post, posts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from usagelab import UsageLab

PERSON, SERVER = "ada", "public-maxima"
COLUMNS = tuple(EventRow.__table__.columns.keys())
PATIENCE = 60.0
SERVERS = 8
"""Servers that post at once, where several do."""
BURST_POSTS = 40
"""A server may send so many posts at once before the service slows it down."""


class Service:
    """One server's posts to a running service, with the hub, its token and the check of each event.

    They leave by the HTTP client of Python's own, as a recorder's do. What answers say is read once the clock stands
    still: that falls on senders, which are other machines.
    """

    def __init__(self, lab: UsageLab, server: str) -> None:
        url = urlsplit(f"{lab.direct}/events")
        self._path, self._connection = url.path, HTTPConnection(url.netloc, timeout=PATIENCE)
        self._token = lab.server_token(PERSON, server)
        with self:
            told = json.dumps({"events": [_start_of(server)]}).encode()
            _check(self._answered(lab.tokens["witness"], told))

    def __enter__(self) -> Self:
        self._connection.connect()
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()  # long before the service ends connections that rest

    def post(self, bodies: list[bytes]) -> list[tuple[int, bytes]]:
        """Send one after another; the answers."""
        return [self._answered(self._token, body) for body in bodies]

    def _answered(self, token: str, body: bytes) -> tuple[int, bytes]:
        headers = {"Authorization": f"token {token}", "Content-Type": "application/json"}
        self._connection.request("POST", self._path, body, headers)
        answer = self._connection.getresponse()
        return answer.status, answer.read()

    def take(self, some: list[Post]) -> float:
        """Milliseconds for these posts, one after another."""
        return Crowd([self]).take(some)


def _check(answer: tuple[int, bytes]) -> None:
    """Raise where the service did not take all of a post."""
    status, said = answer
    if status != HTTPStatus.OK or {one["status"] for one in json.loads(said)["results"]} != {"stored"}:
        raise RuntimeError(f"{status}: {said[:500]!r}")


def _start_of(server: str) -> dict[str, Any]:
    moment = datetime.now(UTC) - timedelta(hours=2)
    return {
        "event_id": str(uuid7(moment)), "boot_id": str(uuid4()), "seq": 0, "kind": "server_start",
        "at": moment.isoformat(), "user": PERSON, "server": server, "tier": "public", "backend": "local",
        "entrance": "public",
    }  # fmt: skip


def row_of(event: dict[str, Any]) -> tuple[Any, ...]:
    """The row that an event ends as, ready for a driver."""
    known = {
        **event, "at_reported": event["at"], "at_clamped": False, "received_at": datetime.now(UTC).isoformat(),
        "user": PERSON, "server": SERVER, "tier": "public", "backend": "local", "entrance": "public",
        "course": "operations-research", "material": "simplex", "source": "server",
        "detail": json.dumps(event["detail"]),
    }  # fmt: skip
    return tuple(known[column] for column in COLUMNS)


def insert_with(mark: str) -> str:
    """The statement, in a driver's style of placeholders."""
    names = ", ".join(f'"{column}"' for column in COLUMNS)
    return f"INSERT INTO event ({names}) VALUES ({', '.join([mark] * len(COLUMNS))})"  # noqa: S608  our own names


def bare_sqlite(path: Path) -> Callable[[list[Post]], float]:
    """`executemany` of Python's own driver, as durable as the service: WAL, full synchronisation."""
    statement = insert_with("?")

    def take(some: list[Post]) -> float:
        batches = [[row_of(event) for event in post.events] for post in some]
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("PRAGMA synchronous=FULL")
            begin = time.perf_counter()
            for batch in batches:
                with connection:
                    connection.executemany(statement, batch)
            return (time.perf_counter() - begin) * 1000

    return take


def bare_postgresql(url: str) -> Callable[[list[Post]], float]:
    """`executemany` of psycopg."""
    statement = insert_with("%s")

    def take(some: list[Post]) -> float:
        batches = [[row_of(event) for event in post.events] for post in some]
        with psycopg.connect(url) as connection:
            begin = time.perf_counter()
            for batch in batches:
                with connection.transaction(), connection.cursor() as cursor:
                    cursor.executemany(statement, batch)
            return (time.perf_counter() - begin) * 1000

    return take


def beside(lab: UsageLab, name: str, bare: Callable[[list[Post]], float], times: int, count: int) -> Figure:
    """The service beside bare SQL, in turns; no turn sends what was sent before."""
    # A server of its own for each turn: what a server may send at once is bounded.
    services = iter([Service(lab, f"public-{turn}") for turn in range(times)])
    ours, theirs = posts(1), posts(2)
    took = medians(
        times,
        lambda: next(services).take(list(islice(ours, count))),
        lambda: bare(list(islice(theirs, count))),
    )
    thousands = count * BATCH / 1000
    return Figure(
        f"ingest through HTTP into {name}, 1,000 events (peer: bare executemany of the same)",
        "ms", took[0] / thousands, took[1] / thousands, Goal(ratio=2.0),
    )  # fmt: skip


class Crowd:
    """Servers that post at the same time, each its own share."""

    def __init__(self, services: list[Service]) -> None:
        self._services = services

    def take(self, some: list[Post]) -> float:
        """Milliseconds until all have been answered."""
        bodies = [post.body for post in some]
        shares = [bodies[place :: len(self._services)] for place in range(len(self._services))]
        with ExitStack() as stack, ThreadPoolExecutor(len(self._services)) as pool:
            ready = [stack.enter_context(service) for service in self._services]
            begin = time.perf_counter()
            answers = list(pool.map(Service.post, ready, shares))
            took = (time.perf_counter() - begin) * 1000
        for answer in chain.from_iterable(answers):
            _check(answer)
        return took


def crowd_beside(
    lab: UsageLab, name: str, bare: Callable[[list[Post]], float], times: int, count: int
) -> Figure:
    """Several servers at once beside bare SQL, which knows one writer; the same posts in number."""
    crowds = iter(
        [Crowd([Service(lab, f"crowd-{turn}-{place}") for place in range(SERVERS)]) for turn in range(times)]
    )
    ours, theirs = posts(3), posts(4)
    took = medians(
        times,
        lambda: next(crowds).take(list(islice(ours, count))),
        lambda: bare(list(islice(theirs, count))),
    )
    thousands = count * BATCH / 1000
    return Figure(
        f"the same by {SERVERS} servers at once, into {name} (peer: bare executemany, one after another)",
        "ms", took[0] / thousands, took[1] / thousands, Goal(ratio=2.0),
    )  # fmt: skip


@contextmanager
def empty_store(url: str) -> Iterator[None]:
    """Make the tables of a store that the service does not use."""
    engine = open_engine(url)
    try:
        migrations.upgrade(engine)
        yield
    finally:
        engine.dispose()


def ingest(times: int, count: int) -> list[Figure]:
    """Both databases; `count` posts in each of `times` turns, at most `BURST_POSTS`."""
    if count > BURST_POSTS:
        raise ValueError(f"count: at most {BURST_POSTS}, else the service's own rate limit is measured")
    with tempfile.TemporaryDirectory() as name, running_postgres() as postgres:
        folder = Path(name)
        peer, other = folder / "peer.sqlite", postgres.create_database("peer")
        with (
            empty_store(f"sqlite:///{peer}"),
            empty_store(other),
            running_usage_lab(folder, f"sqlite:///{folder / 'usage.sqlite'}") as lab,
        ):
            found = _both(lab, "SQLite", bare_sqlite(peer), times, count)
            lab.use_store(postgres.create_database("ours"))
            found += _both(lab, "PostgreSQL", bare_postgresql(other), times, count)
    return found


def _both(
    lab: UsageLab, name: str, bare: Callable[[list[Post]], float], times: int, count: int
) -> list[Figure]:
    return [
        beside(lab, name, bare, times, count),
        crowd_beside(lab, name, bare, times, max(count, SERVERS)),
    ]
