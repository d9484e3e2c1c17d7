"""What the environment says, and the switch that closes what reaches beyond the notebook."""

from __future__ import annotations

import pytest
from maximalab_kernel.rules import GRADING_MB, GRADING_SECONDS, Rules

LIMITED = {"seconds": GRADING_SECONDS, "megabytes": GRADING_MB}
ENVIRONMENTS = [
    pytest.param({}, Rules(), id="a student's kernel"),
    pytest.param({"MAXIMALAB_GRADING": "1"}, Rules(grading=True, **LIMITED), id="grading"),
    pytest.param({"MAXIMALAB_GRADING": "0"}, Rules(), id="no grading"),
    pytest.param({"MAXIMALAB_CLOSED": "yes"}, Rules(closed=True), id="closed"),
    pytest.param({"MAXIMALAB_CELL_SECONDS": "2.5"}, Rules(seconds=2.5), id="a limit of time alone"),
    pytest.param({"MAXIMALAB_CELL_MB": "100"}, Rules(megabytes=100.0), id="a limit of memory alone"),
    pytest.param(
        {"MAXIMALAB_GRADING": "1", "MAXIMALAB_CELL_SECONDS": "0", "MAXIMALAB_CELL_MB": "0"},
        Rules(grading=True),
        id="no limits",
    ),
    pytest.param(
        {"MAXIMALAB_CELL_SECONDS": "soon", "MAXIMALAB_CELL_MB": "much"},
        Rules(**LIMITED),
        id="limits that are no numbers",
    ),
    pytest.param(
        {"MAXIMALAB_CELL_SECONDS": "-1", "MAXIMALAB_CELL_MB": "-1"}, Rules(), id="limits below zero"
    ),
]


@pytest.mark.parametrize(("environment", "expected"), ENVIRONMENTS)
def test_the_environment_says_the_rules(environment, expected):
    assert Rules.of(environment) == expected


@pytest.fixture(scope="module")
def closed_lab(start_lab):
    """A kernel that is closed."""
    return start_lab(MAXIMALAB_CLOSED="1")


REFUSED = [
    pytest.param('system("echo hi");', "system", id="a program"),
    pytest.param(":lisp (+ 1 2)", ":lisp", id="Lisp"),
    pytest.param("?print(1);", "?", id="a function of Lisp"),
    pytest.param('eval_string("?print(1)");', "?", id="a function of Lisp in a text"),
    pytest.param('openw("x.txt");', "openw", id="a file to write"),
    pytest.param('slength("abc")$ opena("x.txt");', "opena", id="a file to write, once its package is there"),
    pytest.param('with_stdout("x.txt", print(1));', "with_stdout", id="output into a file"),
    pytest.param('stringout("x.txt", x);', "stringout", id="expressions into a file"),
    pytest.param('save("x.lisp", all);', "save", id="a saved session"),
    pytest.param('writefile("x.txt");', "writefile", id="a log"),
    pytest.param('load("/etc/hostname");', "load", id="a file from elsewhere"),
    pytest.param('batch("/etc/hostname");', "batch", id="a batch from elsewhere"),
    pytest.param('printfile("/etc/hostname");', "printfile", id="a file printed"),
    pytest.param('openr("/etc/hostname");', "openr", id="a file read"),
    pytest.param('load("numericalio")$ read_matrix("/etc/hostname");', "read_matrix", id="a matrix read"),
    pytest.param('apply(system, ["echo hi"]);', "system", id="a program, called by name"),
    pytest.param(
        "plot2d(x,[x,0,1],[gnuplot_preamble,\"system('id')\"])$", "gnuplot: system", id="gnuplot's system"
    ),
    pytest.param('plot2d(x,[x,0,1],[title,"`id`"])$', "gnuplot: `", id="gnuplot's backquotes"),
    pytest.param('plot2d(x,[x,0,1],[svg_file,"/tmp/x.svg"])$', "svg_file", id="a picture elsewhere"),
    pytest.param('draw2d(user_preamble="!id", explicit(x,x,0,1))$', "gnuplot: !", id="gnuplot's shell"),
]


@pytest.mark.parametrize(("code", "what"), REFUSED)
def test_closed_what_reaches_beyond_the_notebook_is_refused(closed_lab, code, what):
    answer = closed_lab.run(code)
    assert answer.error == "MaximaClosed", (answer.reply, answer.outputs)
    assert answer.reply["evalue"].startswith(what)
    assert answer.printed.strip() == ""
    assert closed_lab.run("6*7;").results == ["42"]


def test_closed_a_program_called_by_a_text_is_refused_or_an_error(closed_lab, lisp):
    """Since 5.48, here on ECL, a text may stand for a function; before, that is an error."""
    answer = closed_lab.run('apply("system", ["echo hi"]);')
    assert answer.error == ("MaximaClosed" if lisp == "ecl" else "MaximaError")
    assert answer.printed == ""


ALLOWED = [
    pytest.param('load("simplex")$ maximize_lp(x+y,[x+2*y<=3,2*x+y<=3]);', ["[2,[y = 1,x = 1]]"], id="a package"),
    pytest.param('load("descriptive")$ mean([1,2,3]);', ["2"], id="a package that loads others"),
    pytest.param('load("distrib")$ load("graphs")$ load("finance")$ 1;', ["1"], id="packages"),
    pytest.param('sconcat("a", "system");', ["asystem"], id="a word"),
    pytest.param('plot2d(x,[x,0,1],[title,"a system of equations"])$ 2;', ["2"], id="a plot"),
    pytest.param('draw2d(title="load", explicit(x,x,0,1))$ 3;', ["3"], id="a drawing"),
    pytest.param("? factor\n4;", ["4"], id="the manual"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "results"), ALLOWED)
def test_closed_the_mathematics_works(closed_lab, code, results):
    answer = closed_lab.run("kill(all)$ " + code)
    assert answer.results == results, answer.reply


INIT_FILES = [
    pytest.param({}, "mine", id="a student's kernel"),
    pytest.param({"MAXIMALAB_GRADING": "1"}, "from_init", id="graded"),
    pytest.param({"MAXIMALAB_CLOSED": "1"}, "from_init", id="closed"),
]


@pytest.mark.parametrize(("mode", "seen"), INIT_FILES)
def test_init_files_are_the_students_own_affair(make_lab, tmp_path, mode, seen):
    (tmp_path / ".maxima").mkdir()
    (tmp_path / ".maxima" / "maxima-init.mac").write_text("from_init: mine$")
    assert make_lab(HOME=str(tmp_path), **mode).run("from_init;").results == [seen]
