"""Results of reckonings that take seconds, kept in this process for who looks again.

A page is answered at once from what was reckoned last, and says so where something came since; the page then asks for
a fresh one, which comes as always: reckoned in its own request. A result that may tell of somebody who withdrew, or
was erased, is dropped, whoever asks.
"""

from __future__ import annotations

from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from maximalab_hub.store.engine import reading

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator
    from datetime import datetime

    from sqlalchemy import Connection, Engine

    from maximalab_hub.store.marks import Mark
    from maximalab_hub.study import Study

Result = TypeVar("Result")

MOST_RESULTS: Final = 64
MOST_PEOPLE: Final = 20_000
"""Told of in all kept results together, some 2 KB each; a result about more people is not kept."""


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A result, what it was made of, and when."""

    what: Any
    mark: Mark
    at: datetime
    people: int
    """How many it tells of one by one."""


@dataclass(frozen=True, slots=True)
class Answer(Generic[Result]):
    """What a page shows."""

    what: Result
    as_of: datetime | None = None
    """When it was reckoned, where something came since."""


@dataclass(frozen=True, slots=True)
class Reckoning(Generic[Result]):
    """How a result is made."""

    key: Hashable
    """All that it depends on beside the store: page, study, what is asked, and the reader's rights where it does."""
    mark: Callable[[Connection], Mark | None]
    read: Callable[[Connection], Callable[[], Result]]
    """Reads all that is needed from one state of the store; what it gives is called when nothing is read any more."""
    people: Callable[[Result], int]


def kept_of(study: Study) -> tuple[Hashable, ...]:
    """Name the study in a key, with all of its settings that results depend on."""
    return study.id, study.consent_version, study.parameters


def reckoned(engine: Engine, of: Reckoning[Result]) -> Result:
    """Reckon now, whatever is kept, as for what is given away. Raises `maximalab_hub.store.engine.StoreAwayError`."""
    with reading(engine) as connection:
        reckon = of.read(connection)
    return reckon()


class Kept:
    """The results that were asked for last."""

    def __init__(
        self, now: Callable[[], datetime], *, most: int = MOST_RESULTS, most_people: int = MOST_PEOPLE
    ) -> None:
        self._now, self._most, self._most_people = now, most, most_people
        self._found: OrderedDict[Hashable, Reckoned] = OrderedDict()
        self._lock = Lock()
        self._turns: dict[Hashable, _Turn] = {}

    def answer(self, engine: Engine, of: Reckoning[Result], *, fresh: bool) -> Answer[Result]:
        """Give the result as the store is now where nothing changed, or where it must be, or is to be, `fresh`.

        Else the last one, with its moment. Raises `maximalab_hub.store.engine.StoreAwayError`.
        """
        with reading(engine) as connection:
            mark = of.mark(connection)
        known = self.find(of.key, mark)
        if known is not None and (not fresh or known.mark == mark):
            return Answer(known.what, None if known.mark == mark else known.at)
        with self._turn(of.key):
            return Answer(self._reckoned(engine, of))

    def _reckoned(self, engine: Engine, of: Reckoning[Result]) -> Result:
        at = self._now()
        with reading(engine) as connection:
            mark = of.mark(connection)
            known = self.find(of.key, mark)
            if known is not None and known.mark == mark:
                result: Result = known.what
                return result  # another reader asked at the same time
            reckon = of.read(connection)
        result = reckon()
        if mark is not None:
            self.keep(of.key, Reckoned(result, mark, at, of.people(result)))
        return result

    def find(self, key: Hashable, mark: Mark | None) -> Reckoned | None:
        """Give what is kept under the key; drop it where it may tell of somebody who is not to be told of."""
        with self._lock:
            known = self._found.get(key)
            if known is None:
                return None
            if mark is None or known.mark.people != mark.people:
                del self._found[key]
                return None
            self._found.move_to_end(key)
            return known

    def has(self, key: Hashable, mark: Mark) -> bool:
        """Say whether somebody who asks would be answered at once; nobody has asked yet."""
        with self._lock:
            known = self._found.get(key)
        return known is not None and known.mark.people == mark.people

    def keep(self, key: Hashable, one: Reckoned) -> None:
        """Keep a result, and let those go that nobody asked for the longest."""
        with self._lock:
            self._found.pop(key, None)
            if one.people <= self._most_people:
                self._found[key] = one
            while len(self._found) > self._most or self.people > self._most_people:
                self._found.popitem(last=False)

    @property
    def people(self) -> int:
        """How many people all that is kept tells of."""
        return sum(one.people for one in self._found.values())

    def __len__(self) -> int:
        return len(self._found)

    def clear(self) -> None:
        """Keep nothing any more: somebody withdrew or was erased, or records grew too old."""
        with self._lock:
            self._found.clear()

    @contextmanager
    def _turn(self, key: Hashable) -> Iterator[None]:
        """Let one at a time reckon what the key names; others wait, and find it done."""
        with self._lock:
            turn = self._turns.setdefault(key, _Turn(Lock()))
            turn.waiting += 1
        try:
            with turn.lock:
                yield
        finally:
            with self._lock:
                turn.waiting -= 1
                if not turn.waiting:
                    del self._turns[key]


@dataclass(slots=True)
class _Turn:
    lock: Lock
    waiting: int = 0
