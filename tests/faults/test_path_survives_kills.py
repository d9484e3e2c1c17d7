"""Promise 3: whichever process dies on a student's path, server, notebook and events are there afterwards."""

from __future__ import annotations

import itertools
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from labclient import NotebookKernel, Visitor, wait_for
from labrun import RunningLab, start_lab
from storedusage import gaps, stored

ATTEMPTS = itertools.count()
NOTE = {
    "cell_type": "markdown",
    "id": "my-note",
    "metadata": {},
    "source": "Written before the kills: ∑ x = 42",
}

EACH_TWICE = dict.fromkeys(["login", "server_start", "kernel_start", "notebook_open", "notebook_save"], 2)
"""What the student did beside running cells, once at each entrance; a kill must not make it more or less."""


@dataclass
class Opened:
    """A material that the student has open at one entrance, and the runs that were answered there."""

    visitor: Visitor
    material: str
    tier: str
    answered: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.server, self.notebook = f"{self.tier}-maxima", f"{self.material}/{self.material}.en.ipynb"
        self.visitor.sign_in()
        self.visitor.open_and_wait(self.material, self.server)
        self.kernel = NotebookKernel(self.visitor, self.server, self.notebook)
        assert self.kernel.run("x: 6*7;", cell_id=f"before-{self.tier}").text.count("42") >= 1
        self.contents = f"{self.kernel.base}api/contents/{self.notebook}"
        self.saved = self.content()
        self.saved["cells"].append(dict(NOTE))
        body = {"type": "notebook", "format": "json", "content": self.saved}
        self.visitor.http.put(self.contents, json=body, headers=self.kernel.headers()).raise_for_status()

    def content(self) -> dict[str, Any]:
        """What the student's server gives as the notebook."""
        return self.visitor.http.get(self.contents).raise_for_status().json()["content"]

    def answers(self, cell: str) -> bool:
        """Ask for x once; each try is a run of its own, so that it is known how many there must be."""
        attempt = f"{cell}-{next(ATTEMPTS)}"
        if "42" not in self.kernel.run("x;", cell_id=attempt).text:
            return False
        self.answered.append(attempt)
        return True


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningLab]:
    running = start_lab(tmp_path_factory.mktemp("lab"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def opened(lab: RunningLab) -> Iterator[dict[str, Opened]]:
    """The student's two ways in, each with its server: the public material and the private one."""
    public = Visitor(lab.public, "student", lab.password("student"))
    vpn = Visitor(lab.vpn, "student", lab.password("student"))
    yield {"public": Opened(public, "simplex", "public"), "vpn": Opened(vpn, "matrix-game", "private")}
    public.close()
    vpn.close()


@pytest.mark.parametrize(
    ("victim", "entrance"),
    [("hub", "public"), ("proxy-public", "public"), ("usage", "public"), ("proxy-vpn", "vpn")],
)
def test_the_path_goes_on_after_kill_9(
    lab: RunningLab, opened: dict[str, Opened], victim: str, entrance: str
):
    there = opened[entrance]
    other = opened["vpn" if entrance == "public" else "public"]
    lab.kill(victim)
    if victim != f"proxy-{entrance}":  # the open notebook does not even notice
        assert there.answers(f"while-{victim}-is-away")
    assert other.answers(f"beside-{victim}"), "the other entrance does not notice"
    http = there.visitor.http
    wait_for(lambda: http.get("/hub/lab").status_code == 200, seconds=60, why="My lab is back")
    page = wait_for(
        lambda: (p := there.visitor.open(there.material)).status_code == 200 and p,
        seconds=60,
        why="the notebook opens again",
    )
    assert f"/{there.server}/lab/tree/" in str(page.url), "the same server, not a new spawn"
    assert wait_for(lambda: there.answers(f"after-{victim}"), seconds=30, why="x is still 42")


def cells(lab: RunningLab) -> list[str | None]:
    return [run.cell_id for run in stored(lab, "student", "run")]


def test_a_run_while_the_service_is_down_arrives_once(lab: RunningLab, opened: dict[str, Opened]):
    lab.kill("usage")
    opened["public"].kernel.run("6*7;", cell_id="while-usage-is-away")
    wait_for(lambda: cells(lab).count("while-usage-is-away") == 1, seconds=90, why="the run is recorded")


def test_every_event_is_there_once(lab: RunningLab, opened: dict[str, Opened]):
    last = {f"last-{one.tier}" for one in opened.values()}
    for one in opened.values():
        one.kernel.run("1;", cell_id=f"last-{one.tier}")
    wait_for(lambda: last <= set(cells(lab)), seconds=90, why="the last runs are recorded")
    ran = cells(lab)
    assert len(ran) == len(set(ran)), f"a run was recorded twice: {ran}"
    answered = {cell for one in opened.values() for cell in one.answered}
    assert {"before-public", "before-private", "while-usage-is-away", *last, *answered} <= set(ran)
    events = stored(lab, "student")
    assert len({one.event_id for one in events}) == len(events)
    assert len({(one.boot_id, one.seq) for one in events}) == len(events)
    assert Counter(one.kind for one in events if one.kind != "run") == EACH_TWICE
    # A hub numbers what it tells of everybody in one row, and so all persons' events are looked at.
    assert gaps(stored(lab)) == {}


def texts(cells: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    return [(cell["id"], cell["cell_type"], "".join(cell["source"])) for cell in cells]


def test_the_notebooks_are_as_they_were_saved(lab: RunningLab, opened: dict[str, Opened]):
    for one in opened.values():
        saved = texts(one.saved["cells"])
        assert saved[-1][2] == NOTE["source"]
        file = lab.state / "homes" / one.tier / "student" / one.notebook
        assert texts(json.loads(file.read_text(encoding="utf-8"))["cells"]) == saved
        assert texts(one.content()["cells"]) == saved
