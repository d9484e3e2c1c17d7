"""What is committed: materials that follow the rules, and notebooks that differ only in their language."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import nbformat
import pytest
from maximalab_spawner.catalog import publish, read_catalog
from maximalab_spawner.tiers import Tier

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"
FOLDERS = sorted(path.parent for path in NOTEBOOKS.glob("*/material.toml"))
FILES = sorted(NOTEBOOKS.glob("*/*.ipynb"))
LANGUAGES = {"uk", "en"}
CYRILLIC = re.compile(r"[а-яіїєґ]", re.IGNORECASE)

each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
each_file = pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)


def record(folder: Path) -> dict:
    return tomllib.loads((folder / "material.toml").read_text(encoding="utf-8"))


def cells(path: Path) -> list[dict]:
    return [
        {**cell, "source": "".join(cell["source"])}
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]
    ]


def without_words(code: str) -> str:
    """`code` without comments and without the insides of strings: what must be equal in both languages."""
    return re.sub(r'"[^"]*"', '""', re.sub(r"/\*.*?\*/", "", code, flags=re.DOTALL))


@pytest.mark.parametrize(
    ("material", "access"), [("simplex", "open"), ("transport", "open"), ("matrix-game", "private")]
)
def test_a_lesson_of_the_course_is_there_with_its_access(material, access):
    assert record(NOTEBOOKS / material)["access"] == access


@each_folder
def test_a_material_keeps_the_rules_of_its_fields(folder):
    material = record(folder)
    texts = [material.pop(name) for name in ("title", "summary", "notebooks")]
    assert set(material) == {"id", "version", "access", "image", "courses", "order"}
    assert material["id"] == folder.name
    assert re.fullmatch(r"[a-z][a-z0-9-]{0,40}", material["id"])
    assert isinstance(material["version"], int)
    assert material["version"] >= 1
    assert material["access"] in {"open", "licensed", "private"}
    assert material["image"] == "maxima"
    assert all(set(text) == LANGUAGES and all(text.values()) for text in texts)


@each_folder
def test_a_material_names_exactly_the_notebooks_beside_it(folder):
    assert sorted(record(folder)["notebooks"].values()) == sorted(
        path.name for path in folder.glob("*.ipynb")
    )


def test_every_course_is_described_in_both_languages():
    courses = tomllib.loads((NOTEBOOKS / "courses.toml").read_text(encoding="utf-8"))["course"]
    assert all(set(course) == {"id", "title"} and set(course["title"]) == LANGUAGES for course in courses)
    assert {course["id"] for course in courses} == {
        name for folder in FOLDERS for name in record(folder)["courses"]
    }


def test_our_materials_can_be_published_and_stand_in_the_order_of_the_course(tmp_path):
    stores = {tier: tmp_path / tier for tier in Tier}
    published = {
        folder.name: publish(folder, catalogue=tmp_path / "hub", stores=stores) for folder in FOLDERS
    }
    catalogue = read_catalog(tmp_path / "hub")
    assert catalogue.faults == ()
    course = [material.id for material in catalogue.of_course("operations-research")]
    assert course == ["simplex", "transport", "matrix-game"]
    assert published["matrix-game"].folder == tmp_path / "private" / "matrix-game" / "1"
    assert not list((tmp_path / "hub").rglob("*.ipynb"))


def test_no_two_materials_of_a_course_want_the_same_place():
    places = [(course, record(folder)["order"]) for folder in FOLDERS for course in record(folder)["courses"]]
    assert len(places) == len(set(places))


@each_file
def test_a_notebook_is_valid_names_our_kernel_and_stores_no_outputs(path):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    assert (notebook.nbformat, notebook.nbformat_minor) == (4, 5)
    assert (notebook.metadata.kernelspec.name, notebook.metadata.kernelspec.language) == ("maxima", "maxima")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell.outputs for cell in code] == [[]] * len(code)
    assert {cell.execution_count for cell in code} == {None}


@each_file
def test_a_notebook_is_stored_so_that_a_change_is_easy_to_read(path):
    text = path.read_text(encoding="utf-8")
    assert text == json.dumps(json.loads(text), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


@each_folder
def test_both_languages_have_the_same_cells_and_the_same_code(folder):
    ours, theirs = (cells(folder / record(folder)["notebooks"][language]) for language in ("uk", "en"))

    def skeleton(cell: dict) -> tuple:
        code = without_words(cell["source"]) if cell["cell_type"] == "code" else cell["source"].count("$$")
        return cell["id"], cell["cell_type"], cell["metadata"], code

    assert [skeleton(cell) for cell in ours] == [skeleton(cell) for cell in theirs]


@each_file
def test_a_notebook_speaks_one_language(path):
    prose = {
        cell["id"]: bool(CYRILLIC.search(cell["source"]))
        for cell in cells(path)
        if cell["cell_type"] == "markdown"
    }
    assert set(prose.values()) == {".uk." in path.name}
    code = "".join(cell["source"] for cell in cells(path) if cell["cell_type"] == "code")
    assert bool(CYRILLIC.search(code)) == (".uk." in path.name)


@each_file
def test_every_exercise_has_a_text_an_empty_answer_and_a_check(path):
    by_id = {cell["id"]: cell for cell in cells(path)}
    numbers = [int(name.split("-")[1]) for name in by_id if re.fullmatch(r"exercise-\d+", name)]
    assert numbers == list(range(1, len(numbers) + 1))
    assert 3 <= len(numbers) <= 5
    for number in numbers:
        answer, check = by_id[f"exercise-{number}-answer"], by_id[f"exercise-{number}-check"]
        assert answer["source"] == f"answer{number}: 'unanswered$"
        assert f"judge({number}, answer{number}, " in check["source"]
        assert check["source"].startswith("/* "), "the first line stays visible when the cell is folded"
        assert (answer["metadata"]["tags"], check["metadata"]["tags"]) == (["answer"], ["check"])


@each_file
def test_the_source_of_the_numbers_is_named_first(path):
    title_and_year = r"\*[A-Z][^*]+\*\. [^*]*\b(19|20)\d\d\b"
    assert re.search(title_and_year, cells(path)[0]["source"])


@each_file
def test_no_formula_lost_its_backslash(path):
    assert not re.search(r"[\x00-\x09\x0b-\x1f]", "".join(cell["source"] for cell in cells(path)))
