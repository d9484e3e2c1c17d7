"""Kept results: whatever is done to a store, what is shown as current is, and nobody who withdrew is ever shown."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from archivedusage import (
    BEGIN,
    HALF,
    KEPT_DAYS,
    KYIV,
    LESSONS,
    PEOPLE,
    bring_back,
    event,
    put,
    set_up,
    with_months,
)
from exportexample import STUDY
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from maximalab_hub.comparison.report import Choices, report
from maximalab_hub.comparison.writing import files
from maximalab_hub.retention import cutoffs
from maximalab_hub.service.ahead import Ahead
from maximalab_hub.service.exercise_figures import HandedOut, of_course, of_study
from maximalab_hub.service.kept import Kept, Reckoned, Reckoning
from maximalab_hub.setting import Enrolment, Span
from maximalab_hub.store import queries, research, retaining, timetables
from maximalab_hub.store.archive import moving
from maximalab_hub.store.archive.months import Month
from maximalab_hub.store.engine import open_engine, reading, writing
from maximalab_hub.store.erasing import erase
from maximalab_hub.store.marks import Mark, mark_of
from maximalab_hub.store.research import Selection
from maximalab_hub.store.startchanges import came
from maximalab_hub.store.startcounts import EVERYTHING, settle
from maximalab_hub.store.timetables import How, Made
from maximalab_hub.study import coverage, last_observations, people_of, timetables_of, work
from maximalab_hub.timetable import edits
from postedevents import LOG_NAMES, emptied

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

KINDS = ("run", "run", "notebook_open", "login", "look", "server_use", "recording_end")
EVENTS = st.builds(
    event, st.integers(1, 90), st.integers(0, 120 * 24 * 60),
    user=st.integers(0, len(PEOPLE) - 1), kind=st.sampled_from(KINDS), boot=st.integers(0, 2),
)  # fmt: skip
WHO = st.integers(0, len(PEOPLE) - 1)
DEEDS = st.one_of(
    st.tuples(st.just("post"), st.lists(EVENTS, min_size=1, max_size=6)),
    st.tuples(st.just("post"), st.lists(EVENTS, min_size=1, max_size=6)),
    st.tuples(st.just("archive"), st.integers(0, 3)),
    st.tuples(st.just("bring back"), st.integers(0, 3)),
    st.tuples(st.just("erase"), WHO),
    st.tuples(st.just("withdraw"), WHO),
    st.tuples(st.just("agree"), WHO),
    st.tuples(st.just("retain"), st.integers(60, 160)),
    st.tuples(st.just("count starts"), st.none()),
    st.tuples(st.just("move lessons"), st.integers(1, 300)),
    st.tuples(st.just("enrol"), WHO),
    st.tuples(st.just("strike"), WHO),
)
IN_HALF = 30 * 24 * 60
"""Minutes from `BEGIN` to a day in the selection `HALF`."""
OF_COURSE = "exercises of a course"
TAKES_AWAY = {"erase", "withdraw", "retain"}
EACH_SHOWN = replace(STUDY, parameters=replace(STUDY.parameters, smallest_group=1))


@pytest.fixture
def lab(store: Engine, store_url: str, tmp_path: Path) -> Iterator[Engine]:
    """A store with an archive beside it."""
    with_months(store)
    engine = open_engine(store_url, archive=tmp_path / "archive")
    yield engine
    engine.dispose()


def comparison(selection: Selection) -> Reckoning[Any]:
    choices = Choices(EACH_SHOWN.parameters, KYIV, STUDY.pseudonyms, with_grid=False)

    def read(connection: Connection) -> Callable[[], Any]:
        found, timetables = work(connection, STUDY, selection), timetables_of(connection, STUDY)
        return lambda: files(report(found, timetables, choices), {})

    return Reckoning(
        ("comparison", selection),
        lambda connection: mark_of(connection, STUDY.id, selection),
        read,
        lambda _: 1,
    )


def study_page(selection: Selection) -> Reckoning[Any]:
    def read(connection: Connection) -> Callable[[], Any]:
        covered = coverage(connection, STUDY, selection, of_course=selection.course is not None)
        last = last_observations(connection, STUDY, selection, 5)
        return lambda: (covered, last)

    return Reckoning(
        ("study", selection),
        lambda connection: mark_of(connection, STUDY.id, selection, of_the_hub=True),
        read,
        lambda _: 1,
    )


def exercises(selection: Selection) -> Reckoning[Any]:
    return of_study(EACH_SHOWN, selection, HandedOut())


def exercises_of_the_course(selection: Selection) -> Reckoning[Any]:
    span = Span(selection.since or BEGIN, selection.until or BEGIN + timedelta(days=400))
    return of_course(
        "or", span, EACH_SHOWN.parameters, HandedOut(cells=lambda: {"simplex": ("no-one-ran-it",)})
    )


NAMING = [made(selection) for made in (comparison, study_page) for selection in (HALF, Selection())]
"""What tells of people one by one."""
RECKONINGS = [
    *NAMING,
    *(made(one) for made in (exercises, exercises_of_the_course) for one in (HALF, Selection())),
]


def reckoned(engine: Engine, of: Reckoning[Any]) -> Any:
    with reading(engine) as connection:
        return of.read(connection)()


def do(engine: Engine, deed: str, about: Any, now: datetime) -> None:
    match deed:
        case "post":
            put(engine, about)
        case "archive":
            list(moving.archive(engine, Month(2026, 1 + about), now))
        case "bring back":
            bring_back(engine, Month(2026, 1 + about))
        case "count starts":
            settle(engine)
        case "retain":
            at = BEGIN + timedelta(days=about)
            retaining.retain(engine, cutoffs(KEPT_DAYS, at), LOG_NAMES, now)
        case _:
            with writing(engine) as connection:
                change(connection, deed, about, now)


def change(connection: Connection, deed: str, about: Any, now: datetime) -> None:
    match deed:
        case "erase":
            erase(
                connection, PEOPLE[about], names=LOG_NAMES, by="root", reason="asked", now=now, mentions=True
            )
        case "agree" | "withdraw":
            queries.record_consent(
                connection, user=PEOPLE[about], study=STUDY.id, agreed=deed == "agree", decided_at=now
            )
        case "move lessons":
            moved = timedelta(minutes=about)
            lessons = [
                replace(one, starts_at=one.starts_at + moved, ends_at=one.ends_at + moved) for one in LESSONS
            ]
            research.replace_lessons(connection, lessons)
        case "strike":
            state = timetables.state_of(connection, "or")
            for one in [one for one in state.people if one.user == PEOPLE[about]]:
                state = edits.strike(state, one.user, one.group)
            timetables.keep(connection, state, Made("root", now, How.PEOPLE))
        case "enrol":
            research.enrol(connection, PEOPLE[about], [Enrolment("or", f"B-{about}", BEGIN)])


@settings(
    max_examples=3,
    derandomize=True,
    deadline=None,
    phases=(Phase.generate,),  # a failing history is not made smaller: that takes many minutes
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(EVENTS, min_size=20, max_size=60), st.lists(DEEDS, min_size=4, max_size=8))
def test_what_is_shown_as_current_is_and_what_was_taken_away_is_gone_at_once(
    lab: Engine, events: list[Any], deeds: list[Any]
) -> None:
    emptied(lab)
    set_up(lab)
    put(lab, events)
    settle(lab)
    kept = Kept(lambda: BEGIN)
    before = [kept.answer(lab, one, fresh=False).what for one in RECKONINGS]
    for turn, (deed, about) in enumerate(deeds):
        do(lab, deed, about, datetime(2026, 6, 15, tzinfo=UTC) + timedelta(hours=turn))
        for place, one in enumerate(RECKONINGS):
            now, answer = reckoned(lab, one), kept.answer(lab, one, fresh=False)
            if answer.as_of is None:
                assert answer.what == now, deed
            else:
                assert answer.what == before[place], deed
                sign_ins = deed == "retain" and one.key[0] == "study"
                gone = deed in TAKES_AWAY or (deed == "strike" and one.key[0] == OF_COURSE)
                assert not gone or sign_ins or now == before[place], deed
            fresh = kept.answer(lab, one, fresh=True)
            assert (fresh.as_of, fresh.what) == (None, now), deed
            again = kept.answer(lab, one, fresh=False)
            assert (again.as_of, again.what) == (None, now), "nothing came since"
            before[place] = now


@pytest.fixture
def filled(lab: Engine) -> Engine:
    set_up(lab)
    put(lab, [event(n, IN_HALF + n * 60, user=n % 3) for n in range(1, 60)])
    settle(lab)
    return lab


def counted(of: Reckoning[Any]) -> tuple[Reckoning[Any], list[int]]:
    """Count how often it is reckoned."""
    times: list[int] = []

    def read(connection: Connection) -> Callable[[], Any]:
        times.append(1)
        return of.read(connection)

    return replace(of, read=read), times


def test_nobody_reckons_twice_what_is_the_same_and_a_look_changes_nothing(filled: Engine) -> None:
    kept = Kept(lambda: BEGIN)
    for place, of in enumerate(RECKONINGS):
        one, times = counted(of)
        first = kept.answer(filled, one, fresh=False)
        assert put(filled, [event(61 + 2 * place, 90_000, kind="look")])
        settle(filled)
        assert put(filled, [event(62 + 2 * place, 90_001, kind="look", course="or")])
        assert kept.answer(filled, one, fresh=False) == first
        assert kept.answer(filled, one, fresh=True) == first
        assert len(times) == 1


def test_what_is_reckoned_ahead_is_kept_once_and_a_failure_ends_nothing(filled: Engine, caplog) -> None:
    kept = Kept(lambda: BEGIN)
    ahead, (one, times), begun, go_on = Ahead(filled, kept), counted(comparison(HALF)), Event(), Event()

    def fails(_: Connection) -> Any:
        begun.set()
        assert go_on.wait(60)
        raise RuntimeError("on purpose")

    ahead.reckon(replace(one, key="fails", mark=fails))
    assert begun.wait(60)
    for _ in range(3):
        ahead.reckon(one)  # it waits its turn, once
    go_on.set()
    ahead._beside.submit(int).result(60)
    assert "not reckoned ahead" in caplog.text
    assert "on purpose" in caplog.text
    assert (len(times), kept.answer(filled, one, fresh=False).as_of) == (1, None)
    ahead.reckon(one)
    ahead.reckon(replace(one, key="while everything is counted anew", mark=lambda _: None))
    ahead.close()
    assert len(times) == 1, "neither what is kept is reckoned anew, nor what would not be kept"


def test_what_came_since_is_told_with_the_moment_of_what_is_shown(filled: Engine) -> None:
    moments = iter([BEGIN, BEGIN + timedelta(hours=1)])
    kept, (one, times) = Kept(lambda: next(moments)), counted(comparison(HALF))
    first = kept.answer(filled, one, fresh=False)
    put(filled, [event(61, IN_HALF + 61 * 60, user=1)])
    assert kept.answer(filled, one, fresh=False) == replace(first, as_of=BEGIN)
    assert len(times) == 1
    assert kept.answer(filled, one, fresh=True).as_of is None
    assert len(times) == 2


@pytest.mark.parametrize("by", ["withdraw", "erase"])
def test_who_is_gone_is_in_nothing_that_is_shown(filled: Engine, by: str) -> None:
    """Whoever did it, in whichever process: the store alone tells."""
    kept = Kept(lambda: BEGIN)
    names = STUDY.pseudonyms.of(PEOPLE[1])
    for one in NAMING:
        assert names in str(kept.answer(filled, one, fresh=False).what)
    do(filled, by, 1, BEGIN + timedelta(days=200))
    with reading(filled) as connection:
        assert PEOPLE[1] not in people_of(connection, STUDY)
    for one in NAMING:
        shown = kept.answer(filled, one, fresh=False)
        assert shown.as_of is None
        assert names not in str(shown.what)


def test_who_was_taken_out_of_a_course_is_in_none_of_its_figures_any_more(filled: Engine) -> None:
    kept, one = Kept(lambda: BEGIN), exercises_of_the_course(HALF)
    before = kept.answer(filled, one, fresh=False).what
    do(filled, "strike", 1, BEGIN + timedelta(days=200))
    shown = kept.answer(filled, one, fresh=False)
    assert (shown.as_of, shown.what) == (None, reckoned(filled, one))
    assert shown.what != before


def test_what_cannot_be_told_cheaply_is_reckoned_each_time(filled: Engine) -> None:
    kept, (one, times) = Kept(lambda: BEGIN), counted(comparison(HALF))
    kept.answer(filled, one, fresh=False)
    with writing(filled) as connection:
        came(connection, {EVERYTHING: 0})
    for _ in range(2):
        assert kept.answer(filled, one, fresh=False).as_of is None
    assert (len(times), len(kept)) == (3, 0)


def test_who_asks_at_the_same_time_waits_for_one_reckoning(filled: Engine) -> None:
    kept, (one, times) = Kept(lambda: BEGIN), counted(comparison(HALF))
    begun, may_end = threading.Event(), threading.Event()

    def read(connection: Connection) -> Callable[[], Any]:
        reckon = one.read(connection)
        begun.set()
        assert may_end.wait(30)
        return reckon

    slow, answers = replace(one, read=read), list[Any]()
    threads = [
        threading.Thread(target=lambda: answers.append(kept.answer(filled, slow, fresh=False)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    assert begun.wait(30)
    may_end.set()
    for thread in threads:
        thread.join(30)
    assert (len(answers), len(times), len({id(one.what) for one in answers})) == (3, 1, 1)


def test_a_fault_is_the_readers_own_and_the_next_one_is_not_kept_waiting(filled: Engine) -> None:
    kept, one = Kept(lambda: BEGIN), comparison(HALF)

    def broken(connection: Connection) -> Callable[[], Any]:
        raise ArithmeticError("no figures")

    with pytest.raises(ArithmeticError):
        kept.answer(filled, replace(one, read=broken), fresh=False)
    first = kept.answer(filled, one, fresh=False)
    put(filled, [event(61, IN_HALF + 61 * 60, user=1)])
    with pytest.raises(ArithmeticError):
        kept.answer(filled, replace(one, read=broken), fresh=True)
    assert kept.answer(filled, one, fresh=False) == replace(first, as_of=BEGIN), "the last one is still there"


def test_no_more_is_kept_than_is_allowed() -> None:
    kept = Kept(lambda: BEGIN, most=3, most_people=100)
    mark = Mark((), ())
    for n in range(10):
        kept.keep(n, Reckoned(n, mark, BEGIN, 10))
    assert [n for n in range(10) if kept.find(n, mark)] == [7, 8, 9]
    kept.find(7, mark)
    kept.keep("large", Reckoned("large", mark, BEGIN, 85))
    assert (len(kept), kept.people) == (2, 95)
    assert kept.find(7, mark), "what was asked for last stays"
    kept.keep("too large", Reckoned("too large", mark, BEGIN, 101))
    assert kept.find("too large", mark) is None
    kept.clear()
    assert (len(kept), kept.people) == (0, 0)
