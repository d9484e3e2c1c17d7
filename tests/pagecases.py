"""Every page that the hub makes from its templates, with everything that a template is ever given."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from labsettings import settings_toml
from maximalab_hub.oidc.words import FAILURES
from maximalab_hub.pages.devices import enrolled
from maximalab_hub.pages.frame import JINJA_OPTIONS, TEMPLATES, Visitor, frame
from maximalab_hub.pages.my_lab import RunningServer
from maximalab_hub.pages.shelves import Card, MyLab, Shelf
from maximalab_hub.pages.sign_in import BUSY, TOO_MANY
from maximalab_hub.settings import load_settings
from maximalab_hub.vpn.conf import device_conf
from maximalab_hub.vpn.devices import Device
from maximalab_hub.vpn.keys import new_pair
from maximalab_hub.vpn.section import GatewaySection
from maximalab_hub.vpn.words import WHY_NOT
from maximalab_spawner.admission import Turned
from maximalab_spawner.faults import Wrong, fault
from maximalab_spawner.materials import Course, Material, Title
from maximalab_spawner.messages import ANSWERING, ENDED, LAUNCHED, SILENT, STARTING, both_html, step, waiting
from maximalab_spawner.publisher import Change, Version
from maximalab_spawner.refusal import refusal
from maximalab_spawner.refusals import ENDED_EARLY, NOT_HANDED, OF_PUBLISHING, PUBLISH_AT_VPN, REFUSALS
from maximalab_spawner.tiers import Access, Entrance, Reason
from templatecases import TEMPLATE_CASES, words_for

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
    "my_devices": False,
    "vpn_lab_url": "http://127.0.0.2:8000/hub/lab",
}
MY_DEVICES = {**VPN, "my_devices": True}
GATEWAY = GatewaySection(
    pool="172.20.0.0/20",
    endpoint="vpn.example.edu:51820",
    public_key=new_pair().public,
    routes=["172.20.0.1/32"],
)
DEVICES = [
    Device(f"{n:032}", "student", label, new_pair().public, GATEWAY.pool[n + 2],
           datetime(2026, 9, 1, tzinfo=UTC), datetime(2027, 2, 28, tzinfo=UTC))
    for n, label in enumerate(("Ноутбук", "Телефон"))
]  # fmt: skip
LIST = {
    "devices": DEVICES,
    "may_enrol": True,
    "most": 5,
    "gateway_key": "k" * 43 + "=",
    "problem": "",
    "label": "",
    "public_key": "",
    **MY_DEVICES,
}
NO_VPN = {"vpn_help": ""}
TOKEN = SimpleNamespace(api_id="a1", note="Мій сценарій", created=datetime(2026, 1, 1), last_activity=None)  # noqa: DTZ001
CLIENT = {"token_id": "a2", "description": "Журнал оцінок", "created": None, "last_activity": None}
OAUTH = {
    "oauth_client": SimpleNamespace(description="Журнал оцінок", redirect_uri="http://127.0.0.1/cb"),
    "scope_descriptions": [{"description": "Your name", "filter": "user"}],
    "allowed_scopes": ["self"],
}
MATERIAL = Material(
    "game",
    3,
    Access.PRIVATE,
    "maxima",
    ("or",),
    1,
    Title("Матрична гра", "The matrix game"),
    Title("Сідлова точка, домінування, мішані стратегії.", "Saddle point, dominance, mixed strategies."),
    {"uk": "game.uk.ipynb"},
)
OPENER = replace(
    MATERIAL, id="simplex", access=Access.OPEN, title=Title("Симплекс-метод", "The simplex method")
)
PUBLISH = {
    "faults": [],
    "materials": [MATERIAL, OPENER],
    "withdrawn": [],
    "scenario": 3,
    "courses": [Course("or", Title("Дослідження операцій", "Operations research"))],
}
FAULTS = (
    fault(Wrong.NO_TEXT, "material.toml", field="title.uk"),
    fault(Wrong.ALIKE, "zip", "'Ціни'", "'ціни'"),
)
CHANGES = [
    Change("material.toml", 412, "changed"),
    Change("дані/ціни_на_сировину_за_2025_рік.csv", 2_345_678, "new"),
    Change("game.uk.ipynb", 20_480, "same"),
    Change("old.ipynb", 512, "removed"),
]
WAITING = {
    "token": "0" * 32,
    "material": MATERIAL,
    "before": replace(MATERIAL, version=2),
    "changes": CHANGES,
    "courses": ["Дослідження операцій"],
}
WHEN = datetime(2026, 11, 28, 18, 20, tzinfo=UTC)
VERSIONS = {
    "material": MATERIAL,
    "in_force": True,
    "zone": ZoneInfo("Europe/Kyiv"),
    "versions": [
        Version(4, "teacher", WHEN, "private", in_force=True, can_return=False, again=2),
        Version(3, "olena.petrenko@university.example", WHEN, "private", in_force=False, can_return=True),
        Version(3, "teacher", WHEN, "private", in_force=False, can_return=False, withdrawn=True),
        Version(1, "", None, "open", in_force=False, can_return=False),
    ],
}
LOGIN = {"authenticator_login_url": "/hub/login", "username": "", "other_way": None}
OTHER_WAY = {"address": "/hub/provider-sign-in?next=%2Fhub%2Flab", "button": "Увійти через університет"}
ENDED_HTML = both_html(ENDED[SILENT])
FAILED = {"failed": True, "failed_html_message": BOTH, "failed_message": "That failed."}
FAULT = refusal(Turned(ENDED_EARLY))
TALES = {
    "asked": [{"progress": 0, "message": "Server requested"}],
    "queued": [step(10, STARTING), step(20, waiting(3, 150.0))],
    "nearly there": [step(10, STARTING), step(40, LAUNCHED), step(80, ANSWERING)],
    "failed": [step(10, STARTING), {
        "progress": 100, "failed": True, "message": FAULT.jupyterhub_message,
        "html_message": FAULT.jupyterhub_html_message,
    }],
    "cancelled": [step(10, STARTING), {"progress": 100, "failed": True, "message": "Spawn cancelled"}],
}  # fmt: skip
"""What the hub tells the page of a start, event by event."""
CASES = {
    **TEMPLATE_CASES,
    "my_lab": ("my_lab.html", {"lab": LAB, "servers": SERVERS}),
    "my_lab of nobody's course": ("my_lab.html", {"lab": MyLab((), (), ()), "servers": []}),
    "login": ("login.html", {**LOGIN, "login_error": ""}),
    "login by two ways": ("login.html", {**LOGIN, "login_error": "", "other_way": OTHER_WAY}),
    "login after a failure": ("login.html", {**LOGIN, "login_error": "Invalid username or password"}),
    "login too early": ("login.html", {**LOGIN, "login_error": TOO_MANY, "wait": 8}),
    "login in a crowd": ("login.html", {**LOGIN, "login_error": BUSY, "wait": 10}),
    "logout": ("logout.html", {}),
    "vpn": ("vpn.html", VPN),
    "vpn with devices": ("vpn.html", MY_DEVICES),
    "devices": ("devices.html", LIST),
    "devices, none yet": ("devices.html", {**LIST, "devices": []}),
    "devices, as many as may be": ("devices.html", {**LIST, "most": 2}),
    "devices of somebody without the VPN": ("devices.html", {**LIST, "devices": [], "may_enrol": False}),
    **{f"device refused, {why}": ("devices.html", {**LIST, "problem": text, "label": "Ноутбук", "public_key": "xyz"})
       for why, text in WHY_NOT.items()},
    "device enrolled": ("device_enrolled.html",
        enrolled(DEVICES[0], device_conf(DEVICES[0], GATEWAY, new_pair().private), with_key=True)),
    "device enrolled with an own key": ("device_enrolled.html",
        enrolled(DEVICES[0], device_conf(DEVICES[0], GATEWAY), with_key=False)),
    "publish": ("publish.html", PUBLISH),
    "publish, nothing yet": ("publish.html", {**PUBLISH, "materials": [], "withdrawn": [MATERIAL]}),
    "publish, faults": ("publish.html", {**PUBLISH, "faults": [
        {"file": one.file, "field": one.field, "remedy": one.remedy("uk")}
        for error in FAULTS for one in error.faults]}),
    "publish, what came": ("publish_waiting.html", WAITING),
    "publish, the first of it": ("publish_waiting.html", {**WAITING, "before": None}),
    "publish, another access": ("publish_waiting.html", {**WAITING, "before": OPENER}),
    "versions": ("publish_versions.html", VERSIONS),
    "versions, withdrawn": ("publish_versions.html", {**VERSIONS, "in_force": False}),
    "spawn": ("spawn.html", {}),
    **{f"starting, {tale}": ("spawn_pending.html", {"progress_url": f"/hub/api/progress/{tale}"})
       for tale in TALES},
    "stopping": ("stop_pending.html", {}),
    "not running": ("not_running.html", {"failed": False}),
    "ended by itself": ("not_running.html", {
        "failed": False,
        "server_name": "public-maxima",
        "user": SimpleNamespace(spawners={"public-maxima": SimpleNamespace(ended_html=ENDED_HTML)}),
    }),
    "failed in two languages": ("not_running.html", FAILED),
    "failed without words": ("not_running.html", {**FAILED, "failed_html_message": None}),
    "oauth": ("oauth.html", OAUTH),
    "token": ("token.html", {"api_tokens": [TOKEN], "oauth_clients": [CLIENT]}),
    "admin": ("admin.html", {"api_page_limit": 50, "prefix": "/", "static_url": "/hub/static/{}".format}),
    "404": ("404.html", {"status_code": 404, "message_html": "", "message": "Not Found"}),
    **{f"error {status}": ("error.html", {"status_code": status, "message_html": "", "message": "In English."})
       for status in (400, 403, 404, 424, 429, 500, 503)},
    "error in two languages": ("error.html", {"status_code": 403, "message_html": BOTH, "message": ""}),
    **{f"sign-in failed, {why}": ("sign_in_failed.html", {"failure": page, "again": "/hub/provider-sign-in"})
       for why, page in FAILURES.items()},
    **{f"refused {reason}": ("refused.html", {"refusal": REFUSALS[reason]}
                             | (VPN if reason in {Reason.NEEDS_VPN, PUBLISH_AT_VPN} else NO_VPN))
       for reason in (*Reason, NOT_HANDED, *OF_PUBLISHING)},
    **{f"turned away, {reason}": ("error.html", {"status_code": page.status, "message": "", "message_html":
                                                 refusal(Turned(reason), "3").jupyterhub_html_message})
       for reason, page in REFUSALS.items() if reason not in {*Reason, NOT_HANDED, *OF_PUBLISHING}},
}  # fmt: skip


def render(tmp_path: Path, case: str, language: str, person: Visitor | None) -> str:
    path = tmp_path / "maximalab.toml"
    path.write_text(settings_toml(), encoding="utf-8")
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
    return env.get_template(template).render(around | hubs | words_for(language) | context)
