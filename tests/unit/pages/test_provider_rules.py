"""Who may come by a sign-in provider, under which name, and for how long: tables and rules, without a network."""

from __future__ import annotations

import time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub import people
from maximalab_hub.oidc.claims import NAME, admitted, groups_of, name_of
from maximalab_hub.oidc.provider import Service
from maximalab_hub.oidc.section import OidcSection
from maximalab_hub.oidc.why import TurnedAwayError, Why
from maximalab_hub.signin import LabSignIn

ISSUER = "https://sso.example.edu/realms/campus"
LEAST = {
    "issuer": ISSUER,
    "client_id": "lab",
    "client_secret_env": "LAB_SECRET",
    "allow_domains": ["uni.example"],
}
ADA: dict[str, Any] = {"sub": "1", "email": "ada@uni.example", "email_verified": True}


def rules(**more: object) -> OidcSection:
    return OidcSection.model_validate(LEAST | more)


def outcome(claims: dict[str, Any], **more: object) -> object:
    try:
        return admitted(claims, rules(**more)).groups
    except TurnedAwayError as turned:
        return turned.why


NOT_VERIFIED = [False, None, 0, "", "false", "yes", "TRUE", [], ["true"], {"is": True}]


@pytest.mark.parametrize(
    ("claims", "more", "expected"),
    [
        pytest.param({}, {}, (), id="by domain"),
        pytest.param({"email": "ADA@UNI.EXAMPLE"}, {}, (), id="capitals are the same address"),
        *(
            pytest.param({"email_verified": said}, {}, Why.EMAIL_UNVERIFIED, id=f"verified: {said!r}")
            for said in NOT_VERIFIED
        ),
        *(
            pytest.param({"email_verified": said}, {}, (), id=f"verified: {said!r}")
            for said in ("true", "1", 1)
        ),
        *(
            pytest.param({"email": said}, {}, Why.EMAIL_UNVERIFIED, id=f"e-mail: {said!r:.30}")
            for said in (None, "", "uni.example", "a@b@uni.example", ["ada@uni.example"], "a@" + "u" * 300)
        ),
        *(
            pytest.param({"email": said}, {}, Why.NOT_ALLOWED, id=f"e-mail: {said!r}")
            for said in (
                "ada@uni.example.org",
                "ada@sub.uni.example",
                "ada@evil-uni.example",
                "ada@uni.example.",
                "ada@unі.example",
                "ada@",
            )
        ),
        pytest.param(
            {"email": "g@x.org"}, {"allow_emails": ["g@x.org"]}, (), id="by the e-mail address itself"
        ),
        pytest.param(
            {"email": "g@x.org", "groups": ["p"]},
            {"groups_claim": "groups", "allow_groups": ["p"]},
            (),
            id="by the provider's group",
        ),
        pytest.param(
            {"email": "g@x.org", "groups": ["p"], "email_verified": False},
            {"groups_claim": "groups", "allow_groups": ["p"]},
            Why.EMAIL_UNVERIFIED,
            id="a group does not stand for a verified e-mail",
        ),
        pytest.param(
            {"email": "g@x.org", "groups": {"p": True}},
            {"groups_claim": "groups", "allow_groups": ["p"]},
            Why.NOT_ALLOWED,
            id="groups of another form are none",
        ),
        pytest.param(
            {}, {"require": {"hd": "uni.example"}}, Why.NOT_ALLOWED, id="a required claim is missing"
        ),
        pytest.param({"hd": "other"}, {"require": {"hd": "uni.example"}}, Why.NOT_ALLOWED, id="is another"),
        pytest.param({"hd": "uni.example"}, {"require": {"hd": "uni.example"}}, (), id="is there"),
        pytest.param(
            {"groups": ["or", "none", 7, "staff"]},
            {"groups_claim": "groups", "groups": {"or": ["study:or"], "staff": ["teach:or", "researchers"]}},
            ("researchers", "study:or", "teach:or"),
            id="groups become the lab's",
        ),
        pytest.param(
            {"groups": ["study:or", "researchers"]},
            {"groups_claim": "groups"},
            (),
            id="a group of the provider is none of the lab by its name alone",
        ),
        pytest.param({"sub": None}, {}, Why.NO_IDENTITY, id="no subject"),
        pytest.param({"sub": 7}, {}, Why.NO_IDENTITY, id="a number for a subject"),
        pytest.param({}, {"identity_claim": "upn"}, Why.NO_IDENTITY, id="the chosen claim is missing"),
    ],
)
def test_who_is_let_in(claims: dict[str, Any], more: dict[str, object], expected: object):
    assert outcome(ADA | claims, **more) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["sub", "email", "email_verified", "groups", "name", "hd"]), JSON))
def test_whatever_is_claimed_nobody_gets_in_without_rule_and_verified_e_mail(claims: dict[str, Any]):
    more = {"groups_claim": "groups", "allow_groups": ["p"], "groups": {"p": ["study:or"]}}
    result = outcome(claims, **more)
    if isinstance(result, Why):
        return
    assert claims["email_verified"] in (True, "true", "1")
    assert claims["email"].lower().endswith("@uni.example") or "p" in claims["groups"]


@given(st.text(min_size=1, max_size=255), st.sampled_from(["sub", "email", "upn"]))
def test_a_name_is_the_persons_own_and_never_a_local_accounts(value: str, claim: str):
    name = name_of(ISSUER, claim, value)
    assert name == name_of(ISSUER, claim, value)
    assert NAME.fullmatch(name)
    assert people.NAME.fullmatch(name) is None
    assert len(name) <= 64
    assert name != name_of(ISSUER + "/", claim, value)
    assert name != name_of(ISSUER, claim, value + "'" if len(value) < 255 else value[:-1])


@given(st.from_regex(people.NAME, fullmatch=True))
def test_no_local_name_is_a_providers(name: str):
    assert NAME.fullmatch(name) is None


@pytest.mark.parametrize("value", ["ada@uni.example", "ADA@uni.example", "ada@other.example", "a.d.a", "а"])
def test_a_chosen_claim_stands_readable_in_the_name(value: str):
    others = {"ada@uni.example", "ADA@uni.example", "ada@other.example", "a.d.a", "а"} - {value}
    name = name_of(ISSUER, "email", value)
    assert name not in {name_of(ISSUER, "email", other) for other in others}
    if "@" in value:
        assert name.startswith("oidc-ada-")


@pytest.mark.parametrize(
    ("claims", "claim", "found"),
    [
        ({"groups": ["a", "b"]}, "groups", {"a", "b"}),
        ({"groups": "a"}, "groups", {"a"}),
        ({"realm_access": {"roles": ["a"]}}, "realm_access.roles", {"a"}),
        ({"https://x.example/groups": ["a"]}, "https://x.example/groups", {"a"}),
        ({"realm_access": ["roles"]}, "realm_access.roles", set()),
        ({"groups": None}, "groups", set()),
        ({"groups": ["a"]}, "", set()),
        ({"groups": [{"name": "a"}, "b"]}, "groups", {"b"}),
    ],
)
def test_groups_are_found_where_the_settings_say(claims: dict[str, Any], claim: str, found: set[str]):
    assert groups_of(claims, claim) == found


NOW = int(time.time())


def provider_settings(**more: object) -> Service:
    return Service(rules(**more), "secret", {"public": "http://127.0.0.1:8000"})


def person(name: str, at: object) -> SimpleNamespace:
    return SimpleNamespace(name=name, orm_user=SimpleNamespace(user_info=at))


HOUR = 3600


@pytest.mark.parametrize(
    ("service", "info", "stays"),
    [
        pytest.param(provider_settings(), {"signed_in_at": NOW}, True, id="just now"),
        pytest.param(provider_settings(), {"signed_in_at": NOW - 11 * HOUR}, True, id="this morning"),
        pytest.param(provider_settings(), {"signed_in_at": NOW - 13 * HOUR}, False, id="yesterday"),
        pytest.param(provider_settings(), {"signed_in_at": "now"}, False, id="nobody knows when"),
        pytest.param(provider_settings(), None, False, id="never"),
        pytest.param(None, {"signed_in_at": NOW}, False, id="the lab has no provider any more"),
    ],
)
async def test_a_sign_in_by_the_provider_lasts_some_hours(tmp_path, service, info, stays):
    authenticator = LabSignIn(accounts_path=str(tmp_path / "accounts.toml"), service=service)
    name = name_of(ISSUER, "sub", "1")
    assert await authenticator.refresh_user(person(name, info)) is stays
    assert authenticator.validate_username(name)
    assert authenticator.check_allowed(name) is False, "a name alone lets nobody in"


async def test_a_providers_name_and_any_password_sign_nobody_in(tmp_path):
    (tmp_path / "accounts.toml").write_text("", encoding="utf-8")
    authenticator = LabSignIn(accounts_path=str(tmp_path / "accounts.toml"), service=provider_settings())
    handler = SimpleNamespace(request=SimpleNamespace(headers={}))
    form = {"username": name_of(ISSUER, "sub", "1"), "password": "x", "nonce": "a form's own field"}
    assert await authenticator.get_authenticated_user(handler, form) is None
