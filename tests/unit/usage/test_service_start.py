"""What the service says when it cannot start, when a fault is its own, and of each route who may call it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi.routing import APIRoute
from labsettings import settings_toml, write_catalogue
from maximalab_hub import migrations
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.service.__main__ import main
from maximalab_hub.service.app import create_app
from maximalab_hub.settings import load_settings
from maximalab_hub.store.engine import open_engine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a lab that does not run."""
    folder = tmp_path_factory.mktemp("lab")
    write_catalogue(folder / "catalogue")
    ensure_secrets(folder / "secrets")
    url = f"sqlite:///{folder / 'usage.sqlite'}"
    (folder / "maximalab.toml").write_text(settings_toml({"usage": {"db_url": url}}))
    engine = open_engine(url)
    migrations.upgrade(engine)
    engine.dispose()
    return folder


async def test_a_fault_of_ours_says_nothing_of_itself(folder: Path) -> None:
    app = create_app(load_settings(folder / "maximalab.toml"))

    def broken() -> None:
        raise RuntimeError("a secret of the program")

    app.add_api_route("/services/usage/broken", broken)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
        for accept, words in (("text/html", "Something broke"), ("*/*", "an unforeseen fault")):
            asked = {"Accept": accept, "Accept-Language": "en"}
            answer = await client.get("/services/usage/broken", headers=asked)
            assert answer.status_code == 500
            assert words in answer.text
            assert "secret" not in answer.text
            assert answer.headers["x-frame-options"] == "DENY"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        pytest.param(("[lab]", "[lab"), "not a TOML file", id="a settings file that is none"),
        pytest.param(("sqlite:///", "mysql:///"), "sqlite:///<path>", id="another database"),
        pytest.param(('"secrets"', '"nowhere"'), "cannot be read", id="no secrets"),
        pytest.param(("usage.sqlite", "new.sqlite"), "maximalab db upgrade", id="a store without tables"),
    ],
)
def test_a_service_that_cannot_start_says_why_in_a_line(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
    *, change: tuple[str, str], words: str,
) -> None:  # fmt: skip
    """In this process, which spares its start; the test below starts it for real."""
    monkeypatch.setenv("MAXIMALAB_SETTINGS", str(wrong_settings(folder, tmp_path, change)))
    assert main() == 2
    said = capsys.readouterr().err
    assert words in said
    assert "Traceback" not in said


def test_a_process_that_cannot_start_ends_in_a_line(folder: Path, tmp_path: Path) -> None:
    settings = wrong_settings(folder, tmp_path, ("sqlite:///", "mysql:///"))
    ended = subprocess.run(
        [sys.executable, "-m", "maximalab_hub.service"],
        env={**os.environ, "MAXIMALAB_SETTINGS": str(settings)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ended.returncode == 2
    assert "sqlite:///<path>" in ended.stderr
    assert "Traceback" not in ended.stderr


def wrong_settings(folder: Path, tmp_path: Path, change: tuple[str, str]) -> Path:
    """Write settings beside the lab's, with one thing changed for the worse."""
    settings = folder / f"wrong-{tmp_path.name}.toml"
    settings.write_text((folder / "maximalab.toml").read_text().replace(*change))
    return settings


OPEN = {"health", "post_events", "callback", "open_invitation", "rate_page", "rate"}
"""Routes that know their caller otherwise: by nothing, a sender's token, a sign-in under way, a secret link."""


def routes_of(router: Any) -> Iterator[APIRoute]:
    for route in router.routes:
        if isinstance(route, APIRoute):
            yield route
        elif hasattr(route, "original_router"):
            yield from routes_of(route.original_router)


def asked_first(dependant: Any) -> Iterator[Callable[..., Any]]:
    """What is called before a route, however deep: a course's teacher is a person first."""
    for part in dependant.dependencies:
        yield part.call
        yield from asked_first(part)


def test_every_route_states_who_may_call_it(folder: Path) -> None:
    routes = list(routes_of(create_app(load_settings(folder / "maximalab.toml"))))
    open_to_all = {
        route.endpoint.__name__
        for route in routes
        if not any(call.__qualname__.startswith("require.") for call in asked_first(route.dependant))
    }
    assert open_to_all == OPEN
    assert all((route.endpoint.__doc__ or "").startswith("For ") for route in routes)
