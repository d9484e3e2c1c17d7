"""Two studies on the pages: each look, form and download is of the study in its address, each decision of its own."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from pathlib import Path

import pytest
from maximalab_hub.service.signin import STATE_COOKIE, opened
from maximalab_hub.store import log, research
from maximalab_hub.store.engine import reading

sys.path.insert(0, str(Path(__file__).parents[1]))

from usagepages import BESIDE, USAGE
from usagevisits import app, visit

__all__ = ["app", "visit"]

WORDS = {"title_uk": "Звички", "title_en": "Habits", "consent_uk": "Згода", "consent_en": "I agree to Habits"}


def form_token(html: str) -> str:
    found = re.search(r'name="_xsrf" value="([0-9a-f]+)"', html)
    assert found
    return found[1]


@pytest.fixture
def two(visit):
    """A researcher's browser, with `habits` set up beside the settings' study."""
    browser = visit("researcher")
    token = form_token(browser.get(f"{USAGE}/study").text)
    saved = browser.post(f"{USAGE}/study", data={"_xsrf": token, "study": "habits", **WORDS})
    assert (saved.status_code, saved.headers["location"]) == (303, f"{USAGE}/of/habits/study?saved=true")
    return browser


def manifest(browser, study: str) -> dict[str, object]:
    content = browser.get(f"{USAGE}/of/{study}/export.zip?format=csv&since=").content
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return json.loads(archive.read("manifest.json"))


def test_every_link_and_form_of_a_page_stays_in_its_study(two):
    for page in (
        "",
        "compare?since=2026-11-20",
        "competence",
        "ratings",
        "report",
        "export-log",
        "completeness",
        "study",
    ):
        html = two.get(f"{USAGE}/of/lab-study/{page}").text
        inside = re.findall(rf'(?:href|action)="({USAGE}/[^"]*)"', html)
        others = (f"{USAGE}/me", f"{USAGE}/timetable", f"{USAGE}/of/habits/", f"{USAGE}/of/{BESIDE}/")
        assert {one for one in inside if not one.startswith((f"{USAGE}/of/lab-study/", *others))} == set(), (
            page
        )
        assert f"{USAGE}/of/lab-study/" in inside, page


@pytest.mark.parametrize(
    "page", ["", "compare", "ratings", "ratings/check", "competence", "report", "export-log"]
)
def test_a_study_that_does_not_count_has_no_page(two, page):
    assert two.get(f"{USAGE}/of/lab-study/{page}").status_code == 200
    assert two.get(f"{USAGE}/of/nosuch/{page}").status_code == 404


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_student_is_asked_about_each_and_an_answer_is_for_one(visit, two, app, language):
    student = visit("demo-01", language)
    html = student.get(f"{USAGE}/me").text
    assert ("Звички" if language == "uk" else "Habits") in html
    assert set(re.findall(r'name="study" value="([^"]+)"', html)) == {"habits", "lab-study", BESIDE}
    before = {name: manifest(two, name)["people"] for name in ("habits", "lab-study")}
    for decision, more in (("agree", 1), ("withdraw", 0)):
        form = {"_xsrf": form_token(html), "study": "habits", "decision": decision, "version": "1"}
        assert student.post(f"{USAGE}/me/consent", data=form).status_code == 303
        told = {name: manifest(two, name) for name in ("habits", "lab-study")}
        assert {name: one["study"] for name, one in told.items()} == {name: name for name in told}
        assert {name: one["people"] for name, one in told.items()} == before | {
            "habits": before["habits"] + more
        }
    with reading(app.state.engine) as connection:
        assert research.decisions(connection, "lab-study", user="demo-01")[-1].agreed
        assert list(log.entries(connection, study="habits"))


def test_levels_that_are_typed_for_one_study_are_not_in_the_other(two):
    token = form_token(two.get(f"{USAGE}/of/habits/competence").text)
    typed = {"_xsrf": token, "title": "Of habits alone", "levels": ";low;high\nbefore;3;4\nafter;2;5"}
    kept = two.post(f"{USAGE}/of/habits/competence", data=typed)
    assert (kept.status_code, kept.headers["location"]) == (303, f"{USAGE}/of/habits/competence")
    shown = [
        "Of habits alone" in two.get(f"{USAGE}/of/{one}/competence").text for one in ("habits", "lab-study")
    ]
    assert shown == [True, False]


def test_who_has_to_sign_in_comes_back_to_the_study(visit, app):
    answer = visit("nobody").get(f"{USAGE}/of/habits/compare?since=2026-09-01")
    assert answer.status_code == 302
    header = answer.headers["set-cookie"]
    kept = header.partition("=")[2].partition(";")[0].strip('"')
    attempt = opened(kept, app.state.form_key)
    assert header.startswith(STATE_COOKIE)
    assert attempt
    assert attempt.next == f"{USAGE}/of/habits/compare?since=2026-09-01"


def test_a_closed_study_and_an_unknown_one_are_not_found(visit, two):
    html = two.get(f"{USAGE}/study").text
    for name in ("habits", BESIDE):
        closed = two.post(f"{USAGE}/study/close", data={"_xsrf": form_token(html), "study": name})
        assert closed.status_code == 303
    for name in ("habits", BESIDE, "unheard-of"):
        for page in ("", "export.zip", "export.csv", "compare", "study"):
            assert two.get(f"{USAGE}/of/{name}/{page}").status_code == 404, (name, page)
    assert 'value="habits"' not in visit("demo-01").get(f"{USAGE}/me").text
    last = two.post(f"{USAGE}/study/close", data={"_xsrf": form_token(html), "study": "lab-study"})
    assert last.status_code == 409


def alerts(html: str) -> str:
    found = re.search(r'role="alert">(.*?)</div>', html, re.DOTALL)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", found[1])) if found else ""


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        pytest.param(
            "study", "Habits 2", "Short name : “Habits 2” is no short name", id="a name with a blank"
        ),
        pytest.param("study", " ", "Short name : it is empty", id="no name"),
        pytest.param("title_en", "", "Title in English : it is empty", id="no title in one language"),
        pytest.param("consent_uk", " \n", "What people agree to, in Ukrainian : it is empty", id="no text"),
    ],
)
def test_what_is_missing_is_named_and_nothing_is_saved(visit, field, value, told):
    browser = visit("researcher")
    token = form_token(browser.get(f"{USAGE}/study").text)
    form = {"_xsrf": token, "study": "half-done", **WORDS, field: value}
    refused = browser.post(f"{USAGE}/study", data=form)
    assert refused.status_code == 400
    assert told in alerts(refused.text)
    assert alerts(refused.text).count(" : ") == 1, "what is well is not named"
    assert browser.get(f"{USAGE}/of/half-done/").status_code == 404


def test_a_changed_text_to_which_people_agreed_is_saved_after_a_tick_alone(visit):
    browser, student = visit("researcher"), visit("demo-01")
    form = {"_xsrf": form_token(browser.get(f"{USAGE}/study").text), "study": "ticked", **WORDS}
    assert browser.post(f"{USAGE}/study", data=form).status_code == 303
    token = form_token(student.get(f"{USAGE}/me").text)
    agreeing = {"_xsrf": token, "study": "ticked", "decision": "agree", "version": "1"}
    assert student.post(f"{USAGE}/me/consent", data=agreeing).status_code == 303
    titled = {**form, "title_en": "Habits of work"}
    assert browser.post(f"{USAGE}/study", data=titled).status_code == 303, "a title asks nobody anew"
    changed = {**form, "consent_en": "I agree to Habits, mended"}
    asked = browser.post(f"{USAGE}/study", data=changed)
    assert asked.status_code == 409
    assert "People who agreed to the text as it was: 1." in alerts(asked.text)
    assert "Habits, mended" in asked.text, "what was typed is still there"
    assert manifest(browser, "ticked")["people"] == 1
    assert browser.post(f"{USAGE}/study", data={**changed, "anew": "true"}).status_code == 303
    assert manifest(browser, "ticked")["people"] == 0
