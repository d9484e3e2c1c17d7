"""A kernel that serves in the same moment in which its sockets are there, long after they were first asked for.

Who subscribed before that is heard only once ZeroMQ has tried again; who asks at once is quicker than that.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import zmq
from jupyter_client.session import Session

PLACES = {"shell": zmq.ROUTER, "control": zmq.ROUTER, "stdin": zmq.ROUTER, "hb": zmq.REP, "iopub": zmq.PUB}
INFO = {
    "status": "ok", "protocol_version": "5.3", "implementation": "prompt", "implementation_version": "1", "banner": "",
    "language_info": {"name": "text", "version": "1", "mimetype": "text/plain", "file_extension": ".txt"},
}  # fmt: skip


def bound(file: Path) -> tuple[Session, dict[str, zmq.Socket]]:
    """Wait for the second in which nobody can be subscribed, then be there all at once."""
    said = json.loads(file.read_text())
    time.sleep(1.0)  # the moment itself is what the test is about
    sockets = {}
    for name, kind in PLACES.items():
        sockets[name] = zmq.Context.instance().socket(kind)
        sockets[name].bind(f"tcp://{said['ip']}:{said[f'{name}_port']}")
    return Session(key=said["key"].encode()), sockets


def serve(session: Session, sockets: dict[str, zmq.Socket]) -> None:
    poller = zmq.Poller()
    for name in ("shell", "control"):
        poller.register(sockets[name], zmq.POLLIN)
    while True:
        for socket, _ in poller.poll():
            names, message = session.recv(socket, mode=0)
            answer(session, sockets["iopub"], socket, names, message)
            if message["msg_type"] == "shutdown_request":
                return


def answer(
    session: Session, iopub: zmq.Socket, socket: zmq.Socket, names: list[bytes], message: dict
) -> None:
    asked = message["msg_type"]
    session.send(iopub, "status", {"execution_state": "busy"}, parent=message)
    if asked == "execute_request":
        code = {"code": message["content"]["code"], "execution_count": 1}
        session.send(iopub, "execute_input", code, parent=message)
    content = {"execute_request": {"status": "ok", "execution_count": 1}, "kernel_info_request": INFO}
    told = content.get(asked, {"status": "ok"})
    session.send(socket, asked.replace("request", "reply"), told, parent=message, ident=names)
    session.send(iopub, "status", {"execution_state": "idle"}, parent=message)


if __name__ == "__main__":
    serve(*bound(Path(sys.argv[1])))
