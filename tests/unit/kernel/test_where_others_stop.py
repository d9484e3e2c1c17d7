"""Cells on which Maxima kernels are known to hang, or to show nothing or raw Lisp: each answers, and the next works."""

from __future__ import annotations

import pytest

ROWS = [
    pytest.param("1+1", ["2"], None, [], 0, id="no terminator"),
    pytest.param("x y;", [], "MaximaSyntaxError", [], 0, id="a syntax error"),
    pytest.param('"abc', [], "MaximaSyntaxError", [], 0, id="an open text"),
    pytest.param("(1+", [], "MaximaSyntaxError", [], 0, id="an open bracket"),
    pytest.param("? minimize_lp", [], None, ["minimize_lp"], 0, id="help without a newline"),
    pytest.param("?? minimize_lp", [], None, ["minimize_lp"], 0, id="help, inexact"),
    pytest.param(":lisp (+ 1 2)", [], None, ["3"], 0, id="Lisp without a newline"),
    pytest.param("h(n):=1+h(n+1)$ h(1);", [], "MaximaError", [], 0, id="the stack is full"),
    pytest.param("plot2d(sin(x),[x,0,6]);", [], None, [], 1, id="a plot"),
    pytest.param("draw2d(explicit(x^2,x,0,1))$", [], None, [], 1, id="a drawing"),
    pytest.param("disp(a/b)$ display(q)$", [], None, ["\n", "q = q"], 0, id="disp and display"),
    pytest.param('system("echo hi")$', [], None, ["hi\n"], 0, id="a program"),
    pytest.param("kill(all)$ 1;\n%o1 + 1;", ["1", "2"], None, [], 0, id="labels begin at one"),
    pytest.param('substring("abc", 2, 9);', [], "MaximaError", [], 0, id="an error of the package for texts"),
]


@pytest.mark.parametrize(("code", "results", "error", "printed", "pictures"), ROWS)
def test_it_answers_and_the_next_cell_works(lab, code, results, error, printed, pictures):
    answer = lab.run(code)
    assert answer.error == error, answer.reply
    assert [each for each in answer.results if not each.startswith("[gr2d")] == results
    assert [piece for piece in printed if piece not in answer.printed] == []
    assert len(answer.pictures) >= pictures
    for raw in ("MLABEL", "MTIMES", "#<"):
        assert raw not in str(answer.outputs)
    assert lab.run("6*7;").results == ["42"]


@pytest.mark.parametrize("reply", ["no;", "no", " no ;"])
def test_a_question_takes_its_answer_with_and_without_a_terminator(lab, reply):
    message_id = lab.client.execute("integrate(u^n,u);", allow_stdin=True)
    for given in ("", reply):  # nothing is no answer: it is asked once more
        assert lab.client.get_stdin_msg(timeout=20)["content"]["prompt"] == "Is n equal to -1? (yes or no) "
        lab.client.input(given)
    assert lab.collect(message_id).results == ["u^(n+1)/(n+1)"]


def test_labels_go_on_after_an_error(lab):
    lab.run("kill(all)$ 1/0;")
    assert lab.run("7;").of("execute_result")[0]["data"]["text/plain"] == "(%o2) 7"


def test_a_cell_that_waits_behind_a_question_is_not_its_answer(lab):
    asking, waiting = (lab.client.execute(code, allow_stdin=True) for code in ("askinteger(p);", "y;"))
    assert "Is p an integer?" in lab.client.get_stdin_msg(timeout=20)["content"]["prompt"]
    lab.client.input("yes")
    assert lab.collect(asking).results == ["yes"]
    assert lab.collect(waiting).results == ["y"]


def test_two_questions_of_a_cell_get_an_answer_each(lab):
    message_id = lab.client.execute("askinteger(r); r; askinteger(s); s;", allow_stdin=True)
    for name, reply in (("r", "yes"), ("s", "no")):
        assert f"Is {name} an integer?" in lab.client.get_stdin_msg(timeout=20)["content"]["prompt"]
        lab.client.input(reply)
    assert lab.collect(message_id).results == ["yes", "r", "no", "s"]
