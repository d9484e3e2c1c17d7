"""The mode for graders: the same outputs each time, nobody asked, limits of time and memory for each cell."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel.memory import MB, Allowance, Watch

SECONDS = 2
MEGABYTES = 60
LIMITS = {
    "MAXIMALAB_GRADING": "1",
    "MAXIMALAB_CELL_SECONDS": str(SECONDS),
    "MAXIMALAB_CELL_MB": str(MEGABYTES),
}


ABOVE_GARBAGE = {"MAXIMALAB_CELL_MB": "700"}
"""GCL fills half its heap with garbage before it clears up, and the limit counts that."""


@pytest.fixture(scope="module")
def limited(start_lab, lisp):
    """A kernel for graders with narrow limits."""
    return start_lab(**LIMITS | (ABOVE_GARBAGE if lisp == "gcl" else {}))


def test_graded_nobody_is_asked(limited):
    answer = limited.collect(limited.client.execute("asksign(zz);", allow_stdin=True))
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


def test_graded_a_notebook_gives_the_same_outputs_each_time(make_lab, lisp, tmp_path):
    limit = (
        {"MAXIMALAB_CELL_SECONDS": "190"} if lisp == "gcl" else {}
    )  # GCL compiles draw in each graded kernel

    def outputs():
        lab = make_lab(MAXIMALAB_GRADING="1", MAXIMALAB_OUTPUTS=str(tmp_path / "outputs"), **limit)
        told = [lab.run(code) for code in GRADED]
        lab.close()
        return [(answer.outputs, answer.reply.get("evalue")) for answer in told]

    assert outputs() == outputs()


GCL_WAITS = "#+gcl (meval '((mdo) nil nil nil nil nil nil 1))"  # GCL's own sleep is over at once
ENDLESS = [
    pytest.param("do 1$", id="a loop"),
    pytest.param("factor(2^521*(2^607-1)*(2^521-1)+1)$ do 1$", id="large numbers"),
    pytest.param("errcatch(do errcatch(1/0))$", id="errors that are caught"),
    pytest.param('plot2d(x, [x,0,1], [gnuplot_preamble, "pause 60"])$', id="a plot"),
    pytest.param("interact(block([k: n], do k: k+1), [n, 1, 3])$", id="what sliders bring"),
    pytest.param(f":lisp #-gcl (sleep {20 * SECONDS}) {GCL_WAITS}", id="Lisp"),
]


@pytest.mark.parametrize("code", ENDLESS)
def test_a_cell_that_takes_too_long_is_stopped_by_name_and_the_state_is_kept(limited, code):
    assert limited.run("kept: 42$").error is None
    answer = limited.run(f"{code}\nnever: 1$")
    assert answer.error == "MaximaTimeout", (answer.reply, answer.outputs)
    assert f"may take {SECONDS} s" in answer.reply["evalue"]
    assert limited.run("[kept, never];").results == ["[42,never]"]


def test_the_statement_that_was_stopped_is_named(limited):
    answer = limited.run("kept: 43$ do 1$ never: 1$")
    assert "in statement 2: do 1" in answer.reply["traceback"][1]


DEAF = (
    ":lisp #+ecl (mp:without-interrupts (loop)) #+sbcl (sb-sys:without-interrupts (loop))"
    " #+gcl (progn (setf (symbol-function 'si::terminal-interrupt) (lambda (&rest ignored) ignored)) (loop))"
)


def test_a_maxima_that_does_not_stop_is_ended_and_the_cell_fails_by_the_same_name(limited):
    answer = limited.run(DEAF)
    assert answer.error == "MaximaTimeout"
    assert f"a cell may take {SECONDS} s" in answer.reply["evalue"]
    assert "your definitions are gone" in answer.reply["evalue"]
    assert limited.run("6*7;").results == ["42"]


DOUBLES = "l: [1, 2]$ do l: append(l, l)$"


@pytest.fixture(scope="module")
def narrow(start_lab):
    """A kernel for graders with little memory."""
    return start_lab(MAXIMALAB_GRADING="1", MAXIMALAB_CELL_MB=str(MEGABYTES))


def test_a_cell_that_takes_too_much_memory_is_stopped_by_name_and_the_state_is_kept(narrow):
    assert narrow.run("kept: 42$").error is None
    answer = narrow.run(DOUBLES)
    assert answer.error == "MaximaOutOfMemory", (answer.reply, answer.outputs)
    assert f"more memory than {MEGABYTES} MB" in answer.reply["evalue"]
    assert narrow.run("l: []$ kept;").results == ["42"]


@given(st.integers(128, 1024), st.integers(0, 900), st.integers(0, 900), st.integers(0, 2000))
def test_a_cell_may_take_what_it_is_allowed_and_never_more_than_the_heap_has(heap, before, later, cell):
    allowed = Allowance(heap, cell)
    first, second = allowed.watch(before * MB), allowed.watch(later * MB)
    assert second.most == first.most == ((before + cell) * MB if cell else math.inf)
    for held, watch in ((before, first), (later, second)):
        assert watch.threshold() == min(watch.most, Watch(heap * MB, held * MB).threshold())


LIMITS_TOLD = [
    pytest.param(Allowance(512), "512", id="the heap alone"),
    pytest.param(Allowance(512, 60), "60", id="a cell's own"),
    pytest.param(Allowance(512, 600), "512", id="a cell's own that the heap has no room for"),
]


@pytest.mark.parametrize(("allowed", "told"), LIMITS_TOLD)
def test_the_limit_that_is_told_is_the_one_that_counts(allowed, told):
    assert allowed.told == told
