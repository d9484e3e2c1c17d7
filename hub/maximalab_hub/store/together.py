"""Writing together: what waits for the store at the same time is kept by one transaction.

The dear part of a small post is the wait until the disk has it. Posts that come while another transaction is being
kept share the next one, so that a hundred servers cost hardly more waits than one. Nobody is told that something is
kept before it is, and what fails, fails alone.
"""

from __future__ import annotations

import logging
from asyncio import get_running_loop
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from weakref import finalize

from maximalab_hub.store.engine import StoreAwayError, writing
from maximalab_hub.store.standing import Standing

if TYPE_CHECKING:
    from asyncio import Future

    from sqlalchemy import Connection, Engine

    from maximalab_hub.store.fixed import Driver

log = logging.getLogger(__name__)

Kept = TypeVar("Kept")
Within = TypeVar("Within")
MOST_TOGETHER: Final = 64
"""Pieces of work in one transaction, so that the first of them does not wait for ever."""


class NotWrittenError(Exception):
    """Base of errors by which work says that it has written nothing: what shares its transaction goes on."""


class LongWayError(NotWrittenError):
    """Work says that it cannot be done in the quick way; it is done in the usual one."""


@dataclass(slots=True)
class _Piece:
    work: Callable[[Connection], Any]
    quick: Callable[[Driver], Any] | None = None
    done: bool = False
    result: Any = None
    error: BaseException | None = field(default=None)


class WritesTogether:
    """Does pieces of work that several threads bring, each once and in the order in which they came."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._standing = Standing(engine)
        self._turn = Lock()
        self._guard = Lock()
        self._waiting: list[_Piece] = []
        self._thread = _thread_for(self)

    def do(self, work: Callable[[Connection], Kept], quick: Callable[[Driver], Kept] | None = None) -> Kept:
        """Do the work in a transaction, perhaps together with others' work; give its result once all is kept.

        `quick` is the same work in the driver's own words, if there is such a way; it may raise `LongWayError`.
        Raises what the work raises, or `StoreAwayError`; nothing of it is kept then. The work may be done twice, the
        first time in vain: it must change nothing but the store.
        """
        mine = self._brought(work, quick)
        self._settle(mine)
        if mine.error is not None:
            raise mine.error
        return cast("Kept", mine.result)

    async def soon(
        self, work: Callable[[Connection], Kept], quick: Callable[[Driver], Kept] | None = None
    ) -> Kept:
        """Do the same for an event loop, which goes on meanwhile: one thread settles what many await."""
        loop = get_running_loop()
        told: Future[Kept] = loop.create_future()
        mine = self._brought(work, quick)

        def settle() -> None:
            try:
                self._settle(mine)
            except BaseException as error:  # noqa: BLE001  it is raised to whoever awaits, and the thread goes on
                mine.error = error
            with suppress(RuntimeError):  # the loop has ended, and nobody awaits anything any more
                loop.call_soon_threadsafe(_tell, told, mine)

        self._thread.put(settle)
        return await told

    def close(self) -> None:
        """Let the connection go that stands between transactions; it is taken anew where it is needed."""
        with self._turn:
            self._standing.give_back()

    def _brought(self, work: Callable[[Connection], Any], quick: Callable[[Driver], Any] | None) -> _Piece:
        mine = _Piece(work, quick)
        with self._guard:
            self._waiting.append(mine)
        return mine

    def _settle(self, mine: _Piece) -> None:
        with self._turn:  # whoever has the turn works for all who wait
            while not mine.done:
                self._do_some()

    def _do_some(self) -> None:
        with self._guard:
            pieces, self._waiting = self._waiting[:MOST_TOGETHER], self._waiting[MOST_TOGETHER:]
        left = self._left_by_the_quick_way(pieces)
        if len(left) == 1 or (left and not self._settled_at_once(left)):
            for piece in left:
                self._alone(piece)

    def _left_by_the_quick_way(self, pieces: list[_Piece]) -> list[_Piece]:
        """Do the pieces quickly in one transaction, if all can be; give those that are still to be done.

        Whatever goes wrong is looked at in the usual way, which finds who is at fault.
        """
        found = list[tuple[Any, BaseException | None]]()
        quick = [piece.quick for piece in pieces if piece.quick is not None]
        if len(quick) < len(pieces):
            return pieces  # they are done in the order in which they came
        try:
            with self._standing.writing() as driver:
                found.extend(_tried(work, driver) for work in quick)
        except StoreAwayError as error:
            found = [(None, error)] * len(pieces)
        except Exception as error:  # noqa: BLE001  whoever is at fault raises it again
            log.info("posts are kept in the usual way after %s in the quick one", type(error).__name__)
            return pieces
        _tell_each(pieces, found)
        return [piece for piece in pieces if not piece.done]

    def _settled_at_once(self, pieces: list[_Piece]) -> bool:
        """Do the pieces in one transaction; say whether that settled them. Else nothing of them was kept."""
        begun, found = False, list[tuple[Any, BaseException | None]]()
        try:
            with writing(self._engine) as connection:
                begun = True
                for piece in pieces:
                    found.append(_tried(piece.work, connection))
        except StoreAwayError as error:
            if begun and len(found) < len(pieces):
                return False  # one of them is at fault, perhaps: each is done again, alone
            found = [(None, error)] * len(pieces)
        except Exception:  # noqa: BLE001  as above; whoever is at fault raises it again
            return False
        _tell_each(pieces, found)
        return True

    def _alone(self, piece: _Piece) -> None:
        try:
            with writing(self._engine) as connection:
                piece.result = piece.work(connection)
        except BaseException as error:  # noqa: BLE001  it is raised to whoever brought the work
            piece.error = error
        piece.done = True


def _tried(work: Callable[[Within], Any], within: Within) -> tuple[Any, BaseException | None]:
    try:
        return work(within), None
    except NotWrittenError as error:
        return None, error


def _tell_each(pieces: list[_Piece], found: list[tuple[Any, BaseException | None]]) -> None:
    for piece, (result, error) in zip(pieces, found, strict=True):
        if not isinstance(error, LongWayError):
            piece.result, piece.error, piece.done = result, error, True


def _tell(told: Future[Any], piece: _Piece) -> None:
    if told.done():
        return  # whoever awaited it has gone
    if piece.error is not None:
        told.set_exception(piece.error)
    else:
        told.set_result(piece.result)


def _thread_for(owner: WritesTogether) -> SimpleQueue[Callable[[], None] | None]:
    """Begin a thread that lives as long as its owner, and give what it takes its errands from.

    An executor's way there and back costs more than the question to the store that a post asks.
    """
    errands = SimpleQueue[Callable[[], None] | None]()
    Thread(target=_run, args=(errands,), name="store", daemon=True).start()
    finalize(owner, errands.put, None)
    return errands


def _run(errands: SimpleQueue[Callable[[], None] | None]) -> None:
    while (errand := errands.get()) is not None:
        errand()
        del errand  # it holds the owner, which may go while the thread waits for the next
