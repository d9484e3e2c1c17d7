"""The way to the sign-in provider and back: begin, come back, and what is said where that fails."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import urlencode

from maximalab_spawner.tiers import entrance_of
from oauthenticator.oauth2 import (
    OAuthCallbackHandler,
    OAuthLoginHandler,
    _deserialize_state,
    _serialize_state,
)

from maximalab_hub.oidc.why import TurnedAwayError, Why
from maximalab_hub.oidc.words import FAILURES
from maximalab_hub.pages.handler import LabHandler, parts_of
from maximalab_hub.pages.local_path import local_path
from maximalab_hub.throttle import address_of

if TYPE_CHECKING:
    from tornado.web import RequestHandler

    from maximalab_hub.oidc.provider import OpenIDConnect

BEGIN: Final = "provider-sign-in"
"""Path below `/hub/` at which the way to the provider begins."""
FAILED: Final = "sign-in-failed"
COME_BACK: Final = "oauth_callback"
ANEW: Final = "anew"
"""Query of the way's beginning: the provider is to let the person choose another account."""
_LONGEST: Final = 2048
_ANOTHER_ACCOUNT: Final = frozenset({Why.NO_IDENTITY, Why.EMAIL_UNVERIFIED, Why.NOT_ALLOWED})
"""Refusals of the account: to begin again with the same one would lead here again."""


def _provider(handler: Any) -> OpenIDConnect:  # noqa: ANN401  JupyterHub's handlers
    return cast("OpenIDConnect", handler.authenticator.provider)


def _come_back(handler: Any) -> str:  # noqa: ANN401
    """Give the address to which the provider sends this browser back: the entrance's own, never the browser's word."""
    door = _provider(handler).service.callbacks[entrance_of(handler.request.headers).value]
    return f"{door}{handler.hub.base_url}{COME_BACK}"


def _turn_away(handler: Any, turned: TurnedAwayError, *, event: bool) -> None:  # noqa: ANN401
    """Log why, record it, and send the browser on to a page whose address holds no code."""
    handler.log.warning("Sign-in by the provider refused (%s): %s", turned.why.value, turned)
    if event:
        entrance = entrance_of(handler.request.headers).value
        parts_of(handler).emit("login_refused", entrance=entrance, detail={"reason": turned.why.value})
    handler.redirect(f"{handler.hub.base_url}{FAILED}/{turned.why.value}")


class BeginHandler(OAuthLoginHandler):  # type: ignore[misc]  # oauthenticator carries no annotations
    """`GET /hub/provider-sign-in`: sends the browser to the provider, and keeps what its answer must fit."""

    @property
    def _OAUTH_AUTHORIZE_URL(self) -> str:  # noqa: N802  Tornado's name
        return str(_provider(self).authorize_url)

    async def get(self) -> None:
        """Begin."""
        provider = _provider(self)
        try:
            await provider.endpoints()
        except TurnedAwayError as turned:
            _turn_away(self, turned, event=False)
            return
        verifier, challenge = self._generate_pkce_params()
        state, nonce = self._generate_state_id(), self._generate_state_id()
        wanted = local_path(self.get_argument("next", None), otherwise=f"{self.hub.base_url}lab")
        kept = {"state_id": state, "nonce": nonce, "code_verifier": verifier, "next_url": wanted}
        self.set_state_cookie(_serialize_state(kept))
        anew = {"prompt": provider.section.choose_account} if self.get_argument(ANEW, "") else {}
        self.authorize_redirect(
            redirect_uri=_come_back(self),
            client_id=provider.client_id,
            scope=provider.scope,
            response_type="code",
            extra_params={
                "state": state,
                "nonce": nonce,
                "code_challenge": challenge,
                "code_challenge_method": "S256",
                **anew,
            },
        )


class ComeBackHandler(OAuthCallbackHandler):  # type: ignore[misc]  # oauthenticator carries no annotations
    """`GET /hub/oauth_callback`: the provider's answer, by way of the browser."""

    @property
    def kept(self) -> dict[str, str]:
        """What was kept when the sign-in began; empty where it did not begin here."""
        state = self.get_state_cookie()
        found = _deserialize_state(state) if state else {}
        return found if isinstance(found, dict) else {}

    async def get(self) -> None:
        """Sign in, or say on a page of its own why not."""
        who, begun = self._counted_as(), False
        try:
            self._check_state()
            self._check_pace(who)
            begun = True
            await self._check_answer()
            user = await self.login_user({"nonce": self.kept["nonce"]})
        except TurnedAwayError as turned:
            _turn_away(self, turned, event=begun)
            return
        if user is None:
            _turn_away(self, TurnedAwayError(Why.NOT_ALLOWED, "JupyterHub refused the name"), event=True)
            return
        self.authenticator.throttle.take_back(*who)
        self._jupyterhub_user = user
        self.redirect(local_path(self.kept["next_url"], otherwise=f"{self.hub.base_url}lab"))

    def _counted_as(self) -> tuple[str, str]:
        """Say as what an attempt counts: nobody's name is known yet, so it is this sign-in's, and the network's."""
        return f"provider {self.kept.get('state_id', '')}", address_of(self.request.headers)

    def _check_pace(self, who: tuple[str, str]) -> None:
        if self.authenticator.throttle.begin(*who) > 0:
            raise TurnedAwayError(Why.TOO_MANY, f"too many attempts from {who[1]:.64}")

    def _check_state(self) -> None:
        kept, said = self.kept.get("state_id", ""), self._said("state")
        if not kept or not hmac.compare_digest(kept.encode(), said.encode()):
            raise TurnedAwayError(Why.BEGIN_AGAIN, "the answer belongs to no sign-in that this browser began")

    async def _check_answer(self) -> None:
        endpoints, who = await _provider(self).endpoints(), self._said("iss")
        if (who or endpoints.names_itself) and who != _provider(self).section.issuer:
            raise TurnedAwayError(Why.PROVIDER_WRONG, "the answer is another provider's (iss)")
        if self._said("error") == "access_denied":
            raise TurnedAwayError(Why.DECLINED, "access_denied")
        if error := self._said("error"):
            raise TurnedAwayError(Why.PROVIDER_WRONG, f"the provider answered {error[:40]!r}")
        if not self._said("code"):
            raise TurnedAwayError(Why.BEGIN_AGAIN, "the answer holds no code")

    def _said(self, name: str) -> str:
        return str(self.get_argument(name, ""))[:_LONGEST]


class FailedHandler(LabHandler):
    """`GET /hub/sign-in-failed/<why>`: what happened, why, and what to do now."""

    async def get(self, why: str) -> None:
        """Show the page; it says the same to everybody, and knows nobody."""
        failure = FAILURES[Why(why)]
        again = f"{self.hub.base_url}{BEGIN}" + (f"?{ANEW}=1" if why in _ANOTHER_ACCOUNT else "")
        await self.show("sign_in_failed.html", status=failure.status, failure=failure, again=again)


def begin_url(base: str, wanted: str) -> str:
    """Give the address of the button on the sign-in page; `wanted` is where the person wants to go."""
    return f"{base}{BEGIN}" + (f"?{urlencode({'next': wanted})}" if wanted else "")


def provider_routes() -> list[tuple[str, type[RequestHandler]]]:
    """List what a lab with a provider serves below `/hub/` besides."""
    reasons = "|".join(Why)
    return [
        (f"/{BEGIN}", BeginHandler),
        (f"/{COME_BACK}", ComeBackHandler),
        (f"/{FAILED}/({reasons})", FailedHandler),
    ]
