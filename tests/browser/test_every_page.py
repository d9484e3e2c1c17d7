"""Every page of the lab in a real browser, in both languages, wide and on a phone: photographed and looked over."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from jinja2 import Environment
from legibility import pale_texts, unfit_controls
from maximalab_hub.service import pages
from maximalab_hub.service.signin import COOKIE
from openercases import OPENER
from pagecases import CASES, TALES
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from showroom import showroom, slug
from usagepages import USAGE, USAGE_CASES, path_of, usage_pages

pytestmark = pytest.mark.chromium

expect.set_options(timeout=60_000)

PHOTOS = Path(__file__).parents[2] / "artefacts" / "screenshots" / "pages"
WIDTHS = {"": 1280, ".phone": 360}
LANGUAGES = pytest.mark.parametrize("lang", ["uk", "en"])


class Remembering(Environment):
    """The service's own templates, remembering which page was asked for last."""

    page = ""
    usage_app = None

    def get_template(self, name, parent=None, globals=None):  # noqa: A002  so it is called in Jinja
        self.page = self.page if parent else name
        return super().get_template(name, parent, globals)


@pytest.fixture(scope="module")
def templates() -> Remembering:
    plain = pages._templates()
    return Remembering(loader=plain.loader, undefined=plain.undefined, **pages.JINJA_OPTIONS)


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, templates: Remembering) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("room")
    (folder / "hub").mkdir()
    with (
        pytest.MonkeyPatch.context() as patch,
        usage_pages(folder) as usage,
        showroom(folder / "hub", usage) as address,
    ):
        patch.setattr(pages, "_templates", lambda: templates)
        patch.setattr(templates, "usage_app", usage)
        yield address


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    PHOTOS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def window(browser: Browser, room: str) -> Callable[[str], Page]:
    """One window for each language, in which one page is looked at after another."""
    languages = {"uk": "uk-UA", "en": "en-GB"}
    windows = {
        lang: browser.new_context(base_url=room, locale=locale, reduced_motion="reduce").new_page()
        for lang, locale in languages.items()
    }
    for page in windows.values():
        page.set_default_timeout(60_000)
    return windows.__getitem__


class Complaints(list[str]):
    """What the console said against a page; that the page itself answers with an error is no complaint."""

    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page

    def heard(self, said: ConsoleMessage) -> None:
        own = said.location["url"] == self.page.url and "Failed to load resource" in said.text
        if said.type in {"error", "warning"} and not own:
            self.append(f"{said.text} ({said.location['url']})")


@pytest.fixture
def looked_at(window, lang: str):
    """Go to a page, photograph it at both widths, and see that nothing is wrong with it."""
    page = window(lang)
    complaints = Complaints(page)
    page.on("console", complaints.heard)
    page.on("pageerror", wrong := lambda error: complaints.append(str(error)))

    def look(path: str, name: str, status: int) -> None:
        page.set_viewport_size({"width": WIDTHS[""], "height": 800})
        answer = page.goto(path)
        assert answer is not None
        assert answer.status == status
        all_told(page, name)
        for suffix, width in WIDTHS.items():
            page.set_viewport_size({"width": width, "height": 800})
            page.screenshot(path=PHOTOS / f"{slug(name)}.{lang}{suffix}.png", full_page=True)
            if page.evaluate("document.documentElement.scrollWidth") > width:
                complaints.append(f"scrolls sideways at {width} px")
            complaints.extend(f"at {width} px {fault}" for fault in unfit_controls(page))
        complaints.extend(pale_by_day_and_night(page, name, lang))
        assert complaints == []

    yield look
    page.remove_listener("console", complaints.heard)
    page.remove_listener("pageerror", wrong)


def pale_by_day_and_night(page: Page, name: str, lang: str) -> Iterator[str]:
    """Find the texts that are too pale, in light and in dark; the dark page is photographed in Ukrainian."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        if (scheme, lang) == ("dark", "uk"):
            page.screenshot(path=PHOTOS / f"{slug(name)}.dark.png", full_page=True)
        yield from (f"pale when {scheme}, {text}" for text in pale_texts(page))


def all_told(page: Page, case: str) -> None:
    """Wait until a page that goes on by itself shows all that it is going to."""
    _, _, tale = case.partition("starting, ")
    if case == "admin":
        expect(page.locator("#react-admin-hook table").first).to_contain_text("student")
    elif tale in {"failed", "cancelled"}:
        expect(page.get_by_role("alert")).to_be_visible()
    elif tale:
        expect(page.locator("#start-steps li")).to_have_count(len(TALES[tale]))


@LANGUAGES
@pytest.mark.parametrize("case", CASES)
def test_a_page_of_the_hub(looked_at, case: str, lang: str):
    looked_at(f"/shown/{slug(case)}/{lang}", case, 200)


@LANGUAGES
@pytest.mark.parametrize("case", OPENER)
def test_a_page_of_the_opener(looked_at, case: str, lang: str):
    looked_at(f"/opener/{slug(case)}/{lang}", case, OPENER[case][2])


@LANGUAGES
@pytest.mark.parametrize("case", USAGE_CASES)
def test_a_page_of_the_usage_service(looked_at, window, templates, room: str, case: str, lang: str):
    template, who, path, status = USAGE_CASES[case]
    window(lang).context.clear_cookies()
    window(lang).context.add_cookies([{"name": COOKIE, "value": f"token-of-{who}", "url": room}])
    looked_at(USAGE + path_of(templates.usage_app, path), case, status)
    assert templates.page == f"usage/{template}.html"


@LANGUAGES
def test_the_page_of_an_entrance_whose_hub_is_away(looked_at, lang: str):
    looked_at("/entrance", "entrance error", 503)
