"""Where a person's home lies: what was written down counts, and what cannot be looked at is not absent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from labsettings import mark_homes
from maximalab_spawner.homes import HomeRecordError, HomeRecords, Look, home_at, look_at
from maximalab_spawner.tiers import Reason, Refused, Tier

AWAY = Refused(Reason.TIER_UNAVAILABLE)
THERE, ABSENT, UNKNOWN = Look


@pytest.mark.parametrize(
    ("recorded", "looks", "expected"),
    [
        pytest.param(None, {"a": ABSENT, "b": ABSENT}, None, id="a new person may go anywhere"),
        pytest.param(None, {"a": ABSENT, "b": THERE}, "b", id="a home without a record is found"),
        pytest.param(None, {"a": ABSENT, "b": UNKNOWN}, AWAY, id="perhaps the home is where nobody can look"),
        pytest.param(None, {"a": THERE, "b": UNKNOWN}, AWAY, id="perhaps there is a second home"),
        pytest.param(None, {"a": THERE, "b": THERE}, AWAY, id="two homes and no word which is the right one"),
        pytest.param("a", {"a": THERE, "b": THERE}, "a", id="the record says which"),
        pytest.param("a", {"a": THERE, "b": UNKNOWN}, "a", id="another backend's trouble is none of ours"),
        pytest.param("a", {"a": ABSENT, "b": THERE}, AWAY, id="the disk with the home is not mounted"),
        pytest.param("a", {"a": UNKNOWN, "b": ABSENT}, AWAY, id="the disk with the home does not answer"),
        pytest.param("a", {"b": ABSENT}, AWAY, id="the backend with the home is not named any more"),
    ],
)
def test_a_home_is_where_it_was_or_nowhere(recorded, looks, expected):
    assert home_at(recorded, looks) == expected


@given(st.none() | st.sampled_from("abc"), st.dictionaries(st.sampled_from("abc"), st.sampled_from(Look)))
def test_nobody_is_led_to_a_place_where_no_home_was_seen(recorded, looks):
    found = home_at(recorded, looks)
    if isinstance(found, str):
        assert looks[found] is THERE
    if found is None:
        assert recorded is None
        assert set(looks.values()) <= {ABSENT}


@pytest.mark.parametrize(
    ("furnish", "found"),
    [
        pytest.param(lambda _homes: None, UNKNOWN, id="no folder of homes"),
        pytest.param(lambda homes: homes.mkdir(), UNKNOWN, id="an empty folder: its disk is not mounted"),
        pytest.param(lambda homes: homes.touch(), UNKNOWN, id="no folder but a file"),
        pytest.param(mark_homes, ABSENT, id="a folder of homes without this one"),
        pytest.param(lambda homes: (homes / "ada").mkdir(parents=True), THERE, id="a home is a home"),
        pytest.param(
            lambda homes: (mark_homes(homes), (homes / "ada").mkdir()), THERE, id="a home beside the marker"
        ),
    ],
)
def test_a_look_tells_absent_from_unknown(tmp_path, furnish, found):
    furnish(tmp_path / "homes")
    assert look_at(tmp_path / "homes", "ada") is found


def test_a_record_lasts_and_is_of_its_tier_alone(tmp_path):
    HomeRecords(tmp_path).write(Tier.PUBLIC, "../ada", "here")
    again = HomeRecords(tmp_path)
    assert again.read(Tier.PUBLIC, "../ada") == "here"
    assert again.read(Tier.PRIVATE, "../ada") is None
    again.write(Tier.PUBLIC, "../ada", "there")
    assert again.read(Tier.PUBLIC, "../ada") == "there"
    assert [path.parent for path in tmp_path.rglob("*") if path.is_file()] == [tmp_path / "public"]


@pytest.mark.parametrize("text", ["", "Here!", "два"])
def test_an_odd_record_is_an_error_that_names_the_file(tmp_path, text):
    (tmp_path / "public").mkdir()
    (tmp_path / "public/ada").write_text(text, encoding="utf-8")
    with pytest.raises(HomeRecordError, match="public/ada"):
        HomeRecords(tmp_path).read(Tier.PUBLIC, "ada")
