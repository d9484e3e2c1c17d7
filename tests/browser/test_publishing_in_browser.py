"""A teacher publishes with a real browser: a folder that is picked, a zip that is dropped, and faults that are read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pageshub import PASSWORD, PagesHub, free_ports
from playwright.sync_api import Browser, Page, expect
from publishing import material, zipped

pytestmark = pytest.mark.chromium

PHOTOS = Path(__file__).parents[2] / "artefacts" / "screenshots"
DROP = """([name, bytes]) => {
  const data = new DataTransfer();
  data.items.add(new File([new Uint8Array(bytes)], name, { type: "application/zip" }));
  for (const kind of ["dragover", "drop"]) {
    document.getElementById("drop-zone").dispatchEvent(
      new DragEvent(kind, { dataTransfer: data, bubbles: true, cancelable: true }));
  }
}"""


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesHub]:
    names = ("public", "public_api", "vpn", "vpn_api", "hub", "usage")
    running = PagesHub(tmp_path_factory.mktemp("hub"), dict(zip(names, free_ports(6), strict=True)))
    try:
        running.start()
        yield running
    finally:
        running.stop()


def at_the_page(browser: Browser, address: str, locale: str, width: int = 360) -> Page:
    context = browser.new_context(base_url=address, locale=locale, viewport={"width": width, "height": 800})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto("/hub/login?next=%2Fhub%2Fpublish")
    page.locator("input[name=username]").fill("teacher")
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("form button[type=submit]").first.click()
    expect(page.locator("#drop-zone")).to_be_visible()
    return page


def photo(page: Page, name: str) -> None:
    page.screenshot(path=PHOTOS / f"publish.{name}.png", full_page=True)


def test_a_folder_is_picked_looked_at_and_published(hub: PagesHub, browser: Browser, tmp_path: Path):
    folder = tmp_path / "заняття"
    for name, data in material("picked", access="private", **{"дані/ціни.csv": b"1,2\n"}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints/picked.ipynb").write_text("old")
    page = at_the_page(browser, hub.vpn, "uk-UA")
    photo(page, "empty.uk")
    page.locator("#choose-folder").set_input_files(folder)
    expect(page.locator("h1")).to_have_text("Перед публікацією")
    expect(page.locator("table")).to_contain_text("дані/ціни.csv")
    photo(page, "before.uk")
    page.get_by_role("button", name="Опублікувати").click()
    expect(page.locator(".versions .in-force")).to_contain_text("версія 1")
    photo(page, "versions.uk")
    lying = hub.folder / "materials/private/picked/1"
    names = sorted(str(path.relative_to(lying)) for path in lying.rglob("*") if path.is_file())
    assert names == ["material.toml", "picked.ipynb", "дані/ціни.csv"]
    assert all((lying / name).read_bytes() == (folder / name).read_bytes() for name in names)
    page.context.close()


def test_a_zip_is_dropped_and_what_is_wrong_with_it_is_read(hub: PagesHub, browser: Browser):
    page = at_the_page(browser, hub.public, "en-GB", 1280)
    shown = page.locator("#faults")
    spoilt = {f"lesson/{name}": data for name, data in (material("dropped") | {"A": b"", "a": b""}).items()}
    for data, said in (
        (zipped(spoilt), "one name on many machines"),
        (zipped(material("dropped"))[:-30], "no whole zip"),
        (zipped({"a.ipynb": b"{}"}), "no material.toml"),
        (zipped(material("dropped", access="private")), "published at the VPN entrance"),
    ):
        page.evaluate(DROP, ["lesson.zip", list(data)])
        expect(shown).to_contain_text(said)
    expect(shown.get_by_role("link")).to_have_attribute("href", f"{hub.vpn}/hub/publish")
    photo(page, "refused.en")
    page.evaluate(
        DROP, ["lesson.zip", list(zipped({f"lesson/{n}": d for n, d in material("dropped").items()}))]
    )
    expect(page.locator("h1")).to_have_text("Before it is published")
    photo(page, "before.en")
    page.get_by_role("button", name="Discard").click()
    expect(page.locator("#drop-zone")).to_be_visible()
    page.context.close()
