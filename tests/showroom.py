"""Shows every page of the lab at an address of its own, with its real static files and headers, for a browser."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from maximalab_hub.lab.places import ROOT
from maximalab_hub.pages.frame import CONTENT_SECURITY_POLICY, STATIC, Visitor
from maximalab_hub.service.hub import HubAwayError
from openercases import OPENER, POLICY, render_opener
from pagecases import CASES, TALES, render
from servedapp import served
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from usagepages import USAGE

JUPYTERHUBS = Path(sys.prefix, "share", "jupyterhub", "static")
ENTRANCE_ERROR = ROOT / "hub/maximalab_hub/lab/error_pages/error.html"
SIGNED_OUT = ("login", "logout", "sign-in")
"""How the names of the cases begin that are shown to nobody in particular."""


def slug(case: str) -> str:
    """Make a word for an address and a file out of a case's name."""
    return re.sub(r"[^a-z0-9]+", "-", case.lower()).strip("-")


def who_sees(case: str) -> Visitor | None:
    if case.startswith(SIGNED_OUT):
        return None
    return Visitor("student", shows_usage=case == "admin", shows_admin=case == "admin")


@contextmanager
def showroom(folder: Path, usage: FastAPI) -> Iterator[str]:
    """Serve everything on a free port of 127.0.0.1; gives the address."""
    add_faults(usage)
    with served(the_app(folder, usage)) as address:
        yield address


def the_app(folder: Path, usage: FastAPI) -> Starlette:
    cases = {slug(case): case for case in CASES}
    opener = {slug(case): case for case in OPENER}

    def shown(request: Request) -> Response:
        case = cases[request.path_params["case"]]
        page = render(folder, case, request.path_params["language"], who_sees(case))
        styles = "; style-src 'self' 'unsafe-inline'" if case == "admin" else ""
        return HTMLResponse(page, headers={"Content-Security-Policy": CONTENT_SECURITY_POLICY + styles})

    def opening(request: Request) -> Response:
        case = opener[request.path_params["case"]]
        page = render_opener(case, request.path_params["language"])
        return HTMLResponse(page, OPENER[case][2], {"Content-Security-Policy": POLICY})

    return Starlette(
        routes=[
            Route("/shown/{case}/{language}", shown),
            Route("/opener/{case}/{language}", opening),
            Route("/entrance", lambda _: HTMLResponse(ENTRANCE_ERROR.read_text(), 503)),
            Route("/hub/api/progress/{tale}", told),
            Route("/hub/api/{what:path}", administered),
            Mount("/hub/lab-static", StaticFiles(directory=STATIC)),
            Mount("/hub/static", StaticFiles(directory=JUPYTERHUBS)),
            Mount("/", usage),
        ]
    )


async def told(request: Request) -> Response:
    """Tell a tale of a start, and keep the stream open as a hub does whose server is not there yet."""

    async def events() -> AsyncIterator[str]:
        for event in TALES[request.path_params["tale"]]:
            yield f"data: {json.dumps(event)}\n\n"
        await asyncio.sleep(600)

    return StreamingResponse(events(), media_type="text/event-stream")


def administered(request: Request) -> Response:
    """Answer JupyterHub's own administration page, whose script is photographed with two people in its list."""
    person = {"kind": "user", "roles": [], "groups": [], "server": None, "pending": None, "servers": {}}
    people = [person | {"name": name, "admin": name == "admin", "last_activity": "2026-01-01T00:00:00Z"}
              for name in ("admin", "student")]  # fmt: skip
    items = people if request.path_params["what"] == "users" else []
    pages: dict[str, Any] = {"offset": 0, "limit": 50, "total": len(items), "next": None}
    return JSONResponse({"items": items, "_pagination": pages})


def add_faults(usage: FastAPI) -> None:
    """Let two more addresses of the service fail, as it does when a neighbour is away or a fault is its own."""

    def away() -> None:
        raise HubAwayError

    def broken() -> None:
        raise RuntimeError("broken on purpose, for a photograph")

    usage.add_api_route(f"{USAGE}/away", away)
    usage.add_api_route(f"{USAGE}/broken", broken)
