"""What an answer of the usage service means for the events that were sent: decided apart from any network."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_UNREADABLE = {HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY}
_WORDS_MOST = 200
RETRY_AFTER_MOST = 600.0
"""The longest that a service may send us away, in seconds."""
BACK_OFF_MOST = 60.0
_BACK_OFF_FIRST = 1.0


@dataclass(frozen=True)
class Verdict:
    """What to do with a batch.

    `done` are the events to forget, `refused` those among them that the service will never take, with its
    reason. `trouble` says in words why the others stay (None: nothing is wrong), `retry_after` how many
    seconds the service asked for. `unreadable`: the batch as such was turned down; send it in smaller pieces.
    `code`: the service asks for the code of this person's cells, from now on and until it says otherwise.
    """

    done: tuple[str, ...] = ()
    refused: dict[str, str] = field(default_factory=dict)
    trouble: str | None = None
    retry_after: float | None = None
    unreadable: bool = False
    code: bool = False


def judge(status: int, body: bytes, retry_after: float | None, sent: Sequence[str]) -> Verdict:
    """Read the answer to a POST of the events named `sent`; what is not clearly confirmed stays."""
    if status in _UNREADABLE:
        return Verdict(trouble=f"status {status}", unreadable=True)
    if status != HTTPStatus.OK:
        return Verdict(trouble=f"status {status}", retry_after=retry_after)
    told = _read(body)
    results = _results(told)
    named = {str(result.get("event_id")): result for result in results}
    done = tuple(name for name in sent if named.get(name, {}).get("status") in ("stored", "known", "refused"))
    refused = {name: _reason(named[name]) for name in done if named[name]["status"] == "refused"}
    trouble = None if len(done) == len(sent) else "an answer that does not name every event"
    return Verdict(done, refused, trouble, code=told.get("code") is True)


def _read(body: bytes) -> dict[str, object]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _results(told: dict[str, object]) -> list[dict[str, object]]:
    results = told.get("results")
    return [each for each in results if isinstance(each, dict)] if isinstance(results, list) else []


def _reason(result: dict[str, object]) -> str:
    return f"{result.get('field')}: {result.get('message')}"[:_WORDS_MOST]


def seconds_of(header: str | None, now: datetime) -> float | None:
    """Read a `Retry-After` header, seconds or an HTTP date, as seconds from `now`; None for anything else."""
    if header is None:
        return None
    text = header.strip()
    if text.isascii() and text.isdigit():
        return min(float(text), RETRY_AFTER_MOST)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return min(max((aware - now).total_seconds(), 0.0), RETRY_AFTER_MOST)


def back_off(failures: int, retry_after: float | None, chance: float) -> float:
    """Seconds to wait after the `failures`-th failure in a row, `chance` being uniform in [0, 1).

    Doubles from one second to a minute, then a half of it is left to chance, so that servers which failed
    together do not come back together. Never shorter than the service's own `retry_after`.
    """
    longest = min(BACK_OFF_MOST, _BACK_OFF_FIRST * 2.0 ** min(failures - 1, 16))
    return max(longest * (0.5 + 0.5 * chance), retry_after or 0.0)
