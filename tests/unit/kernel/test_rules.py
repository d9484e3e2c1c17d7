"""The mode for graders and the switch that closes what reaches beyond the notebook."""

from __future__ import annotations

import pytest
from maximalab_kernel.rules import GRADING_SECONDS, Rules

ENVIRONMENTS = [
    pytest.param({}, Rules(), id="a student's kernel"),
    pytest.param({"MAXIMALAB_GRADING": "1"}, Rules(grading=True, seconds=GRADING_SECONDS), id="grading"),
    pytest.param({"MAXIMALAB_GRADING": "0"}, Rules(), id="no grading"),
    pytest.param({"MAXIMALAB_CLOSED": "yes"}, Rules(closed=True), id="closed"),
    pytest.param({"MAXIMALAB_CELL_SECONDS": "2.5"}, Rules(seconds=2.5), id="a limit alone"),
    pytest.param(
        {"MAXIMALAB_GRADING": "1", "MAXIMALAB_CELL_SECONDS": "0"}, Rules(grading=True), id="no limit"
    ),
    pytest.param(
        {"MAXIMALAB_CELL_SECONDS": "soon"}, Rules(seconds=GRADING_SECONDS), id="a limit that is no number"
    ),
    pytest.param({"MAXIMALAB_CELL_SECONDS": "-1"}, Rules(), id="a limit below zero"),
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
        "plot2d(x,[x,0,1],[gnuplot_preamble,\"system('id')\"])$", "gnuplot_preamble", id="gnuplot's system"
    ),
    pytest.param('plot2d(x,[x,0,1],[title,"`id`"])$', "`", id="gnuplot's backquotes"),
    pytest.param('plot2d(x,[x,0,1],[svg_file,"/tmp/x.svg"])$', "svg_file", id="a picture elsewhere"),
    pytest.param('draw2d(user_preamble="!id", explicit(x,x,0,1))$', "user_preamble", id="gnuplot's shell"),
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


def test_graded_nobody_is_asked(make_lab):
    lab = make_lab(MAXIMALAB_GRADING="1")
    answer = lab.collect(lab.client.execute("asksign(zz);", allow_stdin=True))
    assert answer.error == "MaximaQuestion"


GRADED = [
    "random(10^9); random(1.0);",
    "set_random_state(make_random_state(true))$ random(10^9);",
    "plot2d(sin(x),[x,0,6])$",
    "draw2d(explicit(x^2,x,0,1))$",
    "1/0;",
    "showtime: true$ 6*7;",
    "integrate(u^k,u);",
    "makelist(random(6),i,1,9);",
    "7^200000;",
    "genmatrix(lambda([i,j],i+j),40,25);",
    "ln(2);",
    "gensym();",
    'system("echo hi");',
]


def test_graded_a_notebook_gives_the_same_outputs_each_time(make_lab, tmp_path):
    cells = GRADED

    def outputs():
        lab = make_lab(MAXIMALAB_GRADING="1", MAXIMALAB_OUTPUTS=str(tmp_path / "outputs"))
        told = [lab.run(code) for code in cells]
        lab.close()
        return [(answer.outputs, answer.reply.get("evalue")) for answer in told]

    assert outputs() == outputs()


def test_a_cell_that_takes_too_long_is_stopped_and_the_state_is_kept(make_lab):
    lab = make_lab(MAXIMALAB_CELL_SECONDS="1")
    answer = lab.run("kept: 42$ do 1$ never: 1$")
    assert answer.error == "MaximaTimeout"
    assert "1 s" in answer.reply["evalue"]
    assert "in statement 2" in answer.reply["traceback"][1]
    assert lab.run("[kept, never];").results == ["[42,never]"]


DEAF = (
    ":lisp #+ecl (mp:without-interrupts (loop)) #+sbcl (sb-sys:without-interrupts (loop))"
    " #+gcl (progn (setf (symbol-function 'si::terminal-interrupt) (lambda (&rest ignored) ignored)) (loop))"
)


def test_one_that_does_not_stop_is_ended(make_lab):
    lab = make_lab(MAXIMALAB_CELL_SECONDS="1")
    answer = lab.run(DEAF)
    assert answer.error == "MaximaDied"
    assert "a cell may take 1 s" in answer.reply["evalue"]
    assert lab.run("6*7;").results == ["42"]


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
