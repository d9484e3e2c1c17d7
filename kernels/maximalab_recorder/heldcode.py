"""The code of cells on its way to a study that asks for it: in memory alone, never in the spool's file.

Whether it is asked for is the usage service's word, for this person and anew with each answer; before there is one, it
is not.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from maximalab_recorder.spool import Event

CODE_MOST = 20_000
"""Characters of one cell; what is longer is cut, and marked so."""
HELD_MOST = 100 * CODE_MOST
"""Characters that wait at once; beyond that the oldest code is let go of, and its event is told without."""


@dataclass(frozen=True)
class CellCode:
    """The code of one run; `cut`: there was more of it."""

    text: str
    cut: bool = False

    def __repr__(self) -> str:
        """Say how long it is, for a log must not say more."""
        return f"CellCode({len(self.text)} characters)"


class HeldCode:
    """Codes by the name of their event. Safe for several threads: a server's loop keeps, the delivery takes."""

    def __init__(self, most: int = HELD_MOST) -> None:
        self._most = most
        self._asked = False
        self._size = 0
        self._codes: OrderedDict[str, CellCode] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._codes)

    @property
    def asked(self) -> bool:
        """Whether the service's last answer asked for code."""
        return self._asked

    def told(self, *, asked: bool) -> None:
        """Take the service's word; where it asks no more, all that waits is dropped."""
        with self._lock:
            self._asked = asked
            if not asked:
                self._codes.clear()
                self._size = 0

    def keep(self, event_id: str, code: CellCode) -> bool:
        """Keep a run's code until its event has arrived; say whether it is asked for at all."""
        with self._lock:
            if self._asked:
                self._codes[event_id] = code
                self._size += len(code.text)
                while self._size > self._most:
                    self._let_go(next(iter(self._codes)))
            return self._asked

    def joined(self, event: Event) -> dict[str, Any]:
        """Give the event as it is sent: with its code, where there is any."""
        with self._lock:
            code = self._codes.get(str(event["event_id"]))
        return event if code is None else {**event, "code": asdict(code)}

    def forget(self, event_ids: Iterable[str]) -> None:
        """Let go of what has arrived, or never will."""
        with self._lock:
            for name in event_ids:
                self._let_go(name)

    def _let_go(self, event_id: str) -> None:
        code = self._codes.pop(event_id, None)
        self._size -= len(code.text) if code else 0
