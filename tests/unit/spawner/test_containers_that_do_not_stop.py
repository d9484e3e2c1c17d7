"""A container that its engine cannot stop is removed by force, at a small server that answers as an engine does."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler
from socketserver import ThreadingUnixStreamServer

import pytest
from maximalab_spawner.containers import Containers
from maximalab_spawner.engine import Address, Engine, EngineUnreachable
from maximalab_spawner.hardening import Net


class Answers(BaseHTTPRequestHandler):
    """Fails to stop anything; `server.removes` says whether it can remove. `server.asked` is what it was asked."""

    def address_string(self):
        return "a socket of the machine has no address"

    def log_message(self, *words):
        pass

    def do_GET(self):
        self._say(
            *((404, {"message": "gone"}) if "containers" in self.path else (200, {"ApiVersion": "1.43"}))
        )

    def do_POST(self):
        self.server.asked.append("stop")
        self._say(500, {"message": "cannot stop container: did not receive an exit event"})

    def do_DELETE(self):
        self.server.asked.append("remove by force" if "force=True" in self.path else self.path)
        self._say(*((200, {}) if self.server.removes else (500, {"message": "cannot remove container"})))

    def _say(self, status, words):
        body = json.dumps(words).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def small(tmp_path):
    with ThreadingUnixStreamServer(str(tmp_path / "sock"), Answers) as server:
        server.daemon_threads, server.asked, server.removes = True, [], True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.engine = Engine(Address("pub1", f"unix://{tmp_path}/sock"), timeout=10)
        server.containers = Containers(server.engine, "lab", Net(name="net", subnet="172.20.9.0/24"))
        yield server
        server.engine.close()
        server.shutdown()


async def test_what_cannot_be_stopped_is_removed_by_force(small):
    assert await small.containers.end("c", 1) is None
    assert small.asked == ["stop", "remove by force"]


async def test_what_cannot_be_removed_either_is_an_error_that_keeps_the_seat(small):
    small.removes = False
    with pytest.raises(EngineUnreachable, match="cannot remove"):
        await small.containers.end("c", 1)
