"""Hints at beginners' mistakes, and none where nothing is wrong, with the messages of a real Maxima."""

from __future__ import annotations

import re

import pytest
from hintlanguage import english
from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel.foreign_names import FOREIGN, OPERATORS, PACKAGE_OF, PACKAGES
from maximalab_kernel.hint_words import HINT_WORDS
from maximalab_kernel.hints import bare
from maximalab_kernel.hints_bounds import lisp_names
from maximalab_kernel.hints_errors import of_error
from maximalab_kernel.hints_names import edits, misspelt
from maximalab_kernel.hints_results import of_result
from maximalab_kernel.words import WORDS

MISTAKES = [
    pytest.param("x = 5;", "write `x: …`", id="= for :"),
    pytest.param("x = [1, 2];", "write `x: …`", id="= for : with a list"),
    pytest.param("f(x) = x^2;", "write `f(x) := …`", id="= for :="),
    pytest.param("f(x): x^2;", "write `f(x) := …`", id=": for :="),
    pytest.param("y := 5;", "by `y: …`", id=":= for :"),
    pytest.param("x == 5;", "`==`", id="== as in C"),
    pytest.param("if 1 != 2 then 3;", "`#`", id="!= as in C"),
    pytest.param("a && b;", "`and`", id="&& as in C"),
    pytest.param("2x;", "`2*x`", id="a number before a name"),
    pytest.param("3*2 x + 1;", "`2*x`", id="a number, a blank, a name"),
    pytest.param("3*x1 + 5 x2;", "`5*x2`", id="a name that ends in a digit"),
    pytest.param("7x2;", "`7*x2`", id="a number before such a name"),
    pytest.param("x1 x2;", "`x1*x2`", id="two such names"),
    pytest.param("1.5 2.5;", "`1.5*2.5`", id="two numbers"),
    pytest.param("x y;", "`x*y`", id="two names"),
    pytest.param("(x+1) y;", "`(…)*y`", id="a bracket before a name"),
    pytest.param("2(x+1);", "`2*(…)`", id="a number before a bracket"),
    pytest.param("(x+1)(x-1);", "`(…)*(…)`", id="two brackets"),
    pytest.param("kill(k)$ k: 3$ k(b+c);", "`k*(…)`", id="a variable before a bracket"),
    pytest.param("x(x+1);", "`x*(…)`", id="a name before a bracket that holds it"),
    pytest.param("first: 5\nsecond: 6;", "before `second` has no end", id="no terminator between lines"),
    pytest.param("g(x) := x^2\ng(3);", "before `g` has no end", id="no terminator behind a definition"),
    pytest.param("integrat(x^2, x);", "Is integrate meant?", id="integrate misspelt"),
    pytest.param("fcator(30);", "Is factor meant?", id="letters swapped"),
    pytest.param("determinnant(m);", "Is determinant meant?", id="a letter too many"),
    pytest.param("eigenvaluse(m);", "Is eigenvalues meant?", id="two letters wrong"),
    pytest.param("Sin(0);", "Is sin meant?", id="a capital"),
    pytest.param("Integrate(x,x);", "Is integrate meant?", id="a capital, as in another program"),
    pytest.param("ln(2);", "ln is written log", id="ln"),
    pytest.param("tg(x);", "tg is written tan", id="tg"),
    pytest.param("arctg(1);", "arctg is written atan", id="arctg"),
    pytest.param("sin(pi);", "%pi", id="pi"),
    pytest.param("2*Pi;", "%pi", id="a capital pi"),
    pytest.param("e^2;", "%e", id="e"),
    pytest.param("(2+3*i)^2;", "%i", id="i"),
    pytest.param("limit(1/x, x, infinity) + infinity;", "inf", id="infinity left in a sum"),
    pytest.param("integrate(sin(sin(x)), x);", "quad_qags", id="an integral without a formula"),
    pytest.param("limit(mod(x, 3)/x, x, 3);", "limit", id="a limit that stays"),
    pytest.param("sum(1/k2^2, k2, 1, inf);", "simpsum", id="a sum that stays"),
    pytest.param("solve(cos(x) = x, x);", "find_root(equation, x", id="an equation that solve repeats"),
    pytest.param("solve(x^5-x-1 = 0, x);", "allroots", id="a polynomial that solve leaves"),
    pytest.param("solve([x^5-x-1 = 0], [x]);", "allroots", id="solve with lists"),
    pytest.param("diff(x^2);", "`diff(…, x)`", id="diff without a variable"),
    pytest.param("integrate(x^2);", "`integrate(…, x)`", id="integrate without a variable"),
    pytest.param("integrate(x^2 dx);", "`integrate(…, x)`", id="dx as on paper"),
    pytest.param("2,5;", "`2.5`", id="a decimal comma"),
    pytest.param("price: 2,5 + 1;", "`2.5`", id="a decimal comma in a value"),
    pytest.param("sin(2,5);", "`2.5`", id="a decimal comma in a call"),
    pytest.param("5: x;", "`name: 5`", id="a value for a number"),
    pytest.param("%pi: 3;", "%pi is a constant", id="a value for a constant"),
    pytest.param("sin[x];", "`sin(…)`", id="square brackets at a function"),
    pytest.param("sqrt 2;", "`sqrt(…)`", id="no brackets at a function"),
    pytest.param('print "hi";', "`print(…)`", id="print as a command"),
    pytest.param('[1 "a"];', "comma", id="a comma missing before a text"),
    pytest.param("(1+2;", "`(` is not closed", id="an open bracket"),
    pytest.param("[1, (2;", "`(` is not closed", id="two open brackets"),
    pytest.param("solve(x^2=4], x);", "`]` closes", id="crossed brackets"),
    pytest.param("block([x], x: 1; x);", "not closed", id="a semicolon inside brackets"),
    pytest.param('s: "abc', "closing quote", id="an open text"),
    pytest.param("/* abc", "comment", id="an open comment"),
    pytest.param("for k=1 thru 3 do print(k);", "`for k: 1", id="for with ="),
    pytest.param("for k:1 to 3 do print(k);", "`for k: 1", id="for with to"),
    pytest.param("if 1=1 {print(1)};", "then", id="if with braces"),
    pytest.param("if 1=1 print(1);", "then", id="if without then"),
    pytest.param("if 1=1 then 2; else 3;", "before else", id="a semicolon before else"),
    pytest.param("1;;", "without a command", id="two semicolons"),
    pytest.param("3*;", "missing behind", id="an operator at the end"),
    pytest.param("5 mod 3;", "`mod(a, b)`", id="mod as an operator"),
    pytest.param("1/0;", "divided by zero", id="a division by zero"),
    pytest.param("plot2d(sin(x), x, 0, 6);", "[x, 0, 6]", id="a range that is no list"),
    pytest.param("“abc”;", '`"`', id="printed quotes"),
    pytest.param("3−2;", "`-`", id="a printed minus"),
    pytest.param("3×2;", "`*`", id="a printed times"),
    pytest.param("x²;", "`^2`", id="a printed square"),
    pytest.param("соs(0);", "Cyrillic", id="Cyrillic letters in a Latin name"),
    pytest.param("x + х;", "once Latin and once Cyrillic", id="one letter of both alphabets"),
    pytest.param("|x|;", "abs", id="bars for the absolute value"),
    pytest.param("a != b;", "`#`", id="!= as in C, which is a factorial here"),
    pytest.param("y: 3 z: 4;", "before `z` the next command begins", id="no terminator within a line"),
    pytest.param("y: 3 h(t) := t;", "before `h` the next command", id="no terminator before a definition"),
    pytest.param("block([y], y: 3 z: 4);", "comma", id="no comma between commands in brackets"),
    pytest.param("def f(x): x + 1", "write `f(x) := …`", id="a definition as in Python"),
    pytest.param("f(x) := block(return x);", "`return(…)`", id="return as in Python"),
    pytest.param("integrate(1/x, x, 1, e);", "the constant is %e", id="e as a bound"),
    pytest.param("product(k, k, 1, n);", "`product(…), simpproduct;`", id="a product that stays"),
    pytest.param("integrate(sin(x), x, 0, pi);", "the constant is %pi", id="pi as a bound, where Maxima asks"),
    pytest.param("integrate(sin(x), x, 0, 2*PI);", "the constant is %pi", id="a capital pi as a bound"),
    pytest.param("for (i=0;i<5;i++) print(i);", "`for k: 1", id="for as in C"),
    pytest.param("kill(all)$ t: u^2$ integrate(t, t);", "t has the value `u^2`", id="a value that is no number"),
    pytest.param("maximize(3*x+y, [x<=4, y<=3]);", "written maximize_lp", id="a program as elsewhere"),
    pytest.param("plot2d(sin(x), [x, 0, 2*pi])$", "the constant is %pi", id="pi in a plot's range"),
    pytest.param("plot2d(exp(x), [x, 0, e])$", "the constant is %e", id="e in a plot's range"),
    pytest.param("plot3d(x*y, [x, 0, Pi], [y, 0, 1])$", "Pi is an ordinary name", id="pi in a surface's range"),
    pytest.param("draw2d(explicit(sin(x), x, 0, 2*pi))$", "pi is an ordinary name", id="pi in a draw's range"),
    pytest.param("draw2d(explicit(sin(x), x, 0, PI))$", "PI is an ordinary name", id="a capital pi in a draw's range"),
    pytest.param("solve(sin(x) = cos(x), x);", "find_root(equation, x", id="an equation that solve turns about"),
    pytest.param("solve(cos(x) = sin(2*x), x);", "find_root(equation, x", id="a multiple on solve's left"),
    pytest.param("w: solve(exp(x) + sin(x) = 3, [x]);", "find_root(equation, x", id="a sum on solve's left"),
    pytest.param("solve(x*(sin(x)-cos(x)) = 0, x);", "did not get all", id="one solution and an equation"),
    pytest.param("2sin(x);", "`2*sin`", id="a number before s, as of an exponent"),
    pytest.param("x + 3exp(x);", "`3*exp`", id="a number before e"),
    pytest.param("2log(x);", "`2*log`", id="a number before l"),
    pytest.param("1.5e + 2e3;", "`1.5*e`", id="a number before e alone"),
    pytest.param("5d;", "`5*d`", id="a number before d"),
    pytest.param("for k:1 thru 3 print(k);", "`for … do …`", id="a loop without do"),
    pytest.param("for k:1 thru 3 (print(k), k);", "`for … do …`", id="a loop without do before a group"),
    pytest.param("while 1 > 2 print(1);", "`while … do …`", id="a while without do"),
    pytest.param("kill(f)$ f(x) := x^2$ f 2;", "`f(2)`", id="no brackets at one's own function"),
    pytest.param("gamma x;", "`gamma*x`", id="a function's name that may be a variable's"),
    pytest.param("let x = 3;", "write `x: …`", id="let as elsewhere"),
    pytest.param("print(x)print(y);", "before `print` the next command", id="two commands side by side"),
    pytest.param("y: 3 print(y);", "before `print` the next command", id="a command behind an assignment"),
    pytest.param("kill(s)$ s: 0$ for i: 1 thru 3 do s = s + i;", "`s: s + i`", id="= for : in a loop"),
    pytest.param("for i: 1 thru 3 do (s = s + i, i);", "`s: s + i`", id="= for : in a loop's group"),
    *(
        pytest.param(f"kill(all)$ x: 3$ {code}", "x has the value `3`", id=f"a value: {code}")
        for code in (
            "plot2d(x, [x, 0, 1])$", "plot3d(x*y, [x,0,1], [y, 0, 2])$", "diff(x^2, x);", "integrate(x^2, x);",
            "integrate(x^2, x, 0, 1);", "integrate(x, x);", "limit(x, x, 0);", "desolve(diff(x(t), t) = x(t), x(t));",
        )
    ),
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def clean(lab):
    lab.run("kill(all)$")


@pytest.mark.parametrize(("code", "says"), MISTAKES)
def test_a_mistake_brings_one_hint(lab, code, says):
    answer = lab.run(code)
    assert len(answer.hints) == 1, (answer.reply, answer.outputs)
    assert says in answer.hints[0]


def test_a_forgotten_package_brings_a_hint_unless_it_is_part_of_maxima(lab, lisp):
    hints = lab.run("pdf_normal(0,0,1);").hints
    assert ["load" in hint for hint in hints] == ([] if lisp == "sbcl" else [True])


INNOCENT = [
    "f(x) := x^2$ f(3);", "f(x);", "diff(y(x), x);", "'diff(y, x) = y;", "ode2('diff(y,x) = x*y, y, x);",
    "eq: x^2 = 4;", "x^2 = 4;", "[x = 1, y = 2];", "y = a*x + b;", "solve(x^2 = 4, x);",
    "solve([x+y=3, x-y=1], [x, y]);", "sum(1/k, k, 1, 5);", "'sum(k^2, k, 1, n);",
    "'integrate(sin(sin(x)), x);", "integrate(sin(x), x);", "sin(%pi);", "%e^x;", "exp(x);",
    "makelist(i^2, i, 1, 5);", "e*x + d;", "[a, b, c, d, e];", "sum(i, i, 1, n), simpsum;", "x^2, x = 3;",
    "[2,5];", "f(2,5);", "x*y, x=2, y=5;", "max(2,5);", "g(1)(2);", "lambda([x], x^2)(3);", "a[1];", "psi(x);",
    "price(t) + demand(t);", "cost(q);", "profit(x, y);", "income(t);", "rate(t);", "temp(x, t);", "speed(t);",
    "u(x, t);", "phi(x);", "{1, 2, 3};", "'limit(f(x), x, 0);", "x: 5$", "ціна: 5; ціна*2;", "дохід(t);",
    "matrix([1,2],[3,4]);", '"x y";', "/* 2x */ 1;", "6*7", "if 1 < 2 then 3 else 4;",
    "for k: 1 thru 3 do print(k);", "n! = 6;", "n!=6;", "(a+b)*(a-b);", "f(x+h)-f(x);",
    "assume(x > 0)$ forget(x > 0)$", "limit(1/x, x, inf);", "diff(x^2, x);", "depends(w, t)$ diff(w, t);",
    'error("mine");', 'apply("+", [1,2]);', "block([i: 2], i+1);", "log(x);", "float(%pi);", "a . b;",
    "[x, y]: [1, 2]$", "sin(x)^2;", "is(a = b);", "mod(5, 3);", "gamma(5);", "i + 1;", "z: 2*%i + 1;",
    'load("no_such_thing");', "beta(t)*gamma(t);",
    "x: 3$ diff(x^2, t);", "errcatch(diff(x^2, x)), x = 3;", "integrate(e*x, x, 0, 1);", "integrate(x, x, 0, e1);",
    "n!=m;", "plot2d(x^2, [x, 0, 1, 2])$",
    "'integrate(x^2, x) = integrate(x^2, x);", "'limit(sin(x)/x, x, 0) = limit(sin(x)/x, x, 0);",
    "'sum(k, k, 1, 4) = sum(k, k, 1, 4);", "'product(k, k, 1, 4) = product(k, k, 1, 4);",
    "'diff(x^2, x) = diff(x^2, x);", "' integrate(x, x, 0, 1) = integrate(x, x, 0, 1);",
    "product(k, k, 1, n), simpproduct;", "product(k^2, k, 1, n);", "product(k, k, 1, inf);",
    "pi: 3$ integrate(x, x, 0, pi);", "pi: 3$ plot2d(sin(x), [x, 0, 2*pi])$", "area(e) := integrate(x, x, 0, e);",
    "draw2d(explicit(sin(x), x, 0, 2*%pi))$", "draw2d(explicit(sin(x), x, 0, width))$",
    "solve([x+y=3, 2*x+2*y=6], [x, y]);", "solve([x^2+y^2=5, x*y=2], [x, y]);", "solve(x^2 + y = 1, x);",
    "solve(f(x) = 3, x);", "solve(f(x) = 3, f(x));", "solve(x^2 = y, x^2);", "solve(sin(x) = 1/2, x);",
    "v: x$ solve(x^2 = 4, v);", "solve(x^3 = 8);", "[solve(x = 1, x), sin(x) = 1];", "solve(a[1]^2 = 4, a[1]);",
    "2e3;", "1.5e-3;", "1b5;", "2*e + 1;", "a2e;", "sqrt(2,3);", "let x 3;", "3 .sin(x);",
    "if 2 > 1 then print(1) print(2);", "for i: 1 thru 3 do x[i] = i;", "for i: 1 thru 3 do print(s = s + i);",
    "sum(c[j]*x[j], j, 1, n);", "sum(a[i]*x[i], i, 1, n) <= b;", "sum(f(k), k, 1, n);", "sum(1/n^s, n, 1, inf);",
    "integrate(g(x), x);", "limit((f(x+h)-f(x))/h, h, 0);", "limit(unheard(x), x, 0);", "T(n) = 2*T(n/2)+n;",
    "f(x) = f(-x);", "maximize(x^2, x);", "x^2|x=2;", "defstruct(point(x,y))$ new(point(1,2));",
    "defstruct(point(x,y));",
    "s: 0$ for i: 1 thru 3 do s: s + i;", "for i: 1 thru 3 do if s = s + i then 1;", "[x^2 for x in [1, 2]];",
]  # fmt: skip


@pytest.mark.parametrize("code", INNOCENT)
def test_where_nothing_is_wrong_there_is_no_hint(lab, code):
    assert lab.run("kill(all)$ " + code).hints == []


def test_a_hint_is_said_once_in_a_cell_and_apart_from_the_result(lab):
    answer = lab.run("ln(2); ln(2);")
    assert answer.results == ["ln(2)", "ln(2)"]
    assert len(answer.hints) == 1


def test_hints_are_off_where_the_notebook_says_so(lab):
    assert lab.run("maximalab_hints: false$ ln(2);").hints == []
    assert lab.run("2x;").hints == []
    assert lab.run("maximalab_hints: true$ ln(2);").hints != []


def test_hints_are_off_where_the_kernel_says_so(make_lab):
    lab = make_lab(MAXIMALAB_HINTS="off")
    assert lab.run("ln(2);").hints == lab.run("2x;").hints == []


def test_hints_speak_ukrainian(make_lab):
    lab = make_lab(MAXIMALAB_LANG="uk")
    assert "Підказка: у Maxima замість ln пишуть log." in str(lab.run("ln(2);").outputs)
    assert "Підказка: множення потребує знака: `2*x`." in lab.run("2x;").reply["traceback"]


def test_no_ukrainian_hint_holds_english_words(start_lab):
    lab = start_lab(MAXIMALAB_LANG="uk")
    for code, *_ in (mistake.values for mistake in MISTAKES):
        hints = lab.run(code).hints
        assert len(hints) == 1, code
        assert hints[0].startswith("Підказка: ")
        assert not english(hints[0], code), hints[0]


@pytest.mark.parametrize("use", [*OPERATORS.values(), *(text["uk"] for text in HINT_WORDS.values())])
def test_what_ukrainian_sentences_are_made_of_holds_no_english(use):
    assert not english(re.sub(r"\{\w+\}", "", use))


def test_what_the_tables_name_is_as_they_say(lab, lisp):
    known = "[" + ",".join(f"'{name}" for name in FOREIGN) + "]"
    defined = lab.run(
        f"sublist({known}, lambda([name], is(?maximalab\\-function\\-p(name) # false)));"
    ).results
    assert defined == ["[conj]" if lisp == "sbcl" else "[]"]  # eigen, which is in the core, has one
    packages = ",".join(f'"{name}"' for name in PACKAGES)
    assert lab.run(f"sublist([{packages}], lambda([p], file_search(p) = false));").results == ["[]"]
    assert not set(FOREIGN) & set(PACKAGE_OF)


def test_every_hint_is_said_in_both_languages_with_the_same_gaps():
    for key, texts in WORDS.items():
        gaps = {language: set(re.findall(r"\{(\w+)\}", text)) for language, text in texts.items()}
        assert gaps["en"] == gaps["uk"], key


TEXT = st.text(alphabet=st.sampled_from(list('ab1;$"\\/*()[]{}:=?,.%-+ \n\0Їхxсs²')), max_size=60)


COMPLAINTS = ["parser: incomplete number; missing exponent?", "sin(y): expected exactly 1 arguments but got 2",
              "x is not an infix operator", "Missing )", "Syntax error", "", "Is e-1 zero or nonzero?",
              "diff: second argument must be a variable; found 3", "plotting: range must be a; found: [3,0,1]",
              "apply: found a evaluates to 3 where a function was expected"]  # fmt: skip


@given(text=TEXT, message=st.sampled_from(COMPLAINTS),
       position=st.none() | st.integers(-3, 70))  # fmt: skip
def test_any_text_can_be_looked_at(text, message, position):
    of_error(text, "MaximaSyntaxError", message, position)
    of_error(text, "MaximaError", message, position)
    of_error(text, "MaximaQuestion", message, position)
    of_result(text, text, ["ab", "xs"])
    of_result(f"solve({text},x)", f"[{text}]", [])
    of_result(f"for i thru 3 do {text}", "done", [])
    assert len(bare(text)) == len(text)


@given(st.text("abc", max_size=6), st.text("abc", max_size=6))
def test_edits_are_a_distance(one, other):
    assert edits(one, other) == edits(other, one)
    assert (edits(one, other) == 0) == (one == other)
    assert edits(one, other) <= max(len(one), len(other))


def test_lisp_tells_names_with_their_case_turned():
    assert lisp_names("((MTIMES SIMP) 2.0 $PI) |$pi| |$Pi| $X_1") == {"pi", "PI", "Pi", "x_1"}


def test_a_known_name_is_not_misspelt():
    assert misspelt("factor", {"factor", "factors"}) is None
