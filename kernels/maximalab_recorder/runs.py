"""Joins what two witnesses say about a kernel's runs, so that each run is told exactly once.

The kernel's own broadcast (iopub) says that a run exists, when it began and ended, and how: it is heard
whoever the client is, and goes on when a browser tab closes. The websocket says which cell it was, and gives
the reply as a second opinion. Neither is whole alone, and they arrive in any order.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from maximalab_recorder.outcomes import Heard, disagreement, outcome_of
from maximalab_recorder.signals import (
    Began,
    Busy,
    Failed,
    Idle,
    Interrupted,
    KernelGone,
    Replied,
    Requested,
    RunSignal,
    Signal,
    SocketClosed,
    TimePassed,
)

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

GRACE_SECONDS = 5.0
"""How long the second witness is waited for once the first has told the end."""
ABORT_WINDOW_SECONDS = 1.0
"""What ends unrun so soon after a failure of the same client was aborted by it; else it was silent."""
TOLD_MOST = 4096
"""How many told runs are remembered, so that a late message about one does not tell it again."""


@dataclass(frozen=True)
class Run:
    """One execution of one cell; `at` is when the kernel took it up.

    `duration_ms` is None where its beginning or its end was not heard.
    """

    msg_id: str
    at: datetime
    duration_ms: int | None
    outcome: str
    error_name: str | None
    cell_id: str | None
    notebook: str | None
    via: str
    """`websocket` where a browser's socket carried the request, else `kernel`."""
    reply: str | None
    """The reply's status where it disagrees with what the kernel broadcast."""
    code: str | None = field(default=None, repr=False)
    """What the kernel ran, where a study asks for it."""


@dataclass
class _Open:
    """A run that is not told yet; `busy`, `idle` and `replied` are seconds of the monotonic clock."""

    at: datetime
    asked: Requested | None = None
    client: str = ""
    notebook: str | None = None
    busy: float | None = None
    began: bool = False
    code: str | None = field(default=None, repr=False)
    failed: Failed | None = None
    idle: float | None = None
    interrupted: bool = False
    reply: Replied | None = None
    replied: float | None = None
    alone: bool = False
    """Its socket is closed: no reply is to be expected."""

    @property
    def complete(self) -> bool:
        """Say whether every witness that can be expected has told the end."""
        return self.idle is not None and (self.asked is None or self.alone or self.reply is not None)

    @property
    def ended(self) -> float | None:
        """When the first witness told the end."""
        return min((each for each in (self.idle, self.replied) if each is not None), default=None)

    def duration_ms(self, now: float, *, gone: bool) -> int | None:
        """Milliseconds from its being taken up to its end, or to `now` where the kernel died under it."""
        end = next((each for each in (self.idle, self.replied) if each is not None), now if gone else None)
        return None if self.busy is None or end is None else max(round((end - self.busy) * 1000), 0)


class RunJoin:
    """The runs of one kernel: `hear` takes a signal with its time of arrival and gives the runs it ends."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, _Open] = OrderedDict()
        self._told: OrderedDict[str, None] = OrderedDict()
        self._failures: dict[str, float] = {}
        """When a client's run last failed, or was aborted by such a failure."""

    @property
    def waiting(self) -> bool:
        """Say whether one witness has told an end and the other is awaited, which `TimePassed` ends."""
        return any(run.ended is not None for run in self._open.values())

    def hear(self, signal: Signal, now: float, at: datetime) -> list[Run]:
        """Take in `signal`, heard at the monotonic second `now` and the aware moment `at`."""
        match signal:
            case TimePassed():
                late = now - GRACE_SECONDS
                return self._tell([n for n, r in self._open.items() if (r.ended or now) <= late], now)
            case KernelGone():
                return self._tell(list(self._open), now, gone=True)
            case SocketClosed(socket):
                for run in self._open.values():
                    run.alone = run.alone or (run.asked is not None and run.asked.socket == socket)
            case Interrupted():
                for run in self._open.values():
                    run.interrupted = run.interrupted or run.busy is not None
            case Requested() | Replied() | Busy() | Began() | Failed() | Idle():
                self._hear_of_one(signal, now, at)
            case _:
                assert_never(signal)
        return self._tell([name for name, run in self._open.items() if run.complete], now)

    def under_way(self, msg_id: str, now: float) -> Run | None:
        """Give the run that began and is not told yet, as it is to be told should nothing more ever be heard."""
        run = self._open.get(msg_id)
        if run is None or not run.began:
            return None
        return self._run(msg_id, run, "dead", self._heard(run, now, gone=True), None)

    def _hear_of_one(self, signal: RunSignal, now: float, at: datetime) -> None:
        if signal.msg_id in self._told:
            return
        if isinstance(signal, Requested) and signal.silent:
            self._remember(signal.msg_id)
            return
        if isinstance(signal, Replied) and signal.msg_id not in self._open:
            return
        run = self._open.setdefault(signal.msg_id, _Open(at))
        match signal:
            case Requested():
                run.asked, run.notebook = signal, signal.notebook or run.notebook
            case Busy():
                run.busy, run.at, run.client = now, at, signal.client
                run.notebook = run.notebook or signal.notebook
            case Began():
                run.began, run.code = True, signal.code
            case Failed():
                run.failed = signal
            case Idle():
                run.idle = now
            case Replied():
                run.reply, run.replied = signal, now
            case _:
                assert_never(signal)

    def _tell(self, names: Iterable[str], now: float, *, gone: bool = False) -> list[Run]:
        told = [self._told_run(name, self._open.pop(name), now, gone=gone) for name in names]
        if gone:
            self._failures.clear()
        return [run for run in told if run is not None]

    def _told_run(self, name: str, run: _Open, now: float, *, gone: bool) -> Run | None:
        self._remember(name)
        heard = self._heard(run, now, gone=gone)
        outcome = outcome_of(heard)
        if outcome is None:
            return None
        if outcome in ("error", "interrupted", "aborted"):
            self._failures[run.client] = now
        return self._run(name, run, outcome, heard, run.duration_ms(now, gone=gone))

    @staticmethod
    def _run(name: str, run: _Open, outcome: str, heard: Heard, duration_ms: int | None) -> Run:
        return Run(
            msg_id=name,
            at=run.at,
            duration_ms=duration_ms,
            outcome=outcome,
            error_name=heard.error_name if outcome in ("error", "interrupted") else None,
            cell_id=run.asked.cell_id if run.asked else None,
            notebook=run.notebook,
            via="websocket" if run.asked else "kernel",
            reply=disagreement(outcome, heard.reply),
            code=run.code,
        )

    def _heard(self, run: _Open, now: float, *, gone: bool) -> Heard:
        failure = self._failures.get(run.client)
        reported = run.failed or run.reply
        return Heard(
            asked=run.asked is not None,
            busy=run.busy is not None,
            began=run.began,
            failed=run.failed is not None,
            error_name=reported.error_name if reported else None,
            idle=run.idle is not None,
            reply=run.reply.status if run.reply else None,
            interrupted=run.interrupted,
            gone=gone,
            after_failure=failure is not None and now - failure <= ABORT_WINDOW_SECONDS,
        )

    def _remember(self, name: str) -> None:
        self._told[name] = None
        while len(self._told) > TOLD_MOST:
            self._told.popitem(last=False)
