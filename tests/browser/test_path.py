"""The whole path in a real browser: student, teacher and researcher; every page in both languages is photographed."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

sys.path.insert(0, str(Path(__file__).parents[1]))

import httpx
from atthelab import (
    PHOTOS,
    ROOT,
    SHOWN,
    html_lang,
    open_notebook,
    photo,
    press_open,
    run_all,
    stop_servers,
)
from labclient import Visitor
from labrun import RunningLab, start_lab, until
from maximalab_hub.secret_files import Secret, read_secret
from maximalab_spawner.routes import GATE
from storedusage import Stored, moment, pseudonym, stored

pytestmark = pytest.mark.chromium

LOCALE = {"en": "en-GB", "uk": "uk-UA"}
OPEN = {"en": "Open", "uk": "Відкрити"}
LANGUAGES = pytest.mark.parametrize("lang", ["en", "uk"])


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    running = start_lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def browser(chromium_path: str) -> Iterator[Browser]:
    PHOTOS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        quiet = [
            "--no-sandbox",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
        ]
        browser = playwright.chromium.launch(executable_path=chromium_path, args=quiet)
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Browser, lab: RunningLab) -> Iterator[Callable[..., Page]]:
    contexts: list[BrowserContext] = []

    def signed_in(name: str, lang: str, *, entrance: str = "public", width: int = 1280) -> Page:
        context = browser.new_context(
            locale=LOCALE[lang], viewport={"width": width, "height": 900}, base_url=getattr(lab, entrance)
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(60_000)
        page.goto("/")
        photo(page, "login", lang)
        page.locator("input[name=username]").fill(name)
        page.locator("input[name=password]").fill(lab.password(name))
        page.locator("form button[type=submit], form input[type=submit]").first.click()
        page.wait_for_url(re.compile(r"/hub/lab"))
        return page

    yield signed_in
    for context in contexts:
        context.close()


@LANGUAGES
def test_my_lab_speaks_the_readers_language(visit, lang: str):
    page = visit("student", lang)
    assert html_lang(page) == lang
    expect(page.locator("form[action$='/open/simplex'] button")).to_have_text(re.compile(OPEN[lang]))
    photo(page, "my-lab", lang)
    photo(visit("student", lang, width=360), "my-lab-phone", lang)


@LANGUAGES
def test_no_page_scrolls_sideways_on_a_phone(visit, lang: str):
    phone = visit("researcher", lang, width=360)
    for path in (
        "/hub/lab",
        "/hub/token",
        "/hub/vpn-needed",
        "/hub/nothing",
        "/services/usage/",
        "/services/usage/me",
    ):
        phone.goto(path)
        assert phone.evaluate("document.documentElement.scrollWidth") <= 360, path


def test_the_keyboard_reaches_every_button_and_shows_where_it_is(visit):
    page = visit("student", "en")
    wanted, reached = set(page.locator("a, button").all_inner_texts()), set()
    for _ in range(40):
        page.keyboard.press("Tab")
        reached.add(page.evaluate("document.activeElement.innerText"))
        if wanted <= reached:
            return
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none" or (
            page.evaluate("document.activeElement === document.body")
        )
    raise AssertionError(f"not reached: {wanted - reached}")


def test_the_language_can_be_switched(visit):
    page = visit("student", "en")
    page.locator("a[href*='/language/uk']").first.click()
    expect(page.locator("html")).to_have_attribute("lang", "uk")
    expect(page.locator("form[action$='/open/simplex'] button")).to_have_text(re.compile(OPEN["uk"]))


def new_runs(lab: RunningLab, material: str, lang: str, known: set[str]) -> dict[str | None, Stored]:
    """Wait until the store has a run of each cell of the notebook that it did not know; gives them by cell."""
    name = f"{material}/{material}.{lang}.ipynb"
    notebook = json.loads((ROOT / "notebooks" / name).read_text(encoding="utf-8"))
    cells = {cell["id"] for cell in notebook["cells"] if cell["cell_type"] == "code"}

    def runs() -> list[Stored]:
        return [one for one in stored(lab, "student", "run") if one.event_id not in known]

    until(lambda: {one.cell_id for one in runs()} >= cells, "each cell's run is in the store")
    assert {(one.notebook, one.outcome) for one in runs()} == {(name, "ok")}
    return {one.cell_id: one for one in runs()}


ROWS = """() => [...document.querySelectorAll("table.events tbody tr")].map(row => [
  row.querySelector("time").dateTime,
  row.querySelector("td.path").textContent,
  row.querySelector("td code[title]")?.title ?? null,
  row.innerText])"""


def row_of(page: Page, run: Stored, person: str | None) -> str:
    """Find the one row that is about this run: its moment, its notebook, its person where they are told."""
    rows = page.evaluate(ROWS)
    found = [
        text for at, path, who, text in rows if (moment(at), path, who) == (run.at, run.notebook, person)
    ]
    assert len(found) == 1, (run, rows)
    return found[0]


OK = re.compile(r"\bok\b|успішно|добре")


def researcher_sees_the_run(visit, lab: RunningLab, run: Stored, lang: str):
    page = visit("researcher", lang)
    page.goto("/services/usage/?fresh=true")  # not what was reckoned before this run
    assert OK.search(row_of(page, run, pseudonym(lab, "student")))
    assert html_lang(page) == lang
    assert "student" not in page.locator("table").first.inner_text(), "research shows pseudonyms, not names"
    photo(page, "research", lang)


def student_sees_what_is_known(visit, run: Stored, lang: str):
    page = visit("student", lang)
    page.goto("/services/usage/me")
    assert html_lang(page) == lang
    assert OK.search(row_of(page, run, None))
    photo(page, "my-data", lang)
    page.goto("/services/usage/")
    assert page.locator("table").count() == 0, "the researcher's page is not for students"


@LANGUAGES
def test_a_student_solves_an_exercise_and_a_researcher_sees_the_run(visit, lab: RunningLab, lang: str):
    page = visit("student", lang)
    stop_servers(page)
    press_open(page, "simplex")
    page.wait_for_load_state()
    photo(page, "starting", lang)
    page.wait_for_url(re.compile(rf"/lab/tree/simplex/simplex\.{lang}\.ipynb"), timeout=120_000)
    expect(page.locator(f"{SHOWN} .jp-Cell").first).to_be_visible(timeout=120_000)
    known, clicked = {run.event_id for run in stored(lab, "student", "run")}, datetime.now(UTC)
    run_all(page)
    optimum = page.locator(f"{SHOWN} .jp-OutputArea-output").filter(has_text="z = 36, x = 2, y = 6")
    expect(optimum.first).to_be_visible(timeout=90_000)
    expect(page.locator(f"{SHOWN} .jp-OutputArea-output img").first).to_be_attached(timeout=90_000)
    photo(page, "notebook", lang)
    page.keyboard.press("Control+s")
    runs = new_runs(lab, "simplex", lang, known)
    assert all(run.at >= clicked for run in runs.values()), "what was recorded is this Run All"
    newest = max(runs.values(), key=lambda run: run.at)
    researcher_sees_the_run(visit, lab, newest, lang)
    student_sees_what_is_known(visit, newest, lang)


def routes(lab: RunningLab, entrance: str) -> dict[str, dict[str, object]]:
    """Ask an entrance's proxy, as the hub does, which routes it has."""
    key = read_secret(lab.state / "secrets", Secret(f"proxy_token_{entrance}"))
    door = httpx.URL(getattr(lab, entrance))
    api = door.copy_with(port=(door.port or 0) + 1, path="/api/routes")
    return (
        httpx.get(api, headers={"Authorization": f"token {key}"}, trust_env=False).raise_for_status().json()
    )


PRIVATE = "/user/student/private-maxima"


def start_private_server(lab: RunningLab):
    """Open the private material at the VPN entrance, where it is allowed, and leave its server running."""
    student = Visitor(lab.vpn, "student", lab.password("student"))
    student.sign_in()
    student.open_and_wait("matrix-game", "private-maxima")
    student.close()


def assert_only_a_gate(lab: RunningLab):
    """See that the VPN entrance leads to the private server, and the public one to the hub's refusal alone."""
    (leads,) = (route["target"] for spec, route in routes(lab, "vpn").items() if spec.startswith(PRIVATE))
    public = routes(lab, "public")
    assert leads not in {route["target"] for route in public.values()}
    (gate,) = (route for spec, route in public.items() if spec.startswith(PRIVATE))
    assert gate[GATE] is True
    assert str(gate["target"]).startswith(str(public["/"]["target"]))


@LANGUAGES
def test_private_material_is_refused_at_the_public_entrance(visit, lab: RunningLab, lang: str):
    start_private_server(lab)
    page = visit("student", lang)
    answer: list[int] = []
    page.on("response", lambda r: answer.append(r.status) if "matrix-game" in r.url else None)
    page.goto("/hub/lab")
    press_open(page, "matrix-game")
    page.wait_for_load_state()
    assert html_lang(page) == lang
    expect(page.locator("main")).to_contain_text("VPN")
    expect(page.locator(f"a[href^='{lab.vpn}']").first).to_be_visible()
    photo(page, "vpn-needed", lang)
    assert 403 in answer
    assert page.context.request.get(f"{PRIVATE}/lab").status == 403
    assert_only_a_gate(lab)


PUBLISHED = "[ [ 1 , 1 ] , [ 0 , 0 ] , [ 2 11 , 2 11 ] ]"
"""The three games' values by both players' programmes, as the page shows them: 2/11 is a 2 above an 11."""
ERRORS = ", ".join(
    f"{SHOWN} [data-mime-type='application/vnd.jupyter.{kind}']" for kind in ("error", "stderr")
)


@LANGUAGES
def test_private_material_opens_at_the_vpn_entrance(visit, lab: RunningLab, lang: str):
    page = visit("student", lang, entrance="vpn")
    photo(page, "my-lab-vpn", lang)
    open_notebook(page, "matrix-game", lang)
    known = {run.event_id for run in stored(lab, "student", "run")}
    run_all(page)
    new_runs(lab, "matrix-game", lang, known)
    shown = page.locator(f"{SHOWN} .jp-OutputArea-output")
    until(
        lambda: any(PUBLISHED in " ".join(text.split()) for text in shown.all_inner_texts()),
        "the published values are shown",
    )
    expect(page.locator(ERRORS)).to_have_count(0)
    photo(page, "private-notebook", lang)


@LANGUAGES
def test_a_teacher_sees_the_course(visit, lang: str):
    page = visit("teacher", lang)
    expect(page.locator("form[action$='/open/transport'] button")).to_have_text(re.compile(OPEN[lang]))
    photo(page, "my-lab-teacher", lang)


@LANGUAGES
def test_an_unknown_page_answers_in_the_readers_language(visit, lang: str):
    page = visit("student", lang)
    assert page.goto("/hub/no-such-page").status == 404
    assert html_lang(page) == lang
    photo(page, "not-found", lang)


def publish_next_version(lab: RunningLab, folder: Path, material: str) -> None:
    """Publish version 2 of a material by the command that teachers use."""
    source = folder / material
    shutil.copytree(ROOT / "notebooks" / material, source)
    description = source / "material.toml"
    description.write_text(
        re.sub(r"(?m)^version = 1$", "version = 2", description.read_text(encoding="utf-8"))
    )
    command = [sys.executable, "-m", "maximalab_hub.cli", "materials", "publish", str(source)]
    settings = {"MAXIMALAB_SETTINGS": str(lab.state / "maximalab.toml")}
    subprocess.run(command, check=True, env=os.environ | settings)


def test_a_newer_version_is_put_beside_the_students_own(visit, lab: RunningLab, tmp_path: Path):
    page = visit("teacher", "uk")
    open_notebook(page, "transport", "uk")
    publish_next_version(lab, tmp_path, "transport")
    for lang in ("en", "uk"):
        page.goto(f"/user/teacher/public-maxima/maximalab/open?material=transport&lang={lang}")
        assert html_lang(page) == lang
        photo(page, "newer-version", lang)
    page.get_by_role("button").click()
    page.wait_for_url(re.compile(r"/lab/tree/transport-v2/transport\.uk\.ipynb"))
    assert (lab.state / "homes/public/teacher/transport/transport.uk.ipynb").is_file()


@LANGUAGES
@pytest.mark.parametrize(
    ("name", "who", "path", "status"),
    [
        pytest.param("vpn", "student", "/hub/vpn-needed", 200, id="how to get the VPN"),
        pytest.param("token", "student", "/hub/token", 200, id="access keys"),
        pytest.param("for-researchers", "student", "/services/usage/", 403, id="not for students"),
        pytest.param("my-lab-researcher", "researcher", "/hub/lab", 200, id="a researcher's lab"),
        pytest.param("my-lab-admin", "admin", "/hub/lab", 200, id="an admin's lab"),
        pytest.param("admin", "admin", "/hub/admin", 200, id="administration"),
        pytest.param("compare", "researcher", "/services/usage/compare", 200, id="the comparison"),
        pytest.param("not-running", "teacher", "/user/teacher/other-maxima/lab", 424, id="no server runs"),
        pytest.param(
            "usage-not-found", "researcher", "/services/usage/nothing", 404, id="no such usage page"
        ),
    ],
)
def test_every_other_page_is_photographed(visit, name: str, who: str, path: str, status: int, lang: str):
    page = visit(who, lang)
    answer = page.goto(path)
    assert answer is not None
    assert answer.status == status
    assert html_lang(page) == lang
    photo(page, name, lang)


@LANGUAGES
def test_signing_out_and_a_wrong_password_are_photographed(visit, lang: str):
    page = visit("teacher", lang)
    page.goto("/hub/logout")
    assert html_lang(page) == lang
    photo(page, "signed-out", lang)
    page.goto("/hub/login")
    page.locator("input[name=username]").fill("teacher")
    page.locator("input[name=password]").fill("not this one")
    page.locator("form button[type=submit], form input[type=submit]").first.click()
    expect(page.locator("[role=alert]").first).to_be_visible()
    photo(page, "wrong-password", lang)
