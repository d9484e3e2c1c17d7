"""No form is larger than a calendar may be: what is, is refused before a byte of it is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import Request

from maximalab_hub.service import PREFIX
from maximalab_hub.service.errors import tell

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

LARGEST_FORM: Final = 4_500_000
"""Bytes: a calendar of four million, and what a form puts around it."""
OWN_LIMIT: Final = frozenset({f"{PREFIX}/events"})
"""Routes that bound their bodies themselves."""


class SizeLimit:
    """Refuse a body that says it is too large, or does not say how large it is; servers hold senders to their word.

    And a question with a zero character, which PostgreSQL has in no text: it would look like a store that is away.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what is small enough."""
        if scope["type"] != "http" or scope["path"] in OWN_LIMIT:
            await self._app(scope, receive, send)
            return
        request = Request(scope, receive)
        size = request.headers.get("content-length", "0")
        if "transfer-encoding" in request.headers:
            detail = {"field": "content-length", "message": "is missing; say how long the body is"}
            await tell(request, 411, detail)(scope, receive, send)
        elif not size.isdecimal() or int(size[:20]) > LARGEST_FORM:
            detail = {"field": "body", "message": f"is larger than {LARGEST_FORM} bytes"}
            await tell(request, 413, detail)(scope, receive, send)
        elif b"%00" in scope.get("query_string", b""):
            detail = {"field": "query", "message": "must not hold a zero character"}
            await tell(request, 400, detail)(scope, receive, send)
        else:
            await self._app(scope, receive, send)
