"""Whether an ID token is the provider's word about this very sign-in. Pure but for the clock of PyJWT."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING, Any, Final

import jwt

from maximalab_hub.oidc.why import TurnedAwayError, Why

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHMS: Final = (
    *("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    *("ES256", "ES384", "ES512", "EdDSA"),
)
"""Signatures that only the provider can have made; `none` and those with a shared secret are not among them."""
CLOCKS_APART: Final = 60.0
"""Seconds by which the clocks of lab and provider may differ."""
_NEEDED: Final = ("iss", "sub", "aud", "exp", "iat")


class UnknownKeyError(Exception):
    """The token is signed with a key that is not among those at hand: the provider may have a new one."""


def key_for(token: object, keys: jwt.PyJWKSet) -> jwt.PyJWK:
    """Find the key with which the token says it is signed.

    Raises `UnknownKeyError` where that key is not among `keys`, `TurnedAwayError` where there is no proper token.
    """
    if not isinstance(token, str):
        raise TurnedAwayError(Why.PROVIDER_WRONG, "the provider gave no ID token")
    try:
        header = jwt.get_unverified_header(token)
    except jwt.PyJWTError as error:
        raise TurnedAwayError(Why.PROVIDER_WRONG, "the ID token is none") from error
    if header.get("alg") not in ALGORITHMS:
        raise TurnedAwayError(Why.PROVIDER_WRONG, f"the ID token is signed by {header.get('alg')!r:.20}")
    wanted = header.get("kid")
    fitting = [key for key in keys.keys if wanted is None or key.key_id == wanted]
    if wanted is None and len(fitting) > 1:
        raise TurnedAwayError(Why.PROVIDER_WRONG, "the ID token does not say with which key it is signed")
    if not fitting:
        raise UnknownKeyError
    return fitting[0]


def verified(token: str, key: jwt.PyJWK, *, issuer: str, client_id: str, nonce: str) -> Mapping[str, Any]:
    """Give the token's claims. Raises `TurnedAwayError` unless they are the issuer's word, to us, now, and for this."""
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            key=key,
            algorithms=list(ALGORITHMS),
            audience=client_id,
            issuer=issuer,
            leeway=CLOCKS_APART,
            options={"require": list(_NEEDED), "enforce_minimum_key_length": True},
        )
    except (jwt.ExpiredSignatureError, jwt.ImmatureSignatureError) as error:
        raise TurnedAwayError(Why.CLOCK, f"{error}: set both machines' clocks") from error
    except jwt.PyJWTError as error:
        raise TurnedAwayError(Why.PROVIDER_WRONG, f"the ID token is not to be trusted: {error}") from error
    audience = claims["aud"]
    alone = isinstance(audience, str) or audience == [client_id]
    if claims.get("azp", client_id if alone else None) != client_id:
        raise TurnedAwayError(Why.PROVIDER_WRONG, "the ID token was made for another than this lab (azp)")
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), nonce.encode()):
        raise TurnedAwayError(Why.PROVIDER_WRONG, "the ID token belongs to another sign-in (nonce)")
    return claims
