"""A Jupyter client of the bench's own on bare zmq: no polling, so that what it measures is the kernel."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import time
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq
from maximalab_kernel.wire import Message, Wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.kernel.sides import Side

KEY = "a key of the bench"
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
PATIENCE_MS = 120_000
RETRY_MS = 2
"""How often a socket tries to reach a kernel that has not bound its ports yet; zmq's own habit is 100 ms and more."""
SUBSCRIBED_WITHIN_MS = 50


def free_ports(count: int) -> list[int]:
    """Ports that nobody has."""
    with ExitStack() as stack:
        held = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in held:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in held]


class Bare:
    """One kernel and its client; times are milliseconds since the process was started."""

    def __init__(self, side: Side, folder: Path) -> None:
        """Start the kernel."""
        ports = dict(zip((f"{name}_port" for name in CHANNELS), free_ports(len(CHANNELS)), strict=True))
        file = folder / "connection.json"
        told = {"transport": "tcp", "ip": "127.0.0.1", "signature_scheme": "hmac-sha256", "key": KEY, **ports}
        file.write_text(json.dumps(told), encoding="utf-8")
        self._wire = Wire(KEY.encode())
        self._context = zmq.Context()
        argv = [part.replace("{connection_file}", str(file)) for part in side.argv]
        environment = {**os.environ, "IPYTHONDIR": str(folder), "JPY_PARENT_PID": str(os.getpid())}
        self._begin = time.perf_counter()
        self.process = subprocess.Popen(argv, env=environment, stderr=subprocess.DEVNULL)
        self._shell = self._connect(zmq.DEALER, ports["shell_port"])
        self._control = self._connect(zmq.DEALER, ports["control_port"])
        self._iopub = self._connect(zmq.SUB, ports["iopub_port"])
        self._iopub.subscribe(b"")

    def _connect(self, kind: int, port: int) -> zmq.Socket[bytes]:
        one: zmq.Socket[bytes] = self._context.socket(kind)
        one.linger = 0
        one.reconnect_ivl = RETRY_MS
        one.connect(f"tcp://127.0.0.1:{port}")
        return one

    def since_start(self) -> float:
        """Milliseconds."""
        return (time.perf_counter() - self._begin) * 1000

    def _send(self, channel: zmq.Socket[bytes], kind: str, content: dict[str, Any]) -> str:
        message = Message(self._wire.header(kind), content)
        channel.send_multipart(self._wire.encode(message))
        return str(message.header["msg_id"])

    def _next(self, channel: zmq.Socket[bytes], patience: int = PATIENCE_MS) -> Message | None:
        return self._wire.decode(channel.recv_multipart()) if channel.poll(patience) else None

    def _reply_to(self, message_id: str) -> Message:
        while True:
            message = self._next(self._shell)
            if message is None:
                raise TimeoutError("the kernel does not answer")
            if message.parent.get("msg_id") == message_id:
                return message

    def ready(self) -> float:
        """When the first `kernel_info_reply` was here; returns as soon as outputs will be heard, too."""
        self._reply_to(self._send(self._shell, "kernel_info_request", {}))
        at = self.since_start()
        while self._next(self._iopub, SUBSCRIBED_WITHIN_MS) is None:
            self._reply_to(self._send(self._shell, "kernel_info_request", {}))
        return at

    def run(self, code: str) -> list[Message]:
        """Run a cell until its reply and its idle status are here; what was published. The cell must succeed."""
        content = {"code": code, "silent": False, "store_history": True, "allow_stdin": False}
        message_id = self._send(self._shell, "execute_request", content)
        published: list[Message] = []
        while not published or published[-1].content.get("execution_state") != "idle":
            message = self._next(self._iopub)
            if message is None:
                raise TimeoutError(f"no end of the cell {code!r}")
            if message.parent.get("msg_id") == message_id:
                published.append(message)
        reply = self._reply_to(message_id)
        if reply.content["status"] != "ok":
            raise RuntimeError(f"the cell {code!r} failed: {reply.content}")
        return published

    def timed(self, code: str) -> float:
        """Milliseconds that a cell takes."""
        begin = time.perf_counter()
        self.run(code)
        return (time.perf_counter() - begin) * 1000

    def close(self) -> None:
        """End the kernel as Jupyter does; kill it where it does not go."""
        self._send(self._control, "shutdown_request", {"restart": False})
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._context.destroy(linger=0)


@contextmanager
def bare_kernel(side: Side) -> Iterator[Bare]:
    """One kernel, ready."""
    with tempfile.TemporaryDirectory() as folder:
        kernel = Bare(side, Path(folder))
        try:
            yield kernel
        finally:
            kernel.close()


@contextmanager
def bare_kernels(sides: Sequence[Side]) -> Iterator[list[Bare]]:
    """Several kernels at once, each started when the one before it was ready."""
    with ExitStack() as stack:
        kernels = []
        for side in sides:
            kernels.append(stack.enter_context(bare_kernel(side)))
            kernels[-1].ready()
        yield kernels
