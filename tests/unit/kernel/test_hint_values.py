"""Where a variable has a value: the server is asked which. And what errors of Lisp become for a reader."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel.hints_values import of_program, of_refusal
from maximalab_kernel.lispwords import in_words

MISTAKES = [
    "x:10$ maximize_lp(x+y, [x+y<=4, x>=0, y>=0]);", "x:1$ minimize_lp(x+y, [x+y>=4, 0<=x, y>=0]);",
    "x:10$ r: maximize_lp(x+y, [x+y<=4], [x, y]);", "x:5/2$ float(maximize_lp(x+y, [x+y<=4, x>=0]));",
    "x:5$ solve(x^2=4, x);", "x:5$ solve([x+y=3, x-y=1], [x, y]);", "x:5$ linsolve([x+y=3, x-y=1], [x, y]);",
    "x:5$ algsys([x+y=3, x-y=1], [x, y]);", "a:5$ x:5$ solve(a*x=4, x);",
    "x:10$ plot3d(x*y, [x,-2,2], [y,-2,2])$", "x:10$ y:10$ plot3d(x*y, [x,-2,2], [y,-2,2])$",
    "x:10$ draw2d(explicit(x^2, x, 0, 1))$", "x:10$ draw3d(explicit(x^2+y, x, 0, 1, y, 0, 1))$",
    "x:10$ draw2d(parametric(cos(x), sin(x), x, 0, 1))$", "x:10$ find_root(x^2-2, x, 0, 2);",
    "x:10$ quad_qags(x^2, x, 0, 1);", "x:10$ romberg(x^2, x, 0, 1);", "x:2$ taylor(sin(x), x, 0, 3);",
    "x:f^2$ limit(x, x, 0);", "x:f^2$ integrate(x, x, 0, 1);", "x:f^2$ draw2d(parametric(cos(x), sin(x), x, 0, 6))$",
]  # fmt: skip
INNOCENT = [
    "maximize_lp(x+y, [x+y<=4, x>=0, y>=0]);", "c:3$ b:4$ maximize_lp(c*x+y, [x+y<=b, x>=0, y>=0]);",
    "x:1$ maximize_lp('x+y, ['x+y<=4, 'x>=0, y>=0]);", "x:1$ maximize_lp(u+v, [u+v<=x, u>=0, v>=0]);",
    "maximize_lp(x, [x<=-1, x>=0]);", "maximize_lp(x, [x>=0]);",
    "[x,y]: map(rhs, second(maximize_lp(x+y, [x+2*y<=4, x>=0, y>=0])));",
    "(r: maximize_lp(x, [x<=1, x>=0]), x: 7, r);", "x:1$ block([x], maximize_lp(x+y, [x+y<=4, x>=0, y>=0]));",
    "f: x+y$ maximize_lp(f, [x+y<=4, x>=0, y>=0]);", "x: 5$ kill(x)$ solve(x^2=4, x);", "a:5$ solve(a*x=3, x);",
    "a:5$ solve(x^2=4, 3);", "a:5$ solve(a*x=4, 5);", "a:3$ draw2d(explicit(x^2, 3, 0, a))$",
    "a:-2$ plot3d(x*y, [x,a,2], [y,a,2])$", "a:10$ x:10$ draw2d(explicit(x^2, x, a, 20))$",
    "solve(2*x=4, x), x=3;", "g(t) := t^2$ x: 10$ draw2d(explicit(g, x, 0, 1))$", "draw2d(explicit(sin(x), x, 0, 1))$",
    "x:2$ taylor(sin(f), f, 0, 3);", "draw2d(parametric(cos(a), sin(a), f, 0, 6))$",
    "a:1$ find_root(a*x-2, x, 0, 4);", 'a:1$ length("abc");', "x:3$ 1/x;",
]  # fmt: skip


@pytest.fixture(autouse=True)
def clean(lab):
    lab.run("kill(a, b, c, f, g, r, x, y)$")  # of a package that has loaded itself, `all` would be the end


@pytest.mark.parametrize("code", MISTAKES)
def test_a_variable_that_has_a_value_is_named(lab, code):
    answer = lab.run(code)
    assert len(answer.hints) == 1, (answer.reply, answer.outputs)
    assert answer.hints[0].startswith("Hint: x has the value `")
    assert "`kill(x)$`" in answer.hints[0]


@pytest.mark.parametrize("code", INNOCENT)
def test_no_variable_is_blamed_where_none_has_a_value(lab, code):
    assert lab.run(code).hints == []


def test_to_ask_for_values_changes_neither_labels_nor_the_last_result(lab):
    lab.run("x:10$ 2+3;")
    assert lab.run("solve(x^2=4, x);").hints
    assert lab.run("[%, x];").results == ["[5,10]"]
    before, after = (int(lab.run("linenum;").results[0]) for _ in range(2))
    lab.run("maximize_lp(x+y, [x+y<=4, x>=0, y>=0]);")
    assert int(lab.run("linenum;").results[0]) - after == 2 * (after - before)


def test_a_drawing_with_a_number_for_its_variable_says_nothing_of_lisp(lab):
    answer = lab.run("x:10$ draw2d(explicit(x^2, x, 0, 1))$")
    assert answer.of("stream") == []
    assert "variable must not be a number; found: 10" in answer.reply["evalue"]
    assert not {"LAMBDA", "Lisp"} & set(answer.reply["evalue"].replace("-", " ").split())


def test_a_function_may_be_drawn_over_a_variable_that_has_a_value(lab):
    assert lab.run("g(t) := t^2$ x: 10$ draw2d(explicit(g, x, 0, 1))$").pictures


WORDS = [
    ("0.0/0.0;", "the result is no number"), ("1.0/0.0;", "division by zero"),
    ("exp(1000.0);", "too large for a float"), ("10.0^400;", "too large for a float"),
    ('length("abc");', 'needed where `"abc"` was found'), ("invert(5);", "needed where `5` was found"),
    ("array(a1, -5);", "a whole number from 0 on"), ("make_array(any, -1);", "a whole number from 0 on"),
    ("read_list(5);", "needed where `integer` was found"), ('printf(true, "~");', "beyond the end of a text"),
    ("printf(5);", "more arguments than it takes"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "says"), WORDS)
def test_what_lisp_refuses_is_told_in_words(lab, lisp, code, says):
    message = lab.run(code).reply["evalue"]
    if (
        lisp != "gcl"
    ):  # whose own names for errors stay as they are; what must never be told is in the next test
        assert says in message
        assert "Lisp" not in message


REFUSED = [
    *(code for code, _ in WORDS), "float(10^400);", "gamma(200.0);", "array(a1, -5);", "make_array(any, -1);",
    'genmatrix("a", 2, 2);', 'smake(-1, "a");', 'sum(i, i, "a", 3);', 'printf(true, "~q");', "first(5);",
    "2.0^1e10;", "acos(1.0/0.0);", "sqrt();", "map(sin, 3);",
]  # fmt: skip


@pytest.mark.parametrize("code", REFUSED)
def test_no_message_shows_an_object_of_lisp(lab, lisp, code):
    answer = lab.run(code)
    assert answer.error == "MaximaError" or lisp == "gcl"  # which takes some of them
    assert "#<" not in str(answer.reply)


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("arithmetic error FLOATING-POINT-UNDERFLOW signalled", "заблизьке до нуля"),
        ("#<a DIVISION-BY-ZERO 0x7f>", "ділення на нуль"),
        ("#<a FLOATING-POINT-INVALID-OPERATION 0x7f>", "не є числом"),
        ('The value\n  "a"\nis not of type\n  NUMBER\nwhen binding SB-KERNEL::X', 'потрібне число, а тут `"a"`'),
        ("In function CHAR, the value of the first argument is\n  5\nwhich is not of the expected type STRING",
         "потрібен текст"),
        ("The value\n  #<HASH-TABLE {1}>\nis not of type\n  LIST", "hash-table"),
        ("odd #<a THING", "odd a THING"),
    ],
)  # fmt: skip
def test_words_of_sbcl_and_ecl_in_ukrainian(monkeypatch, said, told):
    monkeypatch.setenv("MAXIMALAB_LANG", "uk")
    assert told in in_words(f"Lisp error: {said}")
    assert "#<" not in in_words(f"Lisp error: {said}")


def test_other_messages_stay_as_they_are():
    assert in_words("mine: #<x> DIVISION-BY-ZERO") == "mine: #<x> DIVISION-BY-ZERO"


TEXT = st.text(alphabet=st.sampled_from(list('ax0;$"\\/*()[]{}:=<>,.-+ \n')), max_size=60)
COMPLAINTS = ["solve: all variables must not be numbers.", "variable must not be a number; found: 10",
              "plotting: range must be a; found: [10,0,1]"]  # fmt: skip


@given(
    text=TEXT, message=st.sampled_from(COMPLAINTS), before=st.sampled_from(["", "solve(", "maximize_lp(x,["])
)
def test_any_text_can_be_looked_at_and_only_values_make_hints(text, message, before):
    of_refusal(before + text, message, lambda _name: "10")
    of_program(before + text, lambda _name: "10")
    assert of_refusal(before + text, message, lambda _name: "") is None
    assert of_program(before + text, lambda _name: "") is None
