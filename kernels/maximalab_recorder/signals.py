"""What is heard about runs: from the kernel's broadcast, from browsers' sockets, from the server itself."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Requested:
    """A client asked, through a websocket, for a cell to be run."""

    msg_id: str
    socket: str
    cell_id: str | None = None
    notebook: str | None = None
    silent: bool = False


@dataclass(frozen=True)
class Replied:
    """The kernel's reply to a request went to its websocket; `status` is `ok`, `error` or `aborted`."""

    msg_id: str
    status: str
    error_name: str | None = None


@dataclass(frozen=True)
class SocketClosed:
    """A browser went away: replies to its requests will not be seen."""

    socket: str


@dataclass(frozen=True)
class Busy:
    """The kernel took up a request of the client `client`."""

    msg_id: str
    client: str
    notebook: str | None = None


@dataclass(frozen=True)
class Began:
    """The kernel told that it runs the code (`execute_input`): the request is neither silent nor aborted.

    `code` is there only where a study asks for it.
    """

    msg_id: str
    code: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Failed:
    """The kernel told an error by its name."""

    msg_id: str
    error_name: str | None


@dataclass(frozen=True)
class Idle:
    """The kernel is done with a request."""

    msg_id: str


@dataclass(frozen=True)
class Interrupted:
    """Somebody asked the server to interrupt the kernel."""


@dataclass(frozen=True)
class KernelGone:
    """The kernel's process ended, by itself or because it was told to."""


@dataclass(frozen=True)
class TimePassed:
    """Nothing was heard for a while."""


RunSignal = Requested | Replied | Busy | Began | Failed | Idle
Signal = RunSignal | SocketClosed | Interrupted | KernelGone | TimePassed
