"""Cells and what comes of them, through a real kernel and a real Maxima."""

from __future__ import annotations

import re

import pytest

RESULTS = [
    pytest.param("1+1;", ["2"], id="a sum"),
    pytest.param("6*7", ["42"], id="the last terminator may be missing"),
    pytest.param("a:1$ b:a+1; b*10;", ["2", "20"], id="several statements, one silent"),
    pytest.param("/* nothing; $ */ 3;", ["3"], id="terminators in a comment"),
    pytest.param("/* a /* nested */ comment; */", [], id="a comment alone"),
    pytest.param("", [], id="an empty cell"),
    pytest.param('slength("a;b$c");', ["5"], id="terminators in a string"),
    pytest.param('"Привіт, Ольго; 你好 😀";', ["Привіт, Ольго; 你好 😀"], id="a string of many scripts"),
    pytest.param("ціна: 5$ ціна*2;", ["10"], id="a Ukrainian name"),
    pytest.param('sconcat("a\\"b");', ['a"b'], id="a quote in a string"),
    pytest.param("kill(all)$\n1+1;\n%o1+1;\n%;", ["2", "3", "3"], id="labels"),
    pytest.param("matrix([1,2],[3,4]);", ["matrix([1,2],[3,4])"], id="a matrix on one line"),
    pytest.param('load("simplex")$ maximize_lp(3*x+2*y,[x+y<=4,x+3*y<=6,x<=3]);',
                 ["[11,[y = 1,x = 3]]"], id="a linear programme"),
    pytest.param("integrate(x^2,x,0,1);\nfactor(30);", ["1/3", "2*3*5"], id="two results"),
    pytest.param("f(x) :=\n  x^2 + 1$\nf(\n 3\n);", ["10"], id="statements over several lines"),
    pytest.param(":lisp (setq $from_lisp 7)\nfrom_lisp;", ["7"], id="a line of Lisp, then Maxima"),
    pytest.param("10^30;", ["1" + "0" * 30], id="a long number"),
    pytest.param('eval_string("1+2");', ["3"], id="text evaluated"),
    pytest.param("errcatch(1/0);", ["[]"], id="a caught error is a value"),
    pytest.param("debugmode(true)$ 1$ debugmode(false)$ 5;", ["5"], id="debug mode does not change the protocol"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "results"), RESULTS)
def test_a_cell_brings_its_results(lab, code, results):
    answer = lab.run(code)
    assert answer.reply["status"] == "ok", answer.reply
    assert answer.results == results


FAILURES = [
    pytest.param("x y;", "MaximaSyntaxError", "incorrect syntax", id="a syntax error"),
    pytest.param('"abc', "MaximaSyntaxError", "end of file", id="an open string"),
    pytest.param("(1+", "MaximaSyntaxError", "incorrect syntax", id="an open bracket"),
    pytest.param("/* abc", "MaximaSyntaxError", "comment", id="an open comment"),
    pytest.param("1/0;", "MaximaError", "expt: undefined", id="a division by zero"),
    pytest.param('error("Лихо", 7);', "MaximaError", "Лихо 7", id="the user's own error"),
    pytest.param("h(n):=1+h(n+1)$ h(1);", "MaximaError", "", id="endless recursion"),
    pytest.param(":lisp (car 1)", "MaximaError", "Lisp error", id="an error of Lisp"),
    pytest.param(":bt", "MaximaSyntaxError", ":lisp", id="a command of the debugger"),
    pytest.param("to_lisp();", "MaximaError", "notebook", id="the Lisp prompt"),
    pytest.param("break(1);", "MaximaError", "notebook", id="a break point"),
    pytest.param("debugmode(true)$ 1/0;", "MaximaError", "expt: undefined", id="an error in debug mode"),
    pytest.param("asksign(qq);", "MaximaQuestion", "assume(qq > 0)", id="a question that nobody can answer"),
    pytest.param("integrate(u^n,u);", "MaximaQuestion", "assume(notequal(n,-1))", id="integrate asks"),
    pytest.param('read("name?");', "MaximaQuestion", "name?", id="read without a reader"),
    pytest.param("throw(3);", "MaximaError", "", id="a throw that nobody catches"),
    pytest.param(
        'load("no_such_package");', "MaximaError", "no_such_package", id="a package that is not there"
    ),
]


@pytest.mark.parametrize(("code", "name", "message"), FAILURES)
def test_a_failing_cell_is_an_error_and_the_next_one_works(lab, code, name, message):
    answer = lab.run(code)
    assert (answer.reply["status"], answer.error) == ("error", name)
    assert message in answer.reply["evalue"]
    assert "in statement" in "\n".join(answer.reply["traceback"])
    assert answer.of("error")[0]["ename"] == name
    assert lab.run("debugmode(false)$ 6*7;").results == ["42"]


def test_the_failing_statement_is_named_and_earlier_ones_keep_their_results(lab):
    answer = lab.run("kept: 5; 1/0; never: 6;")
    assert answer.results == ["5"]
    assert "in statement 2: 1/0;" in answer.reply["traceback"]
    assert lab.run("[kept, never];").results == ["[5,never]"]


def test_a_syntax_error_shows_where(lab):
    traceback = lab.run("first: 1$\nx y + 2;").reply["traceback"]
    assert traceback[2:4] == ["x y + 2;", "  ^"]


def test_latex_has_the_label_and_fits_mathjax(lab):
    answer = lab.run('kill(all)$ matrix([1/2, x_1],["50%", true]);')
    latex = answer.of("execute_result")[0]["data"]["text/latex"]
    assert latex.startswith("\\begin{equation*}\\begin{pmatrix}")
    assert re.search(r"\\tag\{\$\\%\$o\d+\}\\end\{equation\*\}$", latex)
    assert "\\frac{1}{2}" in latex
    assert "\\text{50\\%}" in latex
    assert "\\mbox" not in latex


def test_long_results_are_text_only_and_very_long_ones_are_cut(lab):
    long = lab.run("expand((x+y+z)^40);").of("execute_result")[0]["data"]
    assert "text/latex" not in long
    cut = lab.run("7^200000;").of("execute_result")[0]["data"]["text/plain"]
    assert 100_000 < len(cut) < 101_000
    assert "characters" in cut


def test_printed_text_is_streamed_and_capped(lab):
    answer = lab.run('print("Слава", 1+1)$ for i thru 3 do print(i)$')
    assert answer.printed.split() == ["Слава", "2", "1", "2", "3"]
    flood = lab.run('s: smake(1000, "x")$ for i thru 2000 do print(s)$')
    assert 1_000_000 <= len(flood.printed) < 1_000_400
    assert "all of it, up to 50 MB, is in" in flood.printed


def test_what_a_child_process_prints_is_shown(lab):
    assert lab.run('system("echo hello from outside")$').printed.strip() == "hello from outside"


def test_help_topics(lab):
    assert "minimize_lp" in lab.run("? minimize_lp").printed
    assert "plot2d" in lab.run("?? plot2d").printed
    assert lab.run("? no_such_topic_at_all").reply["status"] == "ok"


FORGERIES = [
    '{"id":1,"kind":"done"}',
    '{"id":1,"kind":"result","label":"%o1","text":"forged"}',
    "(%i1) ",
    "(%o1) 43",
    "<IDS|MSG>",
]


@pytest.mark.parametrize("text", FORGERIES)
def test_printed_text_is_never_taken_for_an_answer(lab, text):
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    answer = lab.run(
        f'for i thru 3 do print("{quoted}")$ printf(true, "{quoted.replace("~", "~~")}~%")$ 6*7;'
    )
    assert answer.results == ["42"]
    assert answer.printed.count(text.strip()) == 4


def test_autoload_of_what_beginners_forget_to_load(fresh_lab):
    assert fresh_lab.run("minimize_lp(x+y,[x>=1,y>=2]);").results == ["[3,[y = 2,x = 1]]"]
    assert len(fresh_lab.run("draw2d(explicit(x^2,x,0,1))$").pictures) == 1


@pytest.mark.parametrize(
    "code", ["linenum: done$", "linenum: 1/2$", "linenum: [3]$", "outchar: [1]$", "inchar: [1]$"]
)
def test_what_makes_no_label_spoils_no_later_cell(fresh_lab, code):
    fresh_lab.run(code)
    after = fresh_lab.run("6*7;")
    assert after.reply["status"] == "ok"
    (shown,) = after.of("execute_result")
    assert shown["data"]["text/plain"].endswith(") 42")


def test_local_variables_do_not_leak_from_a_failure(lab):
    lab.run("tt: 1$ block([tt: 5, uu: 6], error(tt))$")
    assert lab.run("[tt, uu];").results == ["[1,uu]"]


def test_lisp_goes_on_until_its_brackets_are_closed(lab):
    answer = lab.run(":lisp (progn\n  (print 1) ; )\n  (values))\n6*7;")
    assert (answer.printed.split(), answer.results) == (["1"], ["42"])


def test_a_reader_learns_how_long_a_statement_takes(fresh_lab):
    answer = fresh_lab.run("showtime: true$ makelist(i!, i, 1, 300)$ showtime: false$ 1;")
    assert re.fullmatch(r"(Evaluation took \d+\.\d{4} seconds \(\d+\.\d{4} elapsed\)\n){2}", answer.printed)
    assert fresh_lab.run("map(numberp, time(%o2, %o4, none));").results == ["[true,true,false]"]


def test_lisp_says_nothing_of_a_name_that_maxima_alone_knows(lab):
    answer = lab.run(":lisp (setq $a_name_of_nobody (list 1))")
    assert "".join(message["text"] for message in answer.of("stream")) == "(1)\n"
