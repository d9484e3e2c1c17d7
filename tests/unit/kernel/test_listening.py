"""A kernel's ports are open before the library for them is loaded: who comes early waits, and need not come again."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys

import pytest
import zmq
from maximalab_kernel.channels import Channels
from maximalab_kernel.listening import PORTS, listen
from maximalab_kernel.wire import Message, Wire

KEY = "a key of the tests"
PATIENCE_MS = 30_000


@pytest.fixture
def connection():
    """What a connection file says, with ports that nobody has."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    ports = {name: one.getsockname()[1] for name, one in zip(PORTS, held, strict=True)}
    for one in held:
        one.close()
    return {"transport": "tcp", "ip": "127.0.0.1", "signature_scheme": "hmac-sha256", "key": KEY, **ports}


def test_who_connects_before_there_are_channels_is_heard_without_a_second_try(connection):
    listening = listen(connection)
    context = zmq.Context()
    client = context.socket(zmq.DEALER)
    client.linger, client.reconnect_ivl = 0, -1  # never tries again
    client.connect(f"tcp://127.0.0.1:{connection['shell_port']}")
    wire = Wire(KEY.encode())
    client.send_multipart(wire.encode(Message(wire.header("kernel_info_request"), {})))
    channels = Channels(connection, listening)
    try:
        assert channels.shell.poll(PATIENCE_MS)
        request = channels.receive(channels.shell)
        channels.reply(channels.shell, request, {"status": "ok"})
        assert client.poll(PATIENCE_MS)
        assert wire.decode(client.recv_multipart()).kind == "kernel_info_reply"
    finally:
        channels.close()
        context.destroy(linger=0)


NOT_OURS = [
    pytest.param({"transport": "ipc", "ip": "kernel"}, id="no TCP"),
    pytest.param({"ip": "localhost"}, id="a name"),
    pytest.param({"ip": "*"}, id="any address"),
    pytest.param({"ip": "::1"}, id="IPv6"),
]


@pytest.mark.parametrize("told", NOT_OURS)
def test_what_only_zmq_understands_is_left_to_it(connection, told):
    assert listen({**connection, **told}) == {}


def test_channels_open_their_ports_themselves_where_nobody_has(connection):
    channels = Channels({**connection, "ip": "localhost"})
    with socket.create_connection(("localhost", connection["hb_port"]), timeout=30):
        channels.close()


def test_a_port_that_is_taken_ends_the_kernel_with_a_word(connection, tmp_path):
    file = tmp_path / "connection.json"
    file.write_text(json.dumps(connection))
    command = [sys.executable, "-m", "maximalab_kernel", "-f", str(file)]
    with socket.create_server(("127.0.0.1", connection["stdin_port"])):
        ran = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    assert ran.returncode == 1
    assert "Address already in use" in ran.stderr
    assert "Traceback" not in ran.stderr
