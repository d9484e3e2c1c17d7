"""Rating, for whoever holds an invitation's link: no account, no name.

The link's secret is taken out of the address at once and kept in a cookie, so that it stands in no history, no log
and no link to another page.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Final

from fastapi import APIRouter, Path, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse
from maximalab_spawner.tiers import entrance_of

from maximalab_hub.service import PREFIX
from maximalab_hub.service.errors import problem
from maximalab_hub.service.lab import lab_of
from maximalab_hub.service.pages import language_of, page
from maximalab_hub.service.saying import said_to
from maximalab_hub.service.signin import form_token
from maximalab_hub.service.template_words import TemplateWords
from maximalab_hub.store import studies, template
from maximalab_hub.store.engine import reading, writing

if TYPE_CHECKING:
    from fastapi import HTTPException
    from sqlalchemy import Connection

    from maximalab_hub.store.template import Invitation

RATING_COOKIE: Final = "maximalab-rating"
RATE: Final = f"{PREFIX}/rate"
_KEPT_SECONDS: Final = 30 * 24 * 3600

router = APIRouter(prefix=PREFIX)


@router.get("/rate/{secret}")
def open_invitation(request: Request, secret: Annotated[str, Path(max_length=64)]) -> Response:
    """For whoever holds the link: keep its secret in a cookie and go to the page."""
    with reading(request.app.state.engine) as connection:
        _invited(connection, secret)
    answer = RedirectResponse(RATE, 303)
    door = request.app.state.settings.entrances.get(entrance_of(request.headers))
    secure = door is not None and door.url.startswith("https://")
    answer.set_cookie(
        RATING_COOKIE, secret, max_age=_KEPT_SECONDS, path=RATE, httponly=True, samesite="lax", secure=secure
    )
    return answer


@router.get("/rate")
def rate_page(request: Request) -> Response:
    """For whoever opened an invitation's link: the criteria, and what was answered before."""
    return _page(request)


@router.post("/rate")
async def rate(request: Request) -> Response:
    """For whoever opened an invitation's link: keep the answer; a later one replaces it, until the panel is closed."""
    secret, form = _secret(request), await request.form()
    token = form.get("_xsrf")
    wanted = form_token(secret, request.app.state.form_key)
    if not isinstance(token, str) or not hmac.compare_digest(token.encode(), wanted.encode()):
        raise problem(403, "_xsrf", "the form token is missing or has grown old; load the page again")
    given = {name: value for name, value in form.items() if isinstance(value, str)}
    return await run_in_threadpool(_keep, request, secret, given)


def _keep(request: Request, secret: str, given: dict[str, str]) -> Response:
    with writing(request.app.state.engine) as connection:
        invitation = _invited(connection, secret)
        panel = template.panel_of(connection, invitation, hold=True)
        allowed = {str(score): score for score in range(panel.least, panel.most + 1)}
        scores = [allowed.get(given.get(f"criterion-{n}", "")) for n in range(len(panel.criteria))]
        known = [score for score in scores if score is not None]
        if len(known) == len(scores) and panel.closed_at is None:
            template.answer(connection, invitation.invitation_id, known, datetime.now(UTC))
    if panel.closed_at is not None:
        return _page(request, status=409)
    if len(known) < len(scores):
        return _page(request, typed=scores, status=400)
    return RedirectResponse(f"{RATE}?kept=1", 303)


def _page(request: Request, typed: list[int | None] | None = None, status: int = 200) -> Response:
    secret = _secret(request)
    lab_of(request)  # an address of a study that does not count is no page
    with reading(request.app.state.engine) as connection:
        invitation = _invited(connection, secret)
        panel = template.panel_of(connection, invitation)
        before = template.scores_of(connection, invitation.invitation_id)
        title = studies.title_of(
            request.app.state.settings, connection, template.study_of_panel(connection, panel)
        )
    return page(
        request,
        "usage/rate.html",
        status=status,
        panel=panel,
        scores=typed or list(before) or [None] * len(panel.criteria),
        answered=bool(before),
        kept="kept" in request.query_params and typed is None and panel.closed_at is None,
        incomplete=typed is not None,
        study_title=title,
        said=said_to(request),
        words=TemplateWords(language_of(request)),
        xsrf=form_token(secret, request.app.state.form_key),
    )


def _secret(request: Request) -> str:
    secret = request.cookies.get(RATING_COOKIE, "")[:64]
    if not secret:
        raise _unknown()
    return secret


def _invited(connection: Connection, secret: str) -> Invitation:
    found = template.invitation_by(connection, sha256(secret.encode()).hexdigest())
    if found is None:
        raise _unknown()
    return found


def _unknown() -> HTTPException:
    return problem(404, "invitation", "no invitation has this link; ask the researcher for yours")
