"""The study's template as its people see it: a researcher with levels and a panel, an expert with a link."""

from __future__ import annotations

import html as escapes
import re
from hashlib import sha256
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from fastapi.testclient import TestClient
from labsettings import settings_toml
from maximalab_hub import migrations
from maximalab_hub.export_log import LogKind
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.service.app import create_app
from maximalab_hub.service.rate_routes import RATING_COOKIE
from maximalab_hub.service.signin import COOKIE
from maximalab_hub.settings import load_settings
from maximalab_hub.store import log, template
from maximalab_hub.store.engine import reading
from pagewords import foreign_words
from sqlalchemy import text

USAGE = "/services/usage"
PANEL = f"{USAGE}/ratings/panel/"


class KnownTokens:
    """Stands where the hub is asked whose a token is."""

    client_id = "service-usage"

    async def owner_of(self, token: str, browser_session: str = "") -> dict[str, Any] | None:
        del browser_session
        name = token.removeprefix("token-of-")
        return {
            "kind": "user",
            "name": name,
            "scopes": ["access:services!service=usage"],
            "groups": ["researchers"],
        }

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def app(tmp_path: Path, store_url: str):
    (tmp_path / "catalogue").mkdir()
    (tmp_path / "maximalab.toml").write_text(settings_toml({"usage": {"db_url": store_url}}))
    ensure_secrets(tmp_path / "secrets")
    app = create_app(load_settings(tmp_path / "maximalab.toml"))
    app.state.hub = KnownTokens()
    migrations.upgrade(app.state.engine)
    yield app
    app.state.engine.dispose()


def browser(app, name: str | None, language: str = "en") -> TestClient:
    return TestClient(
        app,
        base_url="http://127.0.0.1:8000",
        cookies={COOKIE: f"token-of-{name}"} if name else {},
        headers={"Accept": "text/html", "Accept-Language": language},
        follow_redirects=False,
    )


def send(person: TestClient, page: str, to: str, **fields: str):
    token = re.search(r'name="_xsrf" value="([0-9a-f]+)"', person.get(page).text)
    assert token
    return person.post(to, data={"_xsrf": token[1], **fields})


def a_panel(researcher: TestClient, experts: int) -> tuple[str, list[str]]:
    """Make a panel and invite; its page, and the links."""
    made = send(researcher, f"{USAGE}/ratings", f"{USAGE}/ratings", title="Simplex <b>&")
    assert made.status_code == 303, made.text
    panel = made.headers["location"]
    told = send(researcher, panel, f"{panel}/invite", experts=str(experts))
    links = re.findall(r"http://127\.0\.0\.1:8000(/services/usage/rate/[\w-]+)", told.text)
    assert len(set(links)) == experts
    return panel, links


def answer(app, link: str, *scores: int) -> int:
    expert = browser(app, None)
    assert expert.get(link).headers["location"] == f"{USAGE}/rate"
    fields = {f"criterion-{place}": str(score) for place, score in enumerate(scores)}
    return send(expert, f"{USAGE}/rate", f"{USAGE}/rate", **fields).status_code


def said(html: str) -> str:
    return re.sub(r"\s+", " ", escapes.unescape(re.sub(r"<[^>]*>", " ", html)))


def test_experts_rate_by_their_links_and_the_researcher_sees_averages_agreement_and_total(app):
    researcher = browser(app, "olha")
    panel, links = a_panel(researcher, 4)
    for link, scores in zip(links, [(3, 2, 2), (2, 2, 3), (3, 1, 2)], strict=False):
        assert "fewer than 3 experts" in researcher.get(panel).text
        assert answer(app, link, *scores) == 303
    shown = said(researcher.get(panel).text)
    assert "3 of 4 invited experts have answered." in shown
    assert "Ease of access 1.00 2.67 3.0 0.58" in shown
    assert researcher.get(panel).text.count('data-name="Average"') == 4, (
        "on a phone each average has its name"
    )
    assert "Total, by the weights 2.22" in shown
    assert re.search(r"ICC\(2,k\): -?\d\.\d\d", shown)
    assert re.search(r"Kendall's W: \d\.\d\d \(p = \d\.\d{3}\)", shown)
    assert "Simplex <b>&" in shown
    assert "Simplex <b>" not in researcher.get(panel).text
    assert answer(app, links[0], 0, 0, 0) == 303
    assert "3 of 4 invited experts" in said(researcher.get(panel).text), (
        "a changed answer is the same expert's"
    )


def test_an_expert_sees_the_answer_again_and_may_change_it(app):
    _, [link] = a_panel(browser(app, "olha"), 1)
    expert = browser(app, None)
    opened = expert.get(link)
    assert f"{RATING_COOKIE}=" in opened.headers["set-cookie"]
    assert {"HttpOnly", "Path=/services/usage/rate", "SameSite=lax"} <= set(
        opened.headers["set-cookie"].split("; ")
    )
    assert link not in expert.get(f"{USAGE}/rate").text, "the secret stands in no page and in no link of it"
    fields = {"criterion-0": "3", "criterion-1": "0", "criterion-2": "2"}
    kept = send(expert, f"{USAGE}/rate", f"{USAGE}/rate", **fields)
    assert (kept.status_code, kept.headers["location"]) == (303, f"{USAGE}/rate?kept=1")
    again = expert.get(kept.headers["location"]).text
    assert "your answer is kept" in again
    checked = re.findall(r'name="(criterion-\d)"\s+value="(\d)"\s+checked', again)
    assert dict(checked) == fields


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="nothing"),
        pytest.param({"criterion-0": "3", "criterion-1": "0"}, id="a criterion is left out"),
        pytest.param({"criterion-0": "4", "criterion-1": "0", "criterion-2": "0"}, id="above the scale"),
        pytest.param({"criterion-0": "-1", "criterion-1": "0", "criterion-2": "0"}, id="below the scale"),
        pytest.param({"criterion-0": "2.5", "criterion-1": "0", "criterion-2": "0"}, id="no whole score"),
    ],
)
def test_an_answer_that_is_none_is_not_kept(app, fields):
    panel, [link] = a_panel(browser(app, "olha"), 1)
    expert = browser(app, None)
    expert.get(link)
    refused = send(expert, f"{USAGE}/rate", f"{USAGE}/rate", **fields)
    assert refused.status_code == 400
    assert "please give every criterion a score" in refused.text
    with reading(app.state.engine) as connection:
        assert template.answers(connection, panel.rpartition("/")[2]) == []


def test_an_answer_from_elsewhere_and_an_unknown_link_are_refused(app):
    panel, [link] = a_panel(browser(app, "olha"), 1)
    expert = browser(app, None)
    assert expert.get(f"{link}x").status_code == 404
    expert.get(link)
    fields = {"criterion-0": "3", "criterion-1": "0", "criterion-2": "2"}
    for token in ({}, {"_xsrf": "0" * 64}):
        assert expert.post(f"{USAGE}/rate", data=fields | token).status_code == 403
    with reading(app.state.engine) as connection:
        assert template.answers(connection, panel.rpartition("/")[2]) == []
        kept = connection.execute(text("select secret_hash from rating_invitation")).scalars().all()
    assert link.rpartition("/")[2] not in kept, "the store holds fingerprints of links alone"


@pytest.mark.parametrize(
    ("language", "total", "impossible"),
    [
        pytest.param(
            "en",
            "The total is 2.1 (2.05333 before rounding).",
            "1.86 cannot be the mean of 25 whole scores",
            id="en",
        ),
        pytest.param(
            "uk",
            "Підсумок: 2,1 (до заокруглення 2,05333).",
            "1,86 не може бути середнім 25 цілих балів",
            id="uk",
        ),
    ],
)
def test_the_papers_averages_give_its_total_and_the_page_notes_what_cannot_be(
    app, language, total, impossible
):
    averages = "Ease of access | 2.2\nEase of use | 1.86\nUsefulness | 2.1"
    asked = {"averages": averages, "experts": "25"}
    example = browser(app, "olha", language).get(f"{USAGE}/ratings/check").text
    assert total in said(example), "the example needs no typing"
    assert ("Легкість доступу" in example) == (language == "uk"), "and has the reader's words"
    shown = said(browser(app, "olha", language).get(f"{USAGE}/ratings/check", params=asked).text)
    assert total in shown
    assert impossible in shown
    assert shown.count("cannot be the mean" if language == "en" else "не може бути середнім") == 1
    paper = browser(app, "olha", language).get(f"{USAGE}/ratings/check.pdf", params=asked)
    assert all(one in text_of(paper.content) for one in (total, impossible, "25"))
    large = browser(app, "olha", language).get(f"{USAGE}/ratings/check", params={"averages": "a | 9e999"})
    assert (large.status_code, "9e999" in large.text) == (400, True)
    refused = browser(app, "olha", language).get(f"{USAGE}/ratings/check.pdf", params={"averages": "a"})
    assert refused.status_code == 400


def text_of(paper: bytes) -> str:
    """What stands in a PDF, on one line."""
    with pypdfium2.PdfDocument(paper) as document:
        return " ".join(" ".join(one.get_textpage().get_text_range() for one in document).split())


def test_levels_are_entered_compared_and_taken_away(app):
    researcher, page = browser(app, "olha"), f"{USAGE}/competence"
    table = ";low;medium;high\nbefore;12;30;8\nafter;5;28;17"
    assert send(researcher, page, page, title="Test", levels=table, same_people="true").status_code == 303
    shown = said(researcher.get(page).text)
    assert "before 12 (24.0%) 30 (60.0%) 8 (16.0%)" in shown.replace(" %", "%")
    assert "χ²(2, n = 100) = 6.19, p = 0.045, Cramér's V = 0.25" in shown
    assert "The levels differ between the rows." in shown
    assert "the same people at several moments, and the test takes them for different people" in shown
    with reading(app.state.engine) as connection:
        [kept] = template.competence_tables(connection, "lab-study")
    assert send(researcher, page, f"{page}/remove", table=kept.table_id).status_code == 303
    assert "χ²(" not in said(researcher.get(page).text)


def test_a_table_named_like_its_levels_without_the_tick_says_what_the_tick_is_for(app):
    researcher, page = browser(app, "olha"), f"{USAGE}/competence"
    for tick in ({}, {"same_people": "true"}):
        sent = send(researcher, page, page, title="Test", levels=";a;b\na;30;9\nb;4;20", **tick)
        assert sent.status_code == 303
        shown = said(researcher.get(page).text)
        assert shown.count("The lines are named like the levels.") == 1, "of the table without the tick alone"


@pytest.mark.parametrize(
    ("page", "fields", "uk", "en"),
    [
        pytest.param(
            "competence",
            {"title": "t", "levels": ";a;b\nx;1;2"},
            "від 2 до 20 рядків із кількостями",
            "2 to 20 lines of counts",
            id="one row",
        ),
        pytest.param(
            "competence",
            {"title": "t", "levels": ";a;b\nx;1;.5\ny;1;1"},
            "є цілими числами",
            "are whole numbers",
            id="shares",
        ),
        pytest.param(
            "ratings",
            {"title": "t", "criteria": "Ease"},
            "Критерій записують так",
            "A criterion is written as",
            id="one language",
        ),
        pytest.param(
            "ratings",
            {"title": "t", "least": "3", "most": "3"},
            "Найнижчий бал",
            "The lowest score",
            id="no scale",
        ),
        pytest.param(
            "ratings",
            {"title": "t", "least": "0", "most": "1000"},
            "обидва від 0 до 10",
            "both from 0 to 10",
            id="a scale beyond the longest",
        ),
        pytest.param(
            "competence",
            {"title": "t", "levels": ";a;b\nx;1;2\nx;2;1"},
            "Назва повторюється, тож їх не розрізнити. Дайте кожному свою. «x»",
            "Give each its own. “x”",
            id="two groups of one name",
        ),
        pytest.param(
            "competence",
            {"title": "  ", "levels": ";a;b\nx;1;2\ny;2;1"},
            "Назвіть у першому полі",
            "Say in the first field",
            id="no title",
        ),
    ],
)
@pytest.mark.parametrize("language", ["uk", "en"])
def test_what_cannot_be_used_is_said_in_the_readers_language_and_kept_in_the_form(
    app, language, page, fields, uk, en
):
    researcher = browser(app, "olha", language)
    refused = send(researcher, f"{USAGE}/{page}", f"{USAGE}/{page}", **fields)
    assert refused.status_code == 400
    assert (uk if language == "uk" else en) in refused.text
    for typed in (fields.get("levels"), fields.get("criteria")):
        assert typed is None or typed in escapes.unescape(refused.text)


@pytest.mark.parametrize("language", ["uk", "en"])
def test_the_report_holds_both_in_the_readers_language(app, language):
    researcher = browser(app, "olha", language)
    send(
        researcher,
        f"{USAGE}/competence",
        f"{USAGE}/competence",
        title="Рівні *#1* $x$",
        levels=";а;б\nдо;9;3\nпісля;2;8",
    )
    criteria = "Легкість | Ease\nЯкість | Quality"
    made = send(
        researcher, f"{USAGE}/ratings", f"{USAGE}/ratings", title="Матеріал", criteria=criteria, most="5"
    )
    panel = made.headers["location"]
    told = send(researcher, panel, f"{panel}/invite", experts="3").text
    for link in re.findall(r"/services/usage/rate/[\w-]+", told):
        assert answer(app, link, 4, 4) == 303
    report = researcher.get(f"{USAGE}/report")
    assert report.status_code == 200
    paper = researcher.get(f"{USAGE}/report.pdf")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    assert paper.content == researcher.get(f"{USAGE}/report.pdf").content
    with reading(app.state.engine) as connection:
        logged = [one.told for one in log.entries(connection) if one.kind == LogKind.EXPORTED]
    assert [one["sha256"] for one in logged] == [sha256(paper.content).hexdigest()] * 2
    assert paper.headers["x-maximalab-log-entry"].startswith(f"{logged[0]['asked']}:")
    printed = text_of(paper.content)
    assert report.text == researcher.get(f"{USAGE}/report").text
    shown = said(report.text)
    wanted = ("χ²(1, n = 22) = ", "Рівні *#1* $x$", "Матеріал")
    words = (
        ("Якість", "не визначено", "цілі бали від 0 до 5")
        if language == "uk"
        else ("Quality", "not defined", "from 0 to 5")
    )
    assert all(one in shown for one in (*wanted, *words)), shown
    assert all(one in printed for one in (*wanted, *words, " 1 / ")), printed
    if language == "uk":
        assert foreign_words(report.text, {"olha", "icc", "cramér", "shyshkina", "icc(2,k)"}) == set()


def test_a_closed_panel_takes_no_answer_until_it_is_opened_again(app):
    researcher = browser(app, "olha")
    panel, links = a_panel(researcher, 4)
    for link in links[:3]:
        assert answer(app, link, 3, 2, 2) == 303
    expert, late = browser(app, None), browser(app, None)
    for person, link in ((expert, links[0]), (late, links[3])):
        person.get(link)
    token = re.search(r'name="_xsrf" value="([0-9a-f]+)"', expert.get(f"{USAGE}/rate").text)
    assert token
    closed = send(researcher, panel, f"{panel}/close", closed="true")
    assert (closed.status_code, closed.headers["location"]) == (303, panel)
    assert "Closed since" in researcher.get(panel).text
    assert ", closed" in said(researcher.get(f"{USAGE}/ratings").text)

    scores = {"criterion-0": "0", "criterion-1": "0", "criterion-2": "0"}
    refused = expert.post(f"{USAGE}/rate", data={"_xsrf": token[1], **scores})
    assert refused.status_code == 409, "a page that was open before it was closed"
    assert "This panel is closed since" in refused.text
    told = said(expert.get(f"{USAGE}/rate").text)
    assert "Your answer counts as you gave it: Ease of access: 3 · excellent" in told
    assert "<button" not in re.sub(r"(?s)<header.*?</header>", "", late.get(f"{USAGE}/rate").text)
    assert "ask the researcher" in late.get(f"{USAGE}/rate").text
    ukrainian = browser(app, None, "uk")
    ukrainian.get(links[0])
    assert "Цю експертизу закрито" in ukrainian.get(f"{USAGE}/rate").text
    form_token = re.search(r'name="_xsrf" value="([0-9a-f]+)"', researcher.get(panel).text)
    assert form_token
    invited = researcher.post(f"{panel}/invite", data={"_xsrf": form_token[1], "experts": "1"})
    assert invited.status_code == 409
    with reading(app.state.engine) as connection:
        assert template.answers(connection, panel.rpartition("/")[2]) == [(3, 2, 2)] * 3

    send(researcher, panel, f"{panel}/close", closed="false")
    assert answer(app, links[3], 1, 1, 1) == 303
    assert "4 of 4 invited experts" in said(researcher.get(panel).text)
