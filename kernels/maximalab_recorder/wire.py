"""One POST of events to the usage service, over nothing but the standard library."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from maximalab_recorder.answers import seconds_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

TIMEOUT_SECONDS = 10.0
_ANSWER_MOST = 1_000_000


class Unreachable(Exception):  # noqa: N818  (says what the service is, not that somebody erred)
    """The service gave no whole answer: nobody knows whether the events arrived."""


@dataclass(frozen=True)
class Answer:
    """What came back; `retry_after` in seconds."""

    status: int
    body: bytes
    retry_after: float | None


@dataclass(frozen=True)
class Address:
    """Where events are posted and by whose right; the token is in no text form of it."""

    url: str
    token: str

    def __repr__(self) -> str:
        return "Address(…)"

    def post(self, events: Sequence[Mapping[str, Any]]) -> Answer:
        """Send `events` once.

        No redirect is followed and no proxy is asked: the token goes nowhere else. Raises `Unreachable`, also for
        an address or a token that no request can carry; it names neither.
        """
        body = json.dumps({"events": events}, ensure_ascii=False, separators=(",", ":")).encode(
            errors="replace"
        )
        try:
            return self._posted(body)
        except (OSError, http.client.HTTPException) as error:
            raise Unreachable(type(error).__name__) from error
        except ValueError as error:  # its words may hold the token: neither told nor chained
            told = f"{type(error).__name__}: the address or the token is not well formed"
            raise Unreachable(told) from None

    def _posted(self, body: bytes) -> Answer:
        parts = urlsplit(self.url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = {"Authorization": f"token {self.token}", "Content-Type": "application/json"}
        with closing(self._connection(parts.scheme, parts.netloc)) as connection:
            connection.request("POST", path or "/", body, headers)
            response = connection.getresponse()
            wait = seconds_of(response.getheader("Retry-After"), datetime.now(UTC))
            return Answer(response.status, response.read(_ANSWER_MOST), wait)

    @staticmethod
    def _connection(scheme: str, place: str) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if scheme == "https" else http.client.HTTPConnection
        return kind(place, timeout=TIMEOUT_SECONDS)
