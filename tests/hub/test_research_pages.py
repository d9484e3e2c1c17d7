"""The study page, completeness, erasure and My data, as people with their rights see them, in both languages."""

from __future__ import annotations

import html as escapes
import io
import json
import re
import sys
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import maximalab_hub
import pypdfium2
import pytest
from babel.messages.extract import extract_from_dir
from fastapi.testclient import TestClient
from maximalab_hub.example_history import CLASS
from maximalab_hub.export.csv import read_csv
from maximalab_hub.language import translations
from maximalab_hub.store import bulk, queries, research
from maximalab_hub.store.engine import reading, writing

sys.path.insert(0, str(Path(__file__).parents[1]))

from pagewords import menu, words_of
from usagepages import USAGE
from usagevisits import app, visit

__all__ = ["app", "visit"]

ENGLISH = re.compile(r"[A-Za-z]{2,}(?: [A-Za-z]{2,}){2,}")


def form_token(html: str) -> str:
    found = re.search(r'name="_xsrf" value="([0-9a-f]+)"', html)
    assert found
    return found[1]


@pytest.mark.parametrize("language", ["uk", "en"])
@pytest.mark.parametrize(
    ("name", "path", "status", "uk", "en"),
    [
        pytest.param(
            "researcher", "/", 200, "На занятті та поза заняттям", "In class and out of class", id="study"
        ),
        pytest.param(
            "researcher",
            "/compare?course=nothing",
            200,
            "хмару немає з чим порівняти",
            "there is nothing to compare the cloud with",
            id="a comparison without work at home",
        ),
        pytest.param("admin", "/", 200, "Останні події", "Last events", id="study for the admin"),
        pytest.param(
            "teacher", "/", 403, "для дослідників", "for researchers", id="teachers are told whose it is"
        ),
        pytest.param("student", "/", 403, "для дослідників", "for researchers", id="students as well"),
        pytest.param(
            "demo-01", "/me", 200, "Що записано про мене", "What is recorded about me", id="my data"
        ),
        pytest.param("newcomer", "/me", 200, "Поки що нічого", "Nothing yet", id="nothing recorded yet"),
    ],
)
def test_a_page_says_what_it_should_in_the_readers_language(visit, language, name, path, status, uk, en):
    answer = visit(name, language).get(USAGE + path)
    assert answer.status_code == status
    assert f'<html lang="{language}">' in answer.text
    words = words_of(answer.text)
    assert (uk if language == "uk" else en) in words
    if language == "uk":
        assert not ENGLISH.findall(words.replace("English", "")), "an untranslated sentence"


@pytest.mark.parametrize(
    ("name", "places"),
    [
        pytest.param("student", ["/me"], id="a student"),
        pytest.param("teacher", ["/me", "/timetable"], id="a teacher"),
        pytest.param("researcher", ["/me", "/"], id="a researcher"),
        pytest.param("admin", ["/me", "/timetable", "/"], id="an admin"),
    ],
)
def test_no_link_in_the_menu_leads_to_a_refusal(visit, name, places):
    shown = menu(visit(name).get(f"{USAGE}/me").text)
    ours = [link for link in shown if link.startswith(USAGE)]
    assert ours == [USAGE + place for place in places]
    assert {link: visit(name).get(link).status_code for link in ours} == dict.fromkeys(ours, 200)


def test_whoever_is_not_signed_in_is_sent_to_the_hub(app):
    answer = TestClient(app, follow_redirects=False).get(f"{USAGE}/me", headers={"Accept": "text/html"})
    assert answer.status_code == 302
    assert answer.headers["location"].startswith("/hub/api/oauth2/authorize")


def test_the_study_page_shows_pseudonyms_and_no_name(visit):
    html = visit("researcher").get(f"{USAGE}/").text
    assert not [name for name in CLASS if name in html]
    assert len(set(re.findall(r'<code title="([0-9a-f]{32})">', html))) > 1


def test_the_comparison_stands_beside_the_last_events(visit):
    html = visit("researcher").get(f"{USAGE}/").text
    assert "Wilcoxon" in html
    assert html.count('class="bar ') == 2
    assert html.count("<tr>") > 50
    assert "not shown: fewer than 10 people" in words_of(html)


def test_those_who_did_not_agree_are_left_out_and_a_few_of_them_not_counted(visit):
    html = visit("researcher").get(f"{USAGE}/?since=").text
    assert "&lt; 10</span> people left out" in html
    assert "events left out with them" not in html


@pytest.mark.parametrize(
    ("query", "status"),
    [
        pytest.param("course=operations-research&kind=run", 200, id="a course and a kind"),
        pytest.param("since=2026-01-01&until=2026-12-31", 200, id="a period"),
        pytest.param("since=&until=&course=&kind=", 200, id="an empty form means all"),
        pytest.param("course=%27+OR+1%3D1+--", 200, id="t18 a course that is SQL finds nothing"),
        pytest.param("kind=look", 400, id="looks are no part of the study"),
        pytest.param("since=yesterday", 400, id="no day"),
        pytest.param("since=9999-12-31", 400, id="a day beyond all calendars"),
        pytest.param("until=0001-01-01", 400, id="a day before them"),
        pytest.param("course=" + "c" * 65, 400, id="an endless course"),
    ],
)
def test_questions_to_the_study_page(visit, query, status):
    assert visit("researcher").get(f"{USAGE}/?{query}").status_code == status


@pytest.mark.parametrize(
    ("name", "path"),
    [
        pytest.param("researcher", "/?since=yesterday", id="the study page"),
        pytest.param(
            "teacher", "/timetable/operations-research/rhythm?since=yesterday", id="a teacher's page"
        ),
    ],
)
@pytest.mark.parametrize(
    ("language", "named", "remedy"),
    [
        pytest.param("uk", "У полі «Від дня»", "Дні записують як 2026-09-07", id="in Ukrainian"),
        pytest.param("en", "In the field “From”", "Days are written 2026-09-07", id="in English"),
    ],
)
def test_a_field_that_cannot_be_read_is_named_with_the_remedy(visit, name, path, language, named, remedy):
    shown = words_of(visit(name, language).get(USAGE + path).text)
    assert named in shown
    assert remedy in shown


@pytest.mark.parametrize(
    ("language", "name", "path", "said"),
    [
        pytest.param(
            "uk", "researcher", "/compare?grid=true&", "«Від дня» стоїть 10 листопада 2026", id="compare"
        ),
        pytest.param("en", "researcher", "/export.zip?", "“Up to and with” 1 November 2026", id="an export"),
        pytest.param(
            "en", "teacher", "/timetable/operations-research/rhythm?", "“From” stands 10 Nov", id="rhythm"
        ),
    ],
)
def test_a_period_that_ends_before_it_begins_names_both_fields_and_keeps_them(
    visit, language, name, path, said
):
    browser = visit(name, language)
    answer = browser.get(f"{USAGE}{path}since=2026-11-10&until=2026-11-01")
    assert answer.status_code == 400
    assert said in words_of(answer.text)
    assert 'name="since" value="2026-11-10"' in answer.text
    assert 'name="until" value="2026-11-01"' in answer.text
    assert ('name="grid" value="true"' in answer.text) == ("grid" in path)
    assert browser.get(f"{USAGE}{path}since=2026-11-10&until=2026-11-10").status_code == 200


def test_t18_evil_names_are_shown_as_text(visit, app):
    evil = ["{{7*7}}", "<img src=x onerror=alert(1)>", "' OR 1=1 --"]
    now = datetime.now(UTC)
    with reading(app.state.engine) as connection:
        [some] = queries.last_events(connection, 1, users=[CLASS[0]], kinds=["run"])
    rows = [
        dict(some._mapping)
        | {"event_id": f"evil-{n}", "at": now + timedelta(seconds=n)}
        | {"notebook": text, "course": text, "material": text[:64], "error_name": text}
        for n, text in enumerate(evil)
    ]
    with writing(app.state.engine) as connection:
        bulk.insert_events(connection, rows)
    for name, path in (("researcher", "/?since="), (CLASS[0], "/me")):
        html = visit(name).get(USAGE + path).text
        assert "{{7*7}}" in html
        assert "&lt;img src=x onerror=alert(1)&gt;" in html
        assert "<img src=x" not in html
        assert "&#39; OR 1=1 --" in html
    found = visit("researcher").get(f"{USAGE}/export.csv?since=&course=%27+OR+1%3D1+--")
    assert [row["notebook"] for row in read_csv(found.content)] == ["' OR 1=1 --"]


@pytest.mark.parametrize(
    ("language", "named"),
    [
        pytest.param("en", ("sign in", "entrance", "refused", "machine it uses", "cell you run"), id="en"),
        pytest.param("uk", ("входите", "вхід", "відмовлено", "ресурсів машини", "запуск комірки"), id="uk"),
    ],
)
def test_my_data_says_beforehand_all_that_is_recorded(visit, language, named):
    html = visit("newcomer", language).get(f"{USAGE}/me").text
    told = html.partition("<h1>")[2].partition("<section")[0]
    assert [one for one in named if one not in told] == []


def test_erasure_is_asked_for_in_my_data_and_done_by_an_admin(visit, app):
    person, admin = visit("newcomer"), visit("admin")

    def ask(decision: str) -> None:
        form = {"_xsrf": form_token(person.get(f"{USAGE}/me").text), "decision": decision}
        assert person.post(f"{USAGE}/me/erasure", data=form).status_code == 303

    ask("ask")
    assert "You asked for it on" in person.get(f"{USAGE}/me").text
    ask("withdraw")
    assert "newcomer" not in words_of(admin.get(f"{USAGE}/erasures").text)
    ask("ask")
    page = admin.get(f"{USAGE}/erasures").text
    assert "newcomer" in words_of(page)
    form = {"_xsrf": form_token(page), "user": "newcomer", "reason": "на прохання"}
    unlike = admin.post(f"{USAGE}/erasures", data=form | {"again": "newcomers"})
    assert (unlike.status_code, "Nothing was erased" in unlike.text) == (400, True)
    done = admin.post(f"{USAGE}/erasures", data=form | {"again": "newcomer"})
    assert (done.status_code, "requests for erasure — 1" in words_of(done.text)) == (200, True)
    assert "Nobody is waiting." in done.text
    assert "на прохання" in admin.get(f"{USAGE}/export-log").text, "in letters, not in escapes"
    assert "a note that records were erased" in person.get(f"{USAGE}/me").text
    assert visit("researcher").post(f"{USAGE}/erasures", data=form).status_code == 403


def test_all_that_is_known_about_me_can_be_taken_away(visit):
    answer = visit("demo-01").get(f"{USAGE}/me/data.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        told = json.loads(archive.read("my-data.json"))
        rows = archive.read("event.csv").count(b"\r\n") - 1
    assert len(told["event"]) == rows > 10
    assert {one["user"] for table in ("event", "server", "consent", "enrolment") for one in told[table]} == {
        "demo-01"
    }


def test_consent_is_asked_given_and_withdrawn(visit, app):
    person, researcher = visit("demo-01"), visit("researcher")

    def exported() -> int:
        return len({row["person"] for row in read_csv(researcher.get(f"{USAGE}/export.csv?since=").content)})

    def send(decision: str) -> int:
        token = form_token(person.get(f"{USAGE}/me").text)
        form = {"_xsrf": token, "study": "lab-study", "decision": decision, "version": "1"}
        return person.post(f"{USAGE}/me/consent", data=form).status_code

    before = exported()
    assert "You take part in the study." in person.get(f"{USAGE}/me").text
    assert send("withdraw") == 303
    assert "You do not take part in the study." in person.get(f"{USAGE}/me").text
    assert exported() == before - 1
    assert send("agree") == 303
    assert exported() == before


@pytest.mark.parametrize(
    ("form", "status"),
    [
        pytest.param({"decision": "agree", "version": "1"}, 403, id="without the form token"),
        pytest.param(
            {"decision": "agree", "version": "1", "_xsrf": "0" * 64}, 403, id="with a made-up token"
        ),
        pytest.param({"decision": "maybe", "version": "1", "_xsrf": None}, 422, id="no such decision"),
        pytest.param(
            {"decision": "agree", "version": "0", "_xsrf": None}, 303, id="to a text that has changed"
        ),
        pytest.param(
            {"decision": "agree", "version": "1", "_xsrf": None, "study": "other"}, 303, id="to another study"
        ),
    ],
)
def test_a_decision_counts_only_as_it_was_asked_for(visit, app, form, status):
    person = visit("newcomer")
    token = form_token(person.get(f"{USAGE}/me").text)
    sent = {"study": "lab-study"} | {key: token if value is None else value for key, value in form.items()}
    assert person.post(f"{USAGE}/me/consent", data=sent).status_code == status
    with reading(app.state.engine) as connection:
        assert research.decisions(connection, "lab-study", user="newcomer") == []


def test_ones_own_events_can_be_taken_away(visit, app):
    person = visit("demo-01")
    with reading(app.state.engine) as connection:
        count = sum(research.events_by_kind(connection, "demo-01").values())
    events = json.loads(person.get(f"{USAGE}/me/events.json").content)
    assert len(events) == count
    assert {event["user"] for event in events} == {"demo-01"}
    rows = read_csv(person.get(f"{USAGE}/me/events.csv").content)
    assert len(rows) == count
    assert {row["person"] for row in rows} == {"demo-01"}
    assert json.loads(visit("newcomer").get(f"{USAGE}/me/events.json").content) == []


def test_every_word_of_the_usage_pages_is_translated():
    """The same as for the hub's pages, with the words that are only marked for translation."""
    package = Path(maximalab_hub.__file__).parent
    methods = [("**/service/**.py", "python"), ("**/templates/usage/**.html", "jinja2")]
    options = {"**.html": {"extensions": "jinja2.ext.i18n", "silent": "false"}}
    keywords = {"_": None, "gettext": None, "words": None, "N_": None}
    found = {m for _, _, m, _, _ in extract_from_dir(package, methods, options, keywords=keywords) if m}
    assert {"in class", "Withdraw", "{n} ms", "Something broke"} <= found
    ukrainian = translations("uk")
    assert [message for message in found if ukrainian.gettext(message) == message and message != "VPN"] == []


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_comparison_is_a_pdf_and_its_drawings_are_files_where_there_are_enough_people(visit, language):
    researcher, since = visit("researcher", language), "since=2026-01-01"
    page = researcher.get(f"{USAGE}/compare?{since}").text
    files = dict.fromkeys(
        escapes.unescape(one) for one in re.findall(r'href="([^"]*/compare/\w+\.[^"]*)"', page)
    )
    assert len(files) >= 4, "a link to each form of each drawing that the page shows"
    for address in files:
        given = researcher.get(address)
        start = b"\x89PNG" if ".png?" in address else b"<svg"
        assert given.content.startswith(start), address
        assert given.headers["content-disposition"].startswith("attachment"), address
    paper = researcher.get(f"{USAGE}/compare.pdf?{since}")
    assert paper.content == researcher.get(f"{USAGE}/compare.pdf?{since}").content
    with pypdfium2.PdfDocument(paper.content) as document:
        told = " ".join(" ".join(one.get_textpage().get_text_range() for one in document).split())
    assert ("Ритм тижня" if language == "uk" else "The rhythm of the week") in told
    assert not [user for user in CLASS if user in told]
    nobody = researcher.get(f"{USAGE}/compare/week.png?since=2001-01-01&until=2001-01-02")
    assert nobody.status_code == 404
