"""The pages of a real hub behind its two entrances, as each kind of person sees them."""

from __future__ import annotations

import http.client
import json
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import httpx
import psutil
import pytest
from pageshub import MATERIALS, PASSWORD, PagesHub, free_ports, sign_in, xsrf
from pagewords import foreign_words, menu, read

LANGUAGES = pytest.mark.parametrize("lang", ["uk", "en"])


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesHub]:
    names = ("public", "public_api", "vpn", "vpn_api", "hub", "usage")
    running = PagesHub(tmp_path_factory.mktemp("hub"), dict(zip(names, free_ports(6), strict=True)))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture
def visit(hub: PagesHub) -> Iterator[Callable[..., httpx.Client]]:
    visitors: list[httpx.Client] = []

    def come(name: str | None, **how: str) -> httpx.Client:
        visitors.append(hub.signed_in(name, **how) if name else hub.visitor(**how))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.close()


def press_open(visitor: httpx.Client, material: str, **headers: str) -> httpx.Response:
    form = {"_xsrf": xsrf(visitor, "/hub/lab")}
    return visitor.post(f"/hub/open/{material}", data=form, headers=headers)


def told(hub: PagesHub) -> list[dict[str, object]]:
    """The events that the hub has written down; no usage service takes them here."""
    with sqlite3.connect(f"file:{hub.folder}/spool/hub/events.sqlite?mode=ro", uri=True) as spool:
        return [json.loads(payload) for (payload,) in spool.execute("select payload from event")]


@LANGUAGES
@pytest.mark.parametrize(
    ("name", "path", "status"),
    [
        pytest.param(None, "/", 200, id="the sign-in page"),
        pytest.param(None, "/hub/vpn-needed", 200, id="about the VPN"),
        pytest.param("student", "/hub/lab", 200, id="my lab"),
        pytest.param("researcher", "/hub/lab", 200, id="my lab without a course"),
        pytest.param("student", "/hub/home", 200, id="the old home"),
        pytest.param("student", "/hub/token", 200, id="keys"),
        pytest.param("boss", "/hub/admin", 200, id="administration"),
        pytest.param("student", "/hub/admin", 403, id="administration, as a student"),
        pytest.param("student", "/hub/no-such-page", 404, id="an unknown page"),
        pytest.param("student", "/hub/spawn", 200, id="JupyterHub's way to start a server"),
        pytest.param("student", "/hub/spawn/student/public-maxima", 200, id="the same, by name"),
        pytest.param("student", "/user/student/public-maxima/lab", 424, id="a server that is not running"),
        pytest.param("student", "/user/student/private-maxima/lab", 403, id="a private server from outside"),
        pytest.param(None, "/user/student/private-maxima/lab", 403, id="the same, not signed in"),
        pytest.param("student", "/hub/vpn-needed/user/student/private-maxima/", 403, id="the gate"),
        pytest.param("student", "/user/teacher/public-maxima/lab", 404, id="somebody else's server"),
        pytest.param("student", "/hub/error/503", 200, id="an entrance's error page"),
        pytest.param("student", "/hub/logout", 200, id="signing out"),
    ],
)
def test_every_page_speaks_the_readers_language(visit, name: str | None, path: str, status: int, lang: str):
    answer = visit(name, lang=lang).get(path)
    assert answer.status_code == status, answer.text
    assert read(answer.text)[0] == lang
    if lang == "uk":
        assert foreign_words(answer.text, set(MATERIALS)) == set()
    if status != 404:
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert "unsafe-inline" not in answer.headers["Content-Security-Policy"] or path == "/hub/admin"


@pytest.mark.parametrize(
    ("name", "places"),
    [
        pytest.param("student", [], id="a student"),
        pytest.param("teacher", ["/services/usage/timetable", "/hub/publish"], id="a teacher"),
        pytest.param("researcher", ["/services/usage/"], id="a researcher"),
        pytest.param(
            "boss",
            ["/services/usage/timetable", "/hub/publish", "/services/usage/", "/hub/admin"],
            id="an admin",
        ),
    ],
)
def test_the_menu_leads_where_the_person_may_go(visit, name: str, places: list[str]):
    shown = menu(visit(name).get("/hub/lab").text)
    assert shown == ["/hub/lab", "/services/usage/me", *places]
    hub_pages = [link for link in shown if link.startswith("/hub/")]
    answers = {link: visit(name).get(link).status_code for link in hub_pages}
    assert answers == dict.fromkeys(hub_pages, 200)


def test_the_choice_of_language_stays(visit):
    visitor = visit("student", lang="uk")
    assert read(visitor.get("/hub/language/en?next=/hub/token").text)[0] == "en"
    assert read(visitor.get("/hub/lab").text)[0] == "en"
    cookie = next(one for one in visitor.cookies.jar if one.name == "maximalab-lang")
    assert (cookie.path, cookie.get_nonstandard_attr("SameSite")) == ("/", "Lax")


@pytest.mark.parametrize(
    "evil", ["//evil.example", "/\\evil.example", "https://evil.example", "/%09/evil.example"]
)
def test_t12_no_link_leads_out_of_the_lab(visit, evil: str):
    visitor = visit(None)
    visitor.follow_redirects = False
    answer = visitor.get(f"/hub/language/en?next={evil}")
    assert answer.headers["Location"] == "/hub/lab"
    visitor.follow_redirects = True
    form = {"_xsrf": xsrf(visitor), "username": "student", "password": PASSWORD}
    visitor.follow_redirects = False
    target = visitor.post(f"/hub/login?next={evil}", data=form).headers["Location"]
    assert urlsplit(target.replace("\\", "/")).netloc == ""


@LANGUAGES
@pytest.mark.parametrize("name", ["student", "nobody", "<script>alert(1)</script>"])
def test_a_wrong_password_is_told_in_the_readers_language(visit, lang: str, name: str):
    answer = sign_in(visit(None, lang=lang), name, "wrong")
    said = {"uk": "Неправильне ім’я або пароль", "en": "Invalid username or password"}
    assert answer.status_code == 403
    assert said[lang] in answer.text
    assert "<script>alert" not in answer.text


@LANGUAGES
@pytest.mark.parametrize("headers", [{}, {"Sec-Fetch-Mode": "navigate"}], ids=["bare", "browser"])
def test_of_guesses_at_once_few_count_and_the_rest_are_told_to_wait(
    visit, lang: str, headers: dict[str, str]
):
    name = f"guessed-{lang}-{len(headers)}-{headers.get('Sec-Fetch-Mode', '')}"
    guessers = [visit(None, lang=lang) for _ in range(12)]
    tokens = []
    for number, guesser in enumerate(guessers):
        guesser.headers.update(
            headers | {"X-Real-Ip": f"10.1.1.{number}", "X-Forwarded-For": f"10.2.2.{number}"}
        )
        tokens.append(xsrf(guesser))

    def guess(guesser: httpx.Client, token: str) -> httpx.Response:
        form = {"_xsrf": token, "username": name, "password": "guess"}
        return guesser.post("/hub/login", data=form, headers=headers)

    with ThreadPoolExecutor(12) as hands:
        answers = list(hands.map(guess, guessers, tokens))
    codes = [answer.status_code for answer in answers]
    assert set(codes) == {403, 429}
    assert 5 <= codes.count(403) <= 9, "the waits double: on a slow machine, a few pass meanwhile"
    early = next(answer for answer in answers if answer.status_code == 429)
    assert int(early.headers["Retry-After"]) >= 1
    said = {"uk": "забагато спроб увійти", "en": "too many attempts to sign in"}
    assert said[lang] in early.text
    assert 'name="password"' in early.text, "it is the sign-in page"
    assert read(early.text)[0] == lang
    if lang == "uk":
        assert foreign_words(early.text, set(re.findall("[a-z]+", name))) == set()


@pytest.mark.parametrize(
    ("name", "entrance", "opens", "refused"),
    [
        pytest.param("student", "public", {"simplex"}, {"solver", "game"}, id="a student outside"),
        pytest.param("student", "vpn", set(MATERIALS), set(), id="a student inside the VPN"),
        pytest.param("teacher", "vpn", set(MATERIALS), set(), id="a teacher inside the VPN"),
        pytest.param("researcher", "vpn", {"simplex"}, set(), id="somebody without a course"),
        pytest.param("boss", "public", {"simplex"}, {"solver", "game"}, id="an admin outside"),
    ],
)
def test_my_lab_lists_what_may_be_opened(visit, name: str, entrance: str, opens: set[str], refused: set[str]):
    page = visit(name, entrance=entrance).get("/hub/lab").text
    cards = {id_: page.partition(f'id="material-{id_}"')[2].partition("</li>")[0] for id_ in MATERIALS}
    assert {id_ for id_, card in cards.items() if ">Open<" in card} == opens
    assert {id_ for id_, card in cards.items() if "needs the VPN" in card} == refused
    assert ("broken.toml" in page) == (name in {"teacher", "boss"}), "faults are for those who can mend them"
    assert ("/hub/admin" in page) == (name == "boss")
    assert "whether researchers may use it" in page, "nobody else tells a student that a study asks"


@LANGUAGES
@pytest.mark.parametrize("material", ["game", "solver"])
def test_t1_private_material_from_outside_leads_to_the_vpn(hub: PagesHub, visit, lang: str, material: str):
    answer = press_open(visit("student", lang=lang), material)
    assert answer.status_code == 403
    assert f'href="{hub.vpn}/hub/lab"' in answer.text
    assert read(answer.text)[0] == lang
    if lang == "uk":
        assert foreign_words(answer.text, set(MATERIALS)) == set()
    refusals = [event for event in told(hub) if event["kind"] == "spawn_refused"]
    assert {"user": "student", "entrance": "public", "material": material}.items() <= refusals[-1].items()


@pytest.mark.parametrize(
    "headers",
    [
        {"X-MaximaLab-Entrance": "vpn"},
        {"x-maximalab-entrance": "vpn", "X-Forwarded-For": "127.0.0.2", "Forwarded": "for=127.0.0.2"},
    ],
)
def test_t2_a_header_of_the_clients_own_opens_nothing(visit, headers: dict[str, str]):
    assert press_open(visit("student"), "game", **headers).status_code == 403


@pytest.mark.parametrize(
    ("material", "status"),
    [("no-such-material", 404), ("broken", 404), ("..%2fgame", 404), ("GAME", 404), ("game/", 404)],
)
def test_what_the_catalogue_does_not_know_is_not_opened(visit, material: str, status: int):
    assert press_open(visit("student", entrance="vpn"), material).status_code == status


@pytest.mark.parametrize(
    "headers",
    [{}, {"Sec-Fetch-Mode": "no-cors"}, {"Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}],
)
@pytest.mark.parametrize("path", ["/hub/open/simplex", "/hub/stop/public-maxima"])
def test_t12_a_form_without_its_token_does_nothing(visit, path: str, headers: dict[str, str]):
    visitor = visit("student")
    assert visitor.post(path, headers=headers).status_code == 403
    assert visitor.post(path, headers=headers, data={"_xsrf": "guessed"}).status_code == 403


def test_somebody_who_is_not_signed_in_opens_nothing(visit):
    visitor = visit(None)
    answer = visitor.post("/hub/open/simplex", data={"_xsrf": xsrf(visitor)})
    assert answer.status_code == 403


@pytest.mark.parametrize(
    "path", ["/user/student/private-maxima/api/kernels/x/channels", "/hub/vpn-needed/user/x/"]
)
def test_t1_a_websocket_to_a_private_server_is_refused(hub: PagesHub, path: str):
    connection = http.client.HTTPConnection("127.0.0.1", hub.ports["public"], timeout=10)
    key = {"Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version": "13"}
    connection.request("GET", path, headers={"Upgrade": "websocket", "Connection": "Upgrade", **key})
    assert 400 <= connection.getresponse().status < 500
    connection.close()


def test_the_catalogue_is_away(hub: PagesHub, visit):
    courses = hub.folder / "catalogue/courses.toml"
    text = courses.read_text(encoding="utf-8")
    visitor = visit("student")
    token = xsrf(visitor, "/hub/lab")
    courses.write_text("[[course", encoding="utf-8")
    try:
        assert visitor.get("/hub/lab").status_code == 503
        assert visitor.post("/hub/open/simplex", data={"_xsrf": token}).status_code == 503
    finally:
        courses.write_text(text, encoding="utf-8")
    assert visitor.get("/hub/lab").status_code == 200


def test_styles_come_through_both_entrances_and_nothing_else(visit):
    for entrance in ("public", "vpn"):
        visitor = visit(None, entrance=entrance)
        path = visitor.get("/hub/login").text.partition('rel="stylesheet" href="')[2].partition('"')[0]
        answer = visitor.get(path)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/css")
        assert visitor.get("/hub/lab-static/..%2fpeople.py").status_code in {403, 404}


def test_a_server_starts_tells_its_progress_and_stops(hub: PagesHub, visit):
    visitor = visit("student", lang="uk")
    visitor.follow_redirects = False
    progress = press_twice(visitor, "simplex")
    assert urlsplit(progress).path == "/hub/spawn-pending/student/public-maxima"
    assert "lang%3Duk" in progress
    page = visitor.get(progress)
    if page.status_code == 200:  # a very quick machine may be past it
        assert foreign_words(page.text) == set()
        assert 'src="/hub/lab-static/progress.js' in page.text
    arrived = wait_until(lambda: redirected(visitor, progress))
    assert arrived == "/user/student/public-maxima/maximalab/open?material=simplex&lang=uk"
    assert press_open(visitor, "simplex").headers["Location"] == arrived, "a running server is opened at once"
    kill_server(hub)
    assert press_open(visitor, "simplex").headers["Location"] == progress, "a dead server is started again"
    wait_until(lambda: redirected(visitor, progress))
    assert 'action="/hub/stop/public-maxima"' in visitor.get("/hub/lab").text
    stopped = visitor.post("/hub/stop/public-maxima", data={"_xsrf": xsrf(visitor, "/hub/lab")})
    assert stopped.headers["Location"] == "/hub/lab"
    wait_until(lambda: "/hub/stop/" not in visitor.get("/hub/lab").text)


def press_twice(visitor: httpx.Client, material: str) -> str:
    """Press *Open* with a double click: both answers lead to the same place."""
    form = {"_xsrf": xsrf(visitor, "/hub/lab")}
    with ThreadPoolExecutor(2) as hands:
        presses = [hands.submit(visitor.post, f"/hub/open/{material}", data=form) for _ in range(2)]
    first, second = (press.result() for press in presses)
    assert (first.status_code, second.status_code) == (302, 302), first.text + second.text
    assert first.headers["Location"] == second.headers["Location"]
    return str(first.headers["Location"])


def kill_server(hub: PagesHub) -> None:
    """End the one student's server that the hub has started, as the kernel's memory killer would."""
    children = psutil.Process(hub.processes[-1].pid).children()
    (server,) = [one for one in children if "jupyterhub.singleuser" in one.cmdline()]
    server.kill()
    wait_until(lambda: has_ended(server))


def has_ended(process: psutil.Process) -> bool:
    """Say whether the hub can see the end: a process whose other threads are still ending is no news to it."""
    try:
        return process.status() == psutil.STATUS_ZOMBIE and process.num_threads() == 1
    except psutil.NoSuchProcess:
        return True  # the hub has looked


def redirected(visitor: httpx.Client, location: str) -> str | None:
    answer = visitor.get(location)
    return answer.headers["Location"] if answer.status_code == 302 else None


def wait_until(found: Callable[[], object], seconds: float = 90) -> object:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if answer := found():
            return answer
        time.sleep(0.2)
    raise AssertionError("waited in vain")


def test_the_hub_is_a_witness_of_sign_ins_and_servers(hub: PagesHub, visit):
    assert sign_in(visit(None, entrance="vpn"), "teacher", PASSWORD).url.path == "/hub/lab"
    logins = [event for event in told(hub) if event["kind"] == "login"]
    assert {"user": "teacher", "entrance": "vpn"}.items() <= logins[-1].items()
    starts = [event for event in told(hub) if event["kind"] == "server_start"]
    wanted = {"user": "student", "server": "public-maxima", "tier": "public", "material": "simplex"}
    assert all(wanted.items() <= event.items() for event in starts)
    assert len(starts) == 2


def test_the_log_holds_no_password_token_or_session(hub: PagesHub, visit):
    visitor = visit("student")
    log = hub.log()
    assert PASSWORD not in log
    session = visitor.cookies.get("jupyterhub-session-id")
    assert session
    assert session not in log
    for secret in (hub.folder / "secrets").iterdir():
        assert secret.read_text(encoding="ascii").strip() not in log, secret.name
