"""One server's life, so kept that each start and each end is told once, whenever the hub is killed.

What is going to be done is written down before it is done: the mark that the server's processes will carry,
and the names of the two events. A hub that comes back does again what it cannot know to be done; the event's
name makes a second telling the same event, and the mark makes a second look find the same process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from maximalab_spawner.metering import unmetered_ms
from maximalab_spawner.process import ProcessId

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

START, STOP = "server_start", "server_stop"
#: The status of a server of which nobody has heard for too long; it may run on.
LOST = -2


@dataclass(frozen=True, slots=True)
class Due:
    """An event that is to be told now."""

    kind: str
    event_id: str
    at: datetime
    detail: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Life:
    """What is known of a server from the wish to start it to its told end. Times are aware."""

    mark: str
    """What the server's processes carry in their environment."""
    start_id: str
    stop_id: str
    """The names, UUIDv7, of the two events that this life has."""
    began: datetime
    launched: bool = False
    process: ProcessId | None = None
    """None while nothing is launched, and where the process was dead before it could be looked at."""
    start_told: bool = False
    stopping: bool = False
    """Whether somebody wants it to end: then it does not die, it is stopped."""
    ended: datetime | None = None
    """When the end was seen."""
    status: int = 0
    why: str = ""
    """Why it ended, one word; empty where nothing is known beyond the status."""
    unmetered_ms: int = 0
    """For how long before its end nobody knows what it used, where that is longer than usual."""

    @property
    def over(self) -> bool:
        """Whether the server is known to have ended, or never came to be before its hub died."""
        return self.ended is not None or not self.launched

    def due(self) -> tuple[Due, ...]:
        """List what is to be told: a launched server's start, then an ended one's end."""
        start = Due(START, self.start_id, self.began, {})
        starts = () if self.start_told or not (self.launched or self.ended) else (start,)
        if self.ended is None:
            return starts
        how = "stopped" if self.stopping else "lost" if self.status == LOST else "died"
        detail = {"how": how, "status": self.status} | ({"why": self.why} if self.why else {})
        detail |= {"unmetered_ms": self.unmetered_ms} if self.unmetered_ms else {}
        return (*starts, Due(STOP, self.stop_id, self.ended, detail))

    def as_state(self) -> dict[str, Any]:
        """Give it as plain data, to be kept in the hub's database."""
        return {
            "mark": self.mark,
            "start_id": self.start_id,
            "stop_id": self.stop_id,
            "began": self.began.isoformat(),
            "launched": self.launched,
            "start_told": self.start_told,
            "stopping": self.stopping,
            "ended": self.ended.isoformat() if self.ended else None,
            "status": self.status,
            "why": self.why,
            "unmetered_ms": self.unmetered_ms,
            **(self.process.as_state() if self.process else {}),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self | None:
        """Take it from what `as_state` gave; None where that is not there or not whole."""
        names = [state.get(field) for field in ("mark", "start_id", "stop_id")]
        mark, start_id, stop_id = (name if isinstance(name, str) else "" for name in names)
        began, status = _moment(state.get("began")), state.get("status")
        unmetered = state.get("unmetered_ms")
        if began is None or not (mark and start_id and stop_id):
            return None
        return cls(
            mark,
            start_id,
            stop_id,
            began,
            launched=state.get("launched") is True,
            process=ProcessId.from_state(state),
            start_told=state.get("start_told") is True,
            stopping=state.get("stopping") is True,
            ended=_moment(state.get("ended")),
            status=status if isinstance(status, int) else 0,
            why=str(state.get("why") or ""),
            unmetered_ms=unmetered if isinstance(unmetered, int) else 0,
        )


def _moment(text: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment.astimezone(UTC) if moment is not None and moment.tzinfo is not None else None


class Keeper:
    """Leads one server's life step by step, and writes each step down before the next one.

    `save` makes the present `life` last, and returns when it does. `tell` hands an event on; a second telling
    under the same name changes nothing. `find` looks for the server's process by its mark. `clock` gives aware
    moments, `mint` the name of an event.
    """

    def __init__(
        self,
        save: Callable[[], None],
        tell: Callable[[Due], None],
        find: Callable[[str], ProcessId | None],
        clock: Callable[[], datetime],
        mint: Callable[[datetime], str],
    ) -> None:
        self.life: Life | None = None
        self._save, self._tell, self._find, self._clock, self._mint = save, tell, find, clock, mint

    def start(self, mark: str, launch: Callable[[], ProcessId | None]) -> None:
        """Start the server by `launch`, and tell of it. Where `launch` raises, there was no life."""
        self.begin(mark)
        try:
            process = launch()
        except Exception:
            self.failed()
            raise
        self.launched(process)

    def begin(self, mark: str) -> None:
        """Note that a server is about to be launched."""
        now = self._clock()
        self._keep(Life(mark, self._mint(now), self._mint(now), now))

    def launched(self, process: ProcessId | None = None) -> None:
        """Note that it runs, and tell of it."""
        self._change(launched=True, process=process)
        self._tell_due()

    def failed(self) -> None:
        """Note that nothing was launched."""
        self._keep(None)

    def adopt(self, life: Life | None) -> None:
        """Take a life up that an earlier hub left: one that was about to be launched is looked for."""
        self.life = life
        if life is not None and not life.launched and life.ended is None:
            process = self._find(life.mark)
            if process is not None:
                self.life = replace(life, launched=True, process=process)

    def catch_up(self) -> None:
        """Tell the start of a running server that an earlier hub may not have told."""
        if self.life is not None and not self.life.over:
            self._tell_due()

    def stopping(self) -> None:
        """Note that the server is to end."""
        if self.life is not None and not self.life.stopping:
            self._change(stopping=True)

    def end(self, status: int, why: str = "", metered_until: datetime | None = None) -> None:
        """Note that the server has ended, tell it, and know of no server. Again: nothing."""
        if self.life is None:
            return
        if self.life.ended is None:
            now = self._clock()
            unmetered = unmetered_ms(metered_until or self.life.began, now) if self.life.launched else 0
            self._change(ended=now, status=status, why=why, unmetered_ms=unmetered)
        self._tell_due()
        self._keep(None)

    def _tell_due(self) -> None:
        for due in self.life.due() if self.life is not None else ():
            self._tell(due)
            if due.kind == START:
                self._change(start_told=True)

    def _change(self, **fields: Any) -> None:  # noqa: ANN401  # fields of `Life`
        if self.life is not None:
            self._keep(replace(self.life, **fields))

    def _keep(self, life: Life | None) -> None:
        self.life = life
        self._save()
