"""Promise 3: whichever process dies on a student's path, server, notebook and events are there afterwards."""

from __future__ import annotations

import itertools
import sqlite3
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from labclient import NotebookKernel, Visitor, wait_for
from labrun import RunningLab, start_lab

ATTEMPTS, ANSWERED = itertools.count(), [""][:0]
SERVER, NOTEBOOK = "public-maxima", "simplex/simplex.en.ipynb"


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    running = start_lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def student(lab: RunningLab) -> Iterator[Visitor]:
    visitor = Visitor(lab.public, "student", lab.password("student"))
    visitor.sign_in()
    visitor.open_and_wait("simplex", SERVER)
    yield visitor
    visitor.close()


@pytest.fixture(scope="module")
def kernel(student: Visitor) -> NotebookKernel:
    return NotebookKernel(student, SERVER, NOTEBOOK)


def run_events(lab: RunningLab) -> list[tuple[str, str]]:
    """(event_id, cell_id) of each run of the student that the store holds."""
    with sqlite3.connect(f"file:{lab.state / 'usage.sqlite'}?mode=ro", uri=True) as store:
        rows = store.execute("select event_id, cell_id from event where user = 'student' and kind = 'run'")
        return list(rows)


def kernel_answers(kernel: NotebookKernel, cell: str) -> str | None:
    """Ask for x once; each try is a run of its own, so that it is known how many there must be."""
    attempt = f"{cell}-{next(ATTEMPTS)}"
    if "42" not in kernel.run("x;", cell_id=attempt).text:
        return None
    ANSWERED.append(attempt)
    return attempt


def test_first_run(kernel: NotebookKernel):
    assert kernel.run("x: 6*7;", cell_id="before").text.count("42") >= 1


@pytest.mark.parametrize("victim", ["hub", "proxy-public", "usage"])
def test_the_path_goes_on_after_kill_9(
    lab: RunningLab, student: Visitor, kernel: NotebookKernel, victim: str
):
    lab.kill(victim)
    if victim == "hub":  # the open notebook does not even notice
        assert kernel_answers(kernel, "while-hub-is-away")
    wait_for(lambda: student.http.get("/hub/lab").status_code == 200, seconds=60, why="My lab is back")
    page = wait_for(
        lambda: (p := student.open("simplex")).status_code == 200 and p,
        seconds=60,
        why="the notebook opens again",
    )
    assert "/lab/tree/" in str(page.url), "the same server, not a new spawn"
    assert wait_for(lambda: kernel_answers(kernel, f"after-{victim}"), seconds=30, why="x is still 42")


def test_a_run_while_the_service_is_down_arrives_once(lab: RunningLab, kernel: NotebookKernel):
    lab.kill("usage")
    kernel.run("6*7;", cell_id="while-usage-is-away")
    wait_for(
        lambda: [c for _, c in run_events(lab)].count("while-usage-is-away") == 1,
        seconds=90,
        why="the run is recorded",
    )


def test_every_event_is_there_once(lab: RunningLab, kernel: NotebookKernel):
    kernel.run("1;", cell_id="last")
    wait_for(lambda: "last" in [c for _, c in run_events(lab)], seconds=90, why="the last run is recorded")
    cells = sorted(cell for _, cell in run_events(lab))
    assert len(cells) == len(set(cells)), f"a run was recorded twice: {cells}"
    assert {"before", "while-usage-is-away", "last", *ANSWERED} <= set(cells), "a run is missing"


def test_the_notebook_is_still_there(lab: RunningLab):
    assert (lab.state / "homes/public/student" / NOTEBOOK).is_file()
