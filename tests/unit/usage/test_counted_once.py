"""T17: however often, in whatever order and by however many tabs events come, they count once and mean the same."""

from __future__ import annotations

import random
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from maximalab_hub.compare import Parameters
from maximalab_hub.comparison.figures import figures
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.setting import Enrolment, Setting
from maximalab_hub.store import queries, research
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.research import Selection
from maximalab_hub.study import Study, happenings, observations, timetables_of
from maximalab_hub.timetable import Lesson
from postedevents import ADA, HUB, NOON, an_event, emptied, ingest_of, start

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Engine

STUDY = Study("lab-study", 1, pseudonyms_of("lab-study", "k" * 64), Parameters())
OR = "operations-research"
LESSON = Lesson(NOON - timedelta(minutes=200), NOON - timedelta(minutes=100), OR, "OR-1")
Event = dict[str, Any]


def event(n: int, minutes: float, **fields: Any) -> Event:
    at = NOON - timedelta(minutes=minutes)
    return an_event(n, at=at.isoformat(), notebook="simplex/x.ipynb", outcome="ok", **fields)


WORK = [
    event(n, minutes)
    for n, minutes in enumerate([190, 188, 185, 150, 149, 95, 60, 58, 57.5, 3, 2, 1], start=1)
]
"""Two sessions in the lesson, one at its border, one at home, and one just now."""


@pytest.fixture
def class_of_ada(store: Engine) -> Engine:
    return with_a_class(store)


def with_a_class(engine: Engine) -> Engine:
    emptied(engine)
    with writing(engine) as connection:
        research.replace_lessons(connection, [LESSON])
        research.enrol(connection, "ada", [Enrolment(OR, "OR-1", NOON - timedelta(days=30))])
        queries.record_consent(
            connection, user="ada", study="lab-study", agreed=True, decided_at=NOON - timedelta(days=1)
        )
    begun = start(0, at=(NOON - timedelta(minutes=240)).isoformat())
    assert [one.status for one in ingest_of(engine).take(HUB, [begun])] == ["stored"]
    return engine


def meaning(engine: Engine) -> tuple[object, ...]:
    """What research makes of the store: each event with its setting, and the person's sessions and time on task."""
    with reading(engine) as connection:
        seen = [one for one in observations(connection, STUDY, Selection()) if one.kind == "run"]
        work = list(happenings(connection, STUDY, Selection()))
        timetables = timetables_of(connection, STUDY)
    return [(one.event_id, one.at, one.setting) for one in seen], figures(
        work, timetables, STUDY.parameters, ZoneInfo("Europe/Kyiv")
    )


def statuses(engine: Engine, events: Sequence[Event]) -> list[str]:
    return [one.status for one in ingest_of(engine).take(ADA, events)]


def in_order(engine: Engine) -> tuple[object, ...]:
    assert statuses(engine, WORK) == ["stored"] * len(WORK)
    found = meaning(engine)
    settings = {setting for _, _, setting in found[0]}
    assert settings == {Setting.IN_CLASS, Setting.OUT_OF_CLASS}
    with_a_class(engine)
    return found


def test_t17_the_same_event_a_thousand_times_counts_once(class_of_ada: Engine) -> None:
    expected = in_order(class_of_ada)
    answers = [one for _ in range(2) for one in statuses(class_of_ada, WORK[:1] * 500)]
    assert (len(answers), answers.count("stored"), answers.count("known")) == (1000, 1, 999)
    for _ in range(50):  # and all of them, over and over
        statuses(class_of_ada, WORK)
    assert meaning(class_of_ada) == expected


@pytest.mark.parametrize("seed", range(4))
def test_t17_any_order_means_the_same(class_of_ada: Engine, seed: int) -> None:
    expected, draw = in_order(class_of_ada), random.Random(seed)  # noqa: S311  no secret
    mixed = draw.sample(WORK * 3, 3 * len(WORK))
    while mixed:
        count = draw.randint(1, 5)
        statuses(class_of_ada, mixed[:count])
        mixed = mixed[count:]
    assert meaning(class_of_ada) == expected


def test_t17_two_tabs_at_the_same_moment_count_once(class_of_ada: Engine) -> None:
    expected, together = in_order(class_of_ada), threading.Barrier(2)

    def tab(events: Sequence[Event]) -> list[str]:
        together.wait(60)
        return [status for one in events for status in statuses(class_of_ada, [one, WORK[0]])]

    with ThreadPoolExecutor(2) as threads:
        answers = list(threads.map(tab, (WORK, WORK[::-1])))
    assert [status for tabs in answers for status in tabs].count("stored") == len(WORK)
    assert meaning(class_of_ada) == expected


@pytest.mark.parametrize("days", [-4000, -400, 3, 4000])
def test_t17_a_clock_that_jumps_moves_nothing_but_its_own_events(class_of_ada: Engine, days: int) -> None:
    """What was told before and after keeps its setting; what the wrong clock told is not believed."""
    expected = in_order(class_of_ada)
    wrong = an_event(
        50, at=(NOON + timedelta(days=days)).isoformat(), outcome="ok", notebook="elsewhere/x.ipynb"
    )
    assert statuses(class_of_ada, [*WORK[:6], wrong, *WORK[6:], wrong]).count("stored") == len(WORK) + 1
    with reading(class_of_ada) as connection:
        rows = {row.event_id: row for row in queries.events_between(connection, users=["ada"])}
        seen = [one for one in observations(connection, STUDY, Selection(course=OR)) if one.kind == "run"]
    assert [(one.event_id, one.at, one.setting) for one in seen] == expected[0]
    row = rows[wrong["event_id"]]
    assert (row.at_clamped, row.at_reported) == (True, wrong["at"])
    assert row.at == (NOON if days > 0 else NOON - timedelta(days=366))
