"""What goes wrong, told to whoever asked: a page in two languages for a browser, JSON for a program."""

from __future__ import annotations

import logging
import math
from typing import TYPE_CHECKING, Any, Final

from fastapi import HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException as StarletteHTTPException

from maximalab_hub.service.headers import HEADERS
from maximalab_hub.service.hub import HubAwayError
from maximalab_hub.service.pages import page
from maximalab_hub.store.engine import StoreAwayError
from maximalab_hub.store.timetables import StaleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI

log = logging.getLogger(__name__)

RETRY_SECONDS = 5
"""After how long to come again when a neighbour of ours is away."""


def problem(status: int, field: str, message: str, *, retry_after: float | None = None) -> HTTPException:
    """Make an error for whoever asked: which field it is about, and what is wrong or what to do.

    `message` is for programs; a person at a browser reads the page of the status. `retry_after` is in
    seconds.
    """
    headers = {} if retry_after is None else {"Retry-After": str(max(1, math.ceil(retry_after)))}
    return HTTPException(status, {"field": field, "message": message}, headers)


def N_(text: str) -> str:  # noqa: N802  gettext's own name for a text that is translated later
    """Mark a text for the catalogue of translations."""
    return text


EXPLANATIONS: Mapping[int, tuple[str, str, str]] = {
    400: (
        N_("That did not work"),
        N_("The request was incomplete, or a link has grown old."),
        N_("Go back and try again."),
    ),
    401: (
        N_("Please sign in"),
        N_("This page is for people who are signed in, and your sign-in has ended."),
        N_("Open the page again from My lab; nothing was changed."),
    ),
    403: (
        N_("This page is not for you"),
        N_("Your account has no right to it, or the form you sent has grown old."),
        N_("Go back and load the page again. If you need the right, ask the lab's administrator."),
    ),
    404: (
        N_("There is no such page"),
        N_("The address leads nowhere."),
        N_("Go to My lab and follow the links from there."),
    ),
    409: (
        N_("Somebody was faster"),
        N_("The timetable was changed since you opened the page, so nothing was changed now."),
        N_("Go back, load the page again and look at what is there; then make your change."),
    ),
    413: (
        N_("That is too large"),
        N_("A file has at most 4 MB here."),
        N_("Go back and choose a smaller file: a shorter time, or one course alone."),
    ),
    422: (
        N_("A field cannot be read"),
        N_("In the field “%(field)s” stands something that does not belong there."),
        N_(
            "Go back: what you typed is still there. Days are written 2026-09-07, times 08:30, numbers in digits."
        ),
    ),
    500: (
        N_("Something broke"),
        N_("The fault is ours; it is written in the log."),
        N_("Try again in a while. If it stays, tell the lab's administrator."),
    ),
    503: (
        N_("Not available just now"),
        N_("A part of the lab that this page needs does not answer. Nothing recorded is lost."),
        N_("Try again in a minute. If it stays, tell the lab's administrator."),
    ),
}
"""For each status: what happened, why, and what to do now."""

FIELDS: Final[Mapping[str, str]] = {
    "day": N_("Day"),
    "begins": N_("Begins"),
    "ends": N_("Ends"),
    "since": N_("From"),
    "until": N_("Up to and with"),
    "last": N_("Up to and with"),
    "least": N_("Lowest score"),
    "most": N_("Highest score"),
    "course": N_("Course"),
    "material": N_("Material"),
    "group": N_("Group"),
    "experts": N_("Experts"),
    "grid": N_("How the result moves"),
    "gaps": N_("Which starts"),
}
"""What forms call their fields, where a browser that has no pickers lets anything be typed into them."""
NO_PERSON: Final = "token"
"""The field named where a token speaks for a program and not for a person."""
FOR_PEOPLE = (
    N_("This page is for people"),
    N_("A program asked for it with the token of a server or of a service, which may only deliver events."),
    N_("Open it in your own browser and sign in."),
)


def install(app: FastAPI) -> None:
    """Let every error of `app` be told in the way its reader needs."""
    app.add_exception_handler(StarletteHTTPException, _http)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HubAwayError, _hub_away)
    app.add_exception_handler(StoreAwayError, _store_away)
    app.add_exception_handler(StaleError, _stale)
    app.add_exception_handler(Exception, _unforeseen)


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteHTTPException)  # noqa: S101  it is registered for this class alone
    said: Any = error.detail  # ours are dictionaries, the framework's own are texts
    detail = said if isinstance(said, dict) else {"field": "request", "message": said}
    return tell(request, error.status_code, detail, error.headers)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101  it is registered for this class alone
    fault = error.errors()[0]
    field = ".".join(str(part) for part in fault["loc"][1:]) or "request"
    return tell(request, 422, {"field": field, "message": str(fault["msg"])[:200]})


async def _hub_away(request: Request, error: Exception) -> Response:
    log.warning("path=%.100s hub away: %.200s", request.url.path, error)
    return _away(request, "hub")


async def _store_away(request: Request, error: Exception) -> Response:
    log.error("path=%.100s store away: %.200s", request.url.path, error)
    return _away(request, "store")


async def _stale(request: Request, _error: Exception) -> Response:
    detail = {"field": "based_on", "message": "the timetable was changed meanwhile; load it again"}
    return tell(request, 409, detail)


def _away(request: Request, part: str) -> Response:
    detail = {"field": part, "message": "does not answer now; keep what you have and come again"}
    return tell(request, 503, detail, {"Retry-After": str(RETRY_SECONDS)})


async def _unforeseen(request: Request, error: Exception) -> Response:
    log.error("path=%.100s unforeseen fault", request.url.path, exc_info=error)
    detail = {"field": "service", "message": "an unforeseen fault, written in the log"}
    # What comes from here does not pass `SecurityHeaders` any more.
    return tell(request, 500, detail, HEADERS)


def tell(
    request: Request, status: int, detail: Mapping[str, str], headers: Mapping[str, str] | None = None
) -> Response:
    """Answer with an error: a page where a browser asked for one, JSON otherwise."""
    if not for_a_browser(request):
        return JSONResponse(dict(detail), status, dict(headers or {}))
    field = detail["field"]
    what, why, what_now = FOR_PEOPLE if field == NO_PERSON else _explained(status, field)
    told = {"what": what, "why": why, "what_now": what_now, "field": FIELDS.get(field, field)}
    return page(request, "usage/error.html", status=status, headers=headers, **told)


def for_a_browser(request: Request) -> bool:
    """Say whether a person's browser asks, and not a program."""
    return "text/html" in request.headers.get("accept", "")


def _explained(status: int, field: str) -> tuple[str, str, str]:
    if status == 400 and field in FIELDS:  # noqa: PLR2004  what was asked is no request that can be answered
        status = 422
    usual = 500 if status >= 500 else 400  # noqa: PLR2004  whose fault it is
    return EXPLANATIONS.get(status, EXPLANATIONS[usual])
