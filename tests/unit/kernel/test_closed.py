"""A closed kernel against those who want out: each row is a way out, and nothing has run, lies there or was told."""

from __future__ import annotations

import os
import re
from pathlib import Path
from xml.dom import minidom

import pytest
from maximalab_kernel.svg import CANVAS, on_one_page

SECRET = "told-to-nobody"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """The notebook's folder, and one beside it whose name begins alike."""
    notebook = tmp_path_factory.mktemp("closed") / "nb"
    elsewhere = notebook.with_name("nb2")
    for folder in (notebook, elsewhere):
        folder.mkdir()
    (notebook / "mine.mac").write_text("answer: 42$\n")
    (notebook / "mine.csv").write_text("1 2\n")
    lisp = '(print 1) (with-open-file (out "got" :direction :output) (print 1 out))'
    for name in ("lisp.lisp", "lisp.txt", "lisp.mac"):
        (notebook / name).write_text(lisp)
    (elsewhere / "secret.mac").write_text(f'print("{SECRET}")$\n')
    (notebook / ".hidden").write_text(f'print("{SECRET}")$\n')
    return notebook, elsewhere


@pytest.fixture(scope="module")
def closed_lab(start_lab, places):
    """A closed kernel whose notebook lies in the first of those folders."""
    before = Path.cwd()
    os.chdir(places[0])
    try:
        return start_lab(MAXIMALAB_CLOSED="1")
    finally:
        os.chdir(before)


def plot(options):
    return f"plot2d(x,[x,0,1],{options})$"


def draw(options):
    return f"draw2d({options},explicit(x,x,0,1))$"


# `got` is the file that a program touches; ELSEWHERE is the other folder.
REFUSED = [
    (plot('[xlabel,"a\n!touch got"]'), "gnuplot: !"),
    (plot('[xlabel,"a\nsystem \\"touch got\\""]'), "gnuplot: system"),
    (plot('[title,"`touch got`"]'), "gnuplot: `"),
    (plot("""[gnuplot_preamble,"set output '|touch got'"]"""), "gnuplot: output"),
    (plot("""[gnuplot_preamble,"set print 'got'; print 1"]"""), "gnuplot: set print"),
    (plot("""[gnuplot_preamble,"set table 'got'"]"""), "gnuplot: set table"),
    (plot("""[gnuplot_preamble,"plot '<touch got'"]"""), "gnuplot: <touch got"),
    (plot("""[gnuplot_preamble,"plot a='<touch got', a"]"""), "gnuplot: ="),
    (plot("""[gnuplot_preamble,"plot for [a in '<touch got'] a"]"""), "gnuplot: for"),
    (plot("""[gnuplot_preamble,"plot (1?'<touch got':0)"]"""), "gnuplot: <touch got"),
    (plot("""[gnuplot_preamble,"plot sprintf('<%s','touch got')"]"""), "gnuplot: sprintf"),
    (plot("""[gnuplot_preamble,"set palette file '<touch got'"]"""), "gnuplot: palette file"),
    (plot("""[gnuplot_preamble,"set term lua 'got'"]"""), "gnuplot: terminal lua"),
    (plot("""[gnuplot_preamble,"set grid # \\\\\n"]"""), "gnuplot: #"),
    (plot("""[gnuplot_postamble,"load '/etc/passwd'"]"""), "gnuplot: load"),
    (
        plot("""[gnuplot_term,"postscript fontfile '<touch got'"],[gnuplot_out_file,"x.ps"]"""),
        "gnuplot: term",
    ),
    (plot('[gnuplot_svg_term_command,"!touch got"],[svg_file,"q.svg"]'), "gnuplot: !"),
    (plot("[plot_format,xmaxima]"), "plot_format"),
    (plot('[svg_file,"ELSEWHERE/got.svg"]'), "svg_file"),
    (plot('[svg_file,"../nb2/got.svg"]'), "svg_file"),
    (plot('[svg_file,".got.svg"]'), "svg_file"),
    (plot('[svg_file,"got.mac"]'), "svg_file"),
    (
        plot('[gnuplot_term,dumb],[gnuplot_out_file,concat(maxima_tempdir,"/maxima-init.lisp")]'),
        "gnuplot_out_file",
    ),
    (draw('title="a\n!touch got"'), "gnuplot: !"),
    (draw("xtics={[\"'\n!touch got\n'\",1]}"), "gnuplot: !"),
    (draw('user_preamble="set title `touch got`"'), "gnuplot: `"),
    (draw('file_name="ELSEWHERE/got",terminal=png'), "file_name"),
    (draw('data_file_name="ELSEWHERE/got"'), "data_file_name"),
    (draw('gnuplot_file_name="../got"'), "gnuplot_file_name"),
    (draw('gnuplot_file_name="a b;touch got"'), "gnuplot_file_name"),
    (
        'block(set_draw_defaults(file_name="ELSEWHERE/got",terminal=png), draw2d(explicit(x,x,0,1)))$',
        "file_name",
    ),
    ("block(draw_renderer: vtk, draw3d(explicit(x*y,x,0,1,y,0,1)))$", "draw_vtk"),
    ("gnuplot_start()$", "gnuplot_start"),
    ('gnuplot_send("!touch got")$', "gnuplot_send"),
    ("load(graphs)$ draw_graph(cube_graph(3), program=neato)$", ""),
    ('tex(x,"got")$', "tex"),
    ('block(name: "got", tex(x,name))$', "tex"),
    ('texend("got")$', "texend"),
    ('load("graphs")$ graph6_export([petersen_graph()],"got")$', "graph6_export"),
    ('load("graphs")$ sparse6_export([petersen_graph()],"got")$', "sparse6_export"),
    ('load("numericalio")$ write_data([1,2],"got")$', "write_data"),
    ('stringout("got",x)$', "stringout"),
    ('kill(stringout)$ stringout("got",x)$', "stringout"),
    ('kill(all)$ with_stdout("got",print(1))$', "with_stdout"),
    ('kill(tex)$ tex(x,"got")$', "tex"),
    ('save("got",all)$', "save"),
    ('writefile("got")$', "writefile"),
    ('appendfile("got")$', "appendfile"),
    ('openw("got")$', "openw"),
    ('opena("got")$', "opena"),
    ('load("operatingsystem")$ mkdir("got")$', "mkdir"),
    ('load("operatingsystem")$ chdir("ELSEWHERE")$', "chdir"),
    ('load("operatingsystem")$ copy_file("mine.mac","got")$', "copy-file"),
    ('load("operatingsystem")$ delete_file("mine.csv")$', "delete-file"),
    ('load("operatingsystem")$ rename_file("mine.csv","got")$', "rename-file"),
    ('compile_file("mine.mac")$', "compile_file"),
    ('translate_file("mine.mac")$', "translate_file"),
    ('block(g(): =system("touch got"), g())$'.replace(": =", ":="), "system"),
    ('map(system,["touch got"])$', "system"),
    ('load("ELSEWHERE/secret.mac")$', "load"),
    ('batch("../nb2/secret.mac")$', "batch"),
    ('printfile(".hidden")$', "printfile"),
    ('load("lisp.txt")$', "load"),
    ('load("lisp.lisp")$', "load"),
    ('loadfile("lisp.lisp")$', "loadfile"),
    ('block(setup_autoload("lisp.lisp",ff), ff(1))$', "generic-autoload"),
    ('block(maxima_objdir: "/etc", load("/etc/passwd"))$', "load"),
    ('load("graphs")$ graph6_import("ELSEWHERE/secret.mac")$', "graph6_import"),
    ('load("graphs")$ sparse6_import("ELSEWHERE/secret.mac")$', "sparse6_import"),
    ('read_xpm("ELSEWHERE/secret.mac")$', "read_xpm"),
    ('read_matrix("ELSEWHERE/secret.mac")$', "read_matrix"),
    ('openr("ELSEWHERE/secret.mac")$', "openr"),
    ('demo("ELSEWHERE/secret.mac")$', "demo"),
    ('directory("ELSEWHERE/*")$', "directory"),
    ('directory("../*")$', "directory"),
    ('eval_string("?open(1)")$', "?"),
    ("to_lisp()$", "to_lisp"),
]


def contents(places):
    return {path for folder in places for path in folder.iterdir()}


@pytest.mark.parametrize(("code", "what"), [pytest.param(*row, id=ascii(row[0])[:60]) for row in REFUSED])
def test_what_reaches_beyond_the_notebook_is_refused_and_does_nothing(closed_lab, places, lisp, code, what):
    before = contents(places)
    answer = closed_lab.run(code.replace("ELSEWHERE", str(places[1])))
    closed_lab.run("block(draw_renderer: gnuplot, set_draw_defaults())$")
    assert contents(places) == before
    assert SECRET not in answer.printed + str(answer.results)
    if (
        '\\"' in code and lisp == "gcl" and answer.error is None
    ):  # this Maxima writes a quotation mark for gnuplot as it should
        assert len(answer.pictures) == 1
        return
    assert answer.error == "MaximaClosed", answer.reply
    assert answer.reply["evalue"].startswith(what)
    assert "MAXIMALAB_CLOSED" in answer.reply["evalue"]


HARMLESS = [
    plot("""[title,"a\\" ; system('touch got') #"]"""),  # so is a quote
    plot('[title,"a\\"; !touch got"]'),
    plot('[title,"a\n!touch got"]'),
    draw('''title="a' ; system('touch got') #"'''),  # an apostrophe is a letter of the title
    draw('''key="';!touch got"'''),
    'plot2d(x,[x,0,1],[xlabel,"$(touch got)"])$',
    'block(gnuplot_command: "touch got; gnuplot", plot2d(x,[x,0,1]))$',
    'block(gnuplot_command: "touch got; gnuplot", draw2d(explicit(x,x,0,1)))$',
    'block(gnuplot_file_args: "~a; touch got", plot2d(x,[x,0,1]))$',
    'block(gnuplot_view_args: "~a; touch got", plot2d(x,[x,0,1],[run_viewer,true]))$',
    "plot2d(x,[x,0,1],[plot_format,gnuplot_pipes])$",
    'draw2d(label(["`touch got` $(touch got)",0,0]))$',
    'block(maxima_tempdir: "ELSEWHERE", draw2d(explicit(x,x,0,1)))$',
    'errcatch(block(file_type_maxima: [], load("lisp.mac")))$',
    'errcatch(block(file_type_lisp: ["mac"], load("lisp.mac")))$',
    'errcatch(openr("| touch got"))$',
]


@pytest.mark.parametrize("code", [pytest.param(row, id=ascii(row)[:60]) for row in HARMLESS])
def test_what_is_not_refused_does_no_more_than_draw(closed_lab, places, code):
    before = contents(places)
    answer = closed_lab.run(code.replace("ELSEWHERE", str(places[1])))
    assert contents(places) == before
    assert answer.error in {None, "MaximaSyntaxError", "MaximaError"}, answer.reply
    assert len(answer.pictures) == ("plot2d" in code or "draw2d" in code)


WORKS = [
    ('load("mine.mac")$ answer;', ["42"]),
    ('batch("mine.mac")$ answer;', ["42"]),
    ('load("graphs")$ load("draw")$ load("numericalio")$ 1;', ["1"]),
    ("slength(tex(x,false));", ["6"]),
    ('s: openr("mine.csv")$ readline(s);', ["1 2"]),
]


@pytest.mark.parametrize(("code", "results"), WORKS)
def test_what_lies_beside_the_notebook_is_read(closed_lab, code, results):
    answer = closed_lab.run(code)
    assert [result.strip() for result in answer.results] == [result.strip() for result in results], (
        answer.reply
    )


PICTURES = [
    'plot2d(sin(x),[x,0,6],[title,"Прибуток «Мрія» \'A\', грн"],[ylabel,"f(x)=a; b # c"])$',
    'plot2d([x,x^2],[x,0,2],[gnuplot_preamble,"set grid; set key left # here"])$',
    "plot3d(x*y,[x,0,1],[y,0,1],[palette,[gradient,red,blue]])$",
    "contour_plot(x^2+y^2,[x,-1,1],[y,-1,1])$",
    "implicit_plot(x^2+y^2=1,[x,-1,1],[y,-1,1])$",
    (
        'draw2d(title="Фірма \\"Мрія\\"",key="a",grid=true,user_preamble=["set key left"],explicit(x,x,0,1),'
        "fill_color=blue,polygon([[0,0],[1,0],[1,1]]),"
        'label(["A \\"q\\"",0.5,0.5]),vector([0,0],[1,1]),points([[0,0],[1,1]]),xtics={["a",0],["b",1]})$'
    ),
    "draw3d(enhanced3d=true,palette=[1,2,3],contour=both,xu_grid=9,yv_grid=9,explicit(x*y,x,0,1,y,0,1))$",
    "draw(gr2d(explicit(x,x,0,1)), gr3d(explicit(x*y,x,0,1,y,0,1)))$",
    "histogram([1,2,2,3,3,3],nclasses=3)$",
    "drawdf(x-y,[x,-3,3],[y,-3,3])$",
    "draw_graph(petersen_graph())$",
    "draw3d(implicit(x^2+y^2+z^2=1,x,-1,1,y,-1,1,z,-1,1))$",
    "with_slider(n,[1,2],sin(n*x),[x,0,6])$",
]


@pytest.mark.parametrize("code", [pytest.param(row, id=ascii(row)[:40]) for row in PICTURES])
def test_plots_are_drawn_as_in_an_open_kernel(closed_lab, code):
    answer = closed_lab.run(code)
    assert len(answer.pictures) == 1, (answer.reply, answer.of("stream"))
    assert [content for content in answer.of("stream") if content["name"] == "stderr"] == []
    minidom.parseString(answer.pictures[0])  # noqa: S318  it is our own


def test_scenes_that_are_drawn_one_by_one_are_one_picture():
    """As gnuplot has to draw them behind the wall."""
    page = "<?xml?><svg>" + CANVAS + "<rect/><defs><g id='gpDot'/></defs>{}</g></svg>\n"
    one = on_one_page(page.format("<path/>") + page.format("<text/>"))
    assert (
        one
        == "<?xml?><svg>"
        + CANVAS
        + "<rect/><defs><g id='gpDot'/></defs><path/></g><g><rect/><text/></g></svg>"
    )
    assert on_one_page("") == ""
    assert on_one_page("set no such thing") == ""


def test_a_picture_of_the_students_own_lies_beside_the_notebook(closed_lab, places):
    closed_lab.run(
        'plot2d(x,[x,0,1],[svg_file,"mine.svg"])$ draw2d(terminal=png,file_name="mine",explicit(x,x,0,1))$'
    )
    for name in ("mine.svg", "mine.png"):
        assert (places[0] / name).stat().st_size > 1000
        (places[0] / name).unlink()


def test_a_picture_lies_in_a_folder_beside_the_notebook_and_is_shown(closed_lab, places):
    (places[0] / "plots").mkdir()
    answer = closed_lab.run('plot2d(x,[x,0,1],[svg_file,"plots/mine.svg"])$')
    assert len(answer.pictures) == 1, answer.reply
    (places[0] / "plots/mine.svg").unlink()
    (places[0] / "plots").rmdir()


def test_a_long_result_is_kept_where_its_notice_says(closed_lab):
    answer = closed_lab.run("10^200000;")
    path = re.search(r"\S+/o\d+\.txt", answer.of("execute_result")[0]["data"]["text/plain"])[0]
    assert len(Path(path).read_text()) == 200001


def test_a_dense_picture_is_drawn_again_as_png(closed_lab):
    answer = closed_lab.run("plot3d(x*y,[x,0,1],[y,0,1],[grid,90,90])$")
    assert any("image/png" in content["data"] for content in answer.of("display_data")), answer.of("stream")


def test_the_refusal_is_ukrainian_for_ukrainians(make_lab):
    answer = make_lab(MAXIMALAB_CLOSED="1", MAXIMALAB_LANG="uk").run('tex(x,"got")$')
    assert answer.reply["evalue"].startswith("tex тут вимкнено")
    assert "MAXIMALAB_CLOSED" in answer.reply["evalue"]


def test_a_slider_is_refused_in_the_same_words(closed_lab, places):
    before = contents(places)
    answer = closed_lab.run('interact(system("touch got"),[n,1,3])$')
    said = "".join(content["text"] for content in answer.of("stream"))
    assert contents(places) == before
    assert said.startswith("MaximaClosed: system is switched off here")
    assert "MAXIMALAB_CLOSED" in said
