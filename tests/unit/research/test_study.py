"""The gate between store and research, the example class, exports and commands: on both databases."""

from __future__ import annotations

import csv
import itertools
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from labsettings import settings_toml
from maximalab_hub import migrations
from maximalab_hub.cli import main
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
from maximalab_hub.export.csv import read_csv
from maximalab_hub.histories.telling import blocks
from maximalab_hub.privacy import pseudonyms_of
from maximalab_hub.secret_files import ensure_secrets
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
STORES = {"public_store": "materials/public", "private_store": "materials/private"}
ALGEBRA = """BEGIN:VCALENDAR
VERSION:2.0
PRODID:t
BEGIN:VEVENT
UID:1
SUMMARY:Algebra
X-MAXIMALAB-COURSE:algebra
X-MAXIMALAB-GROUP:A-1
DTSTART;TZID=Europe/Kyiv:20260907T083000
DTEND;TZID=Europe/Kyiv:20260907T100500
RRULE:FREQ=WEEKLY;COUNT=15
END:VEVENT
END:VCALENDAR
"""


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


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lab")
    (folder / "maximalab.toml").write_text(settings_toml({"catalogue": STORES}))
    ensure_secrets(folder / "secrets")
    engine = open_engine(f"sqlite:///{folder / 'usage.sqlite'}")
    migrations.upgrade(engine)
    load_example(engine, datetime.now(UTC))
    engine.dispose()
    return folder


@dataclass
class Done:
    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def maximalab(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Run the command in this process, which spares its start; one test below starts it for real."""

    def run(folder: Path, *words: str) -> Done:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("MAXIMALAB_SETTINGS", str(folder / "maximalab.toml"))
        monkeypatch.setattr(sys, "argv", ["maximalab", *words])
        try:
            main()
            code = 0
        except SystemExit as end:
            code = int(end.code or 0)
        return Done(code, *capsys.readouterr())

    return run


def test_the_commands_of_a_researcher(lab: Path, maximalab):
    words = ("export", "--format", "csv", "--course", "operations-research")
    done = maximalab(lab, *words, "--out", "data")
    assert done.returncode == 0, done.stderr
    assert "of 22 people are in data as csv" in done.stdout
    assert "events" in done.stderr, "a progress bar"
    maximalab(lab, *words, "--out", "again")
    names = sorted(path.name for path in (lab / "data").iterdir())
    assert names == [
        "CITATION.cff",
        "codebook.json",
        "events.csv",
        "manifest.json",
        "sessions.csv",
        "student_weeks.csv",
    ]
    for name in names:
        assert (lab / "data" / name).read_bytes() == (lab / "again" / name).read_bytes(), name
    rows = read_csv((lab / "data" / "events.csv").read_bytes())
    assert f"{len(rows)} events" in done.stdout
    counted = maximalab(lab, "consent", "list").stdout
    assert "23 agree, 1 do not, 0 decided about an older text" in counted


def test_each_export_is_in_a_log_that_can_be_verified_and_asked_for_a_manifest(lab: Path, maximalab):
    for folder in ("given", "given again"):
        assert maximalab(lab, "export", "--for", "olha", "--out", folder).returncode == 0
    whole = maximalab(lab, "export-log", "verify")
    assert (whole.returncode, whole.stderr) == (0, "")
    head = re.search(r"\d+:[0-9a-f]{64}", whole.stdout)
    assert head, whole.stdout
    found = maximalab(lab, "export-log", "find", str(lab / "given" / "manifest.json")).stdout.splitlines()
    assert [" exported " in line for line in found] == [True, True], "the same bytes, given out twice"
    listed = maximalab(lab, "export-log", "list", "--newest", "4").stdout
    assert set(found) <= set(listed.splitlines())
    assert "olha" not in listed
    changed = lab / "changed.json"
    changed.write_bytes((lab / "given" / "manifest.json").read_bytes() + b" ")
    assert maximalab(lab, "export-log", "find", str(changed)).returncode == 1
    assert maximalab(lab, "export-log", "verify", "--head", "nonsense").returncode == 2
    assert maximalab(lab, "export-log", "verify", "--head", head[0]).returncode == 0
    with sqlite3.connect(lab / "usage.sqlite") as store:
        store.execute("UPDATE export_log SET who = 'x' WHERE position = 1")
    broken = maximalab(lab, "export-log", "verify")
    assert (broken.returncode, broken.stdout) == (
        1,
        "entry 1 was changed: its hash is not that of what it says\n",
    )


def test_the_comparison_by_command_is_the_same_twice_names_nobody_and_is_recorded(lab: Path, maximalab):
    words = ("compare", "--course", "operations-research", "--no-grid", "--lang", "uk", "--for", "olha")
    with sqlite3.connect(lab / "usage.sqlite") as store:
        store.execute("UPDATE event SET source = 'client' WHERE kind = 'run' AND seq % 3 = 0")
        mine = (
            "SELECT user, count(*) FROM event WHERE source = 'client' AND outcome <> 'aborted' GROUP BY user"
        )
        at_home = dict(store.execute(mine).fetchall())
    told = [maximalab(lab, *words, "--out", folder) for folder in ("first", "second")]
    assert [done.returncode for done in told] == [0, 0], told[0].stderr
    assert told[0].stdout == told[1].stdout
    assert "На заняттях" in told[0].stdout
    names = sorted(path.name for path in (lab / "first").iterdir())
    assert {"comparison.json", "exercises.csv", "week.svg", "week.png"} <= set(names)
    for name in names:
        content = (lab / "first" / name).read_bytes()
        assert content == (lab / "second" / name).read_bytes()
        assert not [user for user in CLASS if user.encode() in content]
    pairs = list(csv.DictReader((lab / "first" / "places.csv").read_text().splitlines()))
    assert "У хмарі та на власному комп’ютері, за людьми" in told[0].stdout
    assert len(pairs) > 10
    assert Counter(int(one["local_runs"]) for one in pairs) <= Counter(at_home.values())
    engine = open_engine(f"sqlite:///{lab / 'usage.sqlite'}")
    with reading(engine) as connection:
        looks = [one for one in queries.last_events(connection, 10) if one.kind == "export"]
    engine.dispose()
    assert [one.user for one in looks[:2]] == ["olha", "olha"]


def test_a_timetable_is_imported_by_command(lab: Path, maximalab):
    (lab / "algebra.ics").write_text(ALGEBRA.replace("\n", "\r\n"))
    done = maximalab(
        lab, "timetable", "import", "algebra.ics", "--since", "2026-09-01", "--until", "2027-02-01"
    )
    assert done.stdout.startswith("15 lessons of algebra (0 cancelled)"), done.stderr
    enrolled = maximalab(lab, "timetable", "enrol", "algebra", "A-1", "olena", "--since", "2026-09-01")
    assert (enrolled.stdout, enrolled.stderr) == ("1 in A-1 of algebra.\n", "")
    typo = maximalab(lab, "timetable", "enrol", "algebra", "A-2", "petro", "--since", "2026-09-01")
    assert "No timetable names this group yet" in typo.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(["export", "--out", "x", "--format", "xls"], 2, "'xls' is not", id="no such format"),
        pytest.param(["export"], 2, "--out", id="nowhere to write to"),
        pytest.param(
            ["timetable", "import", "none.ics"], 2, "none.ics: cannot be read", id="no such timetable"
        ),
        pytest.param(
            ["timetable", "import", "maximalab.toml"], 2, "no iCalendar file", id="no timetable at all"
        ),
        pytest.param(
            ["export", "--out", "maximalab.toml/x"], 1, "cannot be written", id="a folder that cannot be"
        ),
        pytest.param(["materials", "publish", "nothing"], 2, "nothing", id="no such material"),
        pytest.param(["compare", "--lang", "xx"], 2, "give uk or en", id="a language that the lab has not"),
        pytest.param(["compare", "--since", "soon"], 2, "--since", id="no day"),
        pytest.param(
            ["export", "--out", "x", "--course", "operatons-research"],
            2,
            "--course 'operatons-research': nothing tells of it. There are: ",
            id="a misspelt course of an export",
        ),
        pytest.param(
            ["compare", "--no-grid", "--course", "OR"],
            2,
            "--course 'OR': nothing tells of it. There are: ",
            id="no such course",
        ),
        pytest.param(
            ["compare", "--no-grid", "--material", "simplx"],
            2,
            "--material 'simplx': nothing tells of it. There are: ",
            id="no such material",
        ),
        pytest.param(
            ["export", "--out", "x", "--since", "2026-11-10", "--until", "2026-11-01"],
            2,
            "maximalab: --until 2026-11-01 comes before --since 2026-11-10",
            id="a period that ends before it begins",
        ),
        pytest.param(
            ["compare", "--other-since", "2026-11-10", "--other-until", "2026-11-01"],
            2,
            "maximalab: --other-until 2026-11-01 comes before --other-since 2026-11-10",
            id="another period that ends before it begins",
        ),
        pytest.param(["brew", "coffee"], 2, "No such command", id="no such command"),
    ],
)
def test_a_wrong_command_gets_a_clear_line_and_no_traceback(lab: Path, maximalab, words, code, said):
    done = maximalab(lab, *words)
    assert done.returncode == code
    assert said in done.stderr


def test_missing_settings_are_named_with_the_remedy(tmp_path: Path):
    command = [str(Path(sys.executable).with_name("maximalab")), "consent", "list"]
    environ = os.environ | {"MAXIMALAB_SETTINGS": str(tmp_path / "maximalab.toml")}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, timeout=90, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith("maximalab: ")
    assert "MAXIMALAB_SETTINGS" in done.stderr
    assert done.stderr.count("\n") == 1
