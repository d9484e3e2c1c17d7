"""Seats of licensed images: a fixed number in each pool, leased to servers, first come, first served.

    [[pool]]                      # in the file of backends
    name = "matlab"
    seats = 10
    images = ["matlab"]           # words of `material.toml`; an image of no pool needs no seat

The leases lie in a file of their own on the hub's disk, so that a hub that is killed neither loses nor doubles one.
A lease ends by knowledge alone, never by time: whoever says `give_back` knows that the server does not run. One that
was not renewed for long is `stale`: then somebody is to look.
"""

from __future__ import annotations

import sqlite3
import tomllib
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from maximalab_spawner.materials import IMAGE
from maximalab_spawner.tiers import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime
    from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS lease(holder TEXT PRIMARY KEY, pool TEXT, backend TEXT, since REAL, renewed REAL);
CREATE TABLE IF NOT EXISTS queue(
    turn INTEGER PRIMARY KEY AUTOINCREMENT, holder TEXT UNIQUE, pool TEXT, since REAL);
CREATE TABLE IF NOT EXISTS day(
    pool TEXT, day TEXT, granted INTEGER DEFAULT 0, refused INTEGER DEFAULT 0, peak INTEGER DEFAULT 0,
    ended INTEGER DEFAULT 0, held REAL DEFAULT 0, PRIMARY KEY(pool, day));
"""


class PoolsError(Exception):
    """What a file says of pools is not usable. The text names the file, the field and the remedy."""


@dataclass(frozen=True, slots=True)
class Pool:
    """A number of seats for some images."""

    name: str
    seats: int
    images: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """No seat yet."""

    position: int
    """From 1; who has it is served next."""
    seconds: float | None
    """The wait that is to be expected, from how long servers of the pool have lived; None where none has ended."""


@dataclass(frozen=True, slots=True)
class Lease:
    """A seat that is taken."""

    holder: str
    backend: str
    renewed: float


@dataclass(frozen=True, slots=True)
class Use:
    """What is told of a pool."""

    pool: str
    taken: int
    waiting: int
    peak: int
    granted: int
    refused: int


def read_pools(path: Path) -> tuple[Pool, ...]:
    """Read the pools of a file of backends; none where it names none. Raises `PoolsError`."""
    try:
        records = tomllib.loads(path.read_text(encoding="utf-8")).get("pool", [])
    except (OSError, ValueError, RecursionError) as error:
        raise PoolsError(f"{path}: cannot be read as TOML ({error}); mend the line named") from error
    if not isinstance(records, list):
        raise PoolsError(f"{path}: field `pool`: write one table [[pool]] for each pool")
    pools = tuple(_pool(path, place, record) for place, record in enumerate(records))
    images = [image for pool in pools for image in pool.images]
    names = [pool.name for pool in pools]
    for field, words in (("images", images), ("name", names)):
        twice = next((word for word in words if words.count(word) > 1), None)
        if twice is not None:
            raise PoolsError(
                f"{path}: field `pool.{field}`: {twice!r} stands there twice; leave it in one pool"
            )
    return pools


def named_backends(path: Path) -> frozenset[str]:
    """Read the names of backends in a file of backends. Raises `PoolsError` where it cannot be read."""
    try:
        records = tomllib.loads(path.read_text(encoding="utf-8")).get("backend", [])
    except (OSError, ValueError, RecursionError) as error:
        raise PoolsError(f"{path}: cannot be read as TOML ({error}); mend the line named") from error
    named = records if isinstance(records, list) else []
    return frozenset(str(one.get("name")) for one in named if isinstance(one, dict))


def _pool(path: Path, place: int, record: object) -> Pool:
    def wrong(field: str, remedy: str) -> PoolsError:
        return PoolsError(f"{path}: field `pool[{place}].{field}`: {remedy}")

    if not isinstance(record, dict) or set(record) != {"name", "seats", "images"}:
        raise wrong("", "write name, seats and images, and nothing else")
    name, seats, images = record["name"], record["seats"], record["images"]
    if not isinstance(name, str) or not NAME.fullmatch(name):
        raise wrong("name", f"write a name of the form {NAME.pattern}")
    if not isinstance(seats, int) or isinstance(seats, bool) or seats < 0:
        raise wrong("seats", "write how many there are, 0 or more")
    if not isinstance(images, list) or not images or not all(_is_image(one) for one in images):
        raise wrong("images", f"write a list of words of the form {IMAGE.pattern}")
    return Pool(name, seats, tuple(images))


def _is_image(word: object) -> bool:
    return isinstance(word, str) and IMAGE.fullmatch(word) is not None


class Seats:
    """The leases of all pools, in one file. Every step is one transaction: it is there wholly or not at all."""

    def __init__(self, path: Path, clock: Callable[[], datetime]) -> None:
        self._path, self._clock = path, clock
        with self._step() as store:
            store.executescript(SCHEMA)

    def begin_anew(self) -> None:
        """Forget who waits: with the hub, their starts have ended. Leases stay."""
        with self._step() as store:
            store.execute("DELETE FROM queue")

    def ask(self, pool: Pool, holder: str, backend: str) -> Waiting | None:
        """Take a seat or wait for one: None where the holder has a seat now. To be asked again while waiting."""
        now = self._clock()
        with self._step() as store:
            if store.execute("SELECT 1 FROM lease WHERE holder = ?", (holder,)).fetchone():
                renewed = (backend, now.timestamp(), holder)
                store.execute("UPDATE lease SET backend = ?, renewed = ? WHERE holder = ?", renewed)
                return None
            line = (holder, pool.name, now.timestamp())
            store.execute("INSERT OR IGNORE INTO queue(holder, pool, since) VALUES (?, ?, ?)", line)
            taken, before = _taken(store, pool.name), _before(store, pool.name, holder)
            if taken + before >= pool.seats:
                return Waiting(before + 1, _expected(store, pool, before + 1))
            store.execute("DELETE FROM queue WHERE holder = ?", (holder,))
            moment = now.timestamp()
            store.execute(
                "INSERT INTO lease VALUES (?, ?, ?, ?, ?)", (holder, pool.name, backend, moment, moment)
            )
            _count(store, pool.name, now, "granted = granted + 1, peak = max(peak, ?)", taken + 1)
            return None

    def leave(self, holder: str) -> None:
        """Wait no longer."""
        with self._step() as store:
            store.execute("DELETE FROM queue WHERE holder = ?", (holder,))

    def refuse(self, pool: Pool, holder: str) -> None:
        """Wait no longer, in vain: it is counted."""
        with self._step() as store:
            store.execute("DELETE FROM queue WHERE holder = ?", (holder,))
            _count(store, pool.name, self._clock(), "refused = refused + ?", 1)

    def renew(self, holder: str) -> None:
        """Say that the holder's server lives."""
        with self._step() as store:
            moment = self._clock().timestamp()
            store.execute("UPDATE lease SET renewed = ? WHERE holder = ?", (moment, holder))

    def give_back(self, holder: str, *, unless_renewed_after: float | None = None) -> None:
        """Say that the holder's server does not run. Again: nothing.

        Whoever looked for a while says at which `renewed` that began: a lease renewed since then stays.
        """
        now = self._clock()
        with self._step() as store:
            line = "SELECT pool, since, renewed FROM lease WHERE holder = ?"
            found = store.execute(line, (holder,)).fetchone()
            if found is not None and (unless_renewed_after is None or found[2] <= unless_renewed_after):
                _end(store, holder, found[0], found[1], now)

    def at_backends(self) -> Mapping[str, int]:
        """Count the seats that are taken, by the backend where their servers are."""
        with self._step() as store:
            return dict(
                store.execute("SELECT backend, count(*) FROM lease GROUP BY backend ORDER BY backend")
            )

    def give_back_all(self, backend: str) -> Sequence[str]:
        """Say that no server of a backend runs, nor ever will: it is gone. Gives the holders that this concerns."""
        now = self._clock()
        with self._step() as store:
            line = "SELECT holder, pool, since FROM lease WHERE backend = ? ORDER BY holder"
            gone = store.execute(line, (backend,)).fetchall()
            for holder, pool, since in gone:
                _end(store, holder, pool, since, now)
        return [holder for holder, _, _ in gone]

    def stale(self, pool: Pool, seconds: float) -> Sequence[Lease]:
        """List the leases of which nobody has heard for so long; they are taken all the same."""
        since = self._clock().timestamp() - seconds
        with self._step() as store:
            found = store.execute(
                "SELECT holder, backend, renewed FROM lease WHERE pool = ? AND renewed < ?",
                (pool.name, since),
            )
            return [Lease(*row) for row in found.fetchall()]

    def use(self, pools: Sequence[Pool]) -> Iterator[Use]:
        """Tell of each pool: now, and over all days that are known."""
        with self._step() as store:
            for pool in pools:
                waiting = store.execute("SELECT count(*) FROM queue WHERE pool = ?", (pool.name,)).fetchone()[
                    0
                ]
                over_time = store.execute(
                    "SELECT coalesce(max(peak), 0), coalesce(sum(granted), 0), coalesce(sum(refused), 0)"
                    " FROM day WHERE pool = ?",
                    (pool.name,),
                ).fetchone()
                yield Use(pool.name, _taken(store, pool.name), waiting, *over_time)

    @contextmanager
    def _step(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._path, timeout=10, isolation_level=None)) as store:
            store.execute("BEGIN IMMEDIATE")
            try:
                yield store
            except BaseException:
                store.rollback()
                raise
            store.commit()


def pool_of(image: str, pools: Sequence[Pool]) -> Pool | None:
    """Find the pool from which an image takes a seat; None where it needs none."""
    return next((pool for pool in pools if image in pool.images), None)


def _end(store: sqlite3.Connection, holder: str, pool: str, since: float, now: datetime) -> None:
    store.execute("DELETE FROM lease WHERE holder = ?", (holder,))
    held = max(0.0, now.timestamp() - since)
    _count(store, pool, now, "ended = ended + 1, held = held + ?", held)


def _taken(store: sqlite3.Connection, pool: str) -> int:
    return int(store.execute("SELECT count(*) FROM lease WHERE pool = ?", (pool,)).fetchone()[0])


def _before(store: sqlite3.Connection, pool: str, holder: str) -> int:
    line = "SELECT count(*) FROM queue WHERE pool = ? AND turn < (SELECT turn FROM queue WHERE holder = ?)"
    return int(store.execute(line, (pool, holder)).fetchone()[0])


def _expected(store: sqlite3.Connection, pool: Pool, position: int) -> float | None:
    """Expect the wait: each seat is free once in a server's mean life, and `position` of them have to be."""
    line = "SELECT sum(ended), sum(held) FROM day WHERE pool = ?"
    ended, held = store.execute(line, (pool.name,)).fetchone()
    return position * held / ended / pool.seats if ended and pool.seats else None


def _count(store: sqlite3.Connection, pool: str, now: datetime, change: str, value: float) -> None:
    day: Mapping[str, str] = {"pool": pool, "day": now.date().isoformat()}
    store.execute("INSERT OR IGNORE INTO day(pool, day) VALUES (:pool, :day)", day)
    store.execute(f"UPDATE day SET {change} WHERE pool = ? AND day = ?", (value, pool, day["day"]))  # noqa: S608  # words of this module
