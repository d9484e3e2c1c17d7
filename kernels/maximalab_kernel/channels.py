"""The five sockets of a kernel, bound as the connection file says."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import zmq

from maximalab_kernel.journal import Journal
from maximalab_kernel.wire import BadMessageError, Message, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

log = Journal(__name__)

LINGER_MS = 1000
"""How long a closing kernel waits for its last messages to leave."""

SUBSCRIBED = b"\x01"
"""How zmq begins its note that somebody listens; the topic follows."""

LISTENER_WITHIN_MS = 200
"""How long the first reply waits for somebody to listen to outputs; a client's sockets arrive in any order."""

QUOTED_CHARACTERS = 200
"""How much of a fault the log quotes."""


POLLIN, MORE = int(zmq.POLLIN), int(zmq.SNDMORE)
"""As plain numbers: to reckon with zmq's own is a tenth of a cell's round trip."""


def waiting(socket: zmq.Socket[bytes]) -> bool:
    """Whether there is something to receive."""
    return int(socket.getsockopt(zmq.EVENTS)) & POLLIN != 0


def transmit(socket: zmq.Socket[bytes], frames: Sequence[bytes]) -> None:
    """Send one message."""
    for frame in frames[:-1]:
        socket.send(frame, MORE)
    socket.send(frames[-1])


@contextmanager
def sheltered(what: str) -> Iterator[None]:
    """Serve `what`; where that fails, say so in the log and go on with the next message."""
    try:
        yield
    except Exception as error:  # noqa: BLE001  no message of a client may end the kernel
        log.warning(
            "%s could not be served: %.*s", what, QUOTED_CHARACTERS, f"{type(error).__name__}: {error}"
        )


class Channels:
    """Sockets and wire. The shell thread owns `shell` and `stdin`, the control thread `control` and `heartbeat`."""

    def __init__(self, connection: Mapping[str, Any], listening: Mapping[str, int] | None = None) -> None:
        """Bind all sockets; those `listening` already, by name of the port, are taken over.

        Raises `zmq.ZMQError` where a port is taken.
        """
        self._connection = connection
        self._listening = listening or {}
        self.wire = Wire(str(connection["key"]).encode(), connection.get("signature_scheme", "hmac-sha256"))
        self.context = zmq.Context()
        self._iopub = self._bind(zmq.XPUB, "iopub_port")
        self.shell = self._bind(zmq.ROUTER, "shell_port")
        self.control = self._bind(zmq.ROUTER, "control_port")
        self.stdin = self._bind(zmq.ROUTER, "stdin_port")
        self.heartbeat = self._bind(zmq.REP, "hb_port")
        self.arrivals = int(self._iopub.getsockopt(zmq.FD))
        """A descriptor that can be read when somebody begins to listen to outputs."""
        self._iopub_lock = threading.Lock()
        self._heard = False

    def _bind(self, kind: int, port: str) -> zmq.Socket[bytes]:
        socket: zmq.Socket[bytes] = self.context.socket(kind)
        socket.linger = LINGER_MS
        if kind == zmq.ROUTER:
            socket.router_handover = 1
        if kind == zmq.XPUB:
            socket.xpub_verbose = 1  # tell of each listener, not of the first one alone
        if port in self._listening:
            socket.setsockopt(zmq.USE_FD, self._listening[port])
        transport, address = self._connection.get("transport", "tcp"), self._connection["ip"]
        separator = "-" if transport == "ipc" else ":"
        socket.bind(f"{transport}://{address}{separator}{self._connection[port]}")
        return socket

    def receive(self, socket: zmq.Socket[bytes]) -> Message | None:
        """The next message on `socket`, or `None` where it was not ours (which is logged)."""
        try:
            return self.wire.decode(socket.recv_multipart())
        except BadMessageError as error:
            log.warning("a message was dropped: %s", error)
            return None

    def reply(self, socket: zmq.Socket[bytes], request: Message, content: Mapping[str, Any]) -> None:
        """Answer `request` on the socket it came from."""
        kind = request.kind.removesuffix("_request") + "_reply"
        self.send(socket, kind, request, content)

    def send(self, socket: zmq.Socket[bytes], kind: str, request: Message, content: Mapping[str, Any]) -> str:
        """Send a message of `kind` to whoever sent `request`; give its id."""
        message = Message(self.wire.header(kind), content, request.header, identities=request.identities)
        transmit(socket, self.wire.encode(message))
        return str(message.header["msg_id"])

    def publish(
        self,
        kind: str,
        request: Message | None,
        content: Mapping[str, Any],
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        """Tell everyone who listens; from any thread."""
        parent = request.header if request else {}
        message = Message(self.wire.header(kind), content, parent, metadata or {}, (kind.encode(),))
        frames = self.wire.encode(message)
        with self._iopub_lock:
            self._welcome()
            transmit(self._iopub, frames)
            self._welcome()  # the sending may have taken the signal that `arrivals` waits for

    def await_listener(self) -> None:
        """Wait, the first time, until somebody listens to what is published: it would be lost, and asked for again."""
        with self._iopub_lock:
            if not self._heard:
                self._heard = True
                self._iopub.poll(LISTENER_WITHIN_MS)
            self._welcome()

    def greet(self) -> None:
        """Welcome who has come to listen; to be called when `arrivals` can be read. From any thread."""
        with self._iopub_lock:
            self._welcome()

    def _welcome(self) -> None:
        """Tell those who have begun to listen that they will hear all that follows (JEP 65). Needs the lock."""
        while waiting(self._iopub):
            told = self._iopub.recv()
            if told[:1] == SUBSCRIBED:
                self._heard = True
                topic = told[1:]
                content = {"subscription": topic.decode(errors="replace")}
                message = Message(self.wire.header("iopub_welcome"), content, identities=(topic,))
                transmit(self._iopub, self.wire.encode(message))

    def status(self, request: Message | None, state: str) -> None:
        """Publish `starting`, `busy` or `idle`."""
        self.publish("status", request, {"execution_state": state})

    def close(self) -> None:
        """Close what no other thread uses any more, and let the last messages leave."""
        self.context.destroy(linger=LINGER_MS)
