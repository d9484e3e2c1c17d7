"""What the service asks the hub: whose a token is, and a token for a sign-in. Answers are kept a moment."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KEPT_SECONDS: Final = 30.0
"""How long a hub's answer counts: a right that is taken away works at most this long."""
KEPT_ANSWERS: Final = 20_000
ASK_SECONDS: Final = 5.0


class HubAwayError(Exception):
    """The hub does not answer, or not as it should: nobody can be told apart now."""


class HubClient:
    """The hub's REST API, as far as the service needs it; `clock` is monotonic, in seconds."""

    def __init__(self, api_url: str, api_token: str, client_id: str, clock: Callable[[], float]) -> None:
        self.client_id = client_id
        self._api_url = api_url
        self._api_token = api_token
        self._clock = clock
        # The hub is a neighbour: a proxy that the environment names for the outside must not see its tokens.
        self._http = httpx.AsyncClient(timeout=ASK_SECONDS, trust_env=False)
        self._kept: OrderedDict[bytes, tuple[float, Mapping[str, Any]]] = OrderedDict()

    async def close(self) -> None:
        """Let the connections to the hub go."""
        await self._http.aclose()

    async def owner_of(self, token: str, browser_session: str = "") -> Mapping[str, Any] | None:
        """Give the hub's model of the token's owner, None where the hub knows no such token.

        `browser_session` is the hub's session cookie: signing out changes it, and thus is seen at once.
        Refusals
        are never kept: a token may have been made a moment ago. Raises `HubAwayError`.
        """
        key = sha256(f"{token} {browser_session}".encode()).digest()
        until, model = self._kept.get(key, (0.0, None))
        if model is not None and self._clock() < until:
            return model
        model = await self._ask(token)
        self._kept.pop(key, None)
        if model is not None:
            self._kept[key] = (self._clock() + KEPT_SECONDS, model)
            if len(self._kept) > KEPT_ANSWERS:
                self._kept.popitem(last=False)
        return model

    async def _ask(self, token: str) -> Mapping[str, Any] | None:
        headers = {"Authorization": f"token {token}"}
        answer = await self._request("GET", "/user", headers=headers)
        if answer.status_code in {401, 403, 404}:
            return None
        return _model(answer)

    async def token_for(self, code: str, verifier: str, redirect_uri: str) -> str | None:
        """Exchange the code of a sign-in for the person's token; None where the code is no good."""
        form = {
            "client_id": self.client_id,
            "client_secret": self._api_token,
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": verifier,
            "redirect_uri": redirect_uri,
        }
        answer = await self._request("POST", "/oauth2/token", data=form)
        if answer.status_code in {400, 401, 403}:
            return None
        token = _model(answer).get("access_token")
        return token if isinstance(token, str) else None

    async def _request(self, method: str, path: str, **how: Any) -> httpx.Response:  # noqa: ANN401  httpx's own words
        try:
            return await self._http.request(method, self._api_url + path, **how)
        except httpx.HTTPError as error:
            raise HubAwayError(f"{type(error).__name__} at {path}") from error


def _model(answer: httpx.Response) -> Mapping[str, Any]:
    if answer.status_code != httpx.codes.OK:
        raise HubAwayError(f"status {answer.status_code}")
    try:
        model = answer.json()
    except ValueError as error:
        raise HubAwayError("an answer that is no JSON") from error
    if not isinstance(model, dict):
        raise HubAwayError("an answer that is no object")
    return model
