"""Read the body of a post, however it was sent: bounded in size and time, unpacked, and parsed."""

from __future__ import annotations

import asyncio
import zlib
from typing import TYPE_CHECKING, Final

from pydantic_core import from_json

from maximalab_hub.plain import plain_post
from maximalab_hub.service.errors import problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from fastapi import Request

    from maximalab_hub.events import Source

LARGEST_BODY: Final = 1_000_000
"""Bytes, as sent and as unpacked."""
MOST_EVENTS: Final = 500
BODY_SECONDS: Final = 30.0
"""A sender that takes longer for its body is let go."""


async def read_body(request: Request) -> bytes:
    """Give the body as it was sent, or refuse it with 408 or 413."""
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced[:20]) > LARGEST_BODY:
        raise too_big()
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > LARGEST_BODY:
                    raise too_big()
    except TimeoutError as error:
        raise problem(408, "body", "took too long; send it again") from error
    return bytes(body)


def too_big() -> Exception:
    """Make the refusal of a body that is too big."""
    return problem(413, "body", f"is larger than {LARGEST_BODY} bytes; send fewer events at a time")


def unpack(body: bytes, encoding: str) -> bytes:
    """Undo the content encoding, never holding more than the largest body in memory."""
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip":
            return _gunzip(body)
        case _:
            raise problem(415, "content-encoding", "must be gzip or none")


def _gunzip(body: bytes) -> bytes:
    unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    try:
        content = unpacker.decompress(body, LARGEST_BODY + 1)
    except zlib.error as error:
        raise problem(422, "body", "is not gzip, as its content-encoding says") from error
    if len(content) > LARGEST_BODY:
        raise too_big()
    if not unpacker.eof or unpacker.unused_data:
        raise problem(422, "body", "is gzip that ends too early or too late")
    return content


def events_in(body: bytes, content_type: str, source: Source) -> Sequence[object]:
    """Give the events of a post, a `PlainPost` or unchecked ones, or refuse the whole with 413, 415 or 422."""
    if content_type.partition(";")[0].strip().lower() != "application/json":
        raise problem(415, "content-type", "must be application/json")
    events = plain_post(body, source) or _events_of_any(body)
    if len(events) > MOST_EVENTS:
        raise problem(413, "events", f"has more than {MOST_EVENTS} events; send fewer at a time")
    return events


def _events_of_any(body: bytes) -> list[object]:
    try:
        content = from_json(body, allow_inf_nan=False)
    except ValueError as error:
        raise problem(422, "body", f"is no JSON: {error}"[:200]) from error
    events = content.get("events") if isinstance(content, dict) else None
    if not isinstance(events, list):
        raise problem(422, "events", "must be a list of events, in an object")
    return events
