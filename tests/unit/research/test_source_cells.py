"""What the hub knows of the cells of the notebooks that it handed out, and of whose notebooks it knows nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from labsettings import settings_toml
from maximalab_hub.comparison.exercises import Exercise, Tally
from maximalab_hub.drawings.exercises import exercises_chart
from maximalab_hub.example_history import CLASS, COURSE, DECLINED, NEVER_ASKED, load_example
from maximalab_hub.histories.cells import CELLS
from maximalab_hub.secret_files import ensure_secrets
from maximalab_hub.service.exercise_words import lines_of, names_of
from maximalab_hub.service.wording import Wording
from maximalab_hub.setting import Setting
from maximalab_hub.settings import Settings, load_settings
from maximalab_hub.sourcecells import SourceNotebooks, exercises_of, source_cells
from maximalab_hub.store import queries
from maximalab_hub.store.engine import reading
from maximalab_hub.store.research import Selection
from maximalab_spawner.catalog import CatalogReader, publish

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
SOME = Tally(12, 20, 5)
NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def notebook(*cells: dict[str, Any]) -> bytes:
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}).encode()


def code(cell: str, **metadata: Any) -> dict[str, Any]:
    return {"cell_type": "code", "id": cell, "source": ["# no heading\n", "1+1;"], "metadata": metadata}


def text(source: str) -> dict[str, Any]:
    return {"cell_type": "markdown", "id": "text", "source": source, "metadata": {}}


def test_a_cell_has_its_place_its_heading_and_the_name_of_its_task():
    found = source_cells(
        notebook(
            code("start"),
            text("# One\n\nwords\n\n## Exercise 1\nmore"),
            code("a"),
            text("no heading"),
            code("b", nbgrader={"grade_id": "task-1"}),
        )
    )
    assert [(one.cell, one.place, one.heading, one.grade_id) for one in found] == [
        ("start", 1, "", None), ("a", 2, "Exercise 1", None), ("b", 3, "Exercise 1", "task-1"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\xff{", id="no JSON"),
        pytest.param(b"[" * 100_000, id="without end"),
        pytest.param(b'{"cells": 3}', id="no cells"),
        pytest.param(
            notebook({"cell_type": "code", "source": "", "metadata": {}}), id="a format without ids"
        ),
        pytest.param(notebook(code("a") | {"metadata": {"nbgrader": 1}}), id="odd metadata"),
    ],
)
def test_what_is_no_notebook_has_no_cells(content: bytes):
    assert source_cells(content) == ()


@pytest.fixture
def lab(tmp_path: Path) -> Settings:
    """Give a lab with the course that comes with it, published to both tiers."""
    stores = {"public_store": "public", "private_store": "private"}
    (tmp_path / "maximalab.toml").write_text(settings_toml({"catalogue": stores}))
    ensure_secrets(tmp_path / "secrets")
    settings = load_settings(tmp_path / "maximalab.toml")
    for description in sorted(NOTEBOOKS.glob("*/material.toml")):
        publish(
            description.parent,
            catalogue=settings.catalogue.dir,
            stores=settings.catalogue.stores,
            history=None,
        )
    return settings


@pytest.fixture
def known(lab: Settings) -> SourceNotebooks:
    return SourceNotebooks(lab, CatalogReader(lab.catalogue.dir))


@pytest.mark.parametrize("language", ["uk", "en"])
def test_the_example_history_runs_the_cells_of_the_notebooks(known: SourceNotebooks, language: str):
    assert known.known(language) == {name: tuple(cells) for name, cells in CELLS.items()}


def test_of_private_material_nothing_is_read_though_it_lies_here(known: SourceNotebooks, lab: Settings):
    assert (lab.lab.state_dir / "private" / "matrix-game").is_dir()
    assert known.cells_of("matrix-game", "uk") == ()
    assert known.cells_of("no-such-material", "uk") == ()
    (lab.catalogue.dir / "courses.toml").unlink()
    assert known.known("uk") == {}


def test_of_a_lab_that_publishes_elsewhere_no_notebook_is_known(lab: Settings):
    elsewhere = lab.model_copy(update={"catalogue": lab.catalogue.model_copy(update={"public_store": None})})
    assert SourceNotebooks(elsewhere, CatalogReader(lab.catalogue.dir)).known("uk") == {}


def test_the_example_class_tells_of_its_exercises_from_a_real_store(store, lab: Settings):
    load_example(store, NOW)
    since = Selection(since=NOW - timedelta(days=30))
    with reading(store) as connection:
        found = exercises_of(connection, lab, CatalogReader(lab.catalogue.dir), since)
        rows = list(queries.events_between(connection, since.since, kinds=("run",)))
    assert [one.cell for one in found if one.material == "simplex"] == [*CELLS["simplex"], None]
    mine = [row for row in rows if row.outcome != "aborted" and row.user not in {DECLINED, NEVER_ASKED}]
    for one in found:
        of_it = [
            row for row in mine if row.material == one.material
            and (row.cell_id == one.cell if one.cell else row.cell_id not in CELLS[one.material])
        ]  # fmt: skip
        assert one.whole is None or one.whole == Tally(
            len({row.user for row in of_it}),
            len(of_it),
            sum(row.outcome in {"error", "dead"} for row in of_it),
        )
    hardest = max((one for one in found if one.whole), key=lambda one: one.whole.error_share)
    assert hardest.cell.endswith("-answer"), "there is something to see"
    told = lines_of(names_of(found, (), Wording("en", "Europe/Kyiv")), Wording("en", "Europe/Kyiv"))
    assert not [user for user in CLASS for line in told if user in str(line)]
    assert {row.course for row in mine} == {COURSE}


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        pytest.param("en", ["cell 1", "cell b-elsewhere…", "cells of their own"], id="in English"),
        pytest.param("uk", ["комірка 1", "комірка b-elsewhere…", "власні комірки людей"], id="in Ukrainian"),
    ],
)
def test_exercises_are_called_what_the_teacher_calls_them(language: str, expected: list[str]):
    source = source_cells(
        notebook(code("s"), text("# Exercise 1"), code("a"), code("g", nbgrader={"grade_id": "task-1"}))
    )
    cells = ("g", "a", "s", "b-elsewhere-0", None)
    said = Wording(language, "Europe/Kyiv")
    named = names_of([exercise(cell) for cell in cells], source, said)
    assert [name.split(",")[0] for name, _ in named] == ["task-1", "2 · Exercise 1", *expected]
    [hides, *_] = lines_of(names_of([exercise("g", None)], source, said), said)
    assert (hides.figures, exercises_chart([("g", exercise("g", None))], said)) == (None, [])
    assert [bar.length for bar in exercises_chart(named, said)] == [400] * 5


def exercise(cell: str | None, whole: Tally | None = SOME) -> Exercise:
    return Exercise("simplex", cell, whole, None, (), dict.fromkeys(Setting))
