"""Whose word counts at a sign-in: ID tokens, keys, discovery documents; without a network."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from maximalab_hub.oidc.provider import read_discovery
from maximalab_hub.oidc.tokens import UnknownKeyError, key_for, verified
from maximalab_hub.oidc.why import TurnedAwayError, Why

ISSUER = "https://sso.example.edu/realms/campus"
RSA = rsa.generate_private_key(public_exponent=65537, key_size=2048)
EC = ec.generate_private_key(ec.SECP256R1())
STRANGER = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def keys() -> jwt.PyJWKSet:
    made = [
        jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True) | {"kid": "r", "alg": "RS256"},
        jwt.algorithms.ECAlgorithm.to_jwk(EC.public_key(), as_dict=True) | {"kid": "e", "alg": "ES256"},
    ]
    return jwt.PyJWKSet.from_dict({"keys": made})


def looked_at(claims: dict[str, Any], key: Any = RSA, alg: str = "RS256", **header: Any) -> object:
    now = int(time.time())
    said = {"iss": ISSUER, "sub": "1", "aud": "lab", "iat": now, "exp": now + 600, "nonce": "n"} | claims
    said = {name: value for name, value in said.items() if value is not None}
    named = {name: value for name, value in ({"kid": "r"} | header).items() if value is not None}
    token = jwt.encode(said, key, algorithm=alg, headers=named)
    try:
        return verified(token, key_for(token, keys()), issuer=ISSUER, client_id="lab", nonce="n")["sub"]
    except TurnedAwayError as turned:
        return None if token in str(turned) else turned.why


NOW = int(time.time())


@pytest.mark.parametrize(
    ("claims", "expected"),
    [
        pytest.param({}, "1", id="as it should be"),
        pytest.param({"aud": ["lab"]}, "1", id="a list of one"),
        pytest.param({"aud": ["lab", "other"], "azp": "lab"}, "1", id="several, and made for us"),
        pytest.param({"aud": ["lab", "other"]}, Why.PROVIDER_WRONG, id="several, and nobody knows for whom"),
        pytest.param({"aud": ["lab", "other"], "azp": "other"}, Why.PROVIDER_WRONG, id="made for another"),
        pytest.param({"azp": "other"}, Why.PROVIDER_WRONG, id="made for another, to us"),
        pytest.param({"aud": "other"}, Why.PROVIDER_WRONG, id="not to us"),
        pytest.param({"aud": None}, Why.PROVIDER_WRONG, id="to nobody"),
        pytest.param({"iss": ISSUER + "/"}, Why.PROVIDER_WRONG, id="another issuer by one letter"),
        pytest.param({"iss": None}, Why.PROVIDER_WRONG, id="no issuer"),
        pytest.param({"sub": None}, Why.PROVIDER_WRONG, id="about nobody"),
        pytest.param({"sub": 7}, Why.PROVIDER_WRONG, id="about a number"),
        pytest.param({"nonce": "m"}, Why.PROVIDER_WRONG, id="another sign-in's"),
        pytest.param({"nonce": None}, Why.PROVIDER_WRONG, id="no sign-in's"),
        pytest.param({"nonce": ["n"]}, Why.PROVIDER_WRONG, id="a list of sign-ins"),
        pytest.param({"iat": NOW + 30}, "1", id="a little ahead"),
        pytest.param({"iat": NOW + 3600, "exp": NOW + 7200}, Why.CLOCK, id="far ahead"),
        pytest.param({"exp": NOW - 3600}, Why.CLOCK, id="over"),
        pytest.param({"nbf": NOW + 3600}, Why.CLOCK, id="not yet"),
        pytest.param({"exp": None}, Why.PROVIDER_WRONG, id="for ever"),
        pytest.param({"iat": None}, Why.PROVIDER_WRONG, id="made at no time"),
    ],
)
def test_an_id_token_counts_only_if_it_is_the_providers_word_to_us_about_this_sign_in(claims, expected):
    assert looked_at(claims) == expected


@pytest.mark.parametrize(
    ("key", "alg", "header", "expected"),
    [
        pytest.param(EC, "ES256", {"kid": "e"}, "1", id="an elliptic curve"),
        pytest.param(STRANGER, "RS256", {}, Why.PROVIDER_WRONG, id="a stranger's key"),
        pytest.param(EC, "ES256", {"kid": "r"}, Why.PROVIDER_WRONG, id="another kind of key"),
        pytest.param("s" * 64, "HS256", {}, Why.PROVIDER_WRONG, id="a shared secret"),
        pytest.param(None, "none", {}, Why.PROVIDER_WRONG, id="no signature"),
        pytest.param(RSA, "RS256", {"kid": None}, Why.PROVIDER_WRONG, id="no key named, two to choose from"),
    ],
)
def test_only_the_providers_own_signature_counts(key: Any, alg: str, header: dict[str, Any], expected):
    assert looked_at({}, key, alg, **header) == expected


def test_a_new_key_is_told_apart_from_a_wrong_token():
    with pytest.raises(UnknownKeyError):
        looked_at({}, STRANGER, kid="new")


@pytest.mark.parametrize("token", [None, 7, "", "a.b.c", "eyJ"])
def test_what_is_no_token_at_all_is_told_so(token: object):
    with pytest.raises(TurnedAwayError):
        key_for(token, keys())


GOOD_DOCUMENT = {
    "issuer": ISSUER,
    "authorization_endpoint": f"{ISSUER}/auth",
    "token_endpoint": f"{ISSUER}/token",
    "jwks_uri": f"{ISSUER}/keys",
}


@pytest.mark.parametrize(
    "document",
    [
        pytest.param([], id="no table"),
        pytest.param(GOOD_DOCUMENT | {"issuer": "https://evil.example"}, id="another's"),
        pytest.param(GOOD_DOCUMENT | {"token_endpoint": None}, id="incomplete"),
        pytest.param(GOOD_DOCUMENT | {"jwks_uri": "http://sso.example.edu/keys"}, id="keys without TLS"),
        pytest.param(GOOD_DOCUMENT | {"userinfo_endpoint": "file:///etc/passwd"}, id="a file"),
    ],
)
def test_a_discovery_document_that_does_not_fit_is_not_used(document: object):
    with pytest.raises(TurnedAwayError) as caught:
        read_discovery(document, ISSUER)
    assert caught.value.why is Why.PROVIDER_WRONG


def test_a_discovery_document_may_do_without_userinfo():
    found = read_discovery(GOOD_DOCUMENT, ISSUER)
    assert (found.userinfo, found.names_itself) == (None, False)
