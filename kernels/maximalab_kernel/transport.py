"""What the kernel needs of a Maxima, whichever Lisp it was built with and however it is reached."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


@dataclass(frozen=True)
class Printed:
    """Text that the user's code printed while it ran."""

    stream: str
    text: str


@dataclass(frozen=True)
class Frame:
    """One answer of the server inside Maxima: `result`, `plot`, `input`, `error`, `names`, `text` or `done`."""

    kind: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """The field `name` as text, empty where it is missing or null."""
        value = self.fields.get(name)
        return value if isinstance(value, str) else ""


Event = Printed | Frame


class MaximaDiedError(Exception):
    """Maxima has ended in the middle of a request; says how."""


class Transport(Protocol):
    """A Maxima that takes one request at a time. All but `interrupt` and `kill` belong to one thread."""

    def request(self, operation: str, text: str) -> Iterator[Event]:
        """Send a request and yield what comes of it, up to the frame `done`, which is not yielded.

        Raises `MaximaDiedError` where the process ends, or cannot be started.
        """

    def ready(self) -> None:
        """Wait until Maxima has started; raises `MaximaDiedError` where it does not."""

    def allow(self, megabytes: float) -> None:
        """From now on Maxima may take so many megabytes more than it holds now; 0: what the heap has room for.

        An evaluation that takes more is stopped with the error `MaximaOutOfMemory`.
        """

    def meanwhile(self, descriptor: int, serve: Callable[[], None]) -> None:
        """While a request waits for Maxima, call `serve` before each wait and when `descriptor` becomes readable."""

    def answer(self, text: str | None) -> None:
        """Answer the `input` frame that was just yielded; `None` refuses, and the evaluation fails."""

    def interrupt(self) -> bool:
        """Stop the evaluation in flight; false where there is none. From any thread."""

    def nudge(self) -> None:
        """End what Maxima has started since it was interrupted, and waits for. From any thread."""

    def kill(self, why: str) -> None:
        """End the process at once. From any thread. The next request starts a new one."""

    def close(self) -> None:
        """End the process and remove what it left."""
