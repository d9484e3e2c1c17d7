"""Whose pages these are, where several studies count: `/services/usage/of/STUDY/…` is `/services/usage/…` of that one.

In the path, and not in a query or a cookie, because links, forms and downloads of a page are then of the page's own
study, whatever is set up meanwhile and whatever stands in another window.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from maximalab_hub.service import PREFIX

if TYPE_CHECKING:
    from fastapi import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

_OF: Final = re.compile(rf"{PREFIX}/of/([a-z][a-z0-9-]{{0,40}})(/.*)", re.DOTALL)
_STUDY: Final = "maximalab.study"
_ASKED: Final = "maximalab.asked_path"


class StudyInPath:
    """Takes the study out of the address, so that every route of a study's pages is written once."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, with the study beside the path."""
        found = _OF.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if found:
            path = f"{PREFIX}{found[2]}"
            scope = {
                **scope,
                "path": path,
                "raw_path": path.encode(),
                _STUDY: found[1],
                _ASKED: scope["path"],
            }
        await self._app(scope, receive, send)


def study_in(scope: Scope) -> str | None:
    """Give the study that the address names."""
    found: str | None = scope.get(_STUDY)
    return found


def pages_of(request: Request) -> str:
    """Say below which path the pages of the study of this request are."""
    study = study_in(request.scope)
    return f"{PREFIX}/of/{study}" if study else PREFIX


def asked_at(request: Request) -> str:
    """Give path and query as the browser asked for them."""
    query = f"?{request.url.query}" if request.url.query else ""
    return f"{request.scope.get(_ASKED, request.url.path)}{query}"
