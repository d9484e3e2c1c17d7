"""The gate between store and research, the example class, exports and commands: on both databases."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from maximalab_hub import migrations
from maximalab_hub.compare import Parameters, Wilcoxon
from maximalab_hub.comparison.suppression import LeftOut
from maximalab_hub.example_history import (
    CLASS,
    DECLINED,
    NEVER_ASKED,
    VISITOR,
    example_lessons,
    example_plan,
    load_example,
)
from maximalab_hub.histories.telling import blocks
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.setting import Enrolment, Setting
from maximalab_hub.store import queries, research, schedules
from maximalab_hub.store.engine import open_engine, reading, writing
from maximalab_hub.store.research import Selection, snapshot
from maximalab_hub.study import (
    STUDIED,
    Study,
    comparison,
    coverage,
    last_observations,
    observations,
    start_of_day,
)
from maximalab_hub.timetable import Lesson

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Engine

NOW = datetime(2026, 11, 22, 10, 30, tzinfo=UTC)
STUDY = Study("lab-study", 1, pseudonyms_of("lab-study", "k" * 64), Parameters())


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def example(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A store with the example class, once on each database; whoever changes it puts it back."""
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres").create_database("example")
    else:
        url = f"sqlite:///{tmp_path_factory.mktemp('example') / 'usage.sqlite'}"
    engine = open_engine(url)
    migrations.upgrade(engine)
    assert load_example(engine, NOW)
    yield engine
    engine.dispose()


_later = itertools.count(1)


def decide(engine: Engine, user: str, *, agreed: bool, version: int = 1) -> None:
    with writing(engine) as connection:
        queries.record_consent(
            connection,
            user=user,
            study="lab-study",
            agreed=agreed,
            decided_at=NOW + timedelta(seconds=next(_later)),
            consent_version=version,
        )


def seen(engine: Engine) -> list[str]:
    with snapshot(engine) as connection:
        return [one.person for one in observations(connection, STUDY, Selection())]


def test_a_study_sees_those_who_agreed_and_counts_the_rest(example: Engine):
    events = seen(example)
    assert set(events) == {STUDY.pseudonyms.of(user) for user in CLASS if user not in {DECLINED, NEVER_ASKED}}
    with reading(example) as connection:
        covered = coverage(connection, STUDY, Selection())
    assert (covered.people, covered.events) == (22, len(events))
    assert covered.left_out == LeftOut(None, None), (
        "two people: the difference of two days would tell of each"
    )
    assert covered.completeness.missing == covered.completeness.starts_with_gaps == 0
    assert covered.completeness.starts > 100


def test_withdrawal_holds_from_the_next_look_on_and_is_no_erasure_of_others(example: Engine):
    before = seen(example)
    gone = STUDY.pseudonyms.of("demo-01")
    decide(example, "demo-01", agreed=False)
    assert seen(example) == [person for person in before if person != gone]
    decide(example, "demo-01", agreed=True, version=2)
    assert gone not in seen(example), "agreeing to another text is not agreeing to this one"
    decide(example, "demo-01", agreed=True)
    assert seen(example) == before


def test_the_newest_events_come_first_and_only_of_those_who_agreed(example: Engine):
    with reading(example) as connection:
        last = last_observations(connection, STUDY, Selection(kinds=("run",)), 20)
    assert [one.at for one in last] == sorted((one.at for one in last), reverse=True)
    assert {one.kind for one in last} == {"run"}
    assert {one.person for one in last} <= set(seen(example))


def test_the_newest_events_are_those_of_the_period(example: Engine):
    first, last = NOW - timedelta(days=20), NOW - timedelta(days=10)
    with reading(example) as connection:
        found = last_observations(connection, STUDY, Selection(since=first, until=last), 10_000)
        every = [one.at for one in last_observations(connection, STUDY, Selection(), 1_000_000)]
    assert [one.at for one in found] == [at for at in every if first <= at < last]
    assert 0 < len(found) < len(every)


@pytest.mark.parametrize(
    ("selection", "kinds"),
    [
        pytest.param(Selection(), set(STUDIED), id="all that is about learning"),
        pytest.param(Selection(kinds=("look", "export")), set(), id="who looked is no part of a study"),
        pytest.param(Selection(course="no-such"), set(), id="a course that there is not"),
        pytest.param(Selection(course="operations-research", kinds=("run",)), {"run"}, id="runs of a course"),
        pytest.param(Selection(since=NOW), set(), id="after the end"),
        pytest.param(Selection(until=NOW - timedelta(weeks=52)), set(), id="before the beginning"),
    ],
)
def test_a_selection_leaves_out_what_it_says(example: Engine, selection, kinds):
    with snapshot(example) as connection:
        each = [one.kind for one in observations(connection, STUDY, selection)]
        assert coverage(connection, STUDY, selection).events == len(each)
    found = set(each)
    assert found <= kinds
    assert bool(found) == bool(kinds)


def test_the_example_is_big_enough_for_a_comparison(example: Engine):
    with reading(example) as connection:
        result = comparison(connection, STUDY, Selection())
    assert result.by_setting[Setting.IN_CLASS].people == 22
    assert result.by_setting[Setting.OUT_OF_CLASS].people == 22
    assert isinstance(result.errors, Wilcoxon)


def test_the_example_is_marked_ends_before_now_and_is_loaded_once(example: Engine):
    assert not load_example(example, NOW)
    with reading(example) as connection:
        rows = list(queries.events_between(connection))
        enrolled = schedules.enrolments_by_user(connection)
    assert all(row.detail == {"example": True} and row.at < NOW and row.received_at < NOW for row in rows)
    assert {row.user for row in rows} == set(CLASS)
    assert enrolled[VISITOR][0].group == "OR-1"


def test_the_same_seed_tells_the_same_story():
    begin = NOW - timedelta(weeks=6)
    lessons = example_lessons(begin, NOW)
    once, again = (list(blocks(example_plan(lessons, begin, NOW))) for _ in range(2))
    assert once == again
    ids = [event_id for block in once for event_id in block.column("event_id").to_pylist()]
    assert len(set(ids)) == len(ids) > 3000


def test_a_store_with_a_timetable_of_its_own_is_left_alone(store: Engine):
    own = Lesson(NOW, NOW + timedelta(hours=1), "algebra", "A-1")
    with writing(store) as connection:
        research.replace_lessons(connection, [own])
    assert not load_example(store, NOW)
    with reading(store) as connection:
        assert schedules.lessons(connection) == (own,)


def test_an_import_replaces_the_lessons_of_its_courses_alone(store: Engine):
    old, new = (
        Lesson(NOW + timedelta(days=n), NOW + timedelta(days=n, hours=1), "algebra", "A-1") for n in (0, 7)
    )
    other = Lesson(NOW, NOW + timedelta(hours=1), "logic", "L-1", cancelled=True)
    with writing(store) as connection:
        research.replace_lessons(connection, [old, other])
        research.replace_lessons(connection, [new])
        assert schedules.lessons(connection) == (other, new)


def test_enrolling_twice_is_enrolling_once(store: Engine):
    group = Enrolment("algebra", "A-1", NOW)
    with writing(store) as connection:
        research.enrol(connection, "olena", [group])
        research.enrol(connection, "olena", [group, Enrolment("logic", "L-1", NOW, NOW + timedelta(days=1))])
        assert [one.course for one in schedules.enrolments_by_user(connection)["olena"]] == [
            "algebra",
            "logic",
        ]


def test_a_day_begins_in_the_labs_time_zone():
    assert start_of_day(NOW.date(), "Europe/Kyiv").isoformat() == "2026-11-21T22:00:00+00:00"
