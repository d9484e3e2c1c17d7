"""A teacher imports a timetable, sees the rhythm of the group, moves a lesson with keys alone, and sees the change."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from labsettings import settings_toml, write_catalogue
from maximalab_hub import migrations
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.service.app import create_app
from maximalab_hub.service.signin import COOKIE
from maximalab_hub.settings import load_settings
from notebookpage import PHOTOS
from playwright.sync_api import Browser, Page, expect
from runsinstore import run_at
from servedapp import served, with_files_of_the_hub

pytestmark = pytest.mark.chromium

expect.set_options(timeout=60_000)
LAST_WEEK = datetime.now(UTC).date() - timedelta(days=datetime.now(UTC).weekday() + 7)
"""Its Monday."""
PEOPLE = ("ada", "bohdan", "vira")
CALENDAR = f"""BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//t//
BEGIN:VEVENT
UID:a
SUMMARY:Дослідження операцій
DTSTART;TZID=Europe/Kyiv:{LAST_WEEK:%Y%m%d}T083000
DTEND;TZID=Europe/Kyiv:{LAST_WEEK:%Y%m%d}T100500
RRULE:FREQ=WEEKLY;COUNT=8
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


class KnownTokens:
    """Stands where the hub is asked whose a token is."""

    client_id = "service-usage"

    async def owner_of(self, token: str, browser_session: str = "") -> dict[str, Any] | None:
        del browser_session
        groups = ["teach:operations-research"] if token == "token-of-tanya" else []
        scopes = ["access:services!service=usage"]
        return {"kind": "user", "name": token.removeprefix("token-of-"), "scopes": scopes, "groups": groups}

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """The real service on a port of its own; three people worked on last week's Monday and Tuesday mornings."""
    write_catalogue(tmp_path / "catalogue")
    (tmp_path / "maximalab.toml").write_text(settings_toml())
    ensure_secrets(tmp_path / "secrets")
    app = create_app(load_settings(tmp_path / "maximalab.toml"))
    app.state.hub = KnownTokens()
    migrations.upgrade(app.state.engine)
    monday = datetime(LAST_WEEK.year, LAST_WEEK.month, LAST_WEEK.day, 7, tzinfo=UTC)
    for user in PEOPLE:
        run_at(
            app.state.engine, user, monday, monday + timedelta(days=1), monday + timedelta(days=1, minutes=1)
        )
    with served(app) as address:
        yield address


def teachers_page(browser: Browser, address: str, **how: Any) -> Page:
    context = browser.new_context(base_url=address, locale="uk-UA", timezone_id="Europe/Kyiv", **how)
    context.add_cookies([{"name": COOKIE, "value": "token-of-tanya", "url": address}])
    page = with_files_of_the_hub(context.new_page())
    page.set_default_timeout(60_000)
    return page


def runs(page: Page, setting: str) -> int:
    return int(page.locator(f"#runs-{setting} .figure").inner_text())


def press_until(page: Page, name: str) -> None:
    """Go from control to control with the tabulator until the one with this name has the focus."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText || document.activeElement.value") == name:
            return
    raise AssertionError(f"the keyboard does not reach {name!r}")


def test_a_teacher_imports_a_timetable_sees_the_rhythm_and_moves_a_lesson(
    browser: Browser, address: str, tmp_path: Path
) -> None:
    page = teachers_page(browser, address, viewport={"width": 1280, "height": 900})
    page.goto("/services/usage/timetable")
    page.get_by_role("link", name="Дослідження операцій").click()
    expect(page.get_by_text("Занять ще немає.")).to_be_visible()

    page.get_by_role("link", name="Групи", exact=True).click()
    people = page.locator("form", has_text="Додати людей до групи")
    people.get_by_label("Група").fill("OR-1")
    people.get_by_label("Імена облікових записів").fill("\n".join(PEOPLE))
    people.get_by_label("Від дня").fill((LAST_WEEK - timedelta(days=30)).isoformat())
    people.get_by_role("button", name="Додати до групи").click()
    expect(page.locator("#done")).to_contain_text("Групи оновлено")

    calendar = tmp_path / "розклад.ics"
    calendar.write_text(CALENDAR, encoding="utf-8", newline="")
    page.get_by_role("link", name="Імпорт", exact=True).click()
    form = page.locator("form", has_text="Календар (.ics) або таблиця (.csv)")
    form.get_by_label("Календар (.ics)").set_input_files(calendar)
    form.get_by_label("Група для подій, які її не називають").fill("OR-1")
    form.get_by_role("button", name="Показати, що зміниться").click()
    expect(page.get_by_role("heading", name="Додано: 8")).to_be_visible()
    expect(page.locator("#impact")).to_contain_text("Запусків з «невідомо» на «на занятті»: 3")
    page.screenshot(path=PHOTOS / "timetable-import.png", full_page=True)
    page.get_by_role("button", name="Внести до розкладу").click()
    expect(page.locator("#done")).to_contain_text("Імпорт внесено до розкладу")

    page.get_by_role("link", name="Ритм", exact=True).click()
    expect(page.locator("rect.hour.lesson")).to_have_count(3)
    assert (runs(page, "in_class"), runs(page, "out_of_class")) == (3, 6)
    page.locator("svg.week").focus()
    for key, figure in (
        ("ArrowRight", r"^понеділок, \d+: "),
        ("ArrowDown", r"^вівторок, \d+: "),
        ("Escape", "^Клацніть"),
    ):
        page.keyboard.press(key)
        expect(page.locator(".kept")).to_have_text(re.compile(figure))
    page.screenshot(path=PHOTOS / "timetable-rhythm-before.png", full_page=True)

    page.goto(f"/services/usage/timetable/operations-research?day={LAST_WEEK}")
    page.get_by_role("link", name="08:30–10:05").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Перенести чи змінити")).to_be_visible()
    page.get_by_label("День", exact=True).fill((LAST_WEEK + timedelta(days=1)).isoformat())
    page.get_by_label("День", exact=True).focus()
    press_until(page, "Зберегти зміни")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.locator("#done")).to_contain_text("запусків, що стали запусками на занятті: 6")
    moved = page.get_by_role("link", name="08:30–10:05")
    expect(moved).to_contain_text("перенесено")
    page.screenshot(path=PHOTOS / "timetable-moved.png", full_page=True)

    page.get_by_role("link", name="Ритм", exact=True).click()
    assert (runs(page, "in_class"), runs(page, "out_of_class")) == (6, 3)
    page.screenshot(path=PHOTOS / "timetable-rhythm-after.png", full_page=True)
    page.get_by_role("link", name="Версії", exact=True).first.click()
    expect(page.get_by_role("heading", name="Перенесено: 1")).to_be_visible()


def test_a_week_is_read_on_a_phone_and_a_lesson_is_cancelled_there(
    browser: Browser, address: str, tmp_path: Path
):
    page = teachers_page(browser, address, viewport={"width": 360, "height": 740}, has_touch=True)
    table = tmp_path / "table.csv"
    table.write_text(f"група;дата;початок;кінець\nOR-1;{LAST_WEEK};8:30;10:05\n", encoding="utf-8")
    page.goto("/services/usage/timetable/operations-research/import")
    form = page.locator("form", has_text="Календар (.ics) або таблиця (.csv)")
    form.get_by_label("Календар (.ics)").set_input_files(table)
    form.get_by_role("button", name="Показати, що зміниться").tap()
    page.get_by_role("button", name="Внести до розкладу").tap()
    expect(page.locator("#done")).to_contain_text("Імпорт внесено до розкладу")
    page.goto(f"/services/usage/timetable/operations-research?day={LAST_WEEK}")
    wide, seen = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    assert wide <= seen, "nothing to scroll sideways"
    page.get_by_role("link", name="08:30–10:05").tap()
    page.get_by_role("button", name="Скасувати заняття").tap()
    expect(page.locator("#done")).to_contain_text("Заняття скасовано")
    expect(page.get_by_role("link", name="08:30–10:05")).to_contain_text("скасовано")
    page.screenshot(path=PHOTOS / "timetable-phone.png", full_page=True)
    page.goto("/services/usage/timetable/operations-research/versions")
    who = page.get_by_role("cell", name="tanya").first.bounding_box()
    assert who is not None
    assert who["x"] + who["width"] <= seen, "who made a version is in sight"
