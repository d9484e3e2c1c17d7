"""A page that was asked for a period that ends before it begins: both days, in a form that asks for it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.dates import format_date
from fastapi.responses import JSONResponse

from maximalab_hub.period import PeriodError
from maximalab_hub.service.errors import for_a_browser
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.questions import FIELDS

if TYPE_CHECKING:
    from datetime import date

    from fastapi import FastAPI, Request, Response


def install(app: FastAPI) -> None:
    """Let every page of `app` that asks for a period tell of one that is none."""
    app.add_exception_handler(PeriodError, _told)


async def _told(request: Request, error: Exception) -> Response:
    assert isinstance(error, PeriodError)  # noqa: S101  it is registered for this class alone
    if not for_a_browser(request):
        return JSONResponse({"field": FIELDS[1], "message": str(error)}, 400)
    language = language_of(request)

    def said(day: date) -> str:
        return format_date(day, "d MMMM y", locale=language)

    asked = request.query_params.multi_items()
    return page(
        request,
        "usage/period.html",
        status=400,
        since=error.since,
        until=error.until,
        others=[(name, value) for name, value in asked if name not in FIELDS],
        said=said,
    )
