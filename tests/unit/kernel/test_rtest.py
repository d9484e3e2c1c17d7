"""Files of Maxima's own test suite give through the kernel what they give by Maxima alone; `./lab rtest` runs all."""

from __future__ import annotations

import pytest
from maximas import NEEDS, find_sbcl
from rtest.known import unexplained
from rtest.outcomes import Outcome, differences
from rtest.runs import HEAP, problems, read_told, suite, through_alone, through_kernel

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
    alone = through_alone(core.core.parent / "plain.core", found[name], tmp_path)
    assert len(alone) == len(problems(found[name].read_text()))
    told = unexplained(differences(name, through_kernel(core, found[name]), alone))
    assert not told, "\n".join(map(str, told))


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
