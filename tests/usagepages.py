"""The usage service's pages in this process, with the example class in the store, for people with their rights."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from fastapi import FastAPI
from labsettings import settings_toml
from maximalab_hub import migrations
from maximalab_hub.example_history import DECLINED, load_example
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.service.app import create_app
from maximalab_hub.settings import load_settings

PEOPLE: dict[str, dict[str, Any]] = {
    "student": {"groups": ["study:operations-research"]},
    "teacher": {"groups": ["teach:operations-research"]},
    "researcher": {"groups": ["researchers"]},
    "admin": {"admin": True},
    "newcomer": {},
    "demo-01": {},
    DECLINED: {},
    "a-program": {"kind": "service"},
}
USAGE = "/services/usage"
LATELY = (datetime.now(UTC) - timedelta(days=10)).date()
"""A comparison by other choices takes its time; a few days of it look alike."""


class KnownTokens:
    """Stands where the hub is asked whose a token is; that the real one answers so is tested with the
    service.
    """

    client_id = "service-usage"

    async def owner_of(self, token: str, browser_session: str = "") -> dict[str, Any] | None:
        del browser_session
        name = token.removeprefix("token-of-")
        if name not in PEOPLE:
            return None
        return {"kind": "user", "name": name, "scopes": ["access:services!service=usage"]} | PEOPLE[name]

    async def close(self) -> None:
        """Nothing is open."""


@contextmanager
def usage_pages(folder: Path, db_url: str = "") -> Iterator[FastAPI]:
    """Put the service together on a store of its own in `folder`, or at `db_url`, as `./lab up` fills it."""
    (folder / "catalogue").mkdir()
    (folder / "maximalab.toml").write_text(settings_toml({"usage": {"db_url": db_url}}))
    ensure_secrets(folder / "secrets")
    app = create_app(load_settings(folder / "maximalab.toml"))
    app.state.hub = KnownTokens()
    migrations.upgrade(app.state.engine)
    load_example(app.state.engine, datetime.now(UTC))
    yield app
    app.state.engine.dispose()


USAGE_CASES = {
    "study": ("study", "researcher", "/?since=", 200),
    "study of a course without events": ("study", "researcher", "/?course=nothing", 200),
    "compare": ("compare", "researcher", "/compare?since=", 200),
    "compare by other choices": ("compare", "researcher", f"/compare?grid=true&since={LATELY}", 200),
    "compare nobody": ("compare", "researcher", "/compare?course=nothing", 200),
    "export log": ("export_log", "admin", "/export-log", 200),
    "completeness": ("completeness", "researcher", "/completeness?since=", 200),
    "completeness of a teacher's courses": ("completeness", "teacher", "/completeness", 200),
    "completeness of nothing": ("completeness", "admin", "/completeness?course=nothing", 200),
    "erasures": ("erasures", "admin", "/erasures", 200),
    "my data": ("me", "demo-01", "/me", 200),
    "my data of one who declined": ("me", DECLINED, "/me", 200),
    "my data of a newcomer": ("me", "newcomer", "/me", 200),
    "for researchers": ("for_researchers", "student", "/", 403),
    "usage 400": ("error", "researcher", "/?since=yesterday", 400),
    "usage 403": ("error", "teacher", "/export.csv", 403),
    "usage 404": ("error", "researcher", "/nothing", 404),
    "usage 500": ("error", "researcher", "/broken", 500),
    "usage 503": ("error", "researcher", "/away", 503),
    "usage for people": ("error", "a-program", "/me", 403),
}
"""For each page of the service: its template in `usage/`, who goes where, and the status."""
