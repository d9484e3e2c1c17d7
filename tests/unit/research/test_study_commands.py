"""What a researcher does by command: comparing, exporting, timetables, and what is wrong with a command."""

from __future__ import annotations

import csv
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from labsettings import settings_toml
from maximalab_hub import migrations
from maximalab_hub.cli import main
from maximalab_hub.example_history import (
    CLASS,
    load_example,
)
from maximalab_hub.export.csv import read_csv
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.store import queries
from maximalab_hub.store.engine import open_engine, reading

if TYPE_CHECKING:
    pass

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
