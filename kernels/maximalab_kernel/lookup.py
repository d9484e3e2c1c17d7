"""Questions beside the cells: of Maxima, and of the desk that knows the manual and what the reader has defined."""

from __future__ import annotations

from collections import deque
from functools import cached_property
from typing import TYPE_CHECKING, Any

from maximalab_kernel.transport import Frame, Transport

if TYPE_CHECKING:
    from maximalab_kernel.desk import Desk
    from maximalab_kernel.finder import Installation

CELLS = 2000
"""So many cells are remembered until somebody asks."""


def ask(transport: Transport, operation: str, text: str, wanted: str) -> Frame | None:
    """The frame of kind `wanted` that the server answers with."""
    found = None
    for event in transport.request(operation, text):
        if isinstance(event, Frame) and event.kind == wanted:
            found = event
    return found


class Help:
    """What a reader may ask while writing. `transport` is `None` in a question while Maxima works.

    The desk opens at the first question: a kernel's start must not wait for it.
    """

    def __init__(self, installation: Installation) -> None:
        """The manual is that of `installation`."""
        self._installation = installation
        self._cells: deque[str] = deque(maxlen=CELLS)

    @cached_property
    def _opened(self) -> Desk:
        from maximalab_kernel.desk import Desk  # noqa: PLC0415  see above

        return Desk(self._installation)

    def _desk(self) -> Desk:
        while self._cells:
            self._opened.learn(self._cells.popleft())
        return self._opened

    def learn(self, code: str) -> None:
        """A cell is about to run: what it defines can be asked for at once."""
        self._cells.append(code)

    def complete(self, transport: Transport | None, code: str, cursor: int) -> dict[str, Any]:
        """The content of a `complete_reply`."""
        return self._desk().complete(transport, code, cursor)

    def inspect(self, transport: Transport | None, code: str, cursor: int) -> dict[str, Any]:
        """The content of an `inspect_reply`: of the name at the cursor, else of the call that it is in."""
        return self._desk().inspect(transport, code, cursor)
