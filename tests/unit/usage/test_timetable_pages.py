"""A teacher's way through the timetable: import, look it over, move, cancel, enrol, go back; and who is kept out."""

from __future__ import annotations

import html as escapes
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from maximalab_hub.service.size_limit import LARGEST_FORM
from runsinstore import run_at
from timetablevisits import BASE, CALENDAR, MONDAY, TABLE, Person, app, state

__all__ = ["app"]


def test_an_import_is_shown_before_it_counts_and_says_what_it_does_to_the_past(app):
    tanya = Person(app, "tanya")
    enrolled = tanya.fill(
        f"{BASE}/people", f"{BASE}/people", what="enrol", group="OR-1", names="sam, olena", since="2026-09-01"
    )
    assert enrolled.status_code == 303
    run_at(app.state.engine, "sam", MONDAY, MONDAY + timedelta(hours=5))
    sent = tanya.fill(f"{BASE}/import", f"{BASE}/import", file=("t.csv", TABLE))
    assert not state(app).lessons
    shown = tanya.get(sent.headers["location"]).text
    assert "Added: 3" in shown
    assert "1 runs from unknown to in class" in shown
    assert "1 runs from unknown to out of class" in shown
    taken = tanya.fill(sent.headers["location"], sent.headers["location"])
    assert (taken.status_code, "?day=2026-11-02&" in taken.headers["location"]) == (303, True)
    assert [one.starts_at for one in state(app).lessons] == [MONDAY + timedelta(weeks=n) for n in range(3)]
    assert tanya.get(sent.headers["location"]).status_code == 404, "a draft counts once"


def test_moving_a_lesson_says_what_changes_and_can_be_taken_back(app):
    tanya = Person(app, "tanya")
    tanya.fill(
        f"{BASE}/people", f"{BASE}/people", what="enrol", group="OR-1", names="sam", since="2026-09-01"
    )
    tanya.take("t.csv", TABLE)
    run_at(app.state.engine, "sam", MONDAY + timedelta(minutes=5), MONDAY + timedelta(days=1, hours=1))
    lesson = state(app).lessons[0]
    page = f"{BASE}/lesson/{lesson.lesson_id}"
    fields = {"group": "OR-1", "day": "2026-11-03", "begins": "09:30", "ends": "11:00", "note": "room 214"}
    moved = tanya.fill(page, page, action="move", **fields)
    assert moved.headers["location"] == f"{BASE}?day=2026-11-03&done=moved&now_in=1&now_other=1"
    shown = tanya.get(moved.headers["location"]).text
    assert "The lesson was changed." in shown
    assert "room 214" in shown
    assert state(app).lessons[0].moved_from == MONDAY
    versions = tanya.get(f"{BASE}/versions").text
    assert "Moved: 1" in versions
    assert "tanya" in versions
    back = tanya.fill(f"{BASE}/versions", f"{BASE}/back", number="2")
    assert back.status_code == 303
    assert state(app).lessons[0] == lesson
    assert "back to version: 2" in tanya.get(f"{BASE}/versions").text


def test_a_series_is_entered_cancelled_from_a_day_on_and_stopped_by_holidays(app):
    tanya = Person(app, "tanya")
    hours = {"day": "2026-11-02", "begins": "08:30", "ends": "10:05", "last": "2026-12-01"}
    added = tanya.fill(f"{BASE}/enter", f"{BASE}/enter", what="series", group="OR-1", every="1", **hours)
    assert added.status_code == 303
    assert len(state(app).lessons) == 5
    tanya.fill(f"{BASE}/enter", f"{BASE}/enter", what="holiday", name="Freedom", day="2026-11-09")
    assert [one.cancelled for one in state(app).in_force()] == [False, True, False, False, False]
    page = f"{BASE}/lesson/{state(app).lessons[3].lesson_id}"
    tanya.fill(page, page, action="cancel", following="true")
    assert [one.cancelled for one in state(app).lessons] == [False, False, False, True, True]
    tanya.fill(page, page, action="restore")
    tanya.fill(f"{BASE}/enter", f"{BASE}/enter", what="no_holiday", place="0")
    assert [one.cancelled for one in state(app).in_force()] == [False, False, False, False, True]
    fields = {"group": "OR-2", "day": "2026-11-24", "begins": "12:00", "ends": "13:00"}
    tanya.fill(page, page, action="replace", **fields)
    assert [(one.group, one.cancelled) for one in state(app).lessons[3:]] == [
        ("OR-1", True),
        ("OR-2", False),
        ("OR-1", True),
    ]


def test_a_form_that_was_refused_keeps_the_group_and_the_tick(app):
    tanya = Person(app, "tanya")
    for file, to in ((("t.ics", "x"), "import"), (None, "address")):
        fields = {"group": "ОР-7", "address": "http://calendar.example/a.ics"}
        shown = tanya.fill(f"{BASE}/import", f"{BASE}/{to}", file=file, **fields).text
        assert shown.count('value="ОР-7"') == 1, "in the form that was sent"
        assert shown.count("checked") == 1, "the other form alone"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("t.ics", CALENDAR.format(zone=""), "Часовий пояс|часового поясу", id="a floating time"),
        pytest.param(
            "t.ics", CALENDAR.format(zone=";TZID=Europe/Kyiv"), "Занять цього курсу не", id="no group"
        ),
        pytest.param(
            "t.csv", TABLE.replace("8:30", "830"), "Рядок 2, стовпець «begins»: «830» не є часом", id="a cell"
        ),
        pytest.param("t.csv", "a;b\n1;2\n", "стовпців бракує", id="no such columns"),
        pytest.param("t.csv", "a;b\n1;2\n", "Рядок 1, стовпець «початок»: бракує", id="a column by its name"),
        pytest.param(
            "t.ics", "<html></html>", "Це не файл iCalendar", id="a calendar that is a sign-in page"
        ),
        pytest.param("t.csv", "\x00", "стовпців бракує|Це не таблиця", id="no table at all"),
        pytest.param("t.csv", TABLE.splitlines()[0], "немає жодного рядка", id="headings alone"),
    ],
)
def test_a_file_with_faults_changes_nothing_and_says_where_they_are(app, name, content, said):
    tanya = Person(app, "tanya", "uk")
    refused = tanya.fill(f"{BASE}/import", f"{BASE}/import", file=(name, content))
    assert refused.status_code == 400
    assert re.search(said, escapes.unescape(refused.text))
    assert not state(app).lessons


def test_a_calendar_that_names_no_group_belongs_to_the_one_that_was_typed(app):
    day = datetime.now(UTC).date()
    text = CALENDAR.format(zone=";TZID=Europe/Kyiv").replace("20261102", f"{day:%Y%m%d}")
    Person(app, "tanya").take("t.ics", text, group="OR-2")
    assert {one.group for one in state(app).lessons} == {"OR-2"}
    first = state(app).lessons[0].starts_at.astimezone(ZoneInfo("Europe/Kyiv"))
    assert (first.date(), first.hour, first.minute) == (day, 8, 30)


def test_an_import_marks_what_does_not_take_place_and_a_group_counts_each_person_once(app):
    tanya = Person(app, "tanya")
    for since in ("2026-09-01", "2026-10-01"):
        tanya.fill(f"{BASE}/people", f"{BASE}/people", what="enrol", group="OR-1", names="sam", since=since)
    assert 'OR-1 <span class="soft">(1)</span>' in tanya.get(f"{BASE}/people").text
    head = "group;date;begins;ends;cancelled\n"
    preview = tanya.take("t.csv", f"{head}OR-1;2026-11-05;8:30;10:05;yes\nOR-1;2026-11-06;8:30;10:05;no\n")
    assert preview.text.count("· OR-1 · cancelled") == 1


def test_a_lesson_that_is_there_already_is_named_by_the_labs_own_clock(app):
    tanya = Person(app, "tanya", "uk")
    typed = {"what": "lesson", "group": "OR-1", "day": "2026-11-27", "begins": "08:30", "ends": "10:05"}
    assert tanya.fill(f"{BASE}/enter", f"{BASE}/enter", **typed).status_code == 303
    again = tanya.fill(f"{BASE}/enter", f"{BASE}/enter", **typed)
    assert again.status_code == 400
    assert "саме в цей час. (27 лист. 2026, 08:30)" in again.text


def test_a_next_term_leaves_the_one_before_where_it_was(app):
    tanya = Person(app, "tanya")
    tanya.take("autumn.csv", TABLE)
    spring = TABLE.replace("2026-11-02", "2027-02-01").replace("2026-11-16", "2027-02-08")
    assert "Gone" not in tanya.take("spring.csv", spring, keep_earlier="true").text
    assert len(state(app).lessons) == 5
    assert "Gone: 3" in tanya.take("spring.csv", spring).text
    assert len(state(app).lessons) == 2


def test_a_group_of_nobody_as_a_misspelt_one_is_named_until_somebody_is_in_it(app):
    tanya = Person(app, "tanya")
    preview = tanya.take("t.csv", TABLE + "OR-l;2026-11-03;8:30;10:05;\n").text
    week = tanya.get(f"{BASE}?day=2026-11-02").text
    assert [one.count("count for nobody: OR-1, OR-l.") for one in (preview, week)] == [1, 1]
    for group, left in (("OR-1", ["OR-l."]), ("OR-l", [])):
        tanya.fill(
            f"{BASE}/people", f"{BASE}/people", what="enrol", group=group, names="sam", since="2026-09-01"
        )
        week = tanya.get(f"{BASE}?day=2026-11-02").text
        assert re.findall(r"count for nobody: (\S+)", week) == left


def test_who_is_put_into_a_group_earlier_is_in_it_once_and_leaves_it_whole(app):
    tanya = Person(app, "tanya")

    def sent(what: str, **fields: str):
        typed = {"what": what, "group": "OR-1", "names": "sam", **fields}
        return tanya.fill(f"{BASE}/people", f"{BASE}/people", **typed)

    sent("enrol", since="2026-10-05")
    sent("enrol", since="2026-11-01", last="2026-11-30")
    sent("enrol", since="2026-10-01")
    [one] = state(app).people
    assert one.since == datetime(2026, 9, 30, 21, tzinfo=UTC)
    wrong = sent("end", last="2020-01-01")
    assert (wrong.status_code, "so nothing was changed" in wrong.text) == (400, True)
    assert state(app).people == (one,)
    sent("end", last="2026-12-01")
    assert [one.until for one in state(app).people] == [datetime(2026, 12, 1, 22, tzinfo=UTC)]


@pytest.mark.parametrize(
    ("page", "fields"),
    [
        ("people", {"what": "enrol", "group": "OR-1", "names": "zz", "since": "0001-01-01"}),
        ("people", {"what": "enrol", "group": "OR-1", "names": "zz", "since": "9999-12-31"}),
        ("people", {"what": "end", "group": "OR-1", "names": "sam", "last": "9999-12-31"}),
        ("enter", {"what": "lesson", "group": "OR-1", "day": "9999-12-31", "begins": "08:30", "ends": "10:05"}),
        ("enter", {"what": "lesson", "group": "OR-1", "day": "0001-01-01", "begins": "08:30", "ends": "10:05"}),
        ("enter", {"what": "holiday", "day": "9999-12-31", "last": "9999-12-31", "name": "x"}),
        ("enter", {"what": "series", "group": "OR-1", "day": "9999-12-01", "last": "9999-12-31", "begins": "08:30",
                   "ends": "10:05"}),
    ],
)  # fmt: skip
def test_a_day_that_no_lab_has_is_refused_in_words_and_changes_nothing(app, page, fields):
    tanya = Person(app, "tanya")
    tanya.fill(
        f"{BASE}/people", f"{BASE}/people", what="enrol", group="OR-1", names="sam", since="2026-10-05"
    )
    before = state(app)
    answer = tanya.fill(f"{BASE}/{page}", f"{BASE}/{page}", **fields)
    assert (answer.status_code, "between the years 2000 and 2200" in answer.text) == (400, True)
    assert state(app) == before


def test_a_group_of_people_without_lessons_is_named_once_others_have_some(app):
    tanya = Person(app, "tanya")
    for group, name in (("OR-1", "sam"), ("OR-l", "olena")):
        tanya.fill(
            f"{BASE}/people", f"{BASE}/people", what="enrol", group=group, names=name, since="2026-09-01"
        )
    said = "These groups have no lessons, "
    assert said not in tanya.get(f"{BASE}/people").text, "a timetable that is still empty accuses no group"
    tanya.take("t.csv", TABLE)
    assert re.findall(rf"{said}[^:]+: ([^.]+)\.", tanya.get(f"{BASE}/people").text) == ["OR-l"]


def test_never_was_here_takes_away_the_entry_beside_it_alone_and_says_what_was_done(app):
    tanya = Person(app, "tanya")
    for since, last in (("2026-09-01", "2026-09-30"), ("2026-11-02", "")):
        tanya.fill(
            f"{BASE}/people",
            f"{BASE}/people",
            what="enrol",
            group="OR-1",
            names="sam",
            since=since,
            last=last,
        )
    first, later = sorted(state(app).people, key=lambda one: one.since)
    shown = tanya.get(f"{BASE}/people").text
    entries = [datetime.fromisoformat(one) for one in re.findall(r'name="entry" value="([^"]+)"', shown)]
    assert entries == [first.since, later.since]
    sent = tanya.fill(
        f"{BASE}/people", f"{BASE}/people",
        what="strike", group="OR-1", names="sam", entry=later.since.isoformat(), last="",
    )  # fmt: skip
    assert state(app).people == (first,)
    assert "Who is in the group was changed." in tanya.get(sent.headers["location"]).text


def test_people_join_leave_and_are_looked_up_only_for_the_record(app):
    tanya = Person(app, "tanya")
    table = "name;group;from;until\nSam;OR-1;2026-09-01;\nolena;OR-1;2026-09-01;31.10.2026\n"
    sent = tanya.fill(f"{BASE}/people", f"{BASE}/people/table", file=("people.csv", table))
    assert sent.status_code == 303
    tanya.fill(f"{BASE}/people", f"{BASE}/people", what="end", group="OR-1", names="sam", last="2026-12-01")
    ends = {one.user: one.until for one in state(app).people}
    assert ends == {
        "sam": datetime(2026, 12, 1, 22, tzinfo=UTC),
        "olena": datetime(2026, 10, 31, 22, tzinfo=UTC),
    }
    tanya.fill(f"{BASE}/people", f"{BASE}/people", what="strike", group="OR-1", names="olena")
    assert [one.user for one in state(app).people] == ["sam"]
    wrong = tanya.fill(
        f"{BASE}/people", f"{BASE}/people/table", file=("p.csv", "name;group;from\na b;OR-1;1.9\n")
    )
    assert wrong.status_code == 400
    assert "Line 2, column “name”: “a b” cannot be an account" in wrong.text


@pytest.mark.parametrize(
    ("language", "words"), [pytest.param("en", "Not seen in the lab yet: ", id="in English"),
                            pytest.param("uk", "Лабораторія ще не бачила: ", id="in Ukrainian")],
)  # fmt: skip
def test_an_account_that_the_lab_has_not_seen_is_named_as_a_misspelt_one_would_be(app, language, words):
    tanya = Person(app, "tanya", language)
    run_at(app.state.engine, "sam", MONDAY)
    names = "Sam, sem, OLENA"
    tanya.fill(
        f"{BASE}/people", f"{BASE}/people", what="enrol", group="OR-1", names=names, since="2026-09-01"
    )
    shown = tanya.get(f"{BASE}/people").text
    assert re.findall(rf"{words}([^.]+)\.", shown) == ["olena, sem"]
    rows = [" ".join(one.split()) for one in re.findall(r"<tr>(.*?)</tr>", shown, re.DOTALL)[1:]]
    marked = [("sam" in one, "soft" in one) for one in rows]
    assert marked == [(False, True), (True, False), (False, True)]
    for number, name in enumerate(["olena", "sem"]):
        run_at(app.state.engine, name, MONDAY + timedelta(minutes=number))
    assert words not in tanya.get(f"{BASE}/people").text


def test_a_courses_timetable_is_for_its_teachers_and_admins(app):
    expected = {"tanya": 200, "root": 200, "other": 403, "sam": 403, "rita": 403}
    pages = ("", "/enter", "/import", "/people", "/versions", "/rhythm")
    for name, status in expected.items():
        person = Person(app, name)
        assert [person.get(BASE + page).status_code for page in pages] == [status] * len(pages), name


def test_nobody_else_changes_it_and_no_other_course_is_there(app):
    tanya, other = Person(app, "tanya"), Person(app, "other")
    tanya.take("t.csv", TABLE)
    page = f"{BASE}/lesson/{state(app).lessons[0].lesson_id}"
    token = dict(
        re.findall(
            r'name="(_xsrf)" value="([^"]*)"',
            other.get(BASE.replace("operations-research", "algebra/enter")).text,
        )
    )
    refused = other.post(page, data={**token, "action": "remove", "based_on": "1"})
    assert refused.status_code == 403
    assert len(state(app).lessons) == 3
    assert Person(app, "root").get("/services/usage/timetable/nowhere").status_code == 404
    assert "operations-research" not in other.get("/services/usage/timetable").text
    assert Person(app, "sam").get("/services/usage/timetable").status_code == 403


def test_what_is_too_large_is_refused_before_it_is_read(app):
    tanya = Person(app, "tanya")
    big = tanya.post(f"{BASE}/import", content=b"", headers={"Content-Length": str(LARGEST_FORM + 1)})
    assert big.status_code == 413
    assert "too large" in big.text
    endless = tanya.post(f"{BASE}/import", content=iter([b"a"]))
    assert endless.status_code == 411


def test_the_rhythm_counts_the_groups_people_by_setting(app):
    tanya = Person(app, "tanya")
    tanya.fill(
        f"{BASE}/people", f"{BASE}/people", what="enrol", group="OR-1", names="sam", since="2026-09-01"
    )
    tanya.take("t.csv", TABLE)
    run_at(app.state.engine, "sam", MONDAY, MONDAY + timedelta(hours=8))
    run_at(app.state.engine, "stranger", MONDAY)
    shown = tanya.get(f"{BASE}/rhythm?group=OR-1&since=2026-11-01&until=2026-11-30").text
    counts = dict(re.findall(r'id="runs-(\w+)">\s*<span class="figure">(\d+)', shown))
    assert counts == {"in_class": "1", "out_of_class": "1", "unknown": "0"}
    assert shown.count('class="hour lesson') == 3, "half past eight to five past ten"
    files = [escapes.unescape(one) for one in re.findall(r'href="([^"]*/rhythm/week[^"]*)"', shown)]
    svg, png = (tanya.get(one) for one in files)
    assert svg.text.count('stroke="#1c2630"') == 3, "the same lessons, framed"
    assert png.content.startswith(b"\x89PNG")
    assert [one.headers["content-type"] for one in (svg, png)] == ["image/svg+xml", "image/png"]
    assert tanya.get(files[0].replace("week.svg", "month.svg")).status_code == 404
