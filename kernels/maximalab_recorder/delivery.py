"""Brings spooled events to the usage service; lets go of each one only when the service has confirmed it."""

from __future__ import annotations

import logging
import random
import sqlite3
import threading
import time
from http import HTTPStatus
from typing import TYPE_CHECKING

from maximalab_recorder.answers import Verdict, back_off, judge
from maximalab_recorder.heldcode import HeldCode
from maximalab_recorder.wire import Address, Unreachable

if TYPE_CHECKING:
    from collections.abc import Callable

    from maximalab_recorder.spool import Event, Spool

BATCH_EVENTS = 100
BATCH_BYTES = 800_000
"""Below the megabyte that the service takes."""
GATHER_SECONDS = 5.0
_WORDS_MOST = 200


class Delivery:
    """A background thread that posts what is in `spool` to `url` with `token`.

    A batch leaves when `batch` events wait or the first has waited `gather` seconds. An event leaves the
    spool when the service says `stored`, `known` or `refused`; on anything else, and on an answer that was
    lost, the same events are sent again under the same names, after a pause that doubles up to a minute.
    Idle, the thread sleeps and asks nobody.

    `code` holds the code of cells, which goes with its events where the service asks for it: only its answer 200
    says whether it does.

    `sender` names user and server in log lines. `chance` gives the jitter, uniform in [0, 1).
    """

    def __init__(  # noqa: PLR0913  (each of them is a setting with a default)
        self,
        spool: Spool,
        url: str,
        token: str,
        *,
        sender: str = "",
        batch: int = BATCH_EVENTS,
        gather: float = GATHER_SECONDS,
        log: logging.Logger | None = None,
        chance: Callable[[], float] = random.random,
        code: HeldCode | None = None,
    ) -> None:
        self._spool = spool
        self._code = HeldCode() if code is None else code
        self._address = Address(url, token)
        self._sender = sender
        self._batch = self._limit = batch
        self._gather = gather
        self._log = log or logging.getLogger("maximalab.delivery")
        self._chance = chance
        self._turn = threading.Condition()
        self._arrived = True  # events of earlier starts may wait
        self._hurry = True
        self._stopping = False
        self._rounds = 0
        self._failures = 0
        self._thread = threading.Thread(target=self._run, name="usage-delivery", daemon=True)

    def start(self) -> None:
        """Begin to deliver, first what earlier starts have left."""
        self._spool.watch(self.wake)
        self._thread.start()

    def wake(self) -> None:
        """Say that an event has arrived; returns at once."""
        with self._turn:
            self._arrived = True
            self._turn.notify_all()

    def flush(self, deadline: float = 5.0) -> bool:
        """Try to deliver everything now, within `deadline` seconds, and say whether the spool is empty.

        One try; a pause after a failure is cut short for it.
        """
        until = time.monotonic() + deadline
        with self._turn:
            # the round under way may have looked before the last event came, so the one after it counts
            goal = self._rounds + 2
            while self._rounds < goal and len(self._spool) and self._thread.is_alive():
                self._arrived = self._hurry = True
                self._turn.notify_all()
                if not self._turn.wait(max(until - time.monotonic(), 0.0)):
                    break
        return len(self._spool) == 0

    def stop(self, deadline: float = 5.0) -> bool:
        """Deliver once more and end the thread within `deadline` seconds; say whether the spool is empty."""
        until = time.monotonic() + deadline
        with self._turn:
            self._stopping = self._arrived = self._hurry = True
            self._turn.notify_all()
        if self._thread.is_alive():
            self._thread.join(max(until - time.monotonic(), 0.0))
        return len(self._spool) == 0

    def _run(self) -> None:
        while True:
            self._wait_for_events()
            last = self._stopping
            pause = self._send_all()
            with self._turn:
                self._rounds += 1
                self._turn.notify_all()
                if last:
                    return
                if pause:
                    self._turn.wait_for(lambda: self._hurry, pause)
                    self._hurry = True  # what has failed once has been gathered

    def _wait_for_events(self) -> None:
        with self._turn:
            self._turn.wait_for(lambda: self._arrived)
            self._arrived = False
            self._turn.wait_for(lambda: self._hurry or len(self._spool) >= self._batch, self._gather)
            self._hurry = False

    def _send_all(self) -> float:
        """Send batch after batch; seconds to wait before the next try, 0 where all is said."""
        try:
            while events := self._next():
                verdict = self._send(events)
                if verdict.trouble:
                    pause = self._stumble(events, verdict)
                    if pause:
                        return self._again_after(pause)
                else:
                    self._recover()
        except Exception as error:  # noqa: BLE001  (the last resort: without its thread nothing is told any more)
            return self._again_after(self._failed(error))
        return 0.0

    def _again_after(self, pause: float) -> float:
        with self._turn:
            self._arrived = True
        return pause

    def _failed(self, error: Exception) -> float:
        """Log what nobody foresaw, by its kind alone where its words might hold the token."""
        self._failures += 1
        pause = back_off(self._failures, None, self._chance())
        if self._worth_a_line:
            told = f"{error}"[:_WORDS_MOST] if isinstance(error, sqlite3.Error) else ""
            self._log.warning(
                "%s: the delivery of usage events failed (%s %s, %d times); again in %.0f s",
                self._sender, type(error).__name__, told, self._failures, pause,
            )  # fmt: skip
        return pause

    @property
    def _worth_a_line(self) -> bool:
        """Whether this is the 1st, 2nd, 4th, 8th … failure in a row: a long night is a few lines."""
        return self._failures & (self._failures - 1) == 0

    def _next(self) -> list[Event]:
        events: list[Event] = []
        size = 0
        for event in map(self._code.joined, self._spool.unsent(self._limit)):
            size += len(str(event).encode())
            if events and size > BATCH_BYTES:
                break
            events.append(event)
        return events

    def _send(self, events: list[Event]) -> Verdict:
        names = [str(event["event_id"]) for event in events]
        try:
            answer = self._address.post(events)
        except Unreachable as error:
            return Verdict(trouble=str(error))
        verdict = judge(answer.status, answer.body, answer.retry_after, names)
        for name, why in verdict.refused.items():
            self._log.warning("%s: the usage service refused event %s for good: %s", self._sender, name, why)
        self._code.forget(verdict.done)
        if answer.status == HTTPStatus.OK:
            self._code.told(asked=verdict.code)
        self._spool.forget(verdict.done)
        return verdict

    def _stumble(self, events: list[Event], verdict: Verdict) -> float:
        if verdict.unreadable:
            self._limit = max(len(events) // 2, 1)
            if len(events) > 1:
                return 0.0
            self._set_aside(events[0], verdict)
        self._failures += 1
        pause = back_off(self._failures, verdict.retry_after, self._chance())
        if self._worth_a_line:
            self._log.warning(
                "%s: %d usage events wait, the service does not take them (%s, %d times); again in %.0f s",
                self._sender, len(self._spool), verdict.trouble, self._failures, pause,
            )  # fmt: skip
        return pause

    def _set_aside(self, event: Event, verdict: Verdict) -> None:
        self._spool.set_aside([event["event_id"]])
        self._code.forget([event["event_id"]])
        self._log.warning(
            "%s: the usage service cannot read event %s (%s); kept for the next start",
            self._sender, event["event_id"], verdict.trouble,
        )  # fmt: skip

    def _recover(self) -> None:
        if self._failures:
            self._log.info("%s: the usage service takes events again", self._sender)
        self._failures = 0
        self._limit = min(self._limit * 2, self._batch)
