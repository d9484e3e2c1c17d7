"""The study page and the comparison are answered from what was reckoned last, and say so; nobody who left is in it."""

from __future__ import annotations

import logging
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from databases import without_table
from maximalab_hub.example_history import CLASS, COURSE
from maximalab_hub.store import bulk, queries
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.study import study_of

sys.path.insert(0, str(Path(__file__).parents[1]))

from usagepages import BESIDE, USAGE
from usagevisits import app, visit

__all__ = ["app", "visit"]

NAMING = {"comparison": "/compare?since=", "study page": "/?since="}
PAGES = {**NAMING, "exercises": f"/compare/exercises?course={COURSE}&since="}
ALL = pytest.mark.parametrize("path", PAGES.values(), ids=PAGES)
MATERIAL = "simplex"
"""The first of the course, whose exercises are shown where nobody names one."""
numbers = iter(range(1, 1000))


def more_comes(app, days: int = 0) -> None:
    """Let somebody of the class run one more cell, so many days ago."""
    with writing(app.state.engine) as connection:
        runs = queries.last_events(connection, 1000, users=[CLASS[0]], kinds=["run"])
        some = next(one for one in runs if one.material == MATERIAL and one.cell_id)
        number, at = some.seq + next(numbers), datetime.now(UTC) - timedelta(days=days)
        new = dict(some._mapping) | {"event_id": f"more-{number}", "seq": number, "at": at}
        assert bulk.insert_events(connection, [new])


def figures(html: str) -> str:
    """What the page says, but of when it is."""
    main = html.partition("<main")[2].partition("</main>")[0]
    said = re.sub(r'<div class="notice".*?</div>\s*<script[^>]*></script>', "", main, flags=re.DOTALL)
    return re.sub(r"\s+", " ", said)


@pytest.mark.parametrize(
    ("language", "words", "link"),
    [
        pytest.param("uk", "відтоді надійшло щось нове", "Показати найновіші числа", id="in Ukrainian"),
        pytest.param("en", "something has come since", "Show the newest figures", id="in English"),
    ],
)
@ALL
def test_a_page_says_of_when_it_is_and_leads_to_the_newest(app, visit, path, language, words, link):
    reader = visit("researcher", language)
    reader.get(f"{USAGE}{path}&fresh=true")
    first = reader.get(f"{USAGE}{path}").text
    assert words not in first
    more_comes(app, next(numbers))  # a session of its own: one more run of a session may change no figure
    shown = reader.get(f"{USAGE}{path}").text
    assert words in shown
    found = re.search(rf'<a href="([^"]+)">{link}</a>', shown)
    assert found
    assert figures(first) == figures(shown)
    newest = reader.get(found[1].replace("&amp;", "&")).text
    assert words not in newest
    assert figures(newest) != figures(shown)
    again = reader.get(f"{USAGE}{path}").text
    assert figures(again) == figures(newest)
    assert words not in again


def test_a_teachers_exercises_are_kept_too_and_a_withdrawal_from_a_study_changes_nothing_there(app, visit):
    page = f"{USAGE}/timetable/{COURSE}/exercises?"
    teacher = visit("teacher")
    teacher.get(f"{page}fresh=true")
    first = teacher.get(page).text
    more_comes(app, next(numbers))
    shown = teacher.get(page).text
    assert "something has come since" in shown
    assert figures(shown) == figures(first)
    newest = teacher.get(f"{page}fresh=true").text
    assert figures(newest) != figures(first)
    assert "something has come since" not in newest
    with writing(app.state.engine) as connection:
        queries.record_consent(
            connection, user=CLASS[1], study="lab-study", agreed=False, decided_at=datetime.now(UTC)
        )
    again = teacher.get(page).text
    assert (figures(again), "something has come since" in again) == (figures(newest), False)
    for name in ("student", "newcomer"):
        assert visit(name).get(page).status_code == 403


def test_a_course_and_a_period_are_kept_for_themselves(app, visit):
    reader = visit("researcher")
    for query in (f"course={COURSE}&since=", "course=nothing&since=", f"course={COURSE}"):
        html = reader.get(f"{USAGE}/compare?{query}").text
        assert reader.get(f"{USAGE}/compare?{query}").text == html
    assert (
        len({figures(reader.get(f"{USAGE}/compare?course={one}&since=").text) for one in (COURSE, "nothing")})
        == 2
    )


@pytest.mark.parametrize("path", NAMING.values(), ids=NAMING)
def test_who_withdraws_is_not_shown_once_more(app, visit, path):
    person, reader = visit(CLASS[0]), visit("researcher")
    name = study_of(app.state.settings).pseudonyms.of(CLASS[0])[:8]
    more_comes(app)  # of this person: among the last events that the study page shows
    assert name in reader.get(f"{USAGE}{path}&fresh=true").text
    for decision, shown in (("withdraw", False), ("agree", True)):
        token = re.search(r'name="_xsrf" value="([0-9a-f]+)"', person.get(f"{USAGE}/me").text)
        form = {"_xsrf": token[1], "study": "lab-study", "decision": decision, "version": "1"}
        assert person.post(f"{USAGE}/me/consent", data=form).status_code == 303
        assert len(app.state.kept) == 0, "nothing stays in memory"
        answer = reader.get(f"{USAGE}{path}").text
        assert (name in answer) == shown
        assert "something has come since" not in answer


@ALL
def test_what_is_kept_is_for_those_alone_who_may_see_it(app, visit, path):
    app.state.kept.clear()
    assert visit("researcher").get(f"{USAGE}{path}").status_code == 200
    assert len(app.state.kept) == 1
    for name in ("student", "teacher", "demo-01", "newcomer"):
        answer = visit(name).get(f"{USAGE}{path}")
        assert answer.status_code == 403
        assert "as-of" not in answer.text
    beside = visit("researcher").get(f"{USAGE}/of/{BESIDE}{path}")
    assert study_of(app.state.settings).pseudonyms.of(CLASS[0])[:8] not in beside.text
    assert len(app.state.kept) == 2, "each study has its own"


def test_a_download_is_reckoned_whatever_is_kept(app, visit):
    reader = visit("researcher")
    reader.get(f"{USAGE}/compare?since=&fresh=true")
    before = reader.get(f"{USAGE}/compare.json?since=").content
    more_comes(app)
    assert "something has come since" in reader.get(f"{USAGE}/compare?since=").text
    assert reader.get(f"{USAGE}/compare.json?since=").content != before


def test_a_fault_of_a_reckoning_is_shown_and_logged(app, visit, caplog):
    reader = visit("researcher")
    reader.get(f"{USAGE}/compare?since=&fresh=true")
    more_comes(app)
    with without_table(app.state.engine, "lesson"), caplog.at_level(logging.ERROR):
        assert "something has come since" in reader.get(f"{USAGE}/compare?since=").text
        answer = reader.get(f"{USAGE}/compare?since=&fresh=true")
    assert answer.status_code == 503
    assert "store away: OperationalError: no such table: lesson" in caplog.text
    assert "as-of" not in reader.get(f"{USAGE}/compare?since=&fresh=true").text


def test_every_look_is_recorded_whether_it_was_reckoned_or_not(app, visit):
    def looks() -> int:
        with reading(app.state.engine) as connection:
            return len(queries.last_events(connection, 1000, kinds=["look"]))

    before = looks()
    for _ in range(3):
        visit("researcher").get(f"{USAGE}/compare?since=")
    assert looks() == before + 3
