"""Every route of the service against every kind of token: a table in which a new route has to have its row.

That a real hub describes tokens as `MODELS` does is tested with the service behind a real hub.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import APIRouter, FastAPI
from labsettings import settings_toml, write_catalogue
from maximalab_hub import migrations
from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Source
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.service.app import create_app
from maximalab_hub.service.signin import COOKIE
from maximalab_hub.settings import load_settings
from maximalab_hub.store import research
from maximalab_hub.store.engine import reading
from maximalab_hub.store.queries import last_events
from maximalab_recorder.ids import uuid7

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW = datetime.now(UTC)
USE = "access:services!service=usage"
REA = {"kind": "user", "name": "rea", "groups": ["researchers"], "admin": True}
"""A researcher and admin: who may do everything, so that only the kind of the token can be in the way."""
MODELS: dict[str, dict[str, Any] | None] = {
    "own": REA | {"scopes": [USE, "access:servers!user=rea"]},
    "server": REA | {"scopes": [USE, "access:servers!server=rea/public-maxima"]},
    "guest": REA | {"scopes": [USE, "access:servers!server=ada/public-maxima"]},
    "servers": REA | {"scopes": ["access:services", *(f"access:servers!server=rea/{n}" for n in "ab")]},
    "unnamed": REA | {"scopes": [USE, "access:servers!server=rea/"]},
    "purpose": REA | {"scopes": ["read:users:name!user=rea"]},
    "witness": {"kind": "service", "name": "witness", "scopes": [USE], "admin": True},
    "other": {"kind": "service", "name": "other", "scopes": ["access:services"], "groups": ["researchers"]},
    "unknown": None,
}
PEOPLE_ONLY = dict.fromkeys(MODELS, 403) | {"unknown": 401, "none": 401}
ANYONE = dict.fromkeys((*MODELS, "none"))

STATUSES: dict[str, dict[str, int]] = {
    "health": dict.fromkeys(ANYONE, 200),
    "callback": dict.fromkeys(ANYONE, 400),
    "post_events": dict.fromkeys(ANYONE, 200) | {"purpose": 403, "other": 403, "unknown": 401, "none": 401},
    "study_page": PEOPLE_ONLY | {"own": 200},
    "export_csv": PEOPLE_ONLY | {"own": 200},
    "export_zip": PEOPLE_ONLY | {"own": 200},
    "export_codebook": PEOPLE_ONLY | {"own": 200},
    "export_log_page": PEOPLE_ONLY | {"own": 200},
    "costs_page": PEOPLE_ONLY | {"own": 200},
    "costs_csv": PEOPLE_ONLY | {"own": 200},
    "compare_page": PEOPLE_ONLY | {"own": 200},
    "compare_json": PEOPLE_ONLY | {"own": 200},
    "compare_pdf": PEOPLE_ONLY | {"own": 200},
    "compare_drawing": PEOPLE_ONLY | {"own": 404},
    "exercises_page": PEOPLE_ONLY | {"own": 200},
    "exercises_table": PEOPLE_ONLY | {"own": 200},
    "exercises_drawing": PEOPLE_ONLY | {"own": 404},
    "ratings_page": PEOPLE_ONLY | {"own": 200},
    "new_panel": PEOPLE_ONLY | {"own": 303},
    "panel_page": PEOPLE_ONLY | {"own": 404},
    "invite_experts": PEOPLE_ONLY | {"own": 404},
    "close_panel": PEOPLE_ONLY | {"own": 404},
    "check_averages": PEOPLE_ONLY | {"own": 200},
    "open_invitation": dict.fromkeys(ANYONE, 404),
    "rate_page": dict.fromkeys(ANYONE, 404),
    "rate": dict.fromkeys(ANYONE, 404),
    "competence_page": PEOPLE_ONLY | {"own": 200},
    "new_competence": PEOPLE_ONLY | {"own": 303},
    "remove_competence": PEOPLE_ONLY | {"own": 303},
    "report_page": PEOPLE_ONLY | {"own": 200},
    "report_pdf": PEOPLE_ONLY | {"own": 200},
    "check_pdf": PEOPLE_ONLY | {"own": 200},
    "completeness_page": PEOPLE_ONLY | {"own": 200},
    "study_form_page": PEOPLE_ONLY | {"own": 200},
    "set_up_study": PEOPLE_ONLY | {"own": 303},
    "close_study": PEOPLE_ONLY | {"own": 409},
    "erasures_page": PEOPLE_ONLY | {"own": 200},
    "erase_person": PEOPLE_ONLY | {"own": 200},
    "ask_for_erasure": PEOPLE_ONLY | {"own": 303},
    "my_data_zip": PEOPLE_ONLY | {"own": 200},
    "timetables_page": PEOPLE_ONLY | {"own": 200},
    "week_page": PEOPLE_ONLY | {"own": 200},
    "versions_page": PEOPLE_ONLY | {"own": 200},
    "take_back": PEOPLE_ONLY | {"own": 404},
    "enter_page": PEOPLE_ONLY | {"own": 200},
    "enter": PEOPLE_ONLY | {"own": 303},
    "lesson_page": PEOPLE_ONLY | {"own": 404},
    "change_lesson": PEOPLE_ONLY | {"own": 422},  # its form lacks the version, which other rows here change
    "import_page": PEOPLE_ONLY | {"own": 200},
    "import_file": PEOPLE_ONLY | {"own": 400},
    "import_address": PEOPLE_ONLY | {"own": 400},
    "preview_page": PEOPLE_ONLY | {"own": 404},
    "take_import": PEOPLE_ONLY | {"own": 404},
    "look_again": PEOPLE_ONLY | {"own": 404},
    "people_page": PEOPLE_ONLY | {"own": 200},
    "change_people": PEOPLE_ONLY | {"own": 400},
    "people_from_table": PEOPLE_ONLY | {"own": 400},
    "course_exercises_page": PEOPLE_ONLY | {"own": 200},
    "course_exercises_table": PEOPLE_ONLY | {"own": 200},
    "course_exercises_drawing": PEOPLE_ONLY | {"own": 404},
    "rhythm_page": PEOPLE_ONLY | {"own": 200},
    "rhythm_drawing": PEOPLE_ONLY | {"own": 404},
    "my_data": PEOPLE_ONLY | {"own": 200},
    "decide": PEOPLE_ONLY | {"own": 303},
    "my_events_csv": PEOPLE_ONLY | {"own": 200},
    "my_events_json": PEOPLE_ONLY | {"own": 200},
}
"""By the name of a route's function: what each kind of token gets. `none` sends no token at all.

Pages of invitations are opened by an invitation's link, which no token is: with it they are tested beside their pages.
"""
COURSE = {"course": "operations-research"}
PATHS = {
    "panel_page": {"panel_id": "p"},
    "invite_experts": {"panel_id": "p"},
    "close_panel": {"panel_id": "p"},
    "open_invitation": {"secret": "s"},
    "compare_drawing": {"drawing": "week.png"},
    "exercises_drawing": {"drawing": "errors.png"},
    "rhythm_drawing": COURSE | {"drawing": "week.svg"},
    "course_exercises_page": COURSE,
    "course_exercises_table": COURSE,
    "course_exercises_drawing": COURSE | {"drawing": "errors.svg"},
    **dict.fromkeys(
        ("week_page", "versions_page", "take_back", "enter_page", "enter", "import_page", "import_file"),
        COURSE,
    ),
    **dict.fromkeys(
        ("import_address", "people_page", "change_people", "people_from_table", "rhythm_page"), COURSE
    ),
    **dict.fromkeys(("lesson_page", "change_lesson"), COURSE | {"lesson_id": "0" * 32}),
    **dict.fromkeys(("preview_page", "take_import"), COURSE | {"draft_id": "0" * 36}),
    "look_again": COURSE | {"source_id": "0" * 36},
}
"""What stands in the addresses of routes: nothing that there is."""


class KnownTokens:
    """Answers as the hub does when it is asked whose a token is."""

    client_id = "service-usage"

    async def owner_of(self, token: str, browser_session: str = "") -> dict[str, Any] | None:
        del browser_session
        return MODELS[token.removeprefix("token-of-")]


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FastAPI]:
    folder = tmp_path_factory.mktemp("lab")
    write_catalogue(folder / "catalogue")
    (folder / "maximalab.toml").write_text(settings_toml())
    ensure_secrets(folder / "secrets")
    app = create_app(load_settings(folder / "maximalab.toml"))
    app.state.hub = KnownTokens()
    migrations.upgrade(app.state.engine)
    app.state.ingest.take(*the_hub_tells())
    yield app
    app.state.engine.dispose()


def the_hub_tells() -> tuple[Sender, list[dict[str, Any]]]:
    """The hub's word about the servers whose tokens post below."""
    where = {"kind": "server_start", "server": "public-maxima", "tier": "public", "backend": "here"}
    return Sender(Source.HUB), [an_event(**where, user="rea", entrance="vpn", at=NOW - timedelta(hours=1))]


def an_event(at: datetime = NOW, **fields: Any) -> dict[str, Any]:
    boot = "6f9619ff-8b86-4d01-b42d-00cf4fc964ff"
    event_id = str(uuid7(at))
    return {"event_id": event_id, "boot_id": boot, "seq": 0, "kind": "run", "at": at.isoformat(), **fields}


def routes_of(router: FastAPI | APIRouter) -> Iterator[Any]:
    """Give every route, however deep routers are put into each other."""
    for route in router.routes:
        inner = getattr(route, "original_router", None)
        if inner is None:
            yield route
        else:
            yield from routes_of(inner)


FORMS = {
    "decide": {"study": "lab-study", "decision": "agree", "version": "1"},
    "new_panel": {"title": "t"},
    "invite_experts": {"experts": "1"},
    "close_panel": {"closed": "true"},
    "rate": {"criterion-0": "1"},
    "new_competence": {"title": "t", "levels": ";a;b\nx;1;2\ny;3;4"},
    "remove_competence": {"table": "t"},
    "erase_person": {"user": "somebody", "again": "somebody", "reason": "asked"},
    "ask_for_erasure": {"decision": "ask"},
    "take_back": {"number": "99", "based_on": "0"},
    "enter": {"what": "holiday", "name": "h", "day": "2026-12-25", "based_on": "0"},
    "change_lesson": {"action": "cancel"},
    "import_address": {"address": "no address"},
    "take_import": {"draft": "d"},
    "look_again": {"action": "fetch"},
    "change_people": {"what": "enrol", "based_on": "1", "group": "g", "names": ""},
    "close_study": {"study": "lab-study"},
    "set_up_study": {
        "study": "lab-study",
        "title_uk": "т",
        "title_en": "t",
        "consent_uk": "з",
        "consent_en": "c",
    },
}
"""What is sent to the routes that take a form."""
FILES = {"import_file": {}, "people_from_table": {"based_on": "1"}}
"""The same, for those that take a file; the file is empty."""


def body_of(name: str) -> dict[str, Any]:
    if name == "post_events":
        events = {"events": [an_event()]}
        return {"content": json.dumps(events), "headers": {"Content-Type": "application/json"}}
    if name in FILES:
        return {"data": FILES[name], "files": {"file": ("empty.csv", b"")}}
    return {"data": FORMS[name]} if name in FORMS else {}


async def ask(app: FastAPI, name: str, headers: dict[str, str], **how: Any) -> httpx.Response:
    method = "POST" if body_of(name) else "GET"
    sent = body_of(name)
    asked = {**headers, **sent.pop("headers", {})}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000", **how) as client:
        return await client.request(
            method, app.url_path_for(name, **PATHS.get(name, {})), headers=asked, **sent
        )


def kept(app: FastAPI) -> tuple[list[str], int]:
    """What a call can leave behind: events, and decisions of the person."""
    with reading(app.state.engine) as connection:
        events = [row.event_id for row in last_events(connection, 1000)]
        return events, len(research.decisions(connection, "lab-study", user="rea"))


def test_every_route_has_its_row(app: FastAPI) -> None:
    routes = list(routes_of(app))
    assert sorted(route.endpoint.__name__ for route in routes) == sorted(STATUSES)
    methods = {route.endpoint.__name__: set(route.methods) - {"HEAD"} for route in routes}
    assert {name: {"POST"} if body_of(name) else {"GET"} for name in STATUSES} == methods


@pytest.mark.parametrize("kind", ANYONE)
@pytest.mark.parametrize("name", STATUSES)
async def test_who_may_call(app: FastAPI, name: str, kind: str) -> None:
    before = kept(app)
    known_by = {} if kind == "none" else {"Authorization": f"token token-of-{kind}"}
    answer = await ask(app, name, {"Accept": "*/*", "Sec-Fetch-Mode": "cors", **known_by})
    assert answer.status_code == STATUSES[name][kind], answer.text
    if answer.status_code in {401, 403}:
        assert set(answer.json()) == {"field", "message"}
        assert kept(app) == before


@pytest.mark.parametrize("mode", ["navigate", "cors"])
@pytest.mark.parametrize("kind", ["server", "guest", "servers", "unnamed", "witness", "other"])
@pytest.mark.parametrize("name", [name for name, row in STATUSES.items() if row["server"] == 403])
async def test_a_programs_token_opens_nothing_as_a_cookie_either(
    app: FastAPI, name: str, kind: str, mode: str
) -> None:
    before = kept(app)
    headers = {"Accept": "*/*", "Sec-Fetch-Mode": mode}
    answer = await ask(app, name, headers, cookies={COOKIE: f"token-of-{kind}"})
    assert (answer.status_code, answer.json()["field"]) == (403, "token")
    assert kept(app) == before


@pytest.mark.parametrize(
    ("language", "words"), [("uk", "Ця сторінка для людей"), ("en", "This page is for people")]
)
async def test_a_browser_is_told_why_in_its_language(app: FastAPI, language: str, words: str) -> None:
    headers = {"Accept": "text/html", "Accept-Language": language, "Authorization": "token token-of-server"}
    answer = await ask(app, "my_data", headers)
    assert answer.status_code == 403
    assert words in answer.text


async def test_an_unreadable_catalogue_lets_a_post_come_again(app: FastAPI, tmp_path: Path) -> None:
    courses = (
        load_settings(app.state.settings.lab.state_dir / "maximalab.toml").catalogue.dir / "courses.toml"
    )
    before = kept(app)
    courses.rename(tmp_path / "courses.toml")
    event = an_event(notebook="simplex/simplex.uk.ipynb")
    transport = httpx.ASGITransport(app)
    known_by = {"Authorization": "token token-of-server"}
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as client:
        post = {"url": app.url_path_for("post_events"), "json": {"events": [event]}, "headers": known_by}
        try:
            waiting = await client.post(**post)
            assert kept(app) == before
        finally:
            (tmp_path / "courses.toml").rename(courses)
        stored = await client.post(**post)
    assert (waiting.status_code, waiting.json()["field"]) == (503, "catalogue")
    assert int(waiting.headers["retry-after"]) >= 1
    assert stored.json()["results"][0]["status"] == "stored"
