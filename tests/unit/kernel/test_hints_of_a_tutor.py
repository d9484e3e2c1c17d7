"""What first-year students bring from paper, other languages and their keyboard: one right hint each, or none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hintlanguage import english
from maximalab_kernel.failures import as_written
from maximalab_kernel.foreign_names import FAMILIAR, USAGE
from maximalab_kernel.hints_names import misspelt

MISTAKES = [
    ("[x>0 y>0];", "comma"), ("[x<=4\n 2*y<=12, y>=0];", "comma"), ("[1 2 3];", "comma"), ("[u v];", "comma"),
    ("solve(x^2=4 x);", "comma"), ("diff(x^3 x);", "comma"), ("max(3 5);", "comma"), ("[2 x, 3];", "`2*x`"),
    ("facto(6);", "factor or factorial"), ("solv(x^2=4, x);", "Is solve meant?"),
    ("slve(x^2=4, x);", "Is solve meant?"), ("limi(1/x, x, 0);", "Is limit meant?"),
    ("determ(matrix([1,2],[3,4]));", "Is determinant meant?"), ("іщдму(x^2=4, x);", "`solve` in the other"),
    ("print('макс');", '`"макс"`'), ("print('max value');", '`"max value"`'), ("s: 'hello';", '`"hello"`'),
    ("розв'язок: 5;", "`розвязок`"), ("kill(f)$ f'(x);", "`diff(f(x), x)`"), ("y' = x*y;", "`'diff(y, x)`"),
    ("y'' + y = 0;", "`'diff(y, x, 2)`"), ("A';", "`transpose(A)`"), ("sin^2(x);", "`sin(x)^2`"),
    ("cos^2 x;", "`cos(x)^2`"), ("0<x<5;", "`0 < x and x < 5`"), ("[0<x<5, y>1];", "`0 < x, x < 5`"),
    ("A: [1,2;3,4];", "`matrix([1, 2]"), ("answer5: [0; 7.5];", "a comma: `[0, …]`"), ("[x;y];", "`[x, …]`"),
    ("plot2d(sin(x), x=0..6);", "`plot2d(sin"), ("sum(k=1..5);", "`sum(k^2"),
    ("[x =< 4, y <= 3];", "`<=`"), ("[x => 4];", "`>=`"), ("x < = 5;", "`<=`"), ("# comment", "`/* … */`"),
    ("// two words", "`/* … */`"), ("% comment", "`/* … */`"), ("x = 5 # five", "`/* … */`"),
    ("7//2;", "`quotient(a, b)`"), ("import math", "`load("), ("lambda x: x^2", "`lambda([x]"),
    ("limit(sin(x)/x, x->0);", "`limit(sin(x)/x, x, 0)`"), ("5%;", "`5/100`"), ("100 000 + 5;", "`100000`"),
    ("1.000.000;", "one point"), ("2 3/4;", "`2 + 3/4`"), ("=x^2;", "`:=`"), ("f x := x^2;", "`f(x) := …`"),
    ("my var: 5;", "`my_var`"), ("цільова функція: 3*x;", "`цільова_функція`"), ("2x: 5;", "`x2`"),
    ("if: 5;", "`if` is a word"), ("clear x;", "`kill(x)`"), ("a=5 b=6;", "before `b` the next command"),
    ("True;", "the constant is true"), ("plot2d(0,5*x, [x,0,1]);", "`0.5`"), ("assume x>0;", "`assume(…)`"),
    ("matrix([[1,2],[3,4]]);", "`matrix([1, 2]"), ("matrix(1,2,3,4);", "`matrix([1, 2]"),
    ("A: matrix([1,2],[3,4])$ A^-1;", "`A^^-1`"), ("A: matrix([1,2],[3,4])$ A(1,2);", "`A[1,2]`"),
    ("v: [1,2,3]$ v(1);", "`v[1]`"), ("v: [1,2,3]$ v[0];", "numbered from 1"),
    ("v: [1,2,3]$ v[4];", "numbered from 1"), ("matrix([1,2]) . matrix([1,2,3]);", "as many columns"),
    ("plot2d(x^2);", "[x, 0, 6]"), ("solve(x+y=3, x-y=1);", "`solve([x + y"),
    ("solve(x+y=3, x-y=1, x, y);", "`solve([x + y"), ("solve({x+y=3,x-y=1},{x,y});", "`solve([x + y"),
    ("solve(x^2>4, x);", "solve_rat_ineq"), ("lambda(x, x^2);", "`lambda([x]"), ("sum(k, k=1, 5);", "`sum(k^2"),
    ("limit(sin(x)/x, x=0);", "`limit(sin"), ("integrate(x^2, 0, 1);", "`integrate(x^2, x, 0, 1)`"),
    ("integrate(x^2, [x,0,1]);", "`integrate(x^2, x, 0, 1)`"), ("diff(x^3, x, x);", "`diff(x^3, x, 2)`"),
    ("log(8,2);", "`log(8)/log(2)`"), ("append([1,2],3);", "`append("), ("[1,2]+[1,2,3];", "different sizes"),
    ('"a" + "b";', "`sconcat(a, b)`"), ("draw2d(sin(x), x, 0, 6);", "`draw2d(explicit("),
    ("draw2d(explicit(sin(x)), x, 0, 6);", "`draw2d(explicit("), ("find_root(x^2-2, x, 5, 10);", "same sign"),
    ("ode2(diff(y,x) = y, y, x);", "`ode2('diff"), ("min([1,2,3]);", "`lmin("), ('load("simpex");', "simplex"),
    ("plot2d(tg(x), [x,0,1]);", "written tan"), ("plot2d(ln(x), [x,1,5]);", "written log"),
    ("plot2d(g(x), [x,1,5]);", "no function g;"), ("plot2d([sin(x),ln(x)], [x,1,2]);", "written log"),
    ("plot2d(e^x, [x,0,1]);", "%e"), ("plot2d(sin(pi*x), [x,0,1]);", "%pi"),
    ("plot2d(y=x^2, [x,0,1]);", "`plot2d(x^2, […])`"), ("plot3d(tg(x)*y, [x,0,1], [y,0,1]);", "written tan"),
    ("draw2d(explicit(ln(x),x,1,2));", "written log"), ("draw2d(explicit(g(x),x,1,2));", "no function g;"),
    ("draw2d(explicit(e^x,x,0,1));", "%e"), ("quad_qags(ln(x),x,1,2);", "written log"),
    ("сщі(ч);", "`cos` in the other"), ("sin(пі);", "%pi"), ("інтеграл(x^2,x);", "written integrate"),
    ("for i from 1 to 5 do print(i);", "for k: 1 thru 10"), ("for i in 1 to 5 do print(i);", "for k: 1 thru 10"),
    ("invert(matrix([1,2],[2,4]));", "no inverse"), ("M: matrix([1/2,1],[1,2])$ M^^-1;", "no inverse"),
    ("invert(matrix([1/0,1],[1,2]));", "divided by zero"), ("solve(a*x^2+b*x+c=0);", "`solve(…, x)`"),
    ("plot2d(a*x+1, [x,0,1]);", "a has no value"), ("plot2d(x^2, [y,0,1]);", "x has no value"),
    ("plot3d(a+x*y, [x,0,1], [y,0,1]);", "a has no value"), ("draw2d(explicit(a*x,x,0,1));", "a has no value"),
    ("draw2d(explicit(x^2,y,0,1));", "x has no value"), ("draw(gr2d(explicit(ln(x),x,0,6)));", "written log"),
    ("draw2d(region(x+y<4,x,0,1));", "`draw2d(region("), ("draw2d(implicit(x^2+y^2=1));", "`draw2d(implicit("),
    ("draw2d(parametric(cos(t),sin(t)));", "`draw2d(parametric("), ("draw2d(points(1,2));", "`draw2d(points("),
    ("draw3d(explicit(sin(x),x,0,6));", "`draw3d(explicit("), ("draw(explicit(sin(x),x,0,6));", "`draw2d(explicit("),
    ("maximize_lp(3*x);", "`maximize_lp("), ("help", "`? solve`"), ("help(limit);", "`? limit`"),
    ("[1,2,3](1);", "`[1,2,3][1]`"), ("[a, b] = [1, 2];", "write `[a, b]: …`"), ("integrate(e^x, x, 0, 1);", "%e"),
]  # fmt: skip


@pytest.fixture(scope="module")
def labs(start_lab):
    """One kernel that speaks English, one that speaks Ukrainian."""
    return start_lab(MAXIMALAB_LANG="en"), start_lab(MAXIMALAB_LANG="uk")


@pytest.mark.parametrize(("code", "says"), MISTAKES, ids=[code for code, _ in MISTAKES])
def test_a_mistake_brings_one_hint_in_either_language(labs, code, says):
    for lab in labs:
        lab.run("kill(all)$")
    told, ukrainian = (lab.run(code).hints for lab in labs)
    assert len(told) == len(ukrainian) == 1
    assert says in told[0]
    assert ukrainian[0].startswith("Підказка: ")
    assert not english(ukrainian[0], code), ukrainian[0]


INNOCENT = [
    "ln(x) := log(x)$ plot2d(ln(x), [x,1,2]);", "g(x) := x^2$ plot2d(g(x), [x,1,2]);", "e: 2$ plot2d(e^x, [x,0,1]);",
    "plot2d(e^2, [e,0,1]);", "plot2d(%e^x, [x,0,1]);", "draw2d(explicit(e^2,e,0,1));", "сум(x); дах(2);",
    "a: 2$ plot2d(a*x, [x,0,1]);", "plot2d(a*x, [x,0,1]), a=2;", "h(x) := x$ plot2d(h, [x,0,1]);",
    "plot2d(sin, [x,0,1]);", "h(x) := x$ plot2d(h(x) + %pi, [x,0,1]);", "h: x^2$ plot2d(h + 1, [x,0,1]);",
    "plot2d(sum(x^k, k, 0, 3), [x,0,1]);", "a[1]: 2$ plot2d(a[1]*x, [x,0,1]);", "plot2d([x, 2*x], [x,0,1]);",
    "plot2d(if x<0 and true then -x else x, [x,-1,1]);", "draw2d(explicit(if x<0 then -x else x,x,-1,1));",
    "plot3d(if x<0 then -x else y, [x,-1,1], [y,0,1]);", "plot2d(x*min(x, 1), [x,0,1]);",
    "plot2d(x, [x,0,1], [color,red], [style,points]);", "plot2d(x^2+y^2=1, [x,-1,1], [y,-1,1]);",
    "draw(gr2d(explicit(x,x,0,6)), gr3d(explicit(x*y,x,0,1,y,0,1)));", "help: 5$ help;", "invert(matrix([1,2],[3,4]));",
    "cost(100) + price(3) + rate(5) + demand(2*p);", "transport([1,2], [3]);", "product1(3) + length1(2);",
    "interest(3) + revenue(t) + event(5);", "синус(x);", "'x;", "f('x, 'y);", "ode2('diff(y,x) = y, y, x);",
    "[1, 2, 3]; [x>0, y>0];", "matrix([1,2],[3,4])^^2;", "a^2;", "A: matrix([1,2],[3,4])$ A^n;", "x # y;",
    "v: [1,2]$ v[1];", 'sconcat("a", "b");', "solve([x+y=3, x-y=1], [x, y])[1];", "solve([], []);", "x>0 and x<5;",
    "k: 5$ block([name: k], name);", "a: b: 5;", "m: 20$ m: m/100;", "max(1, 2); lmax([1, 2]);", "f(x) := x = 5;",
]  # fmt: skip


@pytest.mark.parametrize("code", INNOCENT)
def test_where_nothing_is_wrong_there_is_no_hint(labs, code):
    assert labs[0].run("kill(all)$ " + code).hints == []


@pytest.mark.parametrize("code", [f"{use};" for use in USAGE.values()])
def test_each_example_that_a_hint_shows_can_be_run_and_brings_no_hint(labs, code):
    answer = labs[0].run('kill(all)$ load("simplex")$ ' + code)
    assert (answer.error, answer.hints) == (None, []) or "k, 1, n" in code  # what stays is simplified by hand


ROOT = Path(__file__).parents[3]
NOTEBOOKS = sorted(path.relative_to(ROOT) for path in ROOT.glob("notebooks/*/*.ipynb"))


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_no_cell_of_a_material_brings_a_hint(labs, notebook):
    cells = json.loads((ROOT / notebook).read_text(encoding="utf-8"))["cells"]
    labs[0].run("kill(all)$")
    for code in ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"):
        answer = labs[0].run(code)
        assert (answer.error, answer.hints) == (None, []), code


def test_no_right_formula_brings_a_hint(labs):
    labs[0].run('kill(all)$ load("simplex")$')
    for line in (ROOT / "tests" / "corpus.mac").read_text(encoding="utf-8").splitlines():
        assert labs[0].run(line).hints == [], line


def test_no_familiar_name_is_misspelt():
    assert [name for name in FAMILIAR if misspelt(name, frozenset())] == []


CARETS = [
    ("x ≤ 4;", "≤"), ("3 − 2;", "−"), ("a: 2 × 3;", "×"), ("[x≥0, y≤5];", "≥"), ("f = @(x) x^2;", "@"),
    ("1 + x²;", "²"), ("a b;", "b"), ("a b ≤ 3;", "b"), ("5%;", "%"), ("цільова функція;", "я"),
]  # fmt: skip

NAMES_ON_GCL = ["[x≥0, y≤5];", "1 + x²;"]
"""Where GCL, which knows bytes alone, takes `x≥0` and `x²` for names."""


@pytest.mark.parametrize(("code", "there"), CARETS)
def test_the_caret_stands_at_what_the_parser_cannot_take(labs, lisp, code, there):
    answer = labs[0].run(code)
    if lisp == "gcl" and code in NAMES_ON_GCL:
        assert answer.error is None
        return
    line, caret = next(
        (line, below)
        for line, below in zip(answer.reply["traceback"], answer.reply["traceback"][1:], strict=False)
        if below.strip() == "^"
    )
    assert line[caret.index("^")] == there


def test_a_text_is_named_as_it_is_written(labs):
    assert '"hello" is not an infix operator' in labs[0].run('print "hello";').reply["evalue"]
    assert '"Hello" is not' in as_written(
        "incorrect syntax: Hello is not an infix operator", 'print "Hello";'
    )
