"""The page of a material's exercises, as a researcher comes to it from the comparison."""

from __future__ import annotations

import csv
import html as escapes
import io
import json
import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from maximalab_hub.example_history import CLASS
from maximalab_hub.example_history import COURSE as COURSE_ID
from maximalab_hub.service.course_looks import LONGEST
from maximalab_hub.store import queries, timetables
from maximalab_hub.store.engine import reading

sys.path.insert(0, str(Path(__file__).parents[1]))

from labrun import until
from pagewords import foreign_words
from usagepages import KYIV, USAGE
from usagevisits import app, visit

__all__ = ["app", "visit"]

SINCE = "since=2026-01-01"


def links_in(page: str, pattern: str) -> list[str]:
    return [escapes.unescape(one) for one in re.findall(rf'href="([^"]*{pattern}[^"]*)"', page)]


def test_one_follows_a_material_from_the_comparison_to_its_exercises(visit, app):
    researcher = visit("researcher")
    links = links_in(researcher.get(f"{USAGE}/compare?{SINCE}").text, r"/compare/exercises\?")
    assert [link.rpartition("material=")[2] for link in links] == ["simplex", "transport"]
    answer = researcher.get(links[1])
    assert answer.status_code == 200
    assert "Errors by exercise: transport" in answer.text
    assert not [user for user in CLASS if user in answer.text]
    with reading(app.state.engine) as connection:
        [look] = queries.last_events(connection, 1, kinds=["look"])
    assert (look.user, look.detail["page"], look.detail["material"]) == (
        "researcher", "/compare/exercises", "transport",
    )  # fmt: skip


@pytest.mark.parametrize("language", ["uk", "en"])
def test_the_files_of_the_page_say_what_the_page_says(visit, language):
    researcher = visit("researcher", language)
    page = researcher.get(f"{USAGE}/compare/exercises?{SINCE}&material=simplex").text
    if language == "uk":
        names = {
            "simplex",
            "transport",
            "operations",
            "research",
            "maximaerror",
            "syntaxerror",
            "keyboardinterrupt",
        }
        assert not foreign_words(
            re.sub(r"<th scope=\"row\">.*?</th>|<svg.*?</svg>", "", page, flags=re.DOTALL), names | {"csv"}
        )
    svg, png = links_in(page, r"/compare/exercises/errors\.")
    assert researcher.get(svg).content.startswith(b"<svg")
    assert researcher.get(png).content.startswith(b"\x89PNG")
    [address] = links_in(page, r"/compare/exercises\.csv")
    table = researcher.get(address)
    assert table.headers["content-disposition"].startswith("attachment")
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert {row["material"] for row in rows} == {"simplex"}
    assert page.count('<th scope="row">') == len(rows) > 20
    every = researcher.get(f"{USAGE}/compare.json?{SINCE}").json()["exercises"]
    assert [one["cell"] or "" for one in every if one["material"] == "simplex"] == [
        row["cell"] for row in rows
    ]
    assert not [user for user in CLASS if user in table.text + json.dumps(every)]


COURSE = f"{USAGE}/timetable/{COURSE_ID}/exercises"


@pytest.mark.parametrize("language", ["uk", "en"])
def test_a_teacher_sees_the_exercises_of_everybody_in_the_course_and_nobody_by_name(visit, app, language):
    teacher = visit("teacher", language)
    begin = datetime.now(UTC).date() - timedelta(weeks=26)
    page = teacher.get(f"{COURSE}?material=simplex&since={begin}").text
    with reading(app.state.engine) as connection:
        looks = list(queries.last_events(connection, 1, kinds=["look"]))
    assert [(one.user, one.course, one.detail["material"]) for one in looks] == [
        ("teacher", COURSE_ID, "simplex")
    ]
    mine, theirs = (
        list(csv.DictReader(io.StringIO(one.text)))
        for one in (
            teacher.get(links_in(page, r"/exercises\.csv")[0]),
            visit("researcher").get(f"{USAGE}/compare/exercises.csv?{SINCE}&material=simplex"),
        )
    )
    assert [row["exercise"] for row in mine if escapes.escape(row["exercise"]) not in page] == []
    assert max(int(row["all_people"] or 0) for row in mine) == len(CLASS)
    assert max(int(row["all_people"] or 0) for row in theirs) == len(CLASS) - 2, (
        "who has not agreed is in no study"
    )
    assert {int(row["all_people"]) >= 10 for row in mine if row["all_people"]} == {True}
    assert not [user for user in CLASS if user in page]
    svg, png = links_in(page, r"/exercises/errors\.")
    assert teacher.get(svg).content.startswith(b"<svg")
    assert teacher.get(png).content.startswith(b"\x89PNG")


def test_a_word_that_was_typed_for_a_course_is_none_in_any_menu(visit):
    researcher = visit("researcher")
    assert researcher.get(f"{USAGE}/compare?course=nosuch").status_code == 200
    menu = re.search(
        r'<select id="course".*?</select>', visit("admin").get(f"{USAGE}/compare").text, re.DOTALL
    )
    assert COURSE_ID in menu.group()
    assert "nosuch" not in menu.group()


def test_a_material_that_nobody_ran_is_a_table_of_headings_alone(visit):
    [heads] = visit("teacher").get(f"{COURSE}.csv?material=nosuch").text.splitlines()
    assert heads.startswith("material,cell,exercise,all_people")


def test_the_days_of_the_timetable_are_a_click_away_and_reckoned_before_it(visit, app):
    teacher = visit("teacher")
    app.state.kept.clear()
    page = teacher.get(COURSE).text
    [link] = links_in(page, r"/exercises\?material=simplex&amp;since=")
    with reading(app.state.engine) as connection:
        first, last = (at.astimezone(KYIV).date() for at in timetables.term_of(connection, COURSE_ID))
    until_day = min(last, datetime.now(KYIV).date())
    assert link.endswith(f"since={max(first, until_day - LONGEST)}&until={until_day}")
    until(lambda: len(app.state.kept) == 2, "the timetable's days are reckoned ahead")
    assert teacher.get(link).status_code == 200
    assert len(app.state.kept) == 2, "what was reckoned ahead is what the link asks for"
    assert links_in(teacher.get(f"{USAGE}/timetable/{COURSE_ID}/rhythm").text, r"/rhythm\?group=&amp;since=")
    assert not links_in(
        visit("admin").get(f"{USAGE}/timetable/algebra/exercises").text, "material=[^s]*since="
    )


@pytest.mark.parametrize(
    ("who", "path", "status"),
    [
        pytest.param("student", COURSE, 403, id="a student"),
        pytest.param("researcher", COURSE, 403, id="a researcher who teaches nothing"),
        pytest.param(
            "teacher", f"{USAGE}/timetable/algebra/exercises", 403, id="a teacher of another course"
        ),
        pytest.param(
            "teacher", f"{COURSE}.csv?since=2026-11-10&until=2026-11-01", 400, id="days the wrong way"
        ),
        pytest.param(
            "admin", f"{USAGE}/timetable/algebra/exercises", 200, id="an admin, of a course without work"
        ),
        pytest.param("teacher", f"{COURSE}/week.svg", 404, id="no such drawing"),
    ],
)
def test_exercises_of_a_course_are_for_those_who_teach_it(visit, who: str, path: str, status: int):
    assert visit(who).get(path).status_code == status


@pytest.mark.parametrize(
    ("path", "status", "said"),
    [
        pytest.param("exercises?course=nothing", 200, "too few people ran cells", id="nobody"),
        pytest.param(f"exercises?{SINCE}&material=rare", 200, "too few people ran cells", id="no such material"),
        pytest.param("exercises/errors.png?course=nothing", 404, "There is no such page", id="no drawing"),
        pytest.param(f"exercises/week.png?{SINCE}", 404, "There is no such page", id="no such drawing"),
        pytest.param(f"exercises?material={'x' * 65}", 422, "", id="a name that is too long"),
    ],
)  # fmt: skip
def test_where_there_is_nothing_to_show_the_page_says_so(visit, path: str, status: int, said: str):
    answer = visit("researcher").get(f"{USAGE}/compare/{path}")
    assert answer.status_code == status
    assert said in answer.text
