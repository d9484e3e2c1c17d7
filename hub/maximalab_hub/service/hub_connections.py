"""Connections to the hub by Python's own HTTP client: whose a token is, is asked for each server twice a minute.

httpx, which serves well elsewhere, took two milliseconds of a processor for one such question, more than a post of a
hundred events takes in the store.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import TYPE_CHECKING, Final, NamedTuple
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Mapping

MOST_AT_ONCE: Final = 32
"""Questions under way; more wait their turn, and count as not answered after twice the time of one."""


class Answer(NamedTuple):
    """What the hub answered."""

    status: int
    body: bytes


class HubConnections:
    """Asks at `url`, and keeps connections for the next question; `seconds` is how long one waits for the hub."""

    def __init__(self, url: str, seconds: float) -> None:
        self._url, self._seconds = urlsplit(url), seconds
        self._idle: list[HTTPConnection] = []
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, thread_name_prefix="hub")

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None = None
    ) -> Answer:
        """Ask for what lies at `path`. Raises `OSError` or `http.client.HTTPException` where the hub is away."""
        asked = (method, self._url.path + path, body, headers)
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(2 * self._seconds):
            return await loop.run_in_executor(self._threads, self._asked, *asked)

    def close(self) -> None:
        """Let all connections go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        while self._idle:
            self._idle.pop().close()

    def _asked(self, method: str, path: str, body: str | None, headers: Mapping[str, str]) -> Answer:
        # What changes something is not asked twice, so it does not go over a connection that may have ended.
        while method == "GET" and self._idle:
            try:
                return self._by(self._idle.pop(), method, path, body, headers)
            except TimeoutError:
                raise
            except (OSError, HTTPException, IndexError):
                continue  # the hub ended it while it was idle, or another thread was sooner
        return self._by(self._new(), method, path, body, headers)

    def _by(
        self, connection: HTTPConnection, method: str, path: str, body: str | None, headers: Mapping[str, str]
    ) -> Answer:
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            found = Answer(answer.status, answer.read())
        except BaseException:
            connection.close()
            raise
        if method == "GET" and not answer.will_close:
            self._idle.append(connection)
        else:
            connection.close()
        return found

    def _new(self) -> HTTPConnection:
        kind = HTTPSConnection if self._url.scheme == "https" else HTTPConnection
        return kind(self._url.netloc, timeout=self._seconds)
