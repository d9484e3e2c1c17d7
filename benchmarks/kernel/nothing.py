"""A kernel that does nothing: what a start costs whoever writes a kernel in Python, whatever that then does.

It opens its ports, loads zmq, and answers `kernel_info_request`, `execute_request` and `shutdown_request` with what the
protocol asks for, no more. Started as `python nothing.py CONNECTION_FILE`.
"""

from __future__ import annotations

import itertools
import json
import sys
from typing import TYPE_CHECKING, Any

from maximalab_kernel.listening import listen
from maximalab_kernel.signing import Signer

if TYPE_CHECKING:
    import zmq

LISTENER_WITHIN_MS = 1000
DELIMITER = b"<IDS|MSG>"
INFO = {
    "status": "ok", "protocol_version": "5.3", "implementation": "nothing", "implementation_version": "0", "banner": "",
    "language_info": {"name": "nothing", "version": "0", "mimetype": "text/plain", "file_extension": ".txt"},
}  # fmt: skip
RESULT = {"execution_count": 1, "data": {"text/plain": "42"}, "metadata": {}}
DONE = {"status": "ok", "execution_count": 1, "user_expressions": {}, "payload": []}


class Nothing:
    """The kernel."""

    def __init__(self, connection: dict[str, Any]) -> None:
        """Open the ports, then load zmq and take them over."""
        listening = listen(connection)
        import zmq  # noqa: PLC0415  as our kernel does: the ports first

        self._signer = Signer(connection["key"].encode(), connection["signature_scheme"])
        self._count = itertools.count()
        self._context = zmq.Context()
        kinds = {
            "iopub": zmq.XPUB,
            "shell": zmq.ROUTER,
            "control": zmq.ROUTER,
            "stdin": zmq.ROUTER,
            "hb": zmq.REP,
        }
        self._sockets = {name: self._context.socket(kind) for name, kind in kinds.items()}
        for name, socket in self._sockets.items():
            socket.setsockopt(zmq.USE_FD, listening[f"{name}_port"])
            socket.bind(f"tcp://{connection['ip']}:{connection[f'{name}_port']}")
        self._poller = zmq.Poller()
        for name in ("shell", "control", "hb"):
            self._poller.register(self._sockets[name], zmq.POLLIN)

    def serve(self) -> None:
        """Answer until the shutdown."""
        self._sockets["iopub"].poll(LISTENER_WITHIN_MS)  # what nobody hears would be asked for again
        kind = ""
        while kind != "shutdown_request":
            for socket, _ in self._poller.poll():
                if socket is self._sockets["hb"]:
                    socket.send(socket.recv())
                else:
                    kind = self._answer(socket)
        self._context.destroy(linger=1000)

    def _answer(self, socket: zmq.Socket[bytes]) -> str:
        frames = socket.recv_multipart()
        cut = frames.index(DELIMITER)
        parent = json.loads(frames[cut + 2])
        kind = str(parent["msg_type"])
        self._publish("status", parent, {"execution_state": "busy"})
        if kind == "execute_request":
            self._publish("execute_result", parent, RESULT)
        content = {"kernel_info_request": INFO, "execute_request": DONE}.get(kind, {"status": "ok"})
        socket.send_multipart(
            [*frames[:cut], *self._frames(kind.replace("_request", "_reply"), parent, content)]
        )
        self._publish("status", parent, {"execution_state": "idle"})
        return kind

    def _publish(self, kind: str, parent: dict[str, Any], content: dict[str, Any]) -> None:
        self._sockets["iopub"].send_multipart([kind.encode(), *self._frames(kind, parent, content)])

    def _frames(self, kind: str, parent: dict[str, Any], content: dict[str, Any]) -> list[bytes]:
        header = {
            "msg_id": f"nothing-{next(self._count)}", "msg_type": kind, "session": "nothing", "username": "nothing",
            "date": "2026-01-01T00:00:00Z", "version": "5.3",
        }  # fmt: skip
        parts = [json.dumps(part).encode() for part in (header, parent, {}, content)]
        return [DELIMITER, self._signer.sign(parts), *parts]


if __name__ == "__main__":
    with open(sys.argv[1], encoding="utf-8") as file:  # noqa: PTH123  no start waits for pathlib
        told = json.load(file)
    Nothing(told).serve()
