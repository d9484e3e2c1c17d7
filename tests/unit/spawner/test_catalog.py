"""What a catalogue takes for good, and what a wrong file costs."""

from __future__ import annotations

import contextlib
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner import materials
from maximalab_spawner.catalog import CatalogError, CatalogReader, read_catalog
from maximalab_spawner.materials import LARGEST_FILE, Title, read_courses, read_material
from maximalab_spawner.tiers import Access, Tier

GOOD = """id = "simplex"
version = 1
access = "open"
image = "maxima"
courses = ["operations-research"]
order = 3
[title]
uk = "Симплекс-метод"
en = "The simplex method"
[summary]
uk = "Про що"
en = "What"
[notebooks]
uk = "simplex.uk.ipynb"
en = "simplex.en.ipynb"
"""
COURSES = '[[course]]\nid = "operations-research"\n[course.title]\nuk = "ДО"\nen = "OR"\n'


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "courses.toml").write_text(COURSES)
    (tmp_path / "simplex.toml").write_text(GOOD)
    return tmp_path


def test_a_good_material_is_read_as_it_is(folder):
    catalog = read_catalog(folder)
    material = catalog.find("simplex")
    assert (material.access, material.tier, material.order) == (Access.OPEN, Tier.PUBLIC, 3)
    assert (material.title.of("uk"), material.title.of("en")) == ("Симплекс-метод", "The simplex method")
    assert (material.notebook("uk"), material.notebook("en")) == ("simplex.uk.ipynb", "simplex.en.ipynb")
    assert catalog.faults == ()
    assert catalog.courses[0].title == Title("ДО", "OR")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        pytest.param('"open"', '"Open"', "access", id="an access in capitals"),
        pytest.param('"open"', '"opened"', "access", id="an access misspelt"),
        pytest.param('"open"', '["open"]', "access", id="an access that is a list"),
        pytest.param('access = "open"', "", "access", id="no access at all"),
        pytest.param('access = "open"', 'axs = "open"', "axs", id="a misspelt field"),
        pytest.param('"simplex"', '"Simplex"', "id", id="an id in capitals"),
        pytest.param('"simplex"', '"../simplex"', "id", id="an id that is a path"),
        pytest.param('"simplex"', '"other"', "id", id="an id that is not the file's name"),
        pytest.param("version = 1", "version = 0", "version", id="version zero"),
        pytest.param("version = 1", "version = true", "version", id="a version that is a truth"),
        pytest.param("version = 1", 'version = "1"', "version", id="a version that is a text"),
        pytest.param('"maxima"', '"maxima/evil"', "image", id="an image with a slash"),
        pytest.param(
            '"maxima"', '"a-name-that-is-too-long"', "image", id="an image too long for a server's name"
        ),
        pytest.param('["operations-research"]', "[]", "courses", id="no course"),
        pytest.param('["operations-research"]', '["unknown"]', "courses", id="a course that nobody knows"),
        pytest.param(
            '["operations-research"]', '"operations-research"', "courses", id="a course outside a list"
        ),
        pytest.param("order = 3", "order = -1", "order", id="a negative order"),
        pytest.param('en = "The simplex method"', 'en = " "', "title.en", id="an empty title"),
        pytest.param('en = "The simplex method"', 'de = "x"', "title.de", id="a title in a third language"),
        pytest.param(
            '"simplex.uk.ipynb"', '"../x.ipynb"', "notebooks.uk", id="a notebook outside the folder"
        ),
        pytest.param('"simplex.uk.ipynb"', '"simplex.py"', "notebooks.uk", id="a notebook that is none"),
        pytest.param('id = "simplex"', "id = ", "not TOML", id="a file that is no TOML"),
        pytest.param('id = "simplex"', "id = " + "[" * 50_000, "not TOML", id="a file nested too deep"),
        pytest.param("version = 1", "version = " + "9" * 5000, "not TOML", id="a number too long to read"),
        pytest.param('"simplex"', '"courses"', "list of courses", id="the name of the list of courses"),
    ],
)
def test_a_wrong_field_makes_that_material_unavailable_and_no_other(folder, old, new, field):
    (folder / "good.toml").write_text(GOOD.replace('"simplex"', '"good"', 1))
    (folder / "simplex.toml").write_text(GOOD.replace(old, new, 1))
    catalog = read_catalog(folder)
    assert [one.id for one in catalog.materials] == ["good"]
    (fault,) = catalog.faults
    assert "simplex.toml" in fault
    assert field in fault


@pytest.mark.parametrize(
    ("broken", "what"),
    [
        pytest.param(lambda folder: (folder / "courses.toml").unlink(), "courses.toml", id="no courses.toml"),
        pytest.param(
            lambda folder: (folder / "courses.toml").write_text("x"), "not TOML", id="courses.toml broken"
        ),
        pytest.param(
            lambda folder: (folder / "courses.toml").write_text(COURSES * 2), "twice", id="a course twice"
        ),
        pytest.param(
            lambda folder: (folder / "courses.toml").write_bytes(b"\xff"), "not TOML", id="no UTF-8"
        ),
        pytest.param(lambda folder: folder.rename(folder.parent / "away"), "cannot be read", id="no folder"),
    ],
)
def test_a_catalogue_that_cannot_be_used_says_so(folder, broken, what):
    reader = CatalogReader(folder)
    assert reader.read().find("simplex")
    broken(folder)
    for read in (reader.read, reader.read, lambda: read_catalog(folder)):
        with pytest.raises(CatalogError, match=what):
            read()


def test_a_reader_reads_again_only_what_has_changed(folder):
    reader = CatalogReader(folder)
    first = reader.read()
    assert reader.read() is first
    (folder / "simplex.toml").write_text(GOOD.replace('"open"', '"private"'))
    os.utime(folder / "simplex.toml", ns=(1, 1))
    assert reader.read().find("simplex").access is Access.PRIVATE
    (folder / "simplex.toml").unlink()
    assert reader.read().find("simplex") is None


def test_materials_of_a_course_stand_in_the_order_of_teaching(folder):
    for name, order in (("zero", 0), ("nine", 9), ("also-three", 3)):
        text = GOOD.replace('"simplex"', f'"{name}"', 1).replace("order = 3", f"order = {order}")
        (folder / f"{name}.toml").write_text(text)
    names = [one.id for one in read_catalog(folder).of_course("operations-research")]
    assert names == ["zero", "also-three", "simplex", "nine"]


def test_a_huge_file_is_refused_before_it_is_parsed(tmp_path):
    (tmp_path / "material.toml").write_text("#" * (LARGEST_FILE + 1))
    with pytest.raises(CatalogError, match="larger than"):
        read_material(tmp_path / "material.toml")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.sampled_from(["open", "private"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(access=VALUES)
def test_only_the_three_words_are_an_access(tmp_path_factory, access):
    fields = materials._Fields(tmp_path_factory.getbasetemp() / "x", {"access": access})
    if access in ("open", "licensed", "private"):
        assert materials._access(fields) == access
    else:
        with pytest.raises(CatalogError, match="access"):
            materials._access(fields)


@given(text=st.text(max_size=200))
def test_any_text_as_courses_is_courses_or_an_error(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("courses") / "courses.toml"
    path.write_text(text, encoding="utf-8", errors="surrogatepass")
    with contextlib.suppress(CatalogError):
        assert isinstance(read_courses(path), tuple)
