"""A page with earlier figures puts the newest in their place by itself; says so where they cannot be reckoned."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from databases import without_table
from maximalab_hub.example_history import CLASS
from maximalab_hub.service.signin import COOKIE
from maximalab_hub.store import bulk, queries
from maximalab_hub.store.engine import writing
from notebookpage import PHOTOS
from playwright.sync_api import Browser, Page, Route, expect
from servedapp import served, with_files_of_the_hub
from usagepages import USAGE, usage_pages

if TYPE_CHECKING:
    from collections.abc import Iterator

    from fastapi import FastAPI

pytestmark = pytest.mark.chromium

ASKED = f"{USAGE}/compare?since="


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[FastAPI, str]]:
    """The real service with the example class, on a port of its own."""
    with usage_pages(tmp_path_factory.mktemp("lab")) as app, served(app) as address:
        yield app, address


@pytest.fixture
def page(browser: Browser, service: tuple[FastAPI, str]) -> Iterator[Page]:
    context = browser.new_context(base_url=service[1], locale="en-GB")
    context.add_cookies([{"name": COOKIE, "value": "token-of-researcher", "url": service[1]}])
    page = with_files_of_the_hub(context.new_page())
    page.set_default_timeout(60_000)
    yield page
    context.close()


def one_more_run(app: FastAPI) -> None:
    """Let somebody run one more cell, so that what is kept is out of date."""
    with writing(app.state.engine) as connection:
        [some] = queries.last_events(connection, 1, users=[CLASS[0]], kinds=["run"])
        now = datetime.now(UTC)
        new = dict(some._mapping) | {"event_id": f"more-{now}"[:36], "seq": some.seq + 1, "at": now}
        assert bulk.insert_events(connection, [new])


def test_the_newest_figures_take_the_place_of_the_earlier_ones(
    page: Page, service: tuple[FastAPI, str]
) -> None:
    page.goto(ASKED)
    expect(page.locator("#as-of")).to_have_count(0)
    one_more_run(service[0])
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    with page.expect_response("**/compare?*fresh=true*") as answer:
        page.goto(ASKED)
    assert answer.value.status == 200
    expect(page.locator("#as-of")).to_have_count(0)
    expect(page.locator("main")).to_have_count(1)
    page.locator("svg.week rect").first.click()
    expect(page.locator("section:has(> #week) .kept")).to_contain_text(
        ": "
    )  # the drawings' script runs again
    assert sum("fresh=true" in url for url in asked) == 1, "it does not ask again and again"
    assert page.url.endswith(ASKED), "the address stays, to be kept or sent"


def test_a_page_whose_figures_cannot_be_reckoned_says_so_and_keeps_the_earlier_ones(
    page: Page, service: tuple[FastAPI, str]
) -> None:
    page.goto(ASKED)
    one_more_run(service[0])
    with without_table(service[0].state.engine, "lesson"):
        page.goto(ASKED)
        expect(page.locator("#as-of")).to_contain_text("could not be reckoned anew")
    expect(page.locator("#week")).to_be_visible()
    page.screenshot(path=PHOTOS / "figures-not-reckoned-anew.png")


def test_who_is_typing_is_left_alone(page: Page, service: tuple[FastAPI, str]) -> None:
    page.goto(f"{ASKED}&fresh=true")
    one_more_run(service[0])

    def hold(route: Route) -> None:
        page.locator("#since").focus()
        route.continue_()

    page.route("**/compare?*fresh=true*", hold)
    page.goto(ASKED)
    expect(page.locator("#as-of")).to_contain_text("newer figures are ready")
    expect(page.locator("#since")).to_be_focused()
    page.unroute("**/compare?*fresh=true*")
    page.locator("#as-of a").click()
    expect(page.locator("#as-of")).to_have_count(0)
