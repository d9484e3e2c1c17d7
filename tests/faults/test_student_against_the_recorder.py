"""A student who steals the server's token, forges events, spoils the spool and kills the server hurts nobody else.

Local processes stand in for containers: what is done here is what a student's own code may do in a container, too.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psutil
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from classroom.pupils import Pupil
from classroom.suffering import hanging
from labrun import RunningLab, start_lab, until
from maximalab_hub.completeness import Completeness, completeness
from maximalab_hub.lab.accounts import COURSE, readable_password
from maximalab_hub.people import add_account
from maximalab_hub.settings import load_settings
from maximalab_hub.store.engine import open_engine, reading
from maximalab_hub.store.research import Selection
from maximalab_recorder.ids import uuid7
from storedusage import Stored, gaps, stored

STEAL = (
    r"p=$PPID; while [ $p -gt 1 ]; do "
    r"tr '\\0' '\\n' < /proc/$p/environ | sed -n 's/^JUPYTERHUB_API_TOKEN=/token /p'; "
    r"p=$(sed -n 's/^PPid:[^0-9]*//p' /proc/$p/status); done"
)
"""What a cell of Maxima may do to read the environment of the server above its kernel."""


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    running = start_lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def pupils(lab: RunningLab) -> Iterator[dict[str, Pupil]]:
    """Eve, who means harm, and Bob, who works beside her."""
    found = {}
    for name in ("eve", "bob"):
        password = readable_password()
        add_account(lab.state / "accounts.toml", name, password, groups=(f"study:{COURSE}",))
        found[name] = Pupil.arrives(lab.public, name, password, spawn_seconds=180)
        found[name].kernel.run("6*7;", cell_id=f"{name}-first")
    yield found
    for one in found.values():
        one.visitor.close()


@pytest.fixture(scope="module")
def token(pupils: dict[str, Pupil]) -> str:
    """The token of Eve's server, as she gets hold of it from a cell."""
    said = pupils["eve"].kernel.run(f'system("{STEAL}")$', cell_id="eve-steals").text
    return next(line.split()[1] for line in said.splitlines() if line.startswith("token "))


def cells(lab: RunningLab, user: str) -> set[str | None]:
    return {run.cell_id for run in stored(lab, user, "run")}


def whole(lab: RunningLab, user: str) -> Completeness:
    engine = open_engine(load_settings(lab.state / "maximalab.toml").usage.db_url)
    try:
        with reading(engine) as connection:
            return completeness(connection, [user], Selection())
    finally:
        engine.dispose()


def forged(**fields: Any) -> dict[str, Any]:
    now = datetime.now(UTC)
    told = {
        "event_id": str(uuid7(now)),
        "boot_id": str(uuid4()),
        "seq": 0,
        "kind": "run",
        "at": now.isoformat(),
    }
    return {**told, "outcome": "ok", **fields}


def post(lab: RunningLab, token: str, *events: dict[str, Any]) -> list[dict[str, Any]]:
    answer = httpx.post(
        f"{lab.public}/services/usage/events",
        json={"events": list(events)},
        headers={"Authorization": f"token {token}"},
        timeout=30,
    )
    assert answer.status_code < 500, answer.text
    return answer.json()["results"] if answer.status_code == 200 else []


def bobs(lab: RunningLab) -> list[Stored]:
    until(lambda: "bob-first" in cells(lab, "bob"), "Bob's run is recorded")
    return stored(lab, "bob")


def test_what_a_stolen_token_tells_is_told_of_its_own_person_alone(lab: RunningLab, token: str):
    before = bobs(lab)
    run = next(one for one in before if one.kind == "run")
    for event in (
        forged(cell_id="of-bob", user="bob", server="public-maxima"),
        forged(cell_id="as-bobs-server", boot_id=run.boot_id, seq=run.seq + 5),
        forged(
            cell_id="over-bobs-run", event_id=run.event_id, boot_id=run.boot_id, seq=run.seq, outcome="error"
        ),
        forged(kind="server_stop", user="bob", server="public-maxima"),
        forged(kind="login", user="bob"),
    ):
        post(lab, token, event)
    assert stored(lab, "bob") == before
    assert gaps([one for one in before if one.source == "server"]) == {}
    assert cells(lab, "bob") == {"bob-first"}
    assert {one.source for one in stored(lab, "eve", "run")} == {"server"}, "and how far to trust it is said"


def test_the_numbers_of_another_persons_start_stay_whole(lab: RunningLab, token: str):
    """Whoever forges a number under Bob's start makes a gap of her own, not one of his."""
    run = next(one for one in bobs(lab) if one.kind == "run")
    post(lab, token, forged(boot_id=run.boot_id, seq=run.seq + 100, cell_id="far"))
    assert whole(lab, "bob").missing == 0
    assert whole(lab, "eve").missing > 0


def test_an_edited_notebook_changes_no_record(lab: RunningLab, pupils: dict[str, Pupil]):
    pupils["eve"].kernel.run("1;", cell_id="eve-before-edit")  # a server's events arrive in their order
    until(lambda: "eve-before-edit" in cells(lab, "eve"), "Eve's runs are recorded")
    before = stored(lab, "eve", "run")
    notebook = lab.state / "homes/public/eve/simplex/simplex.en.ipynb"
    content = json.loads(notebook.read_text(encoding="utf-8"))
    content["cells"][0]["id"] = "bob-first"
    notebook.write_text(json.dumps(content), encoding="utf-8")
    pupils["eve"].kernel.run("1;", cell_id="eve-after-edit")
    until(lambda: "eve-after-edit" in cells(lab, "eve"), "the next run is recorded")
    assert [one for one in stored(lab, "eve", "run") if one.cell_id != "eve-after-edit"] == before


def server_of(lab: RunningLab, user: str) -> psutil.Process:
    home = str(lab.state / "homes/public" / user)
    for record in lab.records():
        one = psutil.Process(record.pid)
        with one.oneshot():
            if one.is_running() and "singleuser" in " ".join(one.cmdline()) and one.cwd().startswith(home):
                return one
    raise AssertionError(f"no server of {user}")


def test_a_recorder_that_is_killed_with_its_spool_leaves_a_start_without_end(
    lab: RunningLab, pupils: dict[str, Pupil]
):
    before = whole(lab, "eve").starts_without_end
    with hanging(lab):  # what runs now waits in the spool
        pupils["eve"].kernel.run("2;", cell_id="eve-hides")
        bob = pupils["bob"].kernel.run("2;", cell_id="bob-meanwhile")
        os.kill(server_of(lab, "eve").pid, signal.SIGKILL)
        shutil.rmtree(lab.state / "spool/public/eve/public-maxima")
    assert bob.status == "ok"
    until(lambda: "bob-meanwhile" in cells(lab, "bob"), "Bob's run is recorded")
    until(lambda: whole(lab, "eve").starts_without_end > before, "the gap is visible")
    assert "eve-hides" not in cells(lab, "eve")
    assert whole(lab, "bob").starts_without_end == whole(lab, "bob").missing == 0


def test_she_starts_again_and_is_recorded(lab: RunningLab, pupils: dict[str, Pupil]):
    eve = pupils["eve"].visitor
    until(lambda: eve.http.get("/hub/lab").status_code == 200, "My lab answers")
    again = Pupil.arrives(lab.public, "eve", eve._password, spawn_seconds=180)
    again.kernel.run("3;", cell_id="eve-again")
    again.visitor.close()
    until(lambda: "eve-again" in cells(lab, "eve"), "the run is recorded")
    assert timedelta() <= datetime.now(UTC) - stored(lab, "eve", "run")[-1].at < timedelta(hours=1)
