"""A study that asks for the code of cells, on the pages: set up, agreed to, recorded, taken away, withdrawn from."""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from pathlib import Path

import pytest
from maximalab_hub.cellcode import AGREED_TOO
from maximalab_hub.eventrows import Sender
from maximalab_hub.events import Source
from maximalab_hub.settings_sections import StudySection
from maximalab_hub.store import log
from maximalab_hub.store.engine import reading

sys.path.insert(0, str(Path(__file__).parents[1]))

from postedtoservice import an_event, moment
from usagepages import PEOPLE, USAGE
from usagevisits import app, visit

__all__ = ["app", "visit"]

WORDS = {"title_uk": "Код", "title_en": "Code", "consent_uk": "Згода", "consent_en": "I agree"}
SERVERS = ["access:services!service=usage", "access:servers!server=demo-01/public-maxima"]
CODE = "lebesgue_integral: 42;"


def form_token(html: str) -> str:
    found = re.search(r'name="_xsrf" value="([0-9a-f]+)"', html)
    assert found
    return found[1]


def saved(browser, name: str, **more: str):
    token = form_token(browser.get(f"{USAGE}/study").text)
    return browser.post(f"{USAGE}/study", data={"_xsrf": token, "study": name, **WORDS, **more})


def decided(browser, name: str, decision: str, version: str = "1") -> None:
    token = form_token(browser.get(f"{USAGE}/me").text)
    form = {"_xsrf": token, "study": name, "decision": decision, "version": version}
    assert browser.post(f"{USAGE}/me/consent", data=form).status_code == 303


def files_at(browser, path: str) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(browser.get(f"{USAGE}/{path}").content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture
def posted(app, visit, monkeypatch: pytest.MonkeyPatch):
    """Post as the server of demo-01, of whose start the hub has told; give the answer."""
    monkeypatch.setitem(PEOPLE, "server", {"name": "demo-01", "scopes": SERVERS})
    place = {"server": "public-maxima", "tier": "public", "backend": "local", "entrance": "public"}
    began = an_event(kind="server_start", user="demo-01", at=moment(minutes=-1), **place)
    assert app.state.ingest.take(Sender(Source.HUB), [began])[0].status == "stored"

    def post(*events: dict[str, object]) -> dict[str, object]:
        headers = {"Authorization": "token token-of-server"}
        told = visit("nobody").post(f"{USAGE}/events", json={"events": events}, headers=headers)
        assert told.status_code == 200, told.text
        return dict(told.json())

    return post


@pytest.mark.parametrize("language", ["uk", "en"])
def test_who_is_asked_reads_about_code_in_both_languages(visit, language):
    name = f"codes-{language}"
    before = visit("demo-01", language).get(f"{USAGE}/me").text
    assert saved(visit("researcher"), name, asks_code="true").status_code == 303
    page = visit("demo-01", language).get(f"{USAGE}/me").text
    section = page[page.index(f'id="consent-{name}"') :].partition("</section>")[0]
    assert AGREED_TOO.uk in section
    assert AGREED_TOO.en in section
    assert AGREED_TOO.en not in before or language == "en"
    others = page.replace(section, "").count(AGREED_TOO.en)
    assert others == before.count(AGREED_TOO.en), "a study that does not ask says nothing of it"
    form = visit("researcher", language).get(f"{USAGE}/of/{name}/study").text
    assert re.search(r'name="asks_code"[^>]*\schecked', form)
    assert AGREED_TOO.text(language) in form


def test_agree_run_look_export_withdraw(app, visit, posted):
    researcher, student = visit("researcher"), visit("demo-01")
    saved(researcher, "whole", asks_code="true")
    saved(researcher, "beside-it")
    assert "code" not in posted(an_event(code={"text": "too early"}))
    for name in ("whole", "beside-it"):
        decided(student, name, "agree")
    assert posted(an_event(code={"text": CODE}))["code"] is True
    assert "code of cells, kept for a study that asks for it: 1" in student.get(f"{USAGE}/me").text
    mine = json.loads(files_at(student, "me/data.zip")["my-data.json"])
    assert [row["text"] for row in mine["cell_code"]] == [CODE]
    exported = files_at(researcher, "of/whole/export.zip?format=csv&since=")
    assert CODE.encode() in exported["code.csv"]
    assert "identify" in json.loads(exported["manifest.json"])["code"]
    for path in ("of/beside-it/export.zip?format=csv&since=", "of/whole/export.zip?format=xapi&since="):
        assert not [name for name, content in files_at(researcher, path).items() if CODE.encode() in content]
    assert CODE not in researcher.get(f"{USAGE}/of/whole/export.csv?since=").text
    for name, there in (("whole", True), ("beside-it", False)):
        tables = researcher.get(f"{USAGE}/of/{name}/codebook.json").json()["tables"]
        assert ("code" in [table["name"] for table in tables]) is there
        with reading(app.state.engine) as connection:
            entries = [one.told for one in log.entries(connection, study=name) if one.kind == "exported"]
        assert [one["code"] for one in entries if "code" in one] == ([True] if there else [])
    assert "asks for the code of cells" in researcher.get(f"{USAGE}/of/whole/").text
    assert "asks for the code of cells" not in researcher.get(f"{USAGE}/of/beside-it/").text
    decided(student, "whole", "withdraw")
    assert "code" not in posted(an_event(code={"text": CODE}))
    assert CODE.encode() not in b"".join(files_at(student, "me/data.zip").values())
    assert CODE.encode() not in files_at(researcher, "of/whole/export.zip?format=csv&since=")["code.csv"]


def test_who_has_agreed_is_asked_nothing_more(visit):
    researcher, student = visit("researcher"), visit("demo-01")
    saved(researcher, "fixed")
    decided(student, "fixed", "agree")
    refused = saved(researcher, "fixed", asks_code="true")
    assert (refused.status_code, "somebody has agreed to this study" in refused.text) == (400, True)
    assert saved(researcher, "fixed", consent_en="Another text").status_code == 409
    assert saved(researcher, "fixed", consent_en="Another text", anew="true").status_code == 303


def test_who_read_a_text_without_code_has_not_agreed_to_it(visit, posted):
    researcher, student = visit("researcher"), visit("demo-01")
    saved(researcher, "race")
    saved(researcher, "race", asks_code="true")
    decided(student, "race", "agree", version="1")
    assert "code" not in posted(an_event(code={"text": CODE}))
    decided(student, "race", "agree", version="2")
    assert posted(an_event(code={"text": CODE}))["code"] is True
    decided(student, "race", "withdraw", version="2")


@pytest.mark.parametrize("language", ["uk", "en"])
def test_the_usual_text_says_that_there_is_no_code_and_is_refused(visit, language):
    usual = StudySection().consent.text(language)
    refused = saved(
        visit("researcher", language), "usual", asks_code="true", **{f"consent_{language}": usual}
    )
    assert refused.status_code == 400
    assert ("початковий текст лабораторії" if language == "uk" else "records hold no code") in refused.text
    assert saved(visit("researcher"), "usual", **{f"consent_{language}": usual}).status_code == 303
