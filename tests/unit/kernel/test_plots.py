"""Plots come inline, whole, one file each, and leave nothing."""

from __future__ import annotations

import pytest

PLOTS = [
    pytest.param("plot2d(sin(x),[x,0,5]);", 1, id="plot2d"),
    pytest.param("plot2d([sin(x),cos(x)],[x,0,5])$ plot2d(x,[x,0,1])$", 2, id="two plots in a cell"),
    pytest.param("plot2d([discrete,[[1,2],[2,3]]],[style,points])$", 1, id="points"),
    pytest.param('plot2d(x^2,[x,0,1],[title,"Прибуток, грн"],[xlabel,"ціна"])$', 1, id="Ukrainian labels"),
    pytest.param("plot3d(x*y,[x,0,1],[y,0,1])$", 1, id="plot3d"),
    pytest.param("contour_plot(x^2+y^2,[x,-1,1],[y,-1,1])$", 1, id="contour_plot"),
    pytest.param("plot2d([contour,x*y],[x,0,1],[y,0,1])$", 1, id="contour in plot2d"),
    pytest.param("load(draw)$ draw2d(explicit(x^2,x,0,1));", 1, id="draw2d"),
    pytest.param("draw3d(explicit(x*y,x,0,1,y,0,1))$", 1, id="draw3d"),
    pytest.param("for k thru 3 do draw2d(explicit(x^k,x,0,1))$", 3, id="draw2d in a loop"),
    pytest.param(
        "draw2d(terminal=wxt, implicit(x^2+y^2=1,x,-1,1,y,-1,1))$", 1, id="a terminal with a window"
    ),
    pytest.param("load(descriptive)$ histogram([1,2,2,3,3,3],nclasses=3)$", 1, id="histogram"),
]


@pytest.mark.parametrize(("code", "count"), PLOTS)
def test_a_plot_is_shown_inline(lab, code, count):
    answer = lab.run(code)
    assert answer.reply["status"] == "ok", answer.reply
    assert len(answer.pictures) == count
    for picture in answer.pictures:
        assert picture.lstrip().startswith("<?xml")
        assert picture.rstrip().endswith("</svg>")
    assert len(set(answer.pictures)) == count


def test_labels_keep_their_letters(lab):
    assert "ціна" in lab.run('plot2d(x,[x,0,1],[xlabel,"ціна"])$').pictures[0]


def test_a_plot_of_the_users_own_file_stays_there(lab, tmp_path):
    svg, eps = tmp_path / "mine.svg", tmp_path / "mine"
    answer = lab.run(f'plot2d(x,[x,0,1],[svg_file,"{svg}"])$')
    assert (svg.read_text().rstrip()[-6:], answer.pictures) == ("</svg>", [])
    answer = lab.run(f'draw2d(terminal=eps, file_name="{eps}", explicit(x,x,0,1))$')
    assert (tmp_path / "mine.eps").stat().st_size > 1000
    assert answer.pictures == []


def test_no_picture_is_left_over(fresh_lab, tmp_path):
    fresh_lab.run("for k thru 5 do plot2d(x^k,[x,0,1])$ draw2d(explicit(x,x,0,1))$")
    assert list(tmp_path.rglob("*.svg")) == []


def test_without_gnuplot_the_remedy_is_named(make_lab):
    lab = make_lab()
    answer = lab.run('gnuplot_command: "/no/such/gnuplot"$ plot2d(x,[x,0,1])$ 6*7;')
    assert answer.results == ["42"]
    assert "not found" in "".join(content["text"] for content in answer.of("stream"))
