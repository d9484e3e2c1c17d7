"""What My lab shows to whom, and that every refusal has its page."""

from __future__ import annotations

from functools import partial

import pytest
from maximalab_hub.pages.shelves import my_lab
from maximalab_hub.pages.vpn import leads_to
from maximalab_spawner.catalog import Catalog, Course, Material, Title
from maximalab_spawner.policy import decide
from maximalab_spawner.tiers import Access, Entrance, Person, Scenario, Tier


def material(id_: str, access: str, course: str, order: int = 1) -> Material:
    title = Title(uk=f"{id_} українською", en=f"{id_} in English")
    return Material(id_, 1, Access(access), "maxima", (course,), order, title, title, {"uk": f"{id_}.ipynb"})


CATALOG = Catalog(
    materials=(
        material("simplex", "open", "or", 2),
        material("intro", "open", "or", 1),
        material("game", "private", "or", 3),
        material("solver", "licensed", "or", 4),
        material("sets", "open", "algebra"),
        material("exam", "private", "algebra"),
    ),
    courses=(
        Course("or", Title(uk="Дослідження операцій", en="Operations research")),
        Course("algebra", Title(uk="Алгебра", en="Algebra")),
        Course("empty", Title(uk="Порожній", en="Empty")),
    ),
    faults=("/srv/catalogue/bad.toml: field `access`",),
)


def shown(person: Person, entrance: str = "public", scenario: int = 3, language: str = "en"):
    may = partial(decide, person=person, entrance=Entrance(entrance), scenario=Scenario(scenario))
    return my_lab(CATALOG, person, may, language)


@pytest.mark.parametrize(
    ("person", "courses", "elsewhere"),
    [
        pytest.param(Person("s", studies=frozenset({"or"})), ["or"], ["sets"], id="a student"),
        pytest.param(
            Person("t", teaches=frozenset({"algebra"})), ["algebra"], ["simplex", "intro"], id="a teacher"
        ),
        pytest.param(
            Person("r", researcher=True), [], ["simplex", "intro", "sets"], id="somebody without a course"
        ),
        pytest.param(Person("a", admin=True), ["or", "algebra", "empty"], [], id="an admin"),
        pytest.param(
            Person("e", studies=frozenset({"empty"})),
            ["empty"],
            ["simplex", "intro", "sets"],
            id="no materials",
        ),
    ],
)
def test_each_sees_the_own_courses_and_open_material_of_others(person, courses, elsewhere):
    lab = shown(person)
    assert [shelf.id for shelf in lab.courses] == courses
    assert [card.id for card in lab.elsewhere] == elsewhere


@pytest.mark.parametrize(
    ("entrance", "scenario", "opens", "needs_vpn"),
    [
        pytest.param("public", 3, {"intro", "simplex"}, {"game", "solver"}, id="public entrance"),
        pytest.param("vpn", 3, {"intro", "simplex", "game", "solver"}, set(), id="inside the VPN"),
        pytest.param("public", 1, {"intro", "simplex"}, set(), id="a lab without a private tier"),
        pytest.param(
            "public", 2, {"intro", "simplex", "game", "solver"}, set(), id="two subnets, one entrance"
        ),
    ],
)
def test_a_card_says_whether_it_opens_from_here(entrance, scenario, opens, needs_vpn):
    (shelf,) = shown(Person("s", studies=frozenset({"or"})), entrance, scenario).courses
    assert [card.id for card in shelf.cards] == ["intro", "simplex", "game", "solver"], (
        "the order of teaching"
    )
    assert {card.id for card in shelf.cards if card.opens} == opens
    assert {card.id for card in shelf.cards if card.needs_vpn} == needs_vpn


@pytest.mark.parametrize(
    ("person", "sees"),
    [
        (Person("s", studies=frozenset({"or"})), False),
        (Person("r", researcher=True), False),
        (Person("t", teaches=frozenset({"or"})), True),
        (Person("a", admin=True), True),
    ],
    ids=["a student", "a researcher", "a teacher", "an admin"],
)
def test_faults_are_for_those_who_can_mend_them(person, sees):
    assert bool(shown(person).faults) is sees


def test_titles_come_in_the_readers_language():
    assert shown(Person("r"), language="uk").elsewhere[0].title == "simplex українською"
    assert shown(Person("r"), language="en").elsewhere[0].title == "simplex in English"


@pytest.mark.parametrize(
    ("tier", "entrance", "scenario", "leads"),
    [
        pytest.param(Tier.PRIVATE, "public", 3, False, id="not to private servers from outside"),
        pytest.param(Tier.PRIVATE, "vpn", 3, True, id="to private servers from the VPN"),
        pytest.param(Tier.PUBLIC, "public", 3, True, id="to public servers from outside"),
        pytest.param(None, "public", 3, False, id="an unknown tier counts as private"),
        pytest.param(Tier.PRIVATE, "public", 2, True, id="in scenario 2 there is one entrance for all"),
    ],
)
def test_where_an_entrance_leads(tier, entrance, scenario, leads):
    assert leads_to(tier, Entrance(entrance), Scenario(scenario)) is leads
