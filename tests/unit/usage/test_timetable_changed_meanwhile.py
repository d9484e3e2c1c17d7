"""Two people change a timetable at once: whoever comes second sees what the other did, and loses nothing typed."""

from __future__ import annotations

import html as escapes
import re

import pytest
from timetablevisits import BASE, TABLE, Person, app, state

__all__ = ["app"]


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
