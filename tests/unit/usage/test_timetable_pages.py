"""A teacher's way through the timetable: import, look it over, move, cancel, enrol, go back; and who is kept out."""

from __future__ import annotations

import html as escapes
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from fastapi.testclient import TestClient
from labsettings import settings_toml, write_catalogue
from maximalab_hub import migrations
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.service.app import create_app
from maximalab_hub.service.signin import COOKIE
from maximalab_hub.service.size_limit import LARGEST_FORM
from maximalab_hub.settings import load_settings
from maximalab_hub.store import timetables
from maximalab_hub.store.engine import reading
from runsinstore import run_at

BASE = "/services/usage/timetable/operations-research"
GROUPS = {
    "tanya": ["teach:operations-research"],
    "other": ["teach:algebra"],
    "sam": ["study:operations-research"],
}
MONDAY = datetime(2026, 11, 2, 6, 30, tzinfo=UTC)
"""A lesson's start in winter: half past eight in Kyiv."""
TABLE = "group;date;begins;ends;last_date\nOR-1;2026-11-02;8:30;10:05;2026-11-16\n"
CALENDAR = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:-//t//
BEGIN:VEVENT
UID:a
DTSTART{zone}:20261102T083000
DTEND{zone}:20261102T100500
RRULE:FREQ=WEEKLY;COUNT=3
END:VEVENT
END:VCALENDAR
""".replace("\n", "\r\n")


class KnownTokens:
    """Stands where the hub is asked whose a token is."""

    client_id = "service-usage"

    async def owner_of(self, token: str, browser_session: str = "") -> dict[str, Any] | None:
        del browser_session
        name = token.removeprefix("token-of-")
        return {
            "kind": "user",
            "name": name,
            "admin": name == "root",
            "scopes": ["access:services!service=usage"],
            "groups": GROUPS.get(name, []),
        }

    async def close(self) -> None:
        """Nothing is open."""


@pytest.fixture
def app(tmp_path: Path, store_url: str):
    write_catalogue(tmp_path / "catalogue")
    (tmp_path / "maximalab.toml").write_text(settings_toml({"usage": {"db_url": store_url}}))
    ensure_secrets(tmp_path / "secrets")
    app = create_app(load_settings(tmp_path / "maximalab.toml"))
    app.state.hub = KnownTokens()
    migrations.upgrade(app.state.engine)
    yield app
    app.state.engine.dispose()


class Person(TestClient):
    """A browser in which somebody is signed in."""

    def __init__(self, app, name: str, language: str = "en") -> None:
        super().__init__(
            app,
            base_url="http://127.0.0.1:8000",
            cookies={COOKIE: f"token-of-{name}"},
            headers={"Accept": "text/html", "Accept-Language": language},
            follow_redirects=False,
        )

    def fill(self, page: str, to: str, *, file: tuple[str, str] | None = None, **fields: str):
        """Send a form of a page, with what the page hid in it."""
        text = self.get(page).text
        hidden = dict(re.findall(r'type="hidden" name="(_xsrf|based_on)" value="([^"]*)"', text))
        files = {"file": (file[0], file[1].encode())} if file else None
        return self.post(to, data={**hidden, **fields}, files=files)

    def take(self, name: str, content: str, **fields: str):
        """Import a file and confirm what it would change; gives the page that showed it."""
        sent = self.fill(f"{BASE}/import", f"{BASE}/import", file=(name, content), **fields)
        assert sent.status_code == 303, sent.text
        preview = self.get(sent.headers["location"])
        assert self.fill(sent.headers["location"], sent.headers["location"]).status_code == 303
        return preview


def state(app):
    with reading(app.state.engine) as connection:
        return timetables.state_of(connection, "operations-research")


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


def opened(person: Person, page: str) -> dict[str, str]:
    """What a page that somebody opened hid in its forms."""
    return dict(re.findall(r'name="(_xsrf|based_on)" value="([^"]*)"', person.get(page).text))


MOVED = {"action": "move", "group": "OR-9", "day": "2026-11-04", "begins": "13:15", "ends": "14:50"}


def test_who_changes_a_lesson_second_sees_what_was_done_and_sends_what_was_typed_again(app):
    tanya, root = Person(app, "tanya"), Person(app, "root")
    tanya.take("t.csv", TABLE)
    page = f"{BASE}/lesson/{state(app).lessons[0].lesson_id}"
    seen = opened(tanya, page)
    root.fill(page, page, **{**MOVED, "group": "OR-1", "begins": "12:00", "note": "214"})
    late = tanya.post(page, data={**seen, **MOVED})
    assert late.status_code == 409
    assert "changed the timetable since you opened" in late.text
    assert re.search(r"<li>root · .* · by hand</li>", late.text)
    assert "Mon 2 Nov 2026, 08:30–10:05 → Wed 4 Nov 2026, 12:00–14:50 · OR-1" in late.text
    assert state(app).lessons[0].note == "214"
    assert tanya.post(page, data={**seen, **MOVED, "based_on": 2**63}).status_code == 409, "made up"
    typed = dict(re.findall(r'name="(day|begins|ends|group)" value="([^"]*)"', late.text))
    assert typed == {name: value for name, value in MOVED.items() if name != "action"}
    [to] = set(re.findall(r'action="([^"]*/lesson/[^"]*)"', late.text))
    again = dict(re.findall(r'name="(_xsrf|based_on)" value="([^"]*)"', late.text))
    assert tanya.post(to, data={**again, **MOVED}).status_code == 303
    assert [one.group for one in state(app).lessons].count("OR-9") == 1


def test_who_changes_a_lesson_that_another_took_away_may_add_what_was_typed(app):
    tanya, root = Person(app, "tanya"), Person(app, "root")
    tanya.take("t.csv", TABLE)
    page = f"{BASE}/lesson/{state(app).lessons[0].lesson_id}"
    seen = opened(tanya, page)
    root.fill(page, page, action="remove")
    late = tanya.post(page, data={**seen, **MOVED})
    assert (late.status_code, len(state(app).lessons)) == (409, 2)
    assert "took this lesson away" in late.text
    assert "Gone: 1" in late.text
    assert all(late.text.count(f'value="{value}"') == 1 for value in list(MOVED.values())[1:])
    assert tanya.post(page, data={**seen, "action": "cancel"}).status_code == 409


def test_an_import_that_another_was_faster_than_shows_itself_again(app):
    tanya, root = Person(app, "tanya"), Person(app, "root")
    sent = tanya.fill(f"{BASE}/import", f"{BASE}/import", file=("t.csv", TABLE))
    seen = opened(tanya, sent.headers["location"])
    root.fill(f"{BASE}/enter", f"{BASE}/enter", what="holiday", name="Freedom", day="2026-11-09")
    late = tanya.post(sent.headers["location"], data=seen)
    assert (late.status_code, state(app).lessons) == (409, ())
    assert "Import it again." in late.text
    people = opened(tanya, f"{BASE}/people")
    root.take("t.csv", TABLE)
    table = {"file": ("p.csv", b"name;group;from\nsam;OR-1;2026-09-01\n")}
    late = tanya.post(f"{BASE}/people/table", data=people, files=table)
    assert (late.status_code, state(app).people) == (409, ())
    assert "Added: 3" in late.text


@pytest.mark.parametrize(
    ("place", "typed"),
    [
        pytest.param(
            "enter",
            {"what": "lesson", "group": "ОР-7", "day": "2026-12-05", "begins": "08:30", "ends": "10:05"},
            id="a lesson",
        ),
        pytest.param(
            "people",
            {"what": "enrol", "group": "ОР-7", "names": "olena", "since": "2026-12-05"},
            id="people of a group",
        ),
    ],
)
def test_who_was_slower_finds_what_was_typed_and_only_sends_it_again(app, place, typed):
    tanya, root = Person(app, "tanya", "uk"), Person(app, "root")
    page = f"{BASE}/{place}"
    seen = dict(re.findall(r'name="(_xsrf|based_on)" value="([^"]*)"', tanya.get(page).text))
    root.take("t.csv", TABLE)
    late = tanya.post(page, data={**seen, **typed})
    assert (late.status_code, len(state(app).lessons)) == (409, 3)
    assert "Розклад змінили, відколи ви відкрили сторінку" in late.text
    for kept in set(typed.values()) - {typed["what"]}:
        assert kept in escapes.unescape(late.text)
    again = dict(re.findall(r'name="(_xsrf|based_on)" value="([^"]*)"', late.text))
    assert tanya.post(page, data={**again, **typed}).status_code == 303


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


def test_people_join_leave_and_are_looked_up_only_for_the_record(app):
    tanya = Person(app, "tanya")
    table = "name;group;from;until\nsam;OR-1;2026-09-01;\nolena;OR-1;2026-09-01;31.10.2026\n"
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
    assert svg.text.count('stroke="#1c2733"') == 3, "the same lessons, framed"
    assert png.content.startswith(b"\x89PNG")
    assert [one.headers["content-type"] for one in (svg, png)] == ["image/svg+xml", "image/png"]
    assert tanya.get(files[0].replace("week.svg", "month.svg")).status_code == 404
