"""What the lab asks an OpenID Connect provider, on oauthenticator's generic way to ask.

Endpoints and keys come from the provider's own discovery document. Answers may hold tokens, so none is ever logged, and
nothing of them is kept: what the lab needs of a person it takes at the sign-in.
"""

from __future__ import annotations

import asyncio
import json
import re
import time
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import jwt
from oauthenticator.generic import GenericOAuthenticator
from tornado.httpclient import AsyncHTTPClient, HTTPClientError, HTTPRequest
from tornado.web import HTTPError

from maximalab_hub.oidc.claims import admitted
from maximalab_hub.oidc.tokens import UnknownKeyError, key_for, verified
from maximalab_hub.oidc.why import TurnedAwayError, Why

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Self

    from tornado.web import RequestHandler

    from maximalab_hub.oidc.claims import Admitted
    from maximalab_hub.oidc.section import OidcSection
    from maximalab_hub.settings import Settings

_SECONDS: Final = 10.0
_LARGEST_ANSWER: Final = 1_000_000
_AT_ONCE: Final = 100
"""Questions that may be under way: a lecture hall that signs in at once."""
_DISCOVERY_KEPT: Final = 3600.0
_CLIENT_ERROR: Final = range(400, 500)
_ERROR_WORD: Final = re.compile(r"[a-z_]{1,40}")


@dataclass(frozen=True, slots=True)
class Service:
    """A provider as the settings have it, with the lab's secret there."""

    section: OidcSection
    secret: str
    callbacks: Mapping[str, str]
    """Where the provider sends people back to, by entrance: the entrance's own address."""

    def __deepcopy__(self, _memo: object) -> Self:
        """Stay the same object: traitlets copies whatever stands in a configuration."""
        return self

    def __repr__(self) -> str:
        """Name the provider, and not the secret."""
        return f"Service({self.section.issuer!r})"


def service_of(settings: Settings) -> Service | None:
    """Give the provider of the settings, if they name one. Raises `SecretError` without the secret."""
    if settings.oidc is None:
        return None
    doors = {entrance.value: door.url for entrance, door in settings.entrances.items()}
    return Service(settings.oidc, settings.oidc.client_secret(), doors)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What the provider says of itself."""

    authorize: str
    token: str
    keys: str
    userinfo: str | None
    names_itself: bool
    """Whether its answers by way of the browser say who answers (RFC 9207)."""


class OpenIDConnect(GenericOAuthenticator):  # type: ignore[misc]  # oauthenticator carries no annotations
    """One OpenID Connect provider: codes for tokens, tokens for persons."""

    def __init__(self, service: Service, **kwargs: Any) -> None:  # noqa: ANN401  traitlets takes anything
        section = service.section
        super().__init__(
            client_id=section.client_id,
            client_secret=service.secret,
            basic_auth=section.client_auth == "basic",
            scope=list(section.scopes),
            enable_pkce=True,
            auth_refresh_age=0,
            http_client=AsyncHTTPClient(
                force_instance=True, max_clients=_AT_ONCE, max_body_size=_LARGEST_ANSWER
            ),
            http_request_kwargs={
                "connect_timeout": _SECONDS,
                "request_timeout": _SECONDS,
                "follow_redirects": False,
            },
            **kwargs,
        )
        self.service, self.section = service, section
        self._endpoints: tuple[float, Endpoints] | None = None
        self._keys: jwt.PyJWKSet | None = None
        self._asking = asyncio.Lock()

    async def endpoints(self) -> Endpoints:
        """Give the provider's endpoints, asked for once an hour. Raises `TurnedAwayError` where it is away."""
        async with self._asking:
            if self._endpoints is None or self._endpoints[0] + _DISCOVERY_KEPT < time.monotonic():
                found = read_discovery(await self.httpfetch(self.section.discovery), self.section.issuer)
                self._endpoints = (time.monotonic(), found)
                self.authorize_url, self.token_url = found.authorize, found.token
            return self._endpoints[1]

    async def person(self, handler: RequestHandler, nonce: str) -> Admitted:
        """Say who comes back from the provider with a code. Raises `TurnedAwayError` for everybody else."""
        endpoints = await self.endpoints()
        tokens = await self._tokens(handler)
        claims = await self._claims(tokens.get("id_token"), nonce, endpoints)
        if endpoints.userinfo is not None:
            claims = {**await self._more(endpoints.userinfo, tokens, claims["sub"]), **claims}
        return admitted(claims, self.section)

    async def _tokens(self, handler: RequestHandler) -> Mapping[str, Any]:
        params = self.build_access_tokens_request_params(handler)
        try:
            found: Mapping[str, Any] = await self.get_token_info(handler, params)
        except HTTPError as error:  # its text may hold what the provider said
            raise TurnedAwayError(Why.PROVIDER_WRONG, "the provider gave no tokens for the code") from error
        return found

    async def _claims(self, token: Any, nonce: str, endpoints: Endpoints) -> Mapping[str, Any]:  # noqa: ANN401
        try:
            key = key_for(token, await self._key_set(endpoints))
        except UnknownKeyError:
            try:
                key = key_for(token, await self._key_set(endpoints, again=True))
            except UnknownKeyError as error:
                raise TurnedAwayError(Why.PROVIDER_WRONG, "the ID token's key is unknown") from error
        return verified(token, key, issuer=self.section.issuer, client_id=self.section.client_id, nonce=nonce)

    async def _key_set(self, endpoints: Endpoints, *, again: bool = False) -> jwt.PyJWKSet:
        async with self._asking:
            if self._keys is None or again:
                answer = await self.httpfetch(endpoints.keys)
                try:
                    self._keys = jwt.PyJWKSet.from_dict(answer)
                except (jwt.PyJWTError, AttributeError, TypeError, ValueError) as error:
                    raise TurnedAwayError(Why.PROVIDER_WRONG, "the provider's keys cannot be read") from error
            return self._keys

    async def _more(self, url: str, tokens: Mapping[str, Any], subject: str) -> Mapping[str, Any]:
        """Ask for the rest of the claims; they count only if they are about the same person."""
        headers = self.build_userdata_request_headers(tokens["access_token"], "Bearer")
        found = await self.httpfetch(url, headers=headers)
        if not isinstance(found, dict) or found.get("sub") != subject:
            raise TurnedAwayError(Why.PROVIDER_WRONG, "what userinfo says is about somebody else")
        return found

    def build_token_info_request_headers(self) -> dict[str, str]:
        """As oauthenticator's, but with name and secret encoded as RFC 6749, 2.3.1 demands."""
        headers: dict[str, str] = super().build_token_info_request_headers()
        if self.basic_auth:
            pair = ":".join(quote(one, safe="") for one in (self.section.client_id, self.service.secret))
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode('ascii')}"
        return headers

    async def fetch(self, req: HTTPRequest, label: str = "", parse_json: bool = True, **kwargs: Any) -> Any:  # noqa: ANN401, FBT001, FBT002  as oauthenticator has it
        """As oauthenticator's, but an answer is never logged: it may hold tokens."""
        del label, parse_json
        place = req.url.partition("?")[0]
        try:
            answer = await self.http_client.fetch(req, **kwargs)
            return json.loads(answer.body)
        except HTTPClientError as error:
            raise _turned(place, error) from None
        except OSError as error:
            raise TurnedAwayError(Why.PROVIDER_AWAY, f"{place}: {type(error).__name__}") from None
        except ValueError:
            raise TurnedAwayError(Why.PROVIDER_WRONG, f"{place}: the answer is no JSON") from None


def _turned(place: str, error: HTTPClientError) -> TurnedAwayError:
    """Read a refusal: of the code, of the lab, or of everything."""
    if error.code not in _CLIENT_ERROR:
        return TurnedAwayError(Why.PROVIDER_AWAY, f"{place}: {error.code}")
    try:
        said = str(json.loads(error.response.body)["error"]) if error.response else ""
    except (ValueError, KeyError, TypeError):
        said = ""
    word = said if _ERROR_WORD.fullmatch(said) else "no reason given"
    why = Why.BEGIN_AGAIN if word == "invalid_grant" else Why.PROVIDER_WRONG
    return TurnedAwayError(why, f"{place}: {error.code} {word}")


def read_discovery(document: object, issuer: str) -> Endpoints:
    """Read the provider's discovery document. Raises `TurnedAwayError` where it is another's, or incomplete."""
    if not isinstance(document, dict) or document.get("issuer") != issuer:
        raise TurnedAwayError(
            Why.PROVIDER_WRONG, "the discovery document does not name oidc.issuer, letter by letter"
        )
    names = ("authorization_endpoint", "token_endpoint", "jwks_uri", "userinfo_endpoint")
    said = {name: document.get(name) for name in names}
    found: dict[str, str] = {name: value for name, value in said.items() if isinstance(value, str)}
    unsafe = [name for name, value in found.items() if not _as_guarded(value, issuer)]
    if missing := [*unsafe, *(name for name in names[:3] if name not in found)]:
        raise TurnedAwayError(
            Why.PROVIDER_WRONG, f"{missing[0]} of the discovery document is missing or not https"
        )
    return Endpoints(
        found[names[0]],
        found[names[1]],
        found[names[2]],
        found.get(names[3]),
        document.get("authorization_response_iss_parameter_supported") is True,
    )


def _as_guarded(url: str, issuer: str) -> bool:
    return url.startswith("https://") or (issuer.startswith("http://") and url.startswith("http://"))
