"""Both ends of the wire, and they are real: a small HTTP service that takes events, and a student's server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.request
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

import psutil
import pytest
from jupyter_server.services.kernels.connection.base import serialize_msg_to_ws_v1
from tornado.httpclient import HTTPRequest
from tornado.websocket import websocket_connect

PATIENCE = 90.0
"""Seconds after which a wait has failed: far beyond what a machine needs that is busy with other tests as well."""


class Collector:
    """Keeps every event that was posted; `mood` decides how it answers, and may be changed at any time."""

    def __init__(self) -> None:
        self.mood = "well"
        self.retry_after: str | None = None
        self.asks_code = False
        self.codes: dict[str, dict[str, Any]] = {}
        self.events: dict[str, dict[str, Any]] = {}
        self.arrivals: Counter[str] = Counter()
        self.posts: list[tuple[float, int, str]] = []
        self._news = threading.Condition()
        self._server: ThreadingHTTPServer | None = None
        self.port = 0
        self.open()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/services/usage/events"

    def open(self) -> None:
        """Listen, on the same port as before where there was one."""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status, answer, headers = collector.take(body, self.headers.get("Authorization", ""))
                if status == 0:  # the answer is lost
                    self.close_connection = True
                    return
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                """Stay silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        if self._server:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    def take(self, body: bytes, authorization: str) -> tuple[int, bytes, dict[str, str]]:
        events = json.loads(body)["events"]
        with self._news:
            self.posts.append((time.monotonic(), len(events), authorization))
            answer = self._answer(events)
            self._news.notify_all()
        return answer

    def _answer(self, events: list[dict[str, Any]]) -> tuple[int, bytes, dict[str, str]]:
        if self.mood.isdigit():
            return int(self.mood), b"no", {"Retry-After": self.retry_after} if self.retry_after else {}
        if self.mood == "garbage":
            return 200, b"\xff<html>", {}
        if self.mood == "picky" and len(events) > 1:
            return 422, b"", {}
        if self.mood == "picky" and events[0]["kind"] == "poison":
            return 422, b"", {}
        results = [self._result(event) for event in events]
        if self.mood == "mute":
            return 0, b"", {}
        told = {"results": results} | ({"code": True} if self.asks_code else {})
        return 200, json.dumps(told).encode(), {}

    def _result(self, event: dict[str, Any]) -> dict[str, Any]:
        name = event["event_id"]
        self.arrivals[name] += 1
        code = event.pop("code", None)  # it may be dropped between two sendings
        if code is not None:
            self.codes[name] = code
        if event["kind"] == "forbidden":
            return {"event_id": name, "status": "refused", "field": "kind", "message": "no such kind"}
        known = name in self.events
        self.events.setdefault(name, event)
        assert self.events[name] == event, "an event changed between two sendings"
        return {"event_id": name, "status": "known" if known else "stored", "field": None, "message": None}

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The stored events of one kind, in the order of their numbers."""
        found = [event for event in self.events.values() if event["kind"] == kind]
        return sorted(found, key=lambda event: (event["at"], event["seq"]))

    def wait(self, happened: Callable[[], bool], seconds: float = PATIENCE) -> None:
        """Wait for something to be true after an arrival; fail with what is there."""
        with self._news:
            met = self._news.wait_for(happened, seconds)
        assert met, f"after {seconds} s: {[(e['kind'], e.get('outcome')) for e in self.events.values()]}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    service = Collector()
    yield service
    service.close()


SETTINGS = {
    "ServerApp.kernel_manager_class": "maximalab_recorder.kernels.RecordingKernelManager",
    "ServerApp.kernel_websocket_connection_class": "maximalab_recorder.websocket.RecordingWebsocketConnection",
    "ServerApp.jpserver_extensions": "{'maximalab_recorder': True}",
    "IdentityProvider.token": "t0ken",
    "ServerApp.ip": "127.0.0.1",
    "ServerApp.port": "0",
    "ServerApp.allow_root": "True",
    "ServerApp.terminals_enabled": "False",
    "KernelRestarter.time_to_dead": "0.3",
}


class Server:
    """A real Jupyter server of a student, in a process of its own, with a home of its own."""

    def __init__(self, folder: Path, usage_url: str, settings: Mapping[str, str] = SETTINGS) -> None:
        self.root = folder / "home"
        self.root.mkdir(parents=True, exist_ok=True)
        self.spool = folder / "spool"
        self.data = folder / "jupyter_data_dir"
        self.runtime = folder / f"runtime-{time.monotonic_ns()}"
        self.runtime.mkdir()
        self.log_file = folder / "server.log"
        places = {name: str(folder / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR")}
        environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith(("JUPYTER", "JPY", "MAXIMALAB"))},
            **places,
            "JUPYTER_NO_CONFIG": "1",
            "JUPYTER_RUNTIME_DIR": str(self.runtime),
            "JUPYTERHUB_API_TOKEN": "hub-t0ken",
            "JUPYTERHUB_USER": "ann",
            "JUPYTERHUB_SERVER_NAME": "public-maxima",
            "MAXIMALAB_SPOOL": str(self.spool),
            "MAXIMALAB_USAGE_URL": usage_url,
            "MAXIMALAB_GATHER_SECONDS": "0.2",
            "MAXIMALAB_LANG": "uk",
        }
        command = [
            sys.executable,
            "-m",
            "jupyter_server",
            "--no-browser",
            f"--ServerApp.root_dir={self.root}",
        ]
        command += [f"--{name}={value}" for name, value in settings.items()]
        with self.log_file.open("ab") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log)
        self.url = self._address()

    @property
    def log(self) -> str:
        return self.log_file.read_text()

    def _address(self, seconds: float = PATIENCE) -> str:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            for file in self.runtime.glob("jpserver-*.json"):
                with contextlib.suppress(ValueError, OSError):  # half written, or not listening yet
                    url = str(json.loads(file.read_text())["url"]).rstrip("/")
                    urllib.request.urlopen(f"{url}/api", timeout=5).close()  # noqa: S310
                    return url
            time.sleep(0.05)
        raise AssertionError(f"the server did not start:\n{self.log}")

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """Call the server's REST API; its answer, read as JSON."""
        raw = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}{path}", raw, method=method)  # noqa: S310
        request.add_header("Authorization", "token t0ken")
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
            text = answer.read()
        return json.loads(text) if text else None

    def open_notebook(self, path: str = "", name: str | None = None, kernel: str = "python3") -> str:
        """Make a session for a notebook, one of its own where no path is given; the kernel's id.

        `name` is what the client calls the session: as JupyterLab does, the file's name, where it is not given.
        """
        path = path or f"simplex/{uuid.uuid4().hex}.uk.ipynb"
        (self.root / path).parent.mkdir(parents=True, exist_ok=True)
        session = {"path": path, "type": "notebook", "kernel": {"name": kernel}}
        session["name"] = Path(path).name if name is None else name
        return str(self.ask("POST", "/api/sessions", session)["kernel"]["id"])

    def stop(self, with_signal: int = signal.SIGTERM) -> None:
        """End the server, and the kernels that it may have left."""
        children = (
            psutil.Process(self.process.pid).children(recursive=True) if self.process.poll() is None else []
        )
        self.process.send_signal(with_signal)
        self.process.wait(PATIENCE)
        for child in children:
            with contextlib.suppress(psutil.NoSuchProcess):
                child.kill()


@pytest.fixture(scope="module")
def lab_collector() -> Iterator[Collector]:
    service = Collector()
    yield service
    service.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, lab_collector: Collector) -> Iterator[Server]:
    running = Server(tmp_path_factory.mktemp("server"), lab_collector.url)
    yield running
    running.stop()


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Callable[[str], Server]]:
    """Start servers on one home and one spool, one after another; end what is left."""
    servers: list[Server] = []

    def start(usage_url: str, settings: Mapping[str, str] = SETTINGS) -> Server:
        servers.append(Server(tmp_path, usage_url, settings))
        return servers[-1]

    yield start
    for each in servers:
        if each.process.poll() is None:
            each.stop()


class Tab:
    """A browser tab: a websocket to a kernel, in either wire format."""

    def __init__(self, server: Server, kernel_id: str, protocol: str) -> None:
        self.server, self.kernel_id, self.protocol = server, kernel_id, protocol
        self.session = uuid.uuid4().hex

    async def __aenter__(self) -> Self:
        address = self.server.url.replace("http", "ws", 1)
        request = HTTPRequest(
            f"{address}/api/kernels/{self.kernel_id}/channels?session_id={self.session}",
            headers={"Authorization": "token t0ken"},
        )
        self.socket = await websocket_connect(
            request, subprotocols=[self.protocol] if self.protocol else None
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.socket.close()

    async def run(self, code: str, cell_id: str | None, **content: object) -> str:
        """Ask for a cell to be run, as JupyterLab does."""
        name = uuid.uuid4().hex
        header = {
            "msg_id": name, "msg_type": "execute_request", "session": self.session, "username": "",
            "version": "5.3", "date": "2026-11-22T10:00:00Z",
        }  # fmt: skip
        whole = {
            "code": code, "silent": False, "store_history": True, "user_expressions": {}, "allow_stdin": False,
            "stop_on_error": True, **content,
        }  # fmt: skip
        metadata = {"cellId": cell_id} if cell_id else {}
        if self.protocol:
            parts = [header, {}, metadata, whole]
            message = serialize_msg_to_ws_v1([json.dumps(part).encode() for part in parts], "shell")
            await self.socket.write_message(message, binary=True)
        else:
            message = {"header": header, "parent_header": {}, "metadata": metadata, "content": whole}
            await self.socket.write_message(json.dumps({**message, "channel": "shell", "buffers": []}))
        return name

    async def until(self, text: bytes) -> None:
        """Read until a message holds `text`."""
        while True:
            message = await asyncio.wait_for(self.socket.read_message(), PATIENCE)
            assert message is not None, "the socket was closed"
            if text in (message if isinstance(message, bytes) else message.encode()):
                return


@pytest.fixture(params=["v1.kernel.websocket.jupyter.org", ""], ids=["wire format v1", "legacy wire format"])
def tab(request: pytest.FixtureRequest, server: Server) -> Callable[[str], Tab]:
    return lambda kernel_id: Tab(server, kernel_id, request.param)


@pytest.fixture
def tab_of() -> type[Tab]:
    """A tab of any server."""
    return Tab
