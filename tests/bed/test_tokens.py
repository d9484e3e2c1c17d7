"""What each token of the lab may, asked at the hub's API, and what its answers give away."""

from __future__ import annotations

import pytest
from bed.asking import PRIVATE, PUBLIC
from bed.figure import HUB_PORT
from bed.people import browser, closing
from givenaway import PAGES, given_away
from maximalab_hub.secret_files import read_secret
from tokentable import MAY, SERVICES, scopes_of, ways

pytestmark = pytest.mark.bed


@pytest.fixture(scope="module")
def tokens(settled):
    """The services' tokens, and that of Ada's open server, which her kernel's neighbour knows."""
    found = {name: read_secret(settled.folder / "secrets", secret) for name, secret in SERVICES.items()}
    backend = settled.servers("ada")[PUBLIC]["state"]["backend"]
    container = settled.nodes[backend].client.inspect_container(f"maximalab.{PUBLIC}.ada")
    told = dict(one.split("=", 1) for one in container["Config"]["Env"])
    return {**found, "server": told["JUPYTERHUB_API_TOKEN"]}


def ask(settled, method: str, path: str, token: str, **given):
    with browser(settled.hub_machine, f"http://127.0.0.1:{HUB_PORT}") as asker:
        return asker.request(method, path, headers={"Authorization": f"token {token}"}, **given)


@pytest.mark.parametrize("name", MAY)
def test_t22_a_token_has_the_scopes_of_the_table_and_no_other(settled, tokens, name):
    told = ask(settled, "GET", "/hub/api/user", tokens[name])
    assert told.status_code == 200, told.text
    assert scopes_of(told.json()) == MAY[name]


@pytest.mark.parametrize("name", MAY)
def test_t22_every_way_in_is_refused(settled, tokens, name):
    answers = {
        f"{method} {path}": ask(settled, method, f"/hub/api{path}", tokens[name], json={}).status_code
        for method, path in ways("bob")
    }
    assert {way: status for way, status in answers.items() if status not in (400, 403, 404)} == {}
    assert settled.ready("ada", PUBLIC)
    assert settled.ready("ada", PRIVATE)
    assert settled.parts["hub"].alive


def test_t22_a_server_s_token_tells_of_its_owner_s_activity_alone(settled, tokens):
    body = {"servers": {PUBLIC: {"last_activity": "2026-01-01T00:00:00Z"}}}
    path = "/hub/api/users/{}/activity"
    assert ask(settled, "POST", path.format("ada"), tokens["server"], json=body).status_code == 200
    assert ask(settled, "POST", path.format("bob"), tokens["server"], json=body).status_code in (403, 404)


def test_t05_a_student_s_walk_finds_no_address_and_nobody_else(settled):
    with closing(settled.person("bob")) as bob:  # so that there is somebody to be found
        settled.bring(bob, "simplex", PUBLIC)
    with closing(settled.person("eve", at="campus")) as eve:
        answers = {path: eve.http.get(path) for path in PAGES}
    assert "eve" in answers["/hub/lab"].text, "it is a walk of somebody signed in"
    assert given_away("", settled.ask("GET", "/users").text) >= {"ada", "bob"}, (
        "and what it looks for can be seen"
    )
    found = {path: given_away(path, answer.text + str(answer.headers)) for path, answer in answers.items()}
    found |= {
        f"{path} {answer.status_code}": {"500"}
        for path, answer in answers.items()
        if answer.status_code == 500
    }
    assert {path: names for path, names in found.items() if names} == {}


@pytest.mark.parametrize("name", MAY)
def test_t05_a_token_s_walk_finds_no_more(settled, tokens, name):
    found = {}
    for path in PAGES:
        answer = ask(settled, "GET", path, tokens[name])
        names = given_away(path, answer.text + str(answer.headers))
        found[path] = names - ({"ada"} if name == "server" else set())
    if name == "vpn-gateway":
        # Its one page: a device's address in the VPN, and no name.
        assert all(one.startswith("172.28.90.") for one in found.pop("/hub/vpn/peers"))
    assert {path: names for path, names in found.items() if names} == {}
