"""Whose a token is, by the hub's model of its owner; and sign-ins that cannot be led astray."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Source
from maximalab_hub.service.identity import person_of_model, sender_of
from maximalab_hub.service.signin import Attempt, new_attempt, opened, safe_next, sealed
from maximalab_spawner.tiers import Person

USE = "access:services!service=usage"
OWN = "access:servers!server=ada/public-maxima"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        pytest.param(
            {"kind": "user", "name": "ada", "scopes": [USE, OWN]},
            Sender(Source.SERVER, "ada", "public-maxima"),
            id="a server's token",
        ),
        pytest.param(
            {"kind": "user", "name": "ada", "scopes": [USE]},
            Sender(Source.CLIENT, "ada"),
            id="a person's own token",
        ),
        pytest.param(
            {"kind": "user", "name": "ada", "scopes": [USE, "access:servers!user=ada"]},
            Sender(Source.CLIENT, "ada"),
            id="a token for all servers is no server's",
        ),
        pytest.param(
            {"kind": "user", "name": "ada", "scopes": [USE, OWN, OWN + "-2"]},
            Sender(Source.CLIENT, "ada"),
            id="a token for two servers is no server's",
        ),
        pytest.param(
            {"kind": "user", "name": "bob", "scopes": [USE, OWN]},
            Sender(Source.CLIENT, "bob"),
            id="a guest in another's server does not speak for it",
        ),
        pytest.param(
            {"kind": "user", "name": "ada", "scopes": [USE, "access:servers!server=ada/"]},
            Sender(Source.CLIENT, "ada"),
            id="the unnamed server is none of the lab's",
        ),
        pytest.param(
            {"kind": "user", "name": "ada", "scopes": [OWN]}, None, id="a token for another purpose"
        ),
        pytest.param(
            {"kind": "service", "name": "witness", "scopes": []}, Sender(Source.HUB), id="the hub itself"
        ),
        pytest.param({"kind": "service", "name": "other", "scopes": [USE]}, None, id="another service"),
        pytest.param(
            {"kind": "user", "name": "witness", "scopes": [USE]},
            Sender(Source.CLIENT, "witness"),
            id="a person named witness is no witness",
        ),
        pytest.param({"kind": "user", "name": None, "scopes": [USE]}, None, id="nobody"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_sender_of(model: dict, expected: Sender | None) -> None:
    assert sender_of(model) == expected


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        pytest.param(
            {"kind": "user", "name": "ada", "groups": ["study:logic", "teach:sets", "researchers", "x"]},
            Person("ada", frozenset({"logic"}), frozenset({"sets"}), researcher=True),
            id="by groups",
        ),
        pytest.param(
            {"kind": "user", "name": "root", "admin": True}, Person("root", admin=True), id="an admin"
        ),
        pytest.param(
            {"kind": "user", "name": "eve", "admin": "yes", "groups": ["study:", "Researchers"]},
            Person("eve"),
            id="what is not quite a right is none",
        ),
        pytest.param({"kind": "service", "name": "witness"}, None, id="a service is no person"),
    ],
)
def test_person_of_model(model: dict, expected: Person | None) -> None:
    assert person_of_model(model) == expected


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        pytest.param("/services/usage/me?lang=uk", "/services/usage/me?lang=uk", id="a page of ours"),
        pytest.param("//evil.example/services/usage/", "/services/usage/", id="another site"),
        pytest.param("https://evil.example/", "/services/usage/", id="another site by its full address"),
        pytest.param("/services/usage/\\evil", "/services/usage/", id="a backslash that browsers turn"),
        pytest.param("/services/usage/\r\nSet-Cookie: a=b", "/services/usage/", id="a header in the address"),
        pytest.param("/services/usage/oauth_callback?state=x", "/services/usage/", id="the sign-in itself"),
        pytest.param("/user/eve/", "/services/usage/", id="another's server on the same site"),
    ],
)
def test_a_sign_in_comes_back_to_us_alone(wanted: str, expected: str) -> None:
    assert safe_next(wanted) == expected


def test_a_sealed_attempt_opens_with_our_key_alone() -> None:
    attempt = new_attempt("/services/usage/me")
    value = sealed(attempt, b"ours")
    assert opened(value, b"ours") == attempt
    assert opened(value, b"theirs") is None


@given(st.text())
def test_what_we_did_not_seal_does_not_open(value: str) -> None:
    assert opened(value, b"ours") is None
    foreign = sealed(Attempt("state", "verifier", "/services/usage/"), b"theirs")
    assert opened(foreign + value, b"ours") is None
