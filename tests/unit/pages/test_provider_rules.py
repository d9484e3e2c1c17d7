"""Who may come by a sign-in provider, under which name, and whose word counts: tables and rules, without a network."""

from __future__ import annotations

import re
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from labsettings import settings_toml
from maximalab_hub import people
from maximalab_hub.oidc.claims import NAME, admitted, groups_of, name_of
from maximalab_hub.oidc.provider import Service, read_discovery, service_of
from maximalab_hub.oidc.section import OidcSection
from maximalab_hub.oidc.tokens import UnknownKeyError, key_for, verified
from maximalab_hub.oidc.why import TurnedAwayError, Why
from maximalab_hub.secret_files import SecretError
from maximalab_hub.settings import SettingsError, load_settings
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


OIDC = """
[oidc]
issuer = "https://sso.example.edu"
client_id = "lab"
client_secret_file = "secret"
allow_domains = ["uni.example"]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "maximalab.toml"
    path.write_text(settings_toml() + text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("change", "key", "said"),
    [
        (("https://sso", "http://sso"), "oidc.issuer", "https://"),
        (('issuer = "https://sso.example.edu"', ""), "oidc.issuer", "missing"),
        (("edu", "edu?x"), "oidc.issuer", "without ?"),
        (('client_secret_file = "secret"', ""), "oidc", "client_secret_file or client_secret_env"),
        (('client_secret_file = "secret"', 'client_secret = "s3cr3t"'), "oidc.client_secret", "no such key"),
        (('allow_domains = ["uni.example"]', ""), "oidc", "nobody would be let in"),
        (('["uni.example"]', '["*.example"]'), "oidc.allow_domains.0", "example.edu"),
        (('["uni.example"]', '["Uni.example"]'), "oidc.allow_domains.0", "small letters"),
        (('["uni.example"]', '["@uni.example"]'), "oidc.allow_domains.0", "without @"),
        (("allow_domains", 'allow_emails = ["ada"]\nallow_domains'), "oidc.allow_emails.0", "e-mail"),
        (("allow_domains", 'allow_groups = ["p"]\nallow_domains'), "oidc", "groups_claim"),
        (("allow_domains", 'scopes = ["email"]\nallow_domains'), "oidc", "openid"),
        (("allow_domains", "allow_all = true\nallow_domains"), "oidc.allow_all", "no such key"),
        (("allow_domains", "sign_in_again_hours = 0\nallow_domains"), "oidc.sign_in_again_hours", "1"),
        (
            ("allow_domains", 'groups_claim = "g"\ngroups = { or = ["students"] }\nallow_domains'),
            "oidc.groups.or.0",
            "study:<course>",
        ),
    ],
)
def test_a_wrong_key_of_the_section_is_named_with_the_remedy(tmp_path, change, key: str, said: str):
    path = written(tmp_path, OIDC.replace(*change))
    with pytest.raises(SettingsError) as caught:
        load_settings(path)
    text = str(caught.value)
    assert any(line.startswith(f"{path}: {key}: ") and said in line for line in text.splitlines()), text
    assert "s3cr3t" not in text


DOCS = Path(__file__).parents[3] / "docs/sign-in.md"
EXAMPLES = re.findall(r"### (\w+).*?```toml\n(.*?)```", DOCS.read_text(encoding="utf-8"), re.DOTALL)


def test_there_is_an_example_for_each_provider_that_is_named():
    assert {name for name, _ in EXAMPLES} == {"Keycloak", "Google", "Microsoft", "Moodle"}


@pytest.mark.parametrize("text", [pytest.param(text, id=name) for name, text in EXAMPLES])
def test_an_example_of_the_docs_can_be_used(tmp_path, text: str):
    section = load_settings(written(tmp_path, text)).oidc
    assert section is not None
    assert section.allow_domains


@pytest.mark.parametrize(
    ("content", "mode", "remedy"),
    [
        (None, 0o600, "cannot be read"),
        ("secret", 0o644, "chmod 600"),
        ("\n", 0o600, "empty"),
    ],
)
def test_a_secret_that_others_can_read_is_not_used(tmp_path, content: str | None, mode: int, remedy: str):
    if content is not None:
        (tmp_path / "secret").write_text(content, encoding="ascii")
        (tmp_path / "secret").chmod(mode)
    with pytest.raises(SecretError, match=remedy) as caught:
        service_of(load_settings(written(tmp_path, OIDC)))
    assert "secret" in str(caught.value)


def test_the_secret_may_come_from_the_environment(tmp_path, monkeypatch):
    settings = load_settings(written(tmp_path, OIDC.replace('file = "secret"', 'env = "LAB_SECRET"')))
    monkeypatch.setenv("LAB_SECRET", "")
    with pytest.raises(SecretError, match="LAB_SECRET"):
        service_of(settings)
    monkeypatch.setenv("LAB_SECRET", "s3cr3t")
    service = service_of(settings)
    assert service is not None
    assert service.secret == "s3cr3t"
    assert "s3cr3t" not in repr(service)
    assert service_of(load_settings(written(tmp_path, ""))) is None


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
