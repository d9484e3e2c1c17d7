"""A researcher sets up a study, a student agrees and later withdraws: in a real browser, at a real hub and service."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from maximalab_hub.export.csv import read_csv
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.secret_files import Secret, read_secret
from notebookpage import PHOTOS
from playwright.sync_api import Browser, Page, expect
from postedtoservice import SERVER, an_event, moment, post, statuses
from usagelab import PASSWORD, UsageLab, running_usage_lab

pytestmark = pytest.mark.chromium

expect.set_options(timeout=60_000)

USAGE = "/services/usage"
TEXT = "I agree to the study of spring, version"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[UsageLab]:
    folder = tmp_path_factory.mktemp("walk")
    with running_usage_lab(folder, f"sqlite:///{folder / 'usage.sqlite'}") as running:
        for n, user in enumerate(("ada", "bob")):
            token = running.server_token(user, SERVER)
            told = an_event(kind="server_start", user=user, server=SERVER, at=moment(minutes=-60))
            where = {"tier": "public", "backend": "local", "entrance": "vpn"}
            assert statuses(post(running, running.tokens["witness"], [told | where])) == ["stored"]
            runs = [
                an_event(notebook="simplex/simplex.uk.ipynb", at=moment(minutes=-30 + one))
                for one in range(3 + n)
            ]
            assert set(statuses(post(running, token, runs))) == {"stored"}
        yield running


@contextmanager
def signed_in(browser: Browser, lab: UsageLab, name: str) -> Iterator[Page]:
    """A window in which this person is signed in, as people do it."""
    context = browser.new_context(base_url=lab.public, locale="en-GB", accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{USAGE}/me")
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="My data", exact=True)).to_be_visible()
    yield page
    context.close()


def set_up(page: Page, version: int) -> None:
    page.get_by_role("link", name="Usage").click()
    page.get_by_role("link", name="Set up the study").click()
    page.get_by_label("Short name").fill("spring")
    for language, title in (("Ukrainian", "Весняне дослідження"), ("English", "The study of spring")):
        page.get_by_label(f"Title in {language}").fill(title)
        page.get_by_label(f"What people agree to, in {language}").fill(
            f"{TEXT} {version}. ({language})\n\nTwo paragraphs."
        )
    page.get_by_role("button", name="Save").click()
    if version > 1:
        expect(page.get_by_role("alert")).to_contain_text("People who agreed to the text as it was: 1.")
        page.screenshot(path=PHOTOS / "study-asks-anew.png", full_page=True)
        page.get_by_label("Ask all of them anew").check()
        page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("status")).to_contain_text(f"version {version} of the text")
    page.screenshot(path=PHOTOS / f"study-set-up-{version}.png", full_page=True)


def exported(page: Page, folder: Path) -> tuple[set[str], dict[str, object]]:
    """Download the archive from the page; give the people in it, and its manifest."""
    page.goto(f"{USAGE}/")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    download.value.save_as(folder / "export.zip")
    with zipfile.ZipFile(io.BytesIO((folder / "export.zip").read_bytes())) as archive:
        rows = read_csv(archive.read("events.csv"))
        manifest = json.loads(archive.read("manifest.json"))
        whole = b"".join(map(archive.read, archive.namelist()))
    # As a word: hashes are full of digits and letters, and three of them may well be these.
    assert not re.search(rb"(?<![0-9a-z])ada(?![0-9a-z])", whole), "no name in any file"
    return {str(row["person"]) for row in rows}, manifest


def decide(page: Page, button: str, said: str) -> None:
    page.goto(f"{USAGE}/me")
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.locator(".consent")).to_contain_text(said)


def test_the_export_before_holds_the_student_and_the_one_after_does_not(
    browser: Browser, lab: UsageLab, tmp_path: Path
) -> None:
    names = pseudonyms_of("spring", read_secret(lab.folder / "secrets", Secret.PSEUDONYM_KEY))
    with signed_in(browser, lab, "rea") as researcher, signed_in(browser, lab, "ada") as student:
        set_up(researcher, 1)
        assert exported(researcher, tmp_path)[0] == set(), "nobody has agreed yet"

        student.goto(f"{USAGE}/me")
        expect(student.locator(".consent")).to_contain_text(f"{TEXT} 1. (English)")
        text = student.locator(".consent blockquote").first.inner_text()
        assert text == f"{TEXT} 1. (English)\n\nTwo paragraphs.", (
            "a text that is agreed to keeps its paragraphs"
        )
        decide(student, "Agree", "You take part in the study.")
        student.screenshot(path=PHOTOS / "consent-given.png", full_page=True)
        people, manifest = exported(researcher, tmp_path)
        assert people == {names.of("ada")}
        assert (manifest["study"], manifest["consent_version"], manifest["people"]) == ("spring", 1, 1)

        set_up(researcher, 2)
        assert exported(researcher, tmp_path)[0] == set(), "a new text was agreed to by nobody"
        student.goto(f"{USAGE}/me")
        expect(student.locator(".consent")).to_contain_text("The text has changed since your decision")
        decide(student, "Agree", "You take part in the study.")
        assert exported(researcher, tmp_path)[0] == {names.of("ada")}

        decide(student, "Withdraw", "You do not take part in the study.")
        people, manifest = exported(researcher, tmp_path)
        assert (people, manifest["people"]) == (set(), 0)

        researcher.goto(f"{USAGE}/export-log")
        expect(researcher.locator("main")).to_contain_text("The log is whole.")
        # Each of the five exports was preceded by a look, asked for, and given out whole; one look more at its text.
        expect(researcher.locator("tbody tr")).to_have_count(16)
        researcher.screenshot(path=PHOTOS / "export-log-after-the-walk.png", full_page=True)


def test_a_student_takes_everything_away_and_asks_for_erasure(
    browser: Browser, lab: UsageLab, tmp_path: Path
) -> None:
    with signed_in(browser, lab, "bob") as student, signed_in(browser, lab, "root") as admin:
        with student.expect_download() as download:
            student.get_by_role("link", name="Take everything away").click()
        download.value.save_as(tmp_path / "mine.zip")
        with zipfile.ZipFile(tmp_path / "mine.zip") as archive:
            mine = json.loads(archive.read("my-data.json"))
        assert len([one for one in mine["event"] if one["kind"] == "run"]) == 4
        student.get_by_role("button", name="Ask for erasure").click()
        expect(student.locator("main")).to_contain_text("You asked for it on")

        admin.goto(f"{USAGE}/erasures")
        expect(admin.locator("tbody")).to_contain_text("bob")
        for field in ("Account name", "Account name, once more"):
            admin.get_by_label(field, exact=True).fill("bob")
        admin.get_by_label("Reason").fill("asked in My data")
        admin.get_by_role("button", name="Erase for ever").click()
        expect(admin.get_by_role("status")).to_contain_text("Done.")
        admin.screenshot(path=PHOTOS / "erased.png", full_page=True)

        student.reload()
        expect(student.locator("main")).to_contain_text("Nothing yet.")
