"""Linear programs that are silently others than those that were meant: a right hint, and none where all is said."""

from __future__ import annotations

import pytest

MISTAKES = [
    ("maximize_lp(3*x+5*y, [x-y<=4]);", "add `x >= 0`"), ("r: maximize_lp(3*x+5*y, [x-y<=4, x>=0]);", "add `y >= 0`"),
    ("minimize_lp(x+y, [x+2*y>=-4, 3*x+y>=-6]);", ">= 0` to the constraints"),
    ("float(minimize_lp(x, [x+y>=-4, y<=3]));", "add `x >= 0`"),
    ("maximize_lp(3*x[1]+5*x[2], [x[1]-x[2]<=4]);", "add `x[1] >= 0`"),
    ("c: [x-2*y<=4]$ maximize_lp(3*x+5*y, c);", "add `x >= 0`"),
    ("c: [x+y<=4, x>=0, y>=0]$ x: 10$ maximize_lp(x+y, c);", "x has the value `10`"),
    ("x: 10$ c: [x+y<=4, x>=0, y>=0]$ maximize_lp(x+y, c);", "x has the value `10`"),
    ("maximize_lp(3*x^2+5*y, [x<=4, y<=3, x>=0, y>=0]);", "must be linear"),
    ("maximize_lp(3*x+5*y = z, [x<=4, y<=3, x>=0, y>=0]);", "without `=`"),
    ("maximize_lp(3*x1+5*x[2], [x1<=4, x2<=3, x1>=0, x2>=0]);", "by the same name"),
    ("maximize_lp(3*x+5*y, x<=4, y<=3, x>=0, y>=0);", "`maximize_lp(3*x + 5*y, ["),
    ("minimize_lp(3*x+5*y, {x>=4, y>=3});", "`minimize_lp(3*x + 5*y, ["),
]  # fmt: skip
MISTAKES += [
    ("x: 2$ maximize_lp(3*x+y, [x<=4, y<=3]);", "x has the value `2`"),
    ("x: 7$ maximize_lp(3*x+y, [x<=4, y<=3]);", "x has the value `7`"),
    ("x: 7$ minimize_lp(3*x+y, [x+y>=4]);", "x has the value `7`"),
    ("x3: 1$ nonnegative_lp: true$ maximize_lp(3*x3+2*x4, [x3+x4<=4, x3<=2]);", "x3 has the value `1`"),
    ("y: 1/2$ minimize_lp(x+y/2, [x>=1, 0<=y]);", "y has the value `1/2`"),
]
INNOCENT = [
    "a: 3$ c: 5$ maximize_lp(a*x+y+c, [a*x+y<=c, x+a*y<=c, x<=a]);", "a: 1$ maximize_lp(x+y, [x+a<=4, y<=a]);",
    "a: 2$ maximize_lp((a+1)*x+y, [(a+1)*x<=4, y<=3]);",
    "maximize_lp(3*x+5*y, [x+2*y<=4, 3*x+y<=6]);", "maximize_lp(3*x+5*y, [x-y<=4, x>=0, y>=0]);",
    "minimize_lp(x+y, [x+2*y>=-4, 3*x+y>=-6, x>=0, y>=-5]);", "minimize_lp(x-y, [x>=-3, y<=4]);",
    "minimize_lp(x-y, [-3<=x, y<=4]);", "minimize_lp(x-y, [x>=-3, y<=4, x<=0]);",
    "c: [x-2*y<=4, x>=0, y>=0]$ maximize_lp(3*x+5*y, c);", "maximize_lp(3*x+5*y, [x-2*y<=4]), nonnegative_lp=true;",
    "nonnegative_lp: true$ maximize_lp(3*x+5*y, [x-2*y<=4]);", "maximize_lp(3*x+5*y, [x-2*y<=4], all);",
    "a: 3$ c: [x+y<=a, x>=0, y>=0]$ maximize_lp(a*x+5*y, c);", "a: 2$ maximize_lp(a^2*x+y, [x+y<=4, x>=0, y>=0]);",
    "maximize_lp(3*x[1]+5*x[2], [x[1]-x[2]<=4, x[1]>=0, x[2]>=0]);",
    "maximize_lp(x[1]-x[2], append([x[1]-x[2]<=4], makelist(x[i]>=0, i, 1, 2)));",
]  # fmt: skip


@pytest.fixture(autouse=True)
def clean(lab):
    lab.run('load("simplex")$ nonnegative_lp: false$ kill(a, c, r, x, x3, y)$')


@pytest.mark.parametrize(("code", "says"), MISTAKES, ids=[code for code, _ in MISTAKES])
def test_a_program_that_is_another_one_brings_one_hint(lab, code, says):
    answer = lab.run(code)
    assert len(answer.hints) == 1, (answer.reply, answer.outputs)
    assert says in answer.hints[0]


@pytest.mark.parametrize("code", INNOCENT)
def test_a_program_that_says_all_brings_none(lab, code):
    answer = lab.run(code)
    assert (answer.error, answer.hints) == (None, [])
