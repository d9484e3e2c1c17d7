"""The numbers of a surface are those that were drawn, in the shape that docs/surface.schema.json promises."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel import plotscript, surfaces, svg
from maximalab_kernel.palettes import sampled

DOCS = Path(__file__).parents[3] / "docs"
SCHEMA = jsonschema.Draft202012Validator(json.loads((DOCS / "surface.schema.json").read_text()))


def drawn(lab, code):
    """The surface that a cell brings, checked against the schema."""
    answer = lab.run(code)
    assert answer.of("display_data"), answer
    data = answer.of("display_data")[-1]["data"]
    told = data.get(surfaces.MIME)
    if told is not None:
        SCHEMA.validate(told)
    return told


def points(surface):
    """All points of a surface as triples."""
    rows, columns = surface["rows"], surface["columns"]
    for row in range(rows):
        for column in range(columns):
            place = row * columns + column
            x = surface["x"][column if len(surface["x"]) == columns else place]
            y = surface["y"][row if len(surface["y"]) == rows else place]
            yield x, y, surface["z"][place]


def near(left, right):
    return math.isclose(left, right, rel_tol=1e-4, abs_tol=1e-4)


EXPLICIT = [
    pytest.param("plot3d(x^2-y,[x,-1,1],[y,0,2])$", lambda x, y: x**2 - y, (31, 31), id="plot3d"),
    pytest.param("draw3d(explicit(x*y+1,x,0,2,y,-1,1))$", lambda x, y: x * y + 1, (51, 51), id="draw3d"),
    pytest.param(
        "plot3d(sin(x)*y,[x,0,3],[y,0,2],[grid,20,7])$", lambda x, y: math.sin(x) * y, (8, 21), id="a grid"
    ),
    pytest.param(
        "plot3d(x+y,[x,0,3],[y,0,2],[grid,150,150])$", lambda x, y: x + y, (76, 76), id="a fine grid, thinned"
    ),
]


@pytest.mark.parametrize(("code", "height", "shape"), EXPLICIT)
def test_the_numbers_are_the_surfaces(lab, code, height, shape):
    surface = drawn(lab, code)["surfaces"][0]
    assert (surface["rows"], surface["columns"]) == shape
    assert all(near(z, height(x, y)) for x, y, z in points(surface))


def test_a_parametric_surface_lies_where_it_should(lab):
    surface = drawn(lab, "draw3d(parametric_surface(cos(u)*cos(v),sin(u)*cos(v),sin(v),u,0,6,v,-1,1))$")[
        "surfaces"
    ][0]
    assert all(near(x**2 + y**2 + z**2, 1) for x, y, z in points(surface))
    assert len(surface["x"]) == surface["rows"] * surface["columns"]


def test_labels_ranges_view_and_colours_are_told(lab):
    told = drawn(
        lab,
        'plot3d(x*y,[x,-1,1],[y,0,2],[z,-3,3],[title,"Прибуток"],[xlabel,"ціна"],[azimuth,20],[elevation,40])$',
    )
    assert told["title"] == "Прибуток"
    assert told["axes"]["x"] == {"label": "ціна", "range": [-1, 1]}
    assert told["axes"]["z"]["range"] == [-3, 3]
    assert told["view"] == {"elevation": 40, "azimuth": 20}
    assert told["surfaces"][0]["color"] is None
    assert told["palette"][0] in {"#adff2f", "#00ff00"}  # the default of Maxima 5.50, and of older ones


def test_a_surface_with_its_lowest_point_and_a_path(lab):
    told = drawn(
        lab,
        'draw3d(key="f",explicit(x^2+y^2,x,-1,1,y,-1,1),color=red,key="min",points([[0,0,0]]),'
        'key="path",parametric(t,t,2*t^2,t,-1,0))$',
    )
    assert [each["name"] for each in told["surfaces"]] == ["f"]
    assert told["points"] == [{"name": "min", "x": [0], "y": [0], "z": [0], "color": "#ff0000"}]
    assert told["lines"][0]["z"][0] == 2


ONLY_PICTURES = [
    pytest.param("plot2d(x,[x,0,1])$", id="a curve in the plane"),
    pytest.param("draw3d(parametric(cos(t),sin(t),t,t,0,6))$", id="a curve in space alone"),
    pytest.param('draw3d(explicit(x*y,x,0,1,y,0,1),label(["A",0,0,0]))$', id="a label in space"),
    pytest.param("draw3d(implicit(x^2+y^2+z^2=1,x,-1,1,y,-1,1,z,-1,1))$", id="an implicit surface"),
    pytest.param("draw(gr3d(explicit(x,x,0,1,y,0,1)),gr3d(explicit(y,x,0,1,y,0,1)))$", id="two scenes"),
]


@pytest.mark.parametrize("code", ONLY_PICTURES)
def test_what_numbers_cannot_tell_stays_a_picture(lab, code):
    assert drawn(lab, code) is None


MANY = [
    pytest.param("draw3d(implicit(x^2+y^2+z^2=1,x,-1,1,y,-1,1,z,-1,1))$", 848, id="an implicit surface"),
    pytest.param('draw2d(title="a, \\"b", makelist(explicit(x+k,x,0,1),k,1,50))$', 50, id="many curves"),
    pytest.param("plot2d(makelist(x+k,k,1,50),[x,0,1],[legend,false])$", 50, id="plot2d"),
]


@pytest.mark.parametrize(("code", "pieces"), MANY)
def test_a_picture_of_many_pieces_is_whole_with_each_gnuplot(lab, code, pieces):
    """All of them stand in one command, which gnuplot 6 takes for several where a line of it is long."""
    answer = lab.run(code)
    assert answer.of("stream") == []
    assert answer.pictures[-1].count("<path") >= pieces


def test_where_the_surface_has_no_value_there_is_null(lab):
    surface = drawn(lab, "plot3d(if x<0 then sqrt(x) else x,[x,-1,1],[y,0,1])$")["surfaces"][0]
    assert any(z is None for z in surface["z"])
    assert all(z is None or near(z, x) for x, _, z in points(surface))


def test_the_example_in_the_docs_is_valid():
    example = re.search(r"```json\n(\{\"version.*?)```", (DOCS / "kernel.md").read_text(), re.DOTALL)
    SCHEMA.validate(json.loads(example[1]))


@given(st.text(alphabet="setplo xyzrangeitl'\"\\[]():,;-0123456789.e\nї"))
def test_any_script_can_be_read(text):
    script = plotscript.read(f"splot {text}")
    surfaces.numbers_of(script, {curve.source: text for curve in script.curves})


@given(
    st.lists(st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3), min_size=2, max_size=12),
    st.text(alphabet="абв \"'<&", max_size=8),
)
def test_any_grid_is_valid_against_the_schema(rows, title):
    body = "\n\n".join(
        "\n".join(f"{column} {row} {z}" for column, z in enumerate(heights))
        for row, heights in enumerate(rows)
    )
    quoted = title.replace("'", "''")
    told = surfaces.numbers_of(plotscript.read(f"set title '{quoted}'\nsplot '-' w pm3d\n{body}\ne\n"), {})
    SCHEMA.validate(told)
    assert told["title"] == title
    assert all(
        near(z, rows[y][x]) or abs(z - rows[y][x]) <= abs(z) * 1e-5 for x, y, z in points(told["surfaces"][0])
    )


PALETTES = [
    pytest.param('defined (0 "#000000", 1 "#ffffff")', "#000000", "#ffffff", id="two colours"),
    pytest.param("gray", "#000000", "#ffffff", id="gray"),
    pytest.param("rgbformulae 7,5,15", "#000000", "#ffff00", id="gnuplot's own"),
    pytest.param("rgbformulae -3,3,2", "#ff00ff", "#00ffff", id="backwards"),
    pytest.param("who knows", "#000000", "#ffff00", id="an unknown one"),
]


@pytest.mark.parametrize(("palette", "lowest", "highest"), PALETTES)
def test_a_palette_goes_from_low_to_high(palette, lowest, highest):
    colors = sampled(palette)
    assert (colors[0], colors[-1]) == (lowest, highest)


def test_a_group_said_again_and_again_is_said_once():
    group = '<g fill="none" color="black" stroke="currentColor">\n'
    other = '<g fill="none" color="gray" stroke="currentColor">\n'
    text = f"<svg>{group}<path a/></g>\n{group}<path b/></g>\n{other}<path c/></g>\n</svg>"
    assert svg.merged(text) == f"<svg>{group}<path a/>\n<path b/></g>\n{other}<path c/></g>\n</svg>"
