"""The other side of the wire: a small, real HTTP service that takes events, or does not."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class Collector:
    """Keeps every event that was posted; `mood` decides how it answers, and may be changed at any time."""

    def __init__(self) -> None:
        self.mood = "well"
        self.retry_after: str | None = None
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
        return 200, json.dumps({"results": results}).encode(), {}

    def _result(self, event: dict[str, Any]) -> dict[str, Any]:
        name = event["event_id"]
        self.arrivals[name] += 1
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

    def wait(self, happened: Callable[[], bool], seconds: float = 20.0) -> None:
        """Wait for something to be true after an arrival; fail with what is there."""
        with self._news:
            met = self._news.wait_for(happened, seconds)
        assert met, f"after {seconds} s: {[(e['kind'], e.get('outcome')) for e in self.events.values()]}"


@pytest.fixture
def collector() -> Iterator[Collector]:
    service = Collector()
    yield service
    service.close()
