"""Which material and which course an event counts to."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from labsettings import write_catalogue
from maximalab_hub.eventrows import Known, Sender, course_of, material_of
from maximalab_hub.events import Source
from maximalab_hub.ingest import Ingest, WitnessAwaited
from maximalab_hub.service.courses import LOOK_SECONDS, CoursesOfMaterials
from maximalab_hub.service.limits import Patience
from maximalab_hub.store.engine import reading, writing
from maximalab_hub.store.models import EnrolmentRow
from maximalab_hub.store.queries import events_between, last_events
from maximalab_spawner.catalog import CatalogError, CatalogReader
from sqlalchemy import insert

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Engine
from postedevents import ADA, CATALOGUE, HUB, LOG_NAMES, NOON, an_event, ingest_of, start, stored


@pytest.mark.parametrize(
    ("notebook", "expected"),
    [
        pytest.param("simplex/simplex.uk.ipynb", "simplex", id="in the material's folder"),
        pytest.param("simplex-v2/deep/er.ipynb", "simplex", id="in a newer copy"),
        pytest.param("simplex.ipynb", None, id="a notebook of the student's own"),
        pytest.param("mine/simplex.ipynb", None, id="in a folder of the student's own"),
        pytest.param("../simplex/x.ipynb", None, id="a path that climbs"),
        pytest.param("' OR 1=1/x.ipynb", None, id="SQL"),
        pytest.param("", None, id="nothing"),
        pytest.param(None, None, id="no notebook"),
    ],
)
def test_material_of(notebook: str | None, expected: str | None) -> None:
    assert material_of(notebook, CATALOGUE.get) == expected


@pytest.mark.parametrize(
    ("material", "studies", "expected"),
    [
        pytest.param("simplex", (), "operations-research", id="the first course"),
        pytest.param("simplex", ("economics",), "economics", id="the course that is studied"),
        pytest.param("matrix-game", ("economics",), "operations-research", id="another course's material"),
        pytest.param(None, ("economics",), None, id="no material, no course"),
        pytest.param("gone", ("economics",), None, id="a material that is no more"),
    ],
)
def test_course_of(material: str | None, studies: tuple[str, ...], expected: str | None) -> None:
    known = Known(courses_of=CATALOGUE.get, studies={"ada": studies, "bob": ("operations-research",)})
    assert course_of(material, "ada", known) == expected


def study_economics(engine: Engine, user: str) -> None:
    with writing(engine) as connection:
        row = {"user": user, "course": "economics", "group_name": "e-1", "valid_from": NOON}
        connection.execute(insert(EnrolmentRow).values(**row))


def test_the_studied_course_is_read_from_the_enrolments(store: Engine) -> None:
    study_economics(store, "ada")
    ingest_of(store).take(ADA, [an_event(1, notebook="simplex/x.ipynb")])
    with reading(store) as connection:
        assert last_events(connection, 1)[0].course == "economics"


def test_what_the_hub_tells_counts_to_the_course_of_each_person(store: Engine) -> None:
    study_economics(store, "ada")
    told = [start(n, user, material="simplex") for n, user in enumerate(["ada", "bob", "ada"])]
    ingest_of(store).take(HUB, [*told, an_event(9, kind="events_dropped", material="simplex")])
    with reading(store) as connection:
        courses = [(row.user, row.course) for row in events_between(connection)]
    assert courses == [
        ("ada", "economics"),
        ("bob", "operations-research"),
        ("ada", "economics"),
        ("", "operations-research"),
    ]


def test_an_unreadable_catalogue_lets_events_wait_and_then_gives_their_course(
    store: Engine, tmp_path: Path
) -> None:
    reader = CatalogReader(tmp_path / "catalogue")
    courses_of = CoursesOfMaterials(reader, lambda: 0.0)
    ingest = Ingest(store, courses_of, lambda: NOON, Patience(0, lambda: 0.0), LOG_NAMES)
    run, unknown = an_event(1, notebook="simplex/x.ipynb"), an_event(2, notebook="mine/x.ipynb")
    for sender, post in ((ADA, [an_event(3), run]), (HUB, [start(0, material="simplex")])):
        with pytest.raises(CatalogError, match="catalogue"):
            ingest.take(sender, post)
    assert stored(store) == []
    client = Sender(Source.CLIENT, "ada")
    assert [one.status for one in ingest.take(client, [an_event(3)])] == ["stored"], "needs no catalogue"
    write_catalogue(reader.folder)
    assert [one.status for one in ingest.take(ADA, [run, unknown])] == ["stored"] * 2
    with reading(store) as connection:
        courses = {row.notebook: (row.material, row.course) for row in events_between(connection)}
    assert courses == {
        None: (None, None),
        "simplex/x.ipynb": ("simplex", "operations-research"),
        "mine/x.ipynb": (None, None),
    }


def test_courses_that_change_are_seen_at_once_or_within_a_second(tmp_path: Path) -> None:
    now, folder = [0.0], tmp_path / "catalogue"
    write_catalogue(folder)
    courses_of = CoursesOfMaterials(CatalogReader(folder), lambda: now[0])
    path = folder / "simplex.toml"
    text = path.read_text()
    assert (courses_of("simplex"), courses_of("other")) == (("operations-research",), None)
    (folder / "other.toml").write_text(text.replace('id = "simplex"', 'id = "other"'))
    os.utime(folder, (1, 1))  # within a tick of the clock its time would be the same
    assert courses_of("other") == ("operations-research",), "a new one"
    path.write_text("", encoding="utf-8")
    assert courses_of("simplex") == ("operations-research",)
    now[0] = LOOK_SECONDS
    assert courses_of("simplex") is None, "changed where it lies"
    shutil.rmtree(folder)
    with pytest.raises(CatalogError):
        courses_of("other")


def test_a_server_waits_for_the_hubs_word_while_that_waits_for_the_catalogue(store: Engine) -> None:
    now, broken = [0.0], True

    def courses_of(_material: str) -> tuple[str, ...] | None:
        if broken:
            raise CatalogError("the catalogue is broken")
        return None

    ingest = Ingest(store, courses_of, lambda: NOON, Patience(120, lambda: now[0]), LOG_NAMES)
    with pytest.raises(WitnessAwaited):
        ingest.take(ADA, [an_event(1)])
    now[0] = 1000.0
    with pytest.raises(CatalogError):
        ingest.take(ADA, [an_event(1)])
    broken = False
    with pytest.raises(WitnessAwaited):
        ingest.take(ADA, [an_event(1)])
    ingest.take(HUB, [start(0, material="simplex")])
    assert [one.status for one in ingest.take(ADA, [an_event(1)])] == ["stored"]
    with reading(store) as connection:
        assert {row.tier for row in events_between(connection) if row.kind == "run"} == {"public"}
