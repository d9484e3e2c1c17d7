"""What the service asks the hub: whose a token is, and a token for a sign-in. Answers are kept a moment."""

from __future__ import annotations

from collections import OrderedDict
from hashlib import sha256
from http import HTTPStatus
from http.client import HTTPException
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlencode

from pydantic_core import from_json

from maximalab_hub.service.hub_connections import HubConnections

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from maximalab_hub.service.hub_connections import Answer

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
        self._api_token = api_token
        self._clock = clock
        # The hub is a neighbour: a proxy that the environment names for the outside never sees its tokens.
        self._http = HubConnections(api_url, ASK_SECONDS)
        self._kept: OrderedDict[bytes, tuple[float, Mapping[str, Any]]] = OrderedDict()

    async def close(self) -> None:
        """Let the connections to the hub go."""
        self._http.close()

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
        answer = await self._request("GET", "/user", headers)
        if answer.status in {401, 403, 404}:
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
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await self._request("POST", "/oauth2/token", headers, urlencode(form))
        if answer.status in {400, 401, 403}:
            return None
        token = _model(answer).get("access_token")
        return token if isinstance(token, str) else None

    async def _request(
        self, method: str, path: str, headers: Mapping[str, str], body: str | None = None
    ) -> Answer:
        try:
            return await self._http.ask(method, path, headers, body)
        except (OSError, HTTPException) as error:
            raise HubAwayError(f"{type(error).__name__} at {path}") from error


def _model(answer: Answer) -> Mapping[str, Any]:
    if answer.status != HTTPStatus.OK:
        raise HubAwayError(f"status {answer.status}")
    try:
        model = from_json(answer.body)
    except ValueError as error:
        raise HubAwayError("an answer that is no JSON") from error
    if not isinstance(model, dict):
        raise HubAwayError("an answer that is no object")
    return model
