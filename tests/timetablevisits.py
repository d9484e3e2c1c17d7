"""A timetable's pages in this process: the service, browsers of people, and a table and a calendar to import."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from labsettings import settings_toml, write_catalogue
from maximalab_hub import migrations
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.service.app import create_app
from maximalab_hub.service.signin import COOKIE
from maximalab_hub.settings import load_settings
from maximalab_hub.store import timetables
from maximalab_hub.store.engine import reading

BASE = "/services/usage/timetable/operations-research"
GROUPS = {
    "tanya": ["teach:operations-research"],
    "other": ["teach:algebra"],
    "sam": ["study:operations-research"],
}
MONDAY = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
"""A lesson's start in winter: half past eight in Kyiv."""
TABLE = "group;date;begins;ends;last_date\nOR-1;2026-11-02;8:30;10:05;2026-11-16\n"
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//t//
BEGIN:VEVENT
UID:a
DTSTART{zone}:20261102T083000
DTEND{zone}:20261102T100500
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


class KnownTokens:
    """Stands where the hub is asked whose a token is."""

    client_id = "service-usage"

    async def owner_of(self, token: str, browser_session: str = "") -> dict[str, Any] | None:
        del browser_session
        name = token.removeprefix("token-of-")
        return {
            "kind": "user",
            "name": name,
            "admin": name == "root",
            "scopes": ["access:services!service=usage"],
            "groups": GROUPS.get(name, []),
        }

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def app(tmp_path: Path, store_url: str):
    write_catalogue(tmp_path / "catalogue")
    (tmp_path / "maximalab.toml").write_text(settings_toml({"usage": {"db_url": store_url}}))
    ensure_secrets(tmp_path / "secrets")
    app = create_app(load_settings(tmp_path / "maximalab.toml"))
    app.state.hub = KnownTokens()
    migrations.upgrade(app.state.engine)
    yield app
    app.state.engine.dispose()


class Person(TestClient):
    """A browser in which somebody is signed in."""

    def __init__(self, app, name: str, language: str = "en") -> None:
        super().__init__(
            app,
            base_url="http://127.0.0.1:8000",
            cookies={COOKIE: f"token-of-{name}"},
            headers={"Accept": "text/html", "Accept-Language": language},
            follow_redirects=False,
        )

    def fill(self, page: str, to: str, *, file: tuple[str, str] | None = None, **fields: str):
        """Send a form of a page, with what the page hid in it."""
        text = self.get(page).text
        hidden = dict(re.findall(r'type="hidden" name="(_xsrf|based_on)" value="([^"]*)"', text))
        files = {"file": (file[0], file[1].encode())} if file else None
        return self.post(to, data={**hidden, **fields}, files=files)

    def take(self, name: str, content: str, **fields: str):
        """Import a file and confirm what it would change; gives the page that showed it."""
        sent = self.fill(f"{BASE}/import", f"{BASE}/import", file=(name, content), **fields)
        assert sent.status_code == 303, sent.text
        preview = self.get(sent.headers["location"])
        assert self.fill(sent.headers["location"], sent.headers["location"]).status_code == 303
        return preview


def state(app):
    with reading(app.state.engine) as connection:
        return timetables.state_of(connection, "operations-research")
