"""Each template of the hub, rendered in both languages with everything that it is ever given."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from maximalab_hub.pages.frame import JINJA_OPTIONS, TEMPLATES, Visitor, frame
from maximalab_hub.pages.my_lab import RunningServer
from maximalab_hub.pages.shelves import Card, MyLab, Shelf
from maximalab_hub.pages.sign_in import BUSY, TOO_MANY
from maximalab_hub.settings import load_settings
from maximalab_spawner.refusals import REFUSALS
from maximalab_spawner.tiers import Entrance, Reason
from pageshub import settings_of
from pagewords import foreign_words, read

PORTS = dict.fromkeys(("public", "public_api", "vpn", "vpn_api", "hub", "usage"), 8000)
CARDS = (
    Card("simplex", "Симплекс", "Про симплекс.", "open"),
    Card("solver", "Розв’язувач", "Про розв’язувач.", "licensed", Reason.NEEDS_VPN),
    Card("game", "Гра", "Про гру.", "private", Reason.NO_PRIVATE_TIER),
)
LAB = MyLab(
    (Shelf("or", "Дослідження операцій", CARDS), Shelf("none", "Порожній", ())), CARDS[:1], ("fault",)
)
SERVERS = [RunningServer(f"{tier}-maxima", tier, "maxima", state)
           for tier in ("public", "private") for state in ("running", "starting", "stopping")]  # fmt: skip
BOTH = '<span lang="uk">Не вийшло.</span> <span lang="en">That failed.</span>'
VPN = {
    "vpn_help": "Довідка.",
    "vpn_help_url": "https://help.example/",
    "vpn_lab_url": "http://127.0.0.2:8000/hub/lab",
}
NO_VPN = {"vpn_help": ""}
TOKEN = SimpleNamespace(api_id="a1", note="", created=datetime(2026, 1, 1), last_activity=None)  # noqa: DTZ001
CLIENT = {"token_id": "a2", "description": "", "created": None, "last_activity": None}
OAUTH = {
    "oauth_client": SimpleNamespace(description="", redirect_uri="http://127.0.0.1/cb"),
    "scope_descriptions": [{"description": "Your name", "filter": "user"}],
    "allowed_scopes": ["self"],
}
LOGIN = {"authenticator_login_url": "/hub/login", "username": ""}
FAILED = {"failed": True, "failed_html_message": BOTH, "failed_message": "That failed."}
CASES = {
    "my_lab": ("my_lab.html", {"lab": LAB, "servers": SERVERS}),
    "my_lab of nobody's course": ("my_lab.html", {"lab": MyLab((), (), ()), "servers": []}),
    "login": ("login.html", {**LOGIN, "login_error": ""}),
    "login after a failure": ("login.html", {**LOGIN, "login_error": "Invalid username or password"}),
    "login too early": ("login.html", {**LOGIN, "login_error": TOO_MANY, "wait": 8}),
    "login in a crowd": ("login.html", {**LOGIN, "login_error": BUSY, "wait": 10}),
    "logout": ("logout.html", {}),
    "vpn": ("vpn.html", VPN),
    "spawn": ("spawn.html", {}),
    "starting": ("spawn_pending.html", {"progress_url": "/hub/api/progress"}),
    "stopping": ("stop_pending.html", {}),
    "not running": ("not_running.html", {"failed": False}),
    "failed in two languages": ("not_running.html", FAILED),
    "failed without words": ("not_running.html", {**FAILED, "failed_html_message": None}),
    "oauth": ("oauth.html", OAUTH),
    "token": ("token.html", {"api_tokens": [TOKEN], "oauth_clients": [CLIENT]}),
    "admin": ("admin.html", {"api_page_limit": 50, "prefix": "/", "static_url": str}),
    "404": ("404.html", {"status_code": 404, "message_html": "", "message": "Not Found"}),
    **{f"error {status}": ("error.html", {"status_code": status, "message_html": "", "message": "In English."})
       for status in (400, 403, 404, 424, 429, 500, 503)},
    "error in two languages": ("error.html", {"status_code": 403, "message_html": BOTH, "message": ""}),
    **{f"refused {reason}": ("refused.html", {"refusal": page} | (VPN if reason is Reason.NEEDS_VPN else NO_VPN))
       for reason, page in REFUSALS.items()},
}  # fmt: skip


def render(tmp_path: Path, case: str, language: str, person: Visitor | None) -> str:
    path = tmp_path / "maximalab.toml"
    path.write_text(settings_of(PORTS), encoding="utf-8")
    template, context = CASES[case]
    env = Environment(loader=FileSystemLoader(TEMPLATES), undefined=StrictUndefined, **JINJA_OPTIONS)  # noqa: S701
    around = frame(
        load_settings(path), language=language, entrance=Entrance.PUBLIC, here="/hub/lab", person=person
    )
    hubs = {
        "xsrf": "t",
        "xsrf_token": "t",
        "base_url": "/hub/",
        "user": SimpleNamespace(escaped_name="s", name="s"),
    }
    return env.get_template(template).render(around | hubs | context)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize(
    "person", [None, Visitor("student", shows_usage=True, shows_admin=True)], ids=["", "signed in"]
)
def test_a_ukrainian_page_is_ukrainian(tmp_path: Path, case: str, person: Visitor | None):
    page = render(tmp_path, case, "uk", person)
    assert read(page)[0] == "uk"
    assert foreign_words(page, {"boss", "public", "material"}) == set()


@pytest.mark.parametrize("case", CASES)
def test_an_english_page_has_a_title_a_heading_and_no_inline_script(tmp_path: Path, case: str):
    page = render(tmp_path, case, "en", Visitor("student"))
    assert read(page)[0] == "en"
    assert page.count("<h1") == 1
    assert "<title>" in page
    assert "<script>" not in page
    assert "style=" not in page
    assert " onclick" not in page


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.html")), ids=lambda path: path.name)
def test_every_template_is_among_the_cases(path: Path):
    parts = {"base.html", "page.html", "marks.html", "vpn_help.html", "error.html"}
    assert path.name in parts | {template for template, _ in CASES.values()}


@pytest.mark.parametrize("name", ['" onmouseover="alert(1)', "<script>alert(1)</script>", "' or '1'='1"])
def test_what_people_type_is_shown_as_text(tmp_path: Path, name: str):
    context = CASES["login"][1] | {"username": name}
    CASES["typed"] = ("login.html", context)
    page = render(tmp_path, "typed", "en", None)
    del CASES["typed"]
    assert name not in page
    assert "<script>alert" not in page
