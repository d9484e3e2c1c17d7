"""The surface that a reader turns: what is drawn where, and what a hand does."""

from __future__ import annotations

import pytest

FIRST = {"elevation": 60, "azimuth": 30, "zoom": 1}


def drawing(**changes):
    axis = {"label": "x", "range": [0, 2]}
    surface = {
        "name": "",
        "rows": 2,
        "columns": 3,
        "x": [0, 1, 2],
        "y": [0, 2],
        "z": [0, 1, 2, 0, 1, 2],
        "color": None,
    }
    whole = {
        "version": 1, "title": "", "axes": {"x": axis, "y": axis, "z": axis}, "surfaces": [surface],
        "palette": ["#000000", "#ffffff"], "view": {"elevation": 60, "azimuth": 30}, "equal": False,
    }  # fmt: skip
    surface |= changes.pop("surface", {})
    return whole | changes


def pieces(call, **changes):
    return call("surface/scene.ts", "sceneOf", [drawing(**changes)])[0]["pieces"]


def test_a_grid_of_two_by_three_has_two_faces(call):
    assert [piece["kind"] for piece in pieces(call)] == ["face", "face"]


def test_short_and_whole_coordinates_say_the_same(call):
    whole = {"x": [0, 1, 2, 0, 1, 2], "y": [0, 0, 0, 2, 2, 2]}
    assert pieces(call, surface=whole) == pieces(call)


@pytest.mark.parametrize(
    ("z", "corners"),
    [
        pytest.param([None, 1, 2, 0, 1, 2], [3, 4], id="a corner without a value is cut off"),
        pytest.param([0, 1, 2, None, None, 2], [3], id="with two gone there is no face"),
        pytest.param([0, 1, 9, 0, 1, 9], [4], id="what lies outside the ranges is cut off"),
    ],
)
def test_gaps_stay_gaps(call, z, corners):
    assert [len(piece["points"]) for piece in pieces(call, surface={"z": z})] == corners


def test_a_curve_breaks_where_it_has_no_value(call):
    line = {"name": "", "x": [0, 1, 1, 2], "y": [0, 1, 1, 2], "z": [0, 1, None, 2], "color": "#ff0000"}
    assert [piece["kind"] for piece in pieces(call, lines=[line])].count("line") == 1


@pytest.mark.parametrize(
    ("key", "changed"),
    [
        pytest.param("ArrowLeft", {"azimuth": 35}, id="left"),
        pytest.param("ArrowUp", {"elevation": 65}, id="up"),
        pytest.param("+", {"zoom": 1.15}, id="nearer"),
        pytest.param("Home", {}, id="back to the first view"),
    ],
)
def test_keys_turn_it(call, key, changed):
    assert call("surface/turning.ts", "pressed", [FIRST, key, FIRST]) == [FIRST | changed]


def test_other_keys_belong_to_the_notebook(call):
    assert call("surface/turning.ts", "pressed", [FIRST, "b", FIRST]) == [None]


def test_a_drag_stops_when_it_is_seen_from_straight_above_or_below(call):
    down, up = call("surface/turning.ts", "dragged", [FIRST, 0, 9999], [FIRST, 0, -9999])
    assert (down["elevation"], up["elevation"]) == (0, 180)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        pytest.param(0, 10, [0, 2, 4, 6, 8, 10], id="whole numbers"),
        pytest.param(-1, 1, [-1, -0.5, 0, 0.5, 1], id="halves"),
        pytest.param(0, 0.07, [0, 0.02, 0.04, 0.06], id="small ones"),
        pytest.param(3, 1e6, [200000, 400000, 600000, 800000, 1000000], id="large ones"),
    ],
)
def test_ticks_are_round_numbers(call, low, high, expected):
    assert [round(tick, 9) for tick in call("surface/ticks.ts", "ticks", [low, high])[0]] == expected


def test_however_short_an_axis_has_two_marks(call):
    """And not many more: the z axis of a first view has room for three."""
    ranges = [(low, low + span) for low in (-4, -1.7, 0, 3, 95) for span in (0.013, 0.9, 2, 8, 8.9, 31, 1999)]
    told = call(
        "surface/ticks.ts", "ticks", *([low, high, wanted] for low, high in ranges for wanted in (2, 3))
    )
    assert {len(marks) for marks in told} <= {2, 3, 4, 5}


@pytest.mark.parametrize(
    ("x", "width", "align", "expected"),
    [
        pytest.param(40, 30, "right", 0, id="there is room"),
        pytest.param(40, 60, "right", 24, id="too far to the left"),
        pytest.param(580, 60, "center", -14, id="too far to the right"),
        pytest.param(300, 592, "center", 0, id="as wide as the sheet"),
    ],
)
def test_no_name_of_an_axis_is_cut(call, x, width, align, expected):
    assert call("surface/labels.ts", "moved", [x, width, align, 600]) == [expected]


def test_what_it_cannot_draw_is_left_to_the_picture(call):
    newer = drawing(version=2)
    told = call("surface/drawing.ts", "isDrawing", [drawing()], [newer], [None], ["text"], [{"version": 1}])
    assert told == [True, False, False, False, False]
