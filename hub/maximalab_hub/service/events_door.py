"""Where posts of events come in, before the framework: it and what stands around its routes cost half of a post's HTTP.

What such a post needs of all that is little: the application's state, the headers that every answer has, and the
telling of errors. The last stays with the framework, which gets every post that is not answered with 200.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from fastapi import Request

from maximalab_hub.service.events_route import EVENTS, FAULT, taken
from maximalab_hub.service.headers import HEADERS

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.types import Receive, Scope, Send

_HEADERS: Final = [
    (b"content-type", b"application/json"),
    *((name.lower().encode(), value.encode()) for name, value in HEADERS.items()),
]


class EventsDoor:
    """The application, with a way of their own for posts of events."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a post of events; give everything else, and what went wrong with one, to the application."""
        if scope["type"] == "http" and scope["path"] == EVENTS and scope["method"] == "POST":
            scope["app"] = self._app
            try:
                answer = await taken(Request(scope, receive))
            except Exception as error:  # noqa: BLE001  the route raises it again, and the handlers tell it
                scope[FAULT] = error
            else:
                headers = [*_HEADERS, (b"content-length", b"%d" % len(answer))]
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": answer})
                return
        await self._app(scope, receive, send)
