"""Erasure: a person asks for it in My data, an admin does it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from maximalab_hub.erasure import LONGEST_REASON
from maximalab_hub.service import PREFIX
from maximalab_hub.service.auth import Admin, AnyPerson, xsrf_token
from maximalab_hub.service.log_words import rows_in_words
from maximalab_hub.service.own_events import log_names_of
from maximalab_hub.service.pages import page
from maximalab_hub.service.saying import said_to
from maximalab_hub.store import erasing
from maximalab_hub.store.engine import reading, writing

if TYPE_CHECKING:
    from maximalab_hub.erasure import Erasure
    from maximalab_hub.settings import Settings

router = APIRouter(prefix=PREFIX)


@router.post("/me/erasure")
def ask_for_erasure(
    request: Request, person: AnyPerson, decision: Annotated[Literal["ask", "withdraw"], Form()]
) -> Response:
    """For everybody, about themselves: ask that the own records be erased, or take that back."""
    with writing(request.app.state.engine) as connection:
        if decision == "ask":
            erasing.ask_for_erasure(connection, person.name, datetime.now(UTC))
        else:
            erasing.withdraw_request(connection, person.name)
    return RedirectResponse(f"{PREFIX}/me#erasure", 303)


@router.get("/erasures")
def erasures_page(request: Request, _person: Admin) -> Response:
    """For admins: who asked for erasure, and a form to do it."""
    return _page(request)


@router.post("/erasures")
def erase_person(  # noqa: PLR0913  one parameter for each field of the form
    request: Request,
    person: Admin,
    user: Annotated[str, Form(min_length=1, max_length=255)],
    again: Annotated[str, Form(max_length=255)],
    reason: Annotated[str, Form(min_length=1, max_length=LONGEST_REASON)],
    *,
    mentions: Annotated[bool, Form()] = False,
) -> Response:
    """For admins: erase a person's records, where the name was typed twice alike."""
    if user.strip() != again.strip() or not user.strip():
        return _page(request, status=400, unlike=True)
    settings: Settings = request.app.state.settings
    with writing(request.app.state.engine) as connection:
        done = erasing.erase(
            connection,
            user.strip(),
            names=log_names_of(settings),
            by=person.name,
            reason=reason.strip(),
            now=datetime.now(UTC),
            mentions=mentions,
        )
    request.app.state.kept.clear()
    return _page(request, done=done)


def _page(
    request: Request, *, status: int = 200, done: Erasure | None = None, unlike: bool = False
) -> Response:
    with reading(request.app.state.engine) as connection:
        asked = erasing.requests(connection)
    return page(
        request,
        "usage/erasures.html",
        status=status,
        asked=asked,
        done=done,
        unlike=unlike,
        longest=LONGEST_REASON,
        said=said_to(request),
        rows_in_words=rows_in_words,
        xsrf=xsrf_token(request),
    )
