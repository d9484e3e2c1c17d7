"""The spawner's own decision, whatever asked and whatever was decided before."""

from __future__ import annotations

import logging
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.admission import Admitted, Turned, admit
from maximalab_spawner.catalog import Catalog
from maximalab_spawner.materials import Material, Title
from maximalab_spawner.refusal import refusal
from maximalab_spawner.refusals import REFUSALS
from maximalab_spawner.serverenv import arguments, safe_name
from maximalab_spawner.tiers import Access, Entrance, Reason, Scenario, Tier, person_of
from maximalab_spawner.usage import tell

TEXT = Title("Назва", "Title")


def material(name, access, image="maxima") -> Material:
    return Material(name, 1, Access(access), image, ("or",), 0, TEXT, TEXT, {"en": "a.ipynb"})


CATALOG = Catalog(
    (material("simplex", "open"), material("game", "private"), material("solver", "licensed", "ampl")), ()
)
STUDENT = person_of("ada", ["study:or"])


def ask(name, options, *, entrance="vpn", scenario=3, **given_):
    who = {"person": STUDENT, "entrance": Entrance(entrance), "scenario": Scenario(scenario)}
    catalog = given_.pop("catalog", CATALOG)
    return admit(name, options, catalog, **{**who, **given_})


@pytest.mark.parametrize(
    ("name", "options", "given_", "reason"),
    [
        pytest.param("", {"material": "simplex"}, {}, "unnamed_server", id="a server without a name"),
        pytest.param("mine", {"material": "simplex"}, {}, "strange_server", id="a name without a tier"),
        pytest.param("public-maxima", {}, {}, "no_material", id="no material"),
        pytest.param("public-maxima", None, {}, "strange_option", id="no options at all"),
        pytest.param("public-maxima", ["simplex"], {}, "strange_option", id="options that are a list"),
        pytest.param("public-maxima", {"image": "x"}, {}, "strange_option", id="an image"),
        pytest.param(
            "public-maxima", {"material": "simplex", "tier": "public"}, {}, "strange_option", id="a tier"
        ),
        pytest.param(
            "public-maxima", {"material": ["simplex"]}, {}, "unknown_material", id="a list of materials"
        ),
        pytest.param("public-maxima", {"material": "../x"}, {}, "unknown_material", id="a path"),
        pytest.param(
            "public-maxima", {"material": "other"}, {}, "unknown_material", id="an unknown material"
        ),
        pytest.param(
            "public-maxima", {"material": "game"}, {}, "other_tier", id="private material, public server"
        ),
        pytest.param(
            "private-maxima", {"material": "simplex"}, {}, "other_tier", id="open material, private server"
        ),
        pytest.param("private-maxima", {"material": "solver"}, {}, "other_tier", id="another image's server"),
        pytest.param(
            "public-maxima",
            {"material": "simplex"},
            {"catalog": None},
            "catalogue_unreadable",
            id="no catalogue",
        ),
        pytest.param(
            "private-maxima", {"material": "game"}, {"entrance": "public"}, "needs_vpn", id="from home"
        ),
        pytest.param(
            "private-maxima", {"material": "game"}, {"scenario": 1}, "no_private_tier", id="scenario 1"
        ),
        pytest.param(
            "private-maxima",
            {"material": "game"},
            {"person": person_of("e", [])},
            "not_enrolled",
            id="a stranger",
        ),
    ],
)
def test_what_may_not_start_is_turned_away_with_the_reason(name, options, given_, reason):
    turned = ask(name, options, **given_)
    assert isinstance(turned, Turned)
    assert turned.reason == reason
    assert len(turned.detail) < 200


@pytest.mark.parametrize(
    ("name", "wanted", "tier", "handed"),
    [
        ("public-maxima", "simplex", "public", ("*",)),
        ("private-maxima", "game", "private", ("game",)),
        ("private-ampl", "solver", "private", ("solver",)),
    ],
)
def test_what_may_start_is_admitted_on_the_tier_of_the_catalogue(name, wanted, tier, handed):
    assert ask(name, {"material": wanted}) == Admitted(CATALOG.find(wanted), Tier(tier), handed)


ANYTHING = st.recursive(
    st.none() | st.integers() | st.text(max_size=9) | st.sampled_from(["simplex", "game", "solver"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.just("material") | st.text(max_size=5), inner)
    ),
    max_leaves=4,
)


@given(
    st.text(max_size=9) | st.sampled_from(["public-maxima", "private-maxima", "public-ampl"]),
    ANYTHING | st.fixed_dictionaries({"material": st.sampled_from(["simplex", "game", "solver"])}),
    st.sampled_from(Entrance),
    st.sampled_from(Scenario),
)
def test_no_request_gets_private_material_elsewhere(name, options, entrance, scenario):
    answer = ask(name, options, entrance=entrance, scenario=scenario)
    if isinstance(answer, Admitted):
        assert answer.tier == answer.material.tier
        assert entrance in scenario.entrances_of(answer.tier)
        assert name == f"{answer.tier}-{answer.material.image}"
    else:
        assert answer.reason in REFUSALS


def test_there_is_a_text_for_each_reason():
    assert set(Reason) <= set(REFUSALS)


@pytest.mark.parametrize("reason", REFUSALS)
def test_each_refusal_says_in_both_languages_what_to_do(reason):
    fault = refusal(Turned(reason, "detail for the log"))
    uk, en = fault.message.split(" / ")
    assert re.search("[а-яіїєґ]", uk)
    assert not re.search("[а-яіїєґ]", en)
    assert 400 <= fault.status_code < 600
    assert fault.reason == str(reason)
    assert 'lang="uk"' in fault.message_html
    assert 'lang="en"' in fault.jupyterhub_html_message
    assert fault.jupyterhub_message == fault.message
    assert "detail for the log" not in fault.message


@given(st.text(min_size=1), st.text(min_size=1))
def test_two_people_never_share_a_folder(one, other):
    for name in (one, other):
        assert re.fullmatch(r"[a-z0-9_-]{1,200}", safe_name(name))
    assert (safe_name(one) == safe_name(other)) == (one == other)


@pytest.mark.parametrize(
    ("name", "folder"),
    [("ada", "ada"), ("Ada", "_41da"), ("..", "_2e_2e"), ("a/b", "a_2fb"), ("a_b", "a_5fb"), ("ї", "_d1_97")],
)
def test_how_a_folder_is_named(name, folder):
    assert safe_name(name) == folder


def test_root_is_allowed_only_where_it_is_root():
    assert "--allow-root" in arguments(["maxima"], as_root=True)
    assert "--allow-root" not in arguments(["maxima"], as_root=False)
    assert "--KernelSpecManager.allowed_kernelspecs={'maxima'}" in arguments(["maxima"], as_root=False)
    assert "--MultiKernelManager.default_kernel_name=maxima" in arguments(["maxima", "x"], as_root=False)
    assert not [one for one in arguments([], as_root=False) if "KernelSpec" in one]


def test_a_sink_that_fails_is_logged_and_no_more(caplog):
    def failing(kind, **fields):
        raise OSError(kind, fields)

    tell(failing, logging.getLogger("test"), "server_start", user="ada")
    assert "server_start of ada was not taken" in caplog.text


def test_a_sink_is_a_function_or_an_object():
    class Sink:
        def __init__(self):
            self.taken = []

        def emit(self, kind, **fields):
            self.taken.append((kind, fields))

    sink, log = Sink(), logging.getLogger("test")
    tell(sink, log, "server_start", user="ada")
    tell(sink.emit, log, "server_stop", user="ada")
    tell(None, log, "server_stop", user="ada")
    assert sink.taken == [("server_start", {"user": "ada"}), ("server_stop", {"user": "ada"})]
