"""Who asks: every route states through `require` who may call it.

A browser is known by the cookie of its sign-in, a program by `Authorization: token …`. A cookie alone counts
only where a person goes to a page; a form, or a script's request, has to bring the form token as well,
because pages of students' servers live on the same site. The token of a server or of a service opens nothing
here, by whichever way it comes: `/events` alone takes it, and asks on its own whose it is.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Awaitable, Callable  # noqa: TC003  FastAPI reads them at run time
from typing import TYPE_CHECKING, Annotated, Any, Final

from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from maximalab_spawner.tiers import Person, entrance_of

from maximalab_hub.service import PREFIX
from maximalab_hub.service.errors import NO_PERSON, problem
from maximalab_hub.service.identity import may_use_the_service, person_of_model, speaks_for_a_person
from maximalab_hub.service.signin import (
    CALLBACK,
    COOKIE,
    SIGN_IN_SECONDS,
    STATE_COOKIE,
    form_token,
    new_attempt,
    opened,
    sealed,
)
from maximalab_hub.service.study_in_path import asked_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from maximalab_hub.service.hub import HubClient

FORM_FIELD: Final = "_xsrf"
FORM_HEADER: Final = "X-XSRFToken"
HUB_SESSION: Final = "jupyterhub-session-id"
_SAFE: Final = frozenset({"GET", "HEAD"})
_TOKEN: Final = re.compile(r"[A-Za-z0-9_.~+/=-]{8,512}")

router = APIRouter()


class SignInNeeded(Exception):  # noqa: N818  no error: the browser is sent to the hub
    """Somebody goes to a page without being signed in."""


def anyone(_person: Person) -> bool:
    """Everybody who is signed in."""
    return True


def researcher(person: Person) -> bool:
    """Researchers, and admins."""
    return person.reads_usage


def admin(person: Person) -> bool:
    """Admins alone."""
    return person.admin


def require(may: Callable[[Person], bool]) -> Callable[[Request], Awaitable[Person]]:
    """Make the dependency of a route that gives the person who asks, if `may` says so.

    Otherwise: to the hub to sign in, 401, or 403. A request that changes something needs the form token.
    """

    async def person(request: Request) -> Person:
        found = await current_person(request)
        request.state.person = found
        if not may(found):
            raise problem(403, "person", "this account has no right to do this")
        return found

    return person


async def current_person(request: Request) -> Person:
    """Say who asks. Raises `SignInNeeded`, or an error 401 or 403 for whoever cannot be sent to sign in."""
    in_header, token = _token_of(request)
    model = await _model_of(request, token) if token else None
    if model is not None and not speaks_for_a_person(model):
        raise problem(
            403, NO_PERSON, "a server's or a service's token may only deliver events; sign in yourself"
        )
    person = person_of_model(model) if model else None
    if model is None or person is None:
        if not in_header and request.method in _SAFE and _goes_to_a_page(request):
            raise SignInNeeded
        raise problem(401, "authorization", "sign in, or send a token that the hub knows")
    if not may_use_the_service(model):
        raise problem(403, "authorization", "this token was not made for this service")
    if not in_header and not (request.method in _SAFE and _goes_to_a_page(request)):
        await _check_form_token(request, token)
    return person


def token_in_header(request: Request) -> str:
    """Give the token of `Authorization: token …` (or `Bearer …`), empty where there is none of that shape."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    fits = scheme.lower() in {"token", "bearer"} and _TOKEN.fullmatch(token.strip())
    return token.strip() if fits else ""


def _token_of(request: Request) -> tuple[bool, str]:
    if "authorization" in request.headers:
        return True, token_in_header(request)
    token = request.cookies.get(COOKIE, "")
    return False, token if _TOKEN.fullmatch(token) else ""


async def _model_of(request: Request, token: str) -> Mapping[str, Any] | None:
    hub: HubClient = request.app.state.hub
    return await hub.owner_of(token, request.cookies.get(HUB_SESSION, ""))


def _goes_to_a_page(request: Request) -> bool:
    """Whether a browser's window goes there; browsers that do not say so count as going."""
    return request.headers.get("sec-fetch-mode", "navigate") == "navigate"


def xsrf_token(request: Request) -> str:
    """Give the form token for pages that hold a form (field `_xsrf`); empty for a program's request."""
    in_header, token = _token_of(request)
    return "" if in_header or not token else form_token(token, request.app.state.form_key)


async def _check_form_token(request: Request, token: str) -> None:
    sent: object = request.headers.get(FORM_HEADER)
    if sent is None and request.method not in _SAFE:
        sent = (await request.form()).get(FORM_FIELD)
    wanted = form_token(token, request.app.state.form_key)
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), wanted.encode()):
        raise problem(403, FORM_FIELD, "the form token is missing or has grown old; load the page again")


def _secure(request: Request) -> bool:
    """Whether the entrance that the browser came through speaks HTTPS: then cookies must not go without."""
    door = request.app.state.settings.entrances.get(entrance_of(request.headers))
    return door is not None and door.url.startswith("https://")


async def send_to_sign_in(request: Request, _error: Exception) -> Response:
    """Send a browser to the hub, and remember where it wanted to go."""
    attempt = new_attempt(asked_at(request))
    answer = RedirectResponse(attempt.authorize_url(request.app.state.hub.client_id), 302)
    answer.set_cookie(
        attempt.cookie,
        sealed(attempt, request.app.state.form_key),
        max_age=SIGN_IN_SECONDS,
        path=CALLBACK,
        httponly=True,
        samesite="lax",
        secure=_secure(request),
    )
    return answer


@router.get(CALLBACK)
async def callback(
    request: Request,
    code: Annotated[str, Query(max_length=200)] = "",
    state: Annotated[str, Query(max_length=100)] = "",
) -> Response:
    """For anyone whom the hub sends back from signing in: keep the token, go to the page that was wanted."""
    kept = request.cookies.get(STATE_COOKIE + state[:8], "")
    attempt = opened(kept, request.app.state.form_key)
    if attempt is not None and not hmac.compare_digest(attempt.state.encode(), state.encode()):
        attempt = None
    if attempt is None or not code:
        raise problem(400, "state", "this sign-in has grown old or was begun in another browser; begin again")
    token = await request.app.state.hub.token_for(code, attempt.verifier, CALLBACK)
    if token is None:
        raise problem(403, "code", "the hub does not accept this sign-in; begin again")
    answer = RedirectResponse(attempt.next, 302)
    answer.delete_cookie(attempt.cookie, path=CALLBACK)
    answer.set_cookie(
        COOKIE, token, path=f"{PREFIX}/", httponly=True, samesite="lax", secure=_secure(request)
    )
    return answer


AnyPerson = Annotated[Person, Depends(require(anyone))]
"""Type of a route's parameter: whoever is signed in."""
Researcher = Annotated[Person, Depends(require(researcher))]
"""Type of a route's parameter: a researcher or an admin."""
Admin = Annotated[Person, Depends(require(admin))]
"""Type of a route's parameter: an admin."""
