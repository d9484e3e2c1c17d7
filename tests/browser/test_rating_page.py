"""An expert answers on a phone's narrow page, and with keys alone."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import pytest
from labsettings import settings_toml
from maximalab_hub import migrations
from maximalab_hub.ratings import read_criteria
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.service.app import create_app
from maximalab_hub.settings import load_settings
from maximalab_hub.store import template
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.template import Panel
from playwright.sync_api import Browser, Page, expect
from servedapp import served, with_files_of_the_hub

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from fastapi import FastAPI

pytestmark = pytest.mark.chromium

CRITERIA = "Легкість доступу | Ease of access\nЗручність використання | Ease of use\nКорисність | Usefulness"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[tuple[FastAPI, str]]:
    """The real service on a port of its own, with a panel and one invitation, whose secret is `link`."""
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "maximalab.toml").write_text(settings_toml())
    ensure_secrets(tmp_path / "secrets")
    app = create_app(load_settings(tmp_path / "maximalab.toml"))
    migrations.upgrade(app.state.engine)
    now = datetime.now(UTC)
    with writing(app.state.engine) as connection:
        panel = Panel("p", "Симплекс-метод", read_criteria(CRITERIA), 0, 3, now)
        template.add_panel(connection, "lab-study", panel, "olha")
        template.invite(connection, "p", [sha256(b"link").hexdigest()], now)
    with served(app) as address:
        yield app, address


def open_page(browser: Browser, address: str, language: str) -> Page:
    context = browser.new_context(viewport={"width": 360, "height": 740}, locale=language, has_touch=True)
    page = with_files_of_the_hub(context.new_page())
    page.goto(f"{address}/services/usage/rate/link")
    return page


def kept(app: FastAPI) -> list[tuple[int, ...]]:
    with reading(app.state.engine) as connection:
        return template.answers(connection, "p")


def test_an_expert_rates_on_a_phone_and_with_keys_alone(
    browser: Browser, service: tuple[FastAPI, str]
) -> None:
    app, address = service
    page = open_page(browser, address, "uk-UA")
    assert page.url == f"{address}/services/usage/rate", "the secret is gone from the address"
    expect(page.get_by_role("group", name="Зручність використання")).to_be_visible()
    wide, seen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= seen, "nothing to scroll sideways"
    for label in page.locator(".scores label").all():
        box = label.bounding_box()
        assert box is not None
        assert box["height"] >= 44, "a finger's width"
    for place, score in enumerate((3, 2, 0)):
        page.locator(f".rating fieldset >> nth={place}").locator(f"label >> nth={score}").tap()
    page.get_by_role("button", name="Надіслати мою відповідь").tap()
    expect(page.get_by_role("status")).to_contain_text("вашу відповідь збережено")
    assert kept(app) == [(3, 2, 0)]
    page.locator("input[name=criterion-0]:checked").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Tab")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Змінити мою відповідь")).to_be_visible()
    assert kept(app) == [(2, 1, 1)]
