"""Of which days a course's pages are: those that are asked for, four weeks, or all of the timetable's."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from maximalab_hub.store import queries
from maximalab_hub.store.engine import reading
from timetablevisits import BASE, Person, app

__all__ = ["app"]


@pytest.mark.parametrize(
    ("days", "said"),
    [
        pytest.param(
            ["2001-01-01", "2001-01-08"], "All days of the timetable: 1 January 2001 – 8", id="ended"
        ),
        pytest.param(
            ["2001-01-01", "2002-01-07"], "The last 30 weeks of the timetable: 11 June 2001 – 7", id="long"
        ),
        pytest.param([f"{datetime.now(UTC):%Y-%m-%d}"], "", id="the usual days have all of it"),
        pytest.param([], "", id="none"),
    ],
)
def test_all_days_of_the_timetable_are_a_link_away_where_the_usual_ones_are_others(app, days, said):
    tanya = Person(app, "tanya")
    if days:
        rows = "".join(f"OR-1;{day};8:30;10:05\n" for day in days)
        tanya.take("t.csv", f"group;date;begins;ends\n{rows}")
    for page in ("rhythm", "exercises"):
        shown = tanya.get(f"{BASE}/{page}").text
        assert (said in shown) if said else ("of the timetable:" not in shown)


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ("since=0001-01-01&until=0001-01-02", "since"),
        ("until=0001-01-01", "until"),
        ("since=9999-12-31&until=9999-12-31", "since"),
    ],
)
def test_days_that_no_lab_has_are_refused_by_name(app, asked, field):
    for page in ("rhythm", "rhythm/week.svg", "exercises", "exercises.csv"):
        answer = Person(app, "tanya").get(f"{BASE}/{page}?{asked}")
        assert (answer.status_code, field in answer.text) == (400, True)


@pytest.mark.parametrize(
    ("asked", "shown", "cut"),
    [
        pytest.param("since=&until=", 28, False, id="an empty form is four weeks"),
        pytest.param("since=&until={today}", 28, False, id="no first day"),
        pytest.param("since={today}&until={next_year}", None, False, id="days to come take no place"),
        pytest.param("since=2020-01-01", 210, True, id="too many days"),
    ],
)
def test_days_that_are_left_out_are_told_and_days_to_come_leave_none_out(app, asked, shown, cut):
    tanya, today = Person(app, "tanya"), datetime.now(ZoneInfo("Europe/Kyiv")).date()
    days = {"today": today, "next_year": today.replace(day=1) + timedelta(days=365)}
    for page in ("rhythm", "exercises"):
        answer = tanya.get(f"{BASE}/{page}?{asked.format(**days)}")
        assert answer.status_code == 200
        since, until = (
            date.fromisoformat(re.search(rf'name="{name}" value="([^"]+)"', answer.text).group(1))
            for name in ("since", "until")
        )
        assert (until - since).days == (shown or (days["next_year"] - today).days)
        assert ("More than 30 weeks are not shown" in answer.text) is cut
    with reading(app.state.engine) as connection:
        [look] = queries.last_events(connection, 1, kinds=["look"])
    assert (look.detail["since"], look.detail["until"]) == (str(since), str(until)), (
        "the log says of which days"
    )
