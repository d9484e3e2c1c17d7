"""Sign-in by a real OpenID Connect provider, at both entrances: who gets in, as whom, with what, and who does not."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Callable, Iterator
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from maximalab_hub.oidc.claims import NAME
from maximalab_hub.secret_files import Secret, read_secret
from maximalab_hub.vpn.keys import new_pair
from pageshub import COURSE, MATERIALS, PASSWORD, PagesHub, free_ports, sign_in
from pagewords import foreign_words, read
from providerpeople import GATEWAY, PEOPLE, SETTINGS, somebody
from signinprovider import CLIENT, HOST, SECRET, SignInProvider, choose

LANGUAGES = pytest.mark.parametrize("lang", ["uk", "en"])
GETS_IN = [
    pytest.param("ada", ["study"], set(MATERIALS), id="a student, by domain"),
    pytest.param("tess", ["teach"], set(MATERIALS), id="a teacher, by group"),
    pytest.param("rosa", ["researchers"], {"simplex"}, id="a researcher"),
    pytest.param("boss", ["admin"], set(MATERIALS), id="an admin"),
    pytest.param("guest", [], {"simplex"}, id="by the e-mail address"),
    pytest.param("paul", ["study"], set(MATERIALS), id="by the provider's group, from another domain"),
    pytest.param("plain", [], {"simplex"}, id="no groups"),
]
STAYS_OUT = [
    pytest.param("bob", "email-unverified", id="the e-mail is not verified"),
    pytest.param("nora", "email-unverified", id="no e-mail at all"),
    pytest.param("odd", "email-unverified", id="verified is a word"),
    pytest.param("sly", "email-unverified", id="two domains in one address"),
    pytest.param("eve", "not-allowed", id="another domain"),
    pytest.param("sub", "not-allowed", id="a domain below is another domain"),
    pytest.param(None, "declined", id="consent denied"),
]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[PagesHub, SignInProvider]]:
    names = ("public", "public_api", "vpn", "vpn_api", "hub", "usage", "provider")
    ports = dict(zip(names, free_ports(7), strict=True))
    folder = tmp_path_factory.mktemp("lab")
    hub = PagesHub(folder, ports)
    back = [f"{door}/hub/oauth_callback" for door in (hub.public, hub.vpn)]
    provider = SignInProvider(folder, ports["provider"], back, dict(PEOPLE))
    hub.more = SETTINGS.format(issuer=provider.url, client=CLIENT, course=COURSE)
    hub.more += GATEWAY.format(key=new_pair().public)
    (folder / "secrets").mkdir(mode=0o700)
    (folder / "secrets/provider").write_text(SECRET, encoding="ascii")
    (folder / "secrets/provider").chmod(0o600)
    try:
        provider.start()
        hub.start()
        yield hub, provider
    finally:
        hub.stop()
        provider.stop()


@pytest.fixture
def hub(lab: tuple[PagesHub, SignInProvider]) -> PagesHub:
    return lab[0]


@pytest.fixture
def provider(lab: tuple[PagesHub, SignInProvider]) -> Iterator[SignInProvider]:
    yield lab[1]
    lab[1].people, lab[1].skew = dict(PEOPLE), 0
    if lab[1].process is None:
        lab[1].start()
    lab[1].tell()


@pytest.fixture
def visit(hub: PagesHub) -> Iterator[Callable[..., httpx.Client]]:
    visitors: list[httpx.Client] = []

    def come(**how: str) -> httpx.Client:
        visitors.append(hub.visitor(**how))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.close()


def begin(visitor: httpx.Client) -> httpx.Response:
    """Press the button of the sign-in page."""
    link = re.search(r'href="(/hub/provider-sign-in[^"]*)"', visitor.get("/hub/login?next=%2Fhub%2Flab").text)
    assert link
    return visitor.get(link[1].replace("&amp;", "&"))


def come_in(visitor: httpx.Client, account: str | None) -> httpx.Response:
    """Sign in by the provider; the answer is My lab, or the page that says why not."""
    return choose(begin(visitor), visitor, account)


def almost_in(visitor: httpx.Client, account: str) -> str:
    """Sign in at the provider; give the address to which it sends the browser back, and do not go there."""
    page = begin(visitor)
    visitor.follow_redirects = False
    answer = choose(page, visitor, account)
    while "/hub/oauth_callback" not in (there := str(answer.url.join(answer.headers["Location"]))):
        answer = visitor.get(there)
    return there


def told(hub: PagesHub, kind: str) -> list[dict]:
    with sqlite3.connect(f"file:{hub.folder}/spool/hub/events.sqlite?mode=ro", uri=True) as spool:
        events = [json.loads(payload) for (payload,) in spool.execute("select payload from event")]
    return [event for event in events if event["kind"] == kind]


def offers(page: str) -> set[str]:
    cards = {id_: page.partition(f'id="material-{id_}"')[2].partition("</li>")[0] for id_ in MATERIALS}
    return {id_ for id_, card in cards.items() if ">Open<" in card}


def rights(hub: PagesHub, name: str) -> list[str]:
    """What the hub's own database says that a person is."""
    with sqlite3.connect(f"file:{hub.folder}/hub.sqlite?mode=ro", uri=True) as db:
        row = db.execute("select id, admin from users where name = ?", (name,)).fetchone()
        groups = db.execute(
            "select g.name from groups g join user_group_map m on m.group_id = g.id where m.user_id = ?",
            (row[0],),
        ).fetchall()
    return sorted([one.partition(":")[0] for (one,) in groups] + (["admin"] if row[1] else []))


@pytest.mark.parametrize(("account", "what", "opens"), GETS_IN)
def test_who_is_let_in_has_the_rights_of_the_groups(hub, visit, account: str, what: list[str], opens: set):
    page = come_in(visit(entrance="vpn"), account)
    assert (page.status_code, page.url.path) == (200, "/hub/lab"), page.text
    assert str(page.url).startswith(hub.vpn)
    assert offers(page.text) == opens
    login = told(hub, "login")[-1]
    assert login["entrance"] == "vpn"
    assert NAME.fullmatch(login["user"])
    assert rights(hub, login["user"]) == what


@pytest.mark.parametrize("lang", ["uk", "en"])
@pytest.mark.parametrize(("account", "why"), STAYS_OUT)
def test_who_is_not_let_in_reads_why(hub, visit, account: str | None, why: str, lang: str):
    logins, refusals = len(told(hub, "login")), len(told(hub, "login_refused"))
    visitor = visit(lang=lang)
    page = come_in(visitor, account)
    assert (page.status_code, page.url.path) == (403, f"/hub/sign-in-failed/{why}")
    assert page.url.query == b"", "the code is not in the address that stays"
    assert read(page.text)[0] == lang
    if lang == "uk":
        assert foreign_words(page.text) == set()
    assert "Traceback" not in page.text
    assert visitor.get("/hub/lab").url.path == "/hub/login", "and is signed in nowhere"
    assert len(told(hub, "login")) == logins
    new = told(hub, "login_refused")[refusals:]
    assert [(one["detail"], one.get("user", ""), one["entrance"]) for one in new] == [
        ({"reason": why}, "", "public")
    ]


def test_who_came_with_the_wrong_account_may_choose_another(hub, visit):
    visitor = visit()
    refused = come_in(visitor, "eve")
    link = re.search(r'href="(/hub/provider-sign-in[^"]*)"', refused.text)
    assert link
    assert begin(visitor).url.path == "/hub/sign-in-failed/not-allowed", "the provider remembers the account"
    page = choose(visitor.get(link[1]), visitor, "plain")
    assert page.url.path == "/hub/lab"


def test_the_public_entrance_has_its_own_way_back_and_the_same_person(hub, visit):
    names = []
    for entrance, door in (("public", hub.public), ("vpn", hub.vpn)):
        page = come_in(visit(entrance=entrance), "ada")
        assert page.url.path == "/hub/lab"
        assert str(page.url).startswith(door)
        assert "Ada Lovelace" in page.text
        names.append(told(hub, "login")[-1]["user"])
    assert names[0] == names[1]
    assert [one["entrance"] for one in told(hub, "login")[-2:]] == ["public", "vpn"]


def test_a_client_that_claims_another_host_comes_back_to_the_entrance(hub, visit):
    visitor = visit()
    visitor.follow_redirects = False
    answer = visitor.get(
        "/hub/provider-sign-in", headers={"Host": "evil.example", "X-Forwarded-Host": "evil"}
    )
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert asked["redirect_uri"] == [f"{hub.public}/hub/oauth_callback"]
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["nonce"][0] != asked["state"][0]


def test_a_group_that_was_taken_away_is_gone_at_the_next_sign_in(hub, provider, visit):
    visitor = visit(entrance="vpn")
    assert offers(come_in(visitor, "tess").text) == set(MATERIALS)
    name = told(hub, "login")[-1]["user"]
    provider.people["tess"] = somebody("tess@uni.example")
    provider.tell()
    assert offers(visitor.get("/hub/lab").text) == set(MATERIALS), "not before"
    visitor.get("/hub/logout")
    page = begin(visitor)
    assert (page.url.path, offers(page.text)) == ("/hub/lab", {"simplex"}), (
        "the provider knew its own session"
    )
    assert (told(hub, "login")[-1]["user"], rights(hub, name)) == (name, [])


def let_in(hub: PagesHub) -> list[str]:
    """Ask as the gateway does whom to let in: the addresses of their devices."""
    key = read_secret(hub.folder / "secrets", Secret.VPN_GATEWAY_TOKEN)
    url = f"http://127.0.0.1:{hub.ports['hub']}/hub/vpn/peers"
    answer = httpx.get(url, headers={"Authorization": f"token {key}"}, trust_env=False, timeout=60)
    return [one["address"] for one in answer.json()["peers"]]


def test_who_loses_the_group_loses_the_vpn_and_who_gets_it_back_has_the_same_device(hub, provider, visit):
    visitor = visit()
    come_in(visitor, "paul")
    token = visitor.get("/hub/devices").text.partition('name="_xsrf" value="')[2].partition('"')[0]
    assert visitor.post("/hub/devices", data={"_xsrf": token, "label": "Laptop"}).status_code == 200
    [own] = let_in(hub)
    for groups, expected in ((["partners"], []), (["partners", "or-2026"], [own])):
        provider.people["paul"] = somebody("paul@partner.example", *groups)
        provider.tell()
        visitor.get("/hub/logout")
        assert begin(visitor).url.path == "/hub/lab"
        assert let_in(hub) == expected


def test_an_admin_who_is_none_any_more_and_then_nobody(hub, provider, visit):
    visitor = visit()
    come_in(visitor, "boss")
    name = told(hub, "login")[-1]["user"]
    assert rights(hub, name) == ["admin"]
    provider.people["boss"] = somebody("boss@uni.example")
    provider.tell()
    visitor.get("/hub/logout")
    begin(visitor)
    assert rights(hub, name) == []
    provider.people["boss"] = somebody("boss@elsewhere.example")
    provider.tell()
    visitor.get("/hub/logout")
    assert begin(visitor).url.path == "/hub/sign-in-failed/not-allowed"


@LANGUAGES
def test_the_sign_in_page_shows_both_ways(hub, visit, lang: str):
    page = visit(lang=lang).get("/hub/login?next=%2Fhub%2Ftoken").text
    button = {"uk": "Увійти через університет", "en": "Sign in by the university"}[lang]
    assert button in page
    assert 'href="/hub/provider-sign-in?next=%2Fhub%2Ftoken"' in page
    assert 'name="password"' in page
    if lang == "uk":
        assert foreign_words(page) == set()


def test_the_local_accounts_go_on_beside_it(visit):
    assert sign_in(visit(), "student", PASSWORD).url.path == "/hub/lab"
    refused = sign_in(visit(), "oidc-aaaaaaaaaaaaaaaa", PASSWORD)
    assert refused.status_code == 403


@LANGUAGES
def test_the_provider_is_away(hub, provider, visit, lang: str):
    visitor = visit(lang=lang)
    page = begin(visitor)
    provider.stop()
    kept = parse_qs(urlsplit(str(page.history[1].url)).query)
    answer = visitor.get(
        "/hub/oauth_callback", params={"state": kept["state"][0], "iss": provider.url, "code": "x"}
    )
    assert (answer.status_code, answer.url.path) == (503, "/hub/sign-in-failed/provider-away")
    if lang == "uk":
        assert foreign_words(answer.text) == set()
    assert sign_in(visit(), "student", PASSWORD).url.path == "/hub/lab", "a local account still gets in"


def test_a_provider_whose_clock_is_ahead_is_told_as_that(hub, provider, visit):
    provider.skew = 3 * 3600
    provider.tell()
    page = come_in(visit(), "ada")
    assert (page.status_code, page.url.path) == (502, "/hub/sign-in-failed/clock")
    assert "(clock)" in hub.log()


def test_a_provider_whose_clock_is_behind_is_told_as_that(provider, visit):
    visitor = visit()
    answer = almost_in(visitor, "ada")
    provider.skew = -3 * 3600
    provider.tell()
    page = visitor.get(answer, follow_redirects=True)
    assert (page.status_code, page.url.path) == (502, "/hub/sign-in-failed/clock")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param({"state": "another"}, "begin-again", id="another sign-in's state"),
        pytest.param({"state": ""}, "begin-again", id="no state"),
        pytest.param({"iss": "https://evil.example"}, "provider-wrong", id="another provider's answer"),
        pytest.param({"iss": ""}, "provider-wrong", id="nobody's answer, where the provider names itself"),
        pytest.param({"code": "made-up"}, "begin-again", id="a code that the provider does not know"),
        pytest.param({"code": ""}, "begin-again", id="no code"),
        pytest.param({"error": "server_error"}, "provider-wrong", id="the provider's own failure"),
        pytest.param({"error": "<script>"}, "provider-wrong", id="an error that is none"),
    ],
)
def test_an_answer_that_does_not_fit_signs_nobody_in(hub, provider, visit, change: dict[str, str], why: str):
    visitor = visit()
    answer = almost_in(visitor, "ada")
    given = {name: values[0] for name, values in parse_qs(urlsplit(answer).query).items()}
    changed = urlencode({name: value for name, value in (given | change).items() if value})
    refused = visitor.get(f"/hub/oauth_callback?{changed}")
    assert refused.headers["Location"] == f"/hub/sign-in-failed/{why}"
    assert visitor.get("/hub/lab").headers["Location"].startswith("/hub/login")


def test_an_answer_counts_once(hub, visit):
    visitor = visit()
    page = come_in(visitor, "ada")
    [answered] = [one for one in page.history if one.url.path == "/hub/oauth_callback"]
    visitor.get("/hub/logout")
    assert visitor.get(str(answered.url)).url.path == "/hub/sign-in-failed/begin-again"


def test_who_tries_codes_again_and_again_is_slowed_down(provider, visit):
    visitor = visit()
    asked = parse_qs(urlsplit(str(begin(visitor).history[0].headers["Location"])).query)
    kept = f"oauthenticator-state={visitor.cookies['oauthenticator-state']}"
    guess = {"state": asked["state"][0], "iss": provider.url, "code": "guessed"}
    address, outcomes = visitor.base_url.join("/hub/oauth_callback"), []
    while "too-many" not in outcomes and len(outcomes) < 40:
        answer = httpx.get(address, params=guess, headers={"Cookie": kept}, trust_env=False)
        outcomes.append(answer.headers["Location"].rpartition("/")[2])
    assert outcomes[:5] == ["begin-again"] * 5
    assert outcomes[-1] == "too-many"
    assert visit().get("/hub/sign-in-failed/too-many").status_code == 429


@pytest.mark.parametrize(
    "evil", ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example"]
)
def test_t12_the_way_back_leads_into_the_lab(visit, evil: str):
    visitor = visit()
    page = choose(visitor.get("/hub/provider-sign-in", params={"next": evil}), visitor, "plain")
    assert page.url.host == "127.0.0.1"
    assert page.url.path == "/hub/lab"


def test_the_log_names_reasons_and_holds_no_token_code_or_address(hub, provider, visit):
    visitor = visit()
    page = come_in(visitor, "ada")
    [answered] = [one for one in page.history if one.url.path == "/hub/oauth_callback"]
    come_in(visit(), "eve")
    log = hub.log()
    assert "(not-allowed)" in log
    assert "domain 'evil.example'" in log
    given = parse_qs(urlsplit(str(answered.url)).query)
    for secret in (given["code"][0], given["state"][0], SECRET, "eve@evil.example", "Ada@", "eyJ"):
        assert secret not in log
    assert "Traceback" not in log
    assert HOST in log
