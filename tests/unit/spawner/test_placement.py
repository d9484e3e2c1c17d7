"""Which backends a file may name, and which of them a server gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_spawner.backends import Backend, BackendsError, Kind, read_backends
from maximalab_spawner.placement import place
from maximalab_spawner.tiers import Reason, Refused, Tier

GOOD = """[[backend]]
name = "here"
tier = "public"
kind = "local"
capacity = 2
materials = "m/public"
homes = "h/public"

[[backend]]
name = "there"
tier = "private"
kind = "local"
capacity = 2
materials = "m/private"
homes = "h/private"
"""


def test_folders_are_taken_from_the_folder_of_the_file(tmp_path):
    (tmp_path / "backends.toml").write_text(GOOD)
    here, there = read_backends(tmp_path / "backends.toml")
    assert here == Backend("here", Tier.PUBLIC, Kind.LOCAL, 2, tmp_path / "m/public", tmp_path / "h/public")
    assert there.tier is Tier.PRIVATE


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        pytest.param('"public"', '"Public"', "tier", id="a tier in capitals"),
        pytest.param('tier = "public"', "", "tier", id="no tier"),
        pytest.param('"public"', '["public"]', "tier", id="a tier that is a list"),
        pytest.param('"local"', '"cloud"', "kind", id="a kind that nobody knows"),
        pytest.param("capacity = 2", "capacity = 0", "capacity", id="no room at all"),
        pytest.param("capacity = 2", "capacity = true", "capacity", id="a capacity that is a truth"),
        pytest.param('name = "here"', 'name = "there"', "twice", id="two of one name"),
        pytest.param('name = "here"', 'name = "Here!"', "name", id="an odd name"),
        pytest.param('"m/public"', "3", "materials", id="a folder that is a number"),
        pytest.param('"h/public"', '"h/private"', "share a folder", id="homes of two tiers in one folder"),
        pytest.param('"m/public"', '"m"', "share a folder", id="one store in the other"),
        pytest.param("capacity", "capasity", "capasity", id="a misspelt field"),
        pytest.param("[[backend]]", "[backend]", "backend", id="one table instead of a list"),
        pytest.param("[[backend]]", "x = 1\n[[backend]]", "backend", id="something else beside"),
    ],
)
def test_a_wrong_file_names_field_and_remedy(tmp_path, old, new, field):
    path = tmp_path / "backends.toml"
    path.write_text(GOOD.replace(old, new, 1))
    with pytest.raises(BackendsError, match=field) as caught:
        read_backends(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(BackendsError, match="check that it is there"):
        read_backends(tmp_path / "none.toml")


def one(name, tier="public", capacity=2) -> Backend:
    return Backend(name, Tier(tier), Kind.LOCAL, capacity)


A, B, SECRET = one("a"), one("b", capacity=10), one("secret", "private")
WELL = {"a": True, "b": True, "secret": True}


@pytest.mark.parametrize(
    ("tier", "load", "health", "home", "answer"),
    [
        pytest.param("public", {"a": 1, "b": 2}, WELL, None, B, id="the emptiest for its size"),
        pytest.param("public", {}, WELL, None, A, id="by name where all are as empty"),
        pytest.param("public", {"a": 2, "b": 9}, WELL, None, B, id="the one with room"),
        pytest.param("public", {"b": 9}, WELL, "b", B, id="where the person's work lies"),
        pytest.param("public", {"b": 10}, WELL, "b", Reason.NO_CAPACITY, id="or nowhere, when it is full"),
        pytest.param(
            "public", {}, {"a": True}, "b", Reason.TIER_UNAVAILABLE, id="or nowhere, when it is ill"
        ),
        pytest.param(
            "public", {}, WELL, "gone", Reason.TIER_UNAVAILABLE, id="or nowhere, when it is no more"
        ),
        pytest.param("public", {"a": 2, "b": 10}, WELL, None, Reason.NO_CAPACITY, id="no room anywhere"),
        pytest.param("public", {}, {}, None, Reason.TIER_UNAVAILABLE, id="nobody knows of health"),
        pytest.param("private", {}, WELL, None, SECRET, id="the private tier"),
        pytest.param(
            "private", {}, {"a": True}, None, Reason.TIER_UNAVAILABLE, id="never the other tier instead"
        ),
        pytest.param("private", {"secret": 2}, WELL, None, Reason.NO_CAPACITY, id="not even when it is full"),
    ],
)
def test_where_a_server_goes(tier, load, health, home, answer):
    expected = Refused(answer) if isinstance(answer, Reason) else answer
    assert place(Tier(tier), [A, B, SECRET], load, health, home) == expected


BACKENDS = st.lists(
    st.builds(one, st.sampled_from("abcdef"), st.sampled_from(Tier), st.integers(1, 3)),
    unique_by=lambda b: b.name,
)
NAMES = st.sampled_from("abcdef")


@given(
    st.sampled_from(Tier),
    BACKENDS,
    st.dictionaries(NAMES, st.integers(0, 4)),
    st.dictionaries(NAMES, st.booleans()),
    st.none() | NAMES,
)
def test_a_place_is_of_the_tier_well_with_room_and_where_the_home_is(tier, backends, load, health, home):
    answer = place(tier, backends, load, health, home)
    fit = [b for b in backends if b.tier == tier and health.get(b.name) and home in (None, b.name)]
    room = [b for b in fit if load.get(b.name, 0) < b.capacity]
    if isinstance(answer, Refused):
        assert not room
        assert answer.reason == (Reason.NO_CAPACITY if fit else Reason.TIER_UNAVAILABLE)
    else:
        assert answer in room
