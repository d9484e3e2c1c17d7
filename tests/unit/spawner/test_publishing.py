"""Publishing splits a material, and never loosens, loses or mixes anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.catalog import CatalogError, publish, read_catalog, read_courses
from maximalab_spawner.materials import Course, Title
from maximalab_spawner.publishing import render_courses
from maximalab_spawner.tiers import Tier

MATERIAL = """id = "game"
version = {version}
access = "{access}"
image = "maxima"
courses = ["or"]
title = {{uk = "Гра", en = "Game"}}
summary = {{uk = "Про що", en = "What"}}
notebooks = {{en = "game.ipynb"}}
"""


class Desk:
    """An author's folder, a catalogue and two stores."""

    def __init__(self, root):
        self.source, self.catalogue = root / "source/game", root / "catalogue"
        self.stores = {tier: root / "materials" / tier for tier in Tier}
        self.source.mkdir(parents=True)
        (self.source.parent / "courses.toml").write_text('[[course]]\nid="or"\ntitle={uk="ДО", en="OR"}\n')
        self.write()

    def write(self, *, access="private", version=1, notebook="{}"):
        (self.source / "material.toml").write_text(MATERIAL.format(access=access, version=version))
        (self.source / "game.ipynb").write_text(notebook)

    def publish(self):
        return publish(self.source, catalogue=self.catalogue, stores=self.stores)

    def lying(self, tier):
        store = self.stores[tier]
        return sorted(str(path.relative_to(store)) for path in store.rglob("*") if path.is_file())


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_the_catalogue_gets_the_description_and_the_tier_gets_the_files(desk):
    (desk.source / "data").mkdir()
    (desk.source / "data/prices.csv").write_text("1,2")
    (desk.source / ".ipynb_checkpoints").mkdir()
    (desk.source / ".ipynb_checkpoints/game.ipynb").write_text("old")
    done = desk.publish()
    assert (done.material.tier, done.changed) == (Tier.PRIVATE, True)
    files = ["game/1/data/prices.csv", "game/1/game.ipynb", "game/1/material.toml"]
    assert (desk.lying(Tier.PRIVATE), desk.lying(Tier.PUBLIC)) == (files, [])
    assert sorted(path.name for path in desk.catalogue.iterdir()) == ["courses.toml", "game.toml"]
    assert read_catalog(desk.catalogue).find("game") == done.material


def test_the_same_again_changes_nothing(desk):
    desk.publish()
    before = desk.lying(Tier.PRIVATE)
    assert not desk.publish().changed
    assert desk.lying(Tier.PRIVATE) == before


def test_a_new_version_lies_beside_the_old_one(desk):
    desk.publish()
    desk.write(version=2, notebook='{"new": 1}')
    assert desk.publish().changed
    assert "game/1/game.ipynb" in desk.lying(Tier.PRIVATE)
    assert "game/2/game.ipynb" in desk.lying(Tier.PRIVATE)
    assert read_catalog(desk.catalogue).find("game").version == 2


@pytest.mark.parametrize(
    ("first", "second", "remedy"),
    [
        pytest.param(
            {}, {"notebook": '{"x": 1}'}, "higher `version`", id="other content under the same version"
        ),
        pytest.param(
            {}, {"access": "open"}, "access has changed", id="another access under the same version"
        ),
        pytest.param({"version": 2}, {"version": 1}, "above it", id="an older version"),
    ],
)
def test_what_was_published_is_never_changed(desk, first, second, remedy):
    desk.write(**first)
    desk.publish()
    before = [desk.lying(tier) for tier in Tier]
    desk.write(**second)
    with pytest.raises(CatalogError, match=remedy):
        desk.publish()
    assert [desk.lying(tier) for tier in Tier] == before


@pytest.mark.parametrize(
    ("before", "after"), [("open", "private"), ("private", "open"), ("open", "licensed")]
)
def test_nothing_stays_on_the_tier_that_a_material_leaves(desk, before, after):
    desk.write(access=before)
    left = desk.publish().material.tier
    desk.write(access=after, version=2)
    done = desk.publish()
    assert done.material.tier != left
    assert desk.lying(left) == []
    assert not any(desk.stores[left].iterdir())
    assert desk.lying(done.material.tier) == ["game/2/game.ipynb", "game/2/material.toml"]


def test_what_a_crash_left_on_the_old_tier_goes_with_the_next_publishing(desk):
    desk.publish()
    left = desk.stores[Tier.PUBLIC] / "game/1"
    left.mkdir(parents=True)
    (left / "game.ipynb").write_text("private bytes")
    desk.publish()
    assert desk.lying(Tier.PUBLIC) == []


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        pytest.param(lambda d: (d.source / "x").symlink_to("/etc/passwd"), "link", id="a link to a file"),
        pytest.param(lambda d: (d.source / "x").symlink_to("/etc"), "link", id="a link to a folder"),
        pytest.param(
            lambda d: (d.source / "game.ipynb").unlink(), "notebooks.en", id="a notebook that is not there"
        ),
        pytest.param(lambda d: (d.source / "material.toml").unlink(), "material.toml", id="no material.toml"),
        pytest.param(lambda d: d.write(access="secret"), "access", id="an access that is none"),
        pytest.param(
            lambda d: d.stores.update({Tier.PRIVATE: d.stores[Tier.PUBLIC] / "in"}),
            "lie in each other",
            id="one store in the other",
        ),
        pytest.param(
            lambda d: d.stores.update({Tier.PRIVATE: d.catalogue}), "lie in each other", id="store on the hub"
        ),
    ],
)
def test_a_wrong_source_is_refused_and_nothing_is_published(desk, spoil, what):
    spoil(desk)
    with pytest.raises(CatalogError, match=what):
        desk.publish()
    assert not desk.catalogue.exists() or not list(desk.catalogue.glob("game.toml"))
    assert [desk.lying(tier) for tier in Tier] == [[], []]


def test_courses_of_several_sources_are_put_together(desk):
    desk.publish()
    (desk.source.parent / "courses.toml").write_text('[[course]]\nid="algebra"\ntitle={uk="А", en="A"}\n')
    desk.publish()
    assert [course.id for course in read_courses(desk.catalogue / "courses.toml")] == ["or", "algebra"]


TEXTS = st.text(st.characters(codec="utf-8"), min_size=1).filter(lambda text: text == text.strip())


@given(uk=TEXTS, en=TEXTS)
def test_courses_written_are_courses_read(tmp_path_factory, uk, en):
    path = tmp_path_factory.mktemp("courses") / "courses.toml"
    course = Course("or", Title(uk, en))
    path.write_bytes(render_courses([course]).encode())
    assert read_courses(path) == (course,)
