"""Signing in through the hub: OAuth with state and PKCE, by relative addresses, so that both entrances work.

The state travels in a signed cookie of its own for each sign-in, so that tabs which sign in at once do not
meet.
"""

from __future__ import annotations

import hmac
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from maximalab_hub.service import PREFIX

COOKIE: Final = "maximalab-usage"
"""Holds the person's token for this service, hidden from scripts."""
STATE_COOKIE: Final = "maximalab-usage-signin-"
CALLBACK: Final = f"{PREFIX}/oauth_callback"
AUTHORIZE: Final = "/hub/api/oauth2/authorize"
SIGN_IN_SECONDS: Final = 600


@dataclass(frozen=True, slots=True)
class Attempt:
    """One sign-in under way."""

    state: str
    verifier: str
    next: str

    @property
    def cookie(self) -> str:
        """The name of the cookie that keeps it."""
        return STATE_COOKIE + self.state[:8]

    def authorize_url(self, client_id: str) -> str:
        """Where the browser asks the hub for a code; relative to the entrance that it came through."""
        challenge = urlsafe_b64encode(sha256(self.verifier.encode()).digest()).decode().rstrip("=")
        asked = {
            "client_id": client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "state": self.state,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        return f"{AUTHORIZE}?{urlencode(asked)}"


def new_attempt(next_page: str) -> Attempt:
    """Begin a sign-in that comes back to `next_page`, if that is a page of ours."""
    return Attempt(secrets.token_urlsafe(24), secrets.token_urlsafe(48), safe_next(next_page))


def safe_next(path: str) -> str:
    """Give `path` if it is a page of this service, its first page otherwise: never another site's address."""
    ours = path.startswith(f"{PREFIX}/") and not path.startswith(CALLBACK)
    return path if ours and path.isprintable() and "\\" not in path else f"{PREFIX}/"


def sealed(attempt: Attempt, key: bytes) -> str:
    """Write an attempt as a cookie's value that only we can have made."""
    content = json.dumps([attempt.state, attempt.verifier, attempt.next]).encode()
    return f"{urlsafe_b64encode(content).decode()}.{_seal(content, key)}"


def opened(value: str, key: bytes) -> Attempt | None:
    """Read an attempt back; None where the value is not ours."""
    encoded, _, seal = value.partition(".")
    try:
        content = urlsafe_b64decode(encoded.encode("ascii"))
    except ValueError:
        return None
    if not hmac.compare_digest(_seal(content, key).encode(), seal.encode()):
        return None
    return Attempt(*json.loads(content))


def _seal(content: bytes, key: bytes) -> str:
    return hmac.new(key, b"sign-in:" + content, sha256).hexdigest()


def form_token(token: str, key: bytes) -> str:
    """Make the XSRF token of one sign-in: forms carry it; only who reads our pages can know it."""
    return hmac.new(key, b"form:" + token.encode(), sha256).hexdigest()
