"""Files of Maxima's own test suite give through the kernel what they give by Maxima alone; `./lab rtest` runs all."""

from __future__ import annotations

import pytest
from maximas import NEEDS, find_sbcl
from rtest.alonerun import HEAP, ThroughAlone, read_told
from rtest.comparing import Comparison
from rtest.kernelrun import ThroughKernel
from rtest.known import PLOTS, reason_of
from rtest.outcomes import LATE, STOPPED, Difference, Outcome, differences
from rtest.suite import problems_of, suite

SECONDS = 60.0
"""Of processor time for a problem: far more than one of these files needs."""

FILES = [
    "rtest1", "rtest1a", "rtest2", "rtest3", "rtest4", "rtest6", "rtest6b", "rtest7", "rtest9", "rtest9a", "rtest10",
    "rtest11", "rtest12", "rtest13", "rtest_ask", "rtest_equal", "rtest_everysome", "rtest_trig", "rtestlabels",
]  # fmt: skip
"""Quick ones, of syntax, rules, labels, questions, TeX, arrays, integrals and equations."""


@pytest.fixture(scope="module")
def files():
    """The suite by name, beside a core that has a plain one with it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MAXIMALAB_HEAP_MB", HEAP)
        core = find_sbcl()
        if core is None or not (core.core.parent / "plain.core").is_file():
            pytest.skip(f"{NEEDS['sbcl']} --plain")
        yield core, {file.stem: file for file in suite(core.core.parent)}


@pytest.mark.parametrize("name", FILES)
def test_the_kernel_gives_what_maxima_alone_gives(files, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)  # some problems write files
    core, found = files
    alone = ThroughAlone(core.core.parent / "plain.core", tmp_path)
    compared = Comparison(found[name], ThroughKernel(core), alone, SECONDS).compare()
    assert compared.problems == len(problems_of(found[name])) > 0
    assert not compared.unexplained, "\n".join(map(str, compared.unexplained))
    assert (compared.slow, compared.ended, compared.stopped) == ((), (), ())


def test_a_problem_without_end_is_stopped_on_both_sides(files, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    core, _ = files
    file = tmp_path / "rtest_mine.mac"
    file.write_text("a: 1;\n1;\n do 1;\n0;\n errcatch(do factor(2^101-1));\n0;\n a + 1;\n2;\n")
    alone = ThroughAlone(core.core.parent / "plain.core", tmp_path)
    compared = Comparison(file, ThroughKernel(core), alone, 0.5).compare()
    assert (compared.slow, compared.same, compared.differing) == ((2, 3), 2, [])


class Side:
    """A run whose outcomes are given: of the first run, of the second, and so on."""

    def __init__(self, *runs):
        self.runs, self.limits = list(runs), []

    def run(self, file, seconds):  # noqa: ARG002  of the contract
        self.limits.append(list(seconds))
        return self.runs.pop(0)


ONE, TWO, ERROR, DIED = Outcome("result", "1"), Outcome("result", "2"), Outcome("error"), Outcome("died")
LIVES = [
    pytest.param([[ONE, TWO]], [[ONE, TWO]], "2 the same, 0 explained, 0 unexplained", id="the same"),
    pytest.param([[ONE, ONE]], [[ONE, TWO]], "1 the same, 0 explained, 1 unexplained", id="another value"),
    pytest.param([[ONE, DIED]], [[ONE, TWO]], "1 the same, 0 explained, 1 unexplained", id="the kernel's dies"),
    pytest.param([[LATE, TWO]], [[LATE, TWO]], "1 the same, 0 explained, 0 unexplained, 1 too slow on both (1)",
                 id="too slow on both"),
    pytest.param([[LATE, TWO], [ONE, TWO]], [[ONE, TWO], [ONE, TWO]], "2 the same, 0 explained, 0 unexplained",
                 id="too slow on one side gets more time"),
    pytest.param([[LATE, TWO], [LATE, TWO]], [[ONE, TWO], [ONE, TWO]], "1 the same, 0 explained, 1 unexplained",
                 id="too slow on one side even so"),
    pytest.param([[LATE, ONE], [ONE, TWO]], [[LATE, TWO], [ONE, TWO]],
                 "1 the same, 0 explained, 0 unexplained, 1 too slow on both (1)",
                 id="what differs behind a slow one is compared without it"),
    pytest.param([[ONE, TWO]], [[], [ONE, TWO]],
                 "1 the same, 0 explained, 0 unexplained, 1 end Maxima alone (1)", id="one that ends Maxima alone"),
    pytest.param([[STOPPED, ERROR], [ONE, TWO]], [[TWO, ONE], [ONE, TWO]],
                 "1 the same, 0 explained, 0 unexplained, 1 stopped for their memory (1)", id="one that is too large"),
]  # fmt: skip


@pytest.mark.parametrize(("kernel", "alone", "told"), LIVES)
def test_a_file_is_run_until_all_of_it_is_compared(tmp_path, kernel, alone, told):
    file = tmp_path / "rtest_mine.mac"
    file.write_text("a: 1;\n1;\n2;\n2;\n")
    kernel, alone = Side(*kernel), Side(*alone)
    assert str(Comparison(file, kernel, alone, 1.0).compare()) == f"rtest_mine: 2 problems, {told}"
    assert kernel.runs == alone.runs == []
    assert kernel.limits[-1] == alone.limits[-1]


def of_plots(kernel, alone):
    return reason_of(Difference("rtest_plot", 1, Outcome("result", kernel), Outcome("result", alone)))


def test_a_plot_into_a_file_is_explained_and_nothing_else_of_a_plot():
    files = '["/tmp/k/maximalab-3.gnuplot","/tmp/k/maximalab-3.svg"]'
    assert of_plots(files, "false") == of_plots(f"[{files}]", "[false]") == PLOTS
    assert of_plots('["/tmp/k/maxout7.gnuplot","/tmp/k/sin.eps"]', '["/tmp/s/sin.eps"]') == PLOTS
    assert of_plots('["/tmp/k/maxout7.gnuplot","/tmp/k/cos.eps"]', '["/tmp/s/sin.eps"]') is None
    assert of_plots("true", "false") is None


COMPARED = [
    pytest.param(["1", "2"], ["1", "2"], [], id="the same"),
    pytest.param(["1", "3"], ["1", "2"], [2], id="another value"),
    pytest.param(["1"], ["1", "2"], [2], id="one that is missing"),
    pytest.param(["1", "2"], ["1"], [2], id="one too many"),
    pytest.param(["/a/b/maximalab-3.svg"], ["/c/maxout7.gnuplot"], [], id="files of plots"),
    pytest.param(["[g123,1]"], ["[g4567,1]"], [], id="names that Maxima makes"),
    pytest.param(["g12"], ["g13"], [1], id="names of the user's own"),
]


@pytest.mark.parametrize(("kernel", "alone", "numbers"), COMPARED)
def test_differences_are_told_by_number(kernel, alone, numbers):
    kernel, alone = ([Outcome("result", text) for text in texts] for texts in (kernel, alone))
    assert [difference.number for difference in differences("file", kernel, alone)] == numbers


def test_an_error_is_no_result():
    assert not Outcome("error").like(Outcome("result"))


def test_any_text_is_read_back():
    assert read_told("result 5\na\nb c\nerror 0\n\n") == [Outcome("result", "a\nb c"), Outcome("error")]
