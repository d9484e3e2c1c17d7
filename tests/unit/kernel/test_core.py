"""The saved core: packages that are simply there, a server that may be older than ours, and a Maxima that is found."""

from __future__ import annotations

import dataclasses
import json

import pytest
from maximalab_kernel import finder
from maximalab_kernel.check import findings
from maximalab_kernel.finder import (
    DEFAULT_HEAP_MB,
    LARGEST_HEAP_MB,
    SERVER,
    SMALLEST_HEAP_MB,
    NoMaximaError,
    find,
    from_core,
    heap_mb,
    server_sum,
)
from maximalab_kernel.maxima import MaximaProcess
from maximalab_kernel.memory import Verdict, Watch, resident
from maximas import NEEDS, ask, find_sbcl


@pytest.fixture(scope="module")
def installation():
    found = find_sbcl()
    if found is None:
        pytest.skip(NEEDS["sbcl"])
    return found


@pytest.fixture
def maxima(installation):
    process = MaximaProcess(installation)
    yield process
    process.close()


def held(process):
    """Bytes that the process holds once its garbage is gone."""
    ask(process, "", "collect")
    return resident(process.pid)


LP = "minimize_lp(x+y,[x+y>=2,x-y<=1])[1];"
PRELOADED = [
    "simplex",
    "draw",
    "graphs",
    "descriptive",
    "stats",
    "distrib",
    "lsquares",
    "mnewton",
    "to_poly_solve",
]


@pytest.mark.parametrize("package", PRELOADED)
def test_loading_what_is_there_takes_no_memory_and_defines_nothing(maxima, package):
    ask(maxima, f"load({package})$")
    before = held(maxima)
    said = ask(maxima, f"for i thru 20 do load({package});")
    assert said.error is None
    assert held(maxima) - before < 4 * 2**20  # one real load of one of them keeps more
    assert ask(maxima, "[functions, values, props, rules, aliases];").results[0].startswith("[[],[],")


def test_packages_survive_whatever_a_student_kills(maxima):
    for code in ("kill(all)$", "kill(minimize_lp)$", "remfunction(minimize_lp)$ ", "kill(functions)$"):
        ask(maxima, code)
        ask(maxima, "load(simplex)$")
        assert ask(maxima, LP).results == ["2"], code


def test_load_brings_back_what_the_user_has_redefined(maxima):
    ask(maxima, "mean(x):=nothing$")
    assert ask(maxima, "mean([1,2,3]);").results == ["nothing"]
    ask(maxima, "load(descriptive)$")
    assert ask(maxima, "mean([1,2,3]);").results == ["2"]


def test_a_newer_server_is_loaded_over_the_one_in_the_core(installation):
    older = {**installation.environment, "MAXIMALAB_SERVER": str(SERVER)}
    process = MaximaProcess(dataclasses.replace(installation, environment=older, older_server=True))
    assert ask(process, "6*7;").labels == ["%o1"]
    assert ask(process, "errcatch(1/0);").results == ["[]"]
    assert ask(process, "1/0;").error == "MaximaError"
    assert ask(process, LP).results == ["2"]
    process.close()


def make_core(folder, server):
    for name in ("sbcl", "maxima.core"):
        (folder / name).write_text("")
    (folder / "maximalab.json").write_text(json.dumps({"version": "5.47.0", "server": server}))


@pytest.mark.parametrize("older", [False, True], ids=["of our age", "older"])
def test_a_core_says_whether_its_server_is_ours(tmp_path, older):
    make_core(tmp_path, "0" * 64 if older else server_sum())
    found = from_core(tmp_path)
    assert (found.older_server, "MAXIMALAB_SERVER" in found.environment) == (older, older)


def test_a_core_is_found_before_the_wheel_and_a_given_one_before_all(tmp_path, monkeypatch):
    known, given = tmp_path / "known", tmp_path / "given"
    for folder in (known, given):
        folder.mkdir()
        make_core(folder, server_sum())
    monkeypatch.setattr(finder, "CORE_FOLDERS", (str(known),))
    monkeypatch.delenv(finder.VARIABLE, raising=False)
    assert find().core == known / "maxima.core"
    monkeypatch.setenv(finder.VARIABLE, str(given))
    assert find().core == given / "maxima.core"
    with pytest.raises(NoMaximaError, match="images/maxima/build"):
        find(str(tmp_path / "nowhere"))


HEAPS = [
    pytest.param(None, DEFAULT_HEAP_MB, id="not told"),
    pytest.param("many", DEFAULT_HEAP_MB, id="a word"),
    pytest.param("300", 300, id="a number"),
    pytest.param("1", SMALLEST_HEAP_MB, id="too small to start"),
    pytest.param("99999", LARGEST_HEAP_MB, id="so large that the core would be moved"),
]


@pytest.mark.parametrize(("told", "size"), HEAPS)
def test_the_heap_is_as_large_as_told_within_what_works(told, size):
    assert heap_mb(told) == size


MB = 2**20
LOOKS = [
    pytest.param([(100, 0.0)], [Verdict.FINE], id="little"),
    pytest.param([(310, 0.0)], [Verdict.STOP], id="more than sixty in a hundred"),
    pytest.param([(310, 0.0), (400, 2.9), (400, 3.1)], [Verdict.STOP, Verdict.FINE, Verdict.END], id="it goes on"),
]  # fmt: skip


@pytest.mark.parametrize(("looks", "verdicts"), LOOKS)
def test_an_evaluation_is_stopped_for_its_memory_and_ended_if_it_does_not_react(looks, verdicts):
    watch = Watch(512 * MB, 60 * MB)
    assert [watch.judge(held * MB, now) for held, now in looks] == verdicts


def test_what_was_there_before_does_not_stop_the_next_evaluation():
    watch = Watch(512 * MB, 350 * MB)
    assert watch.judge(360 * MB, 0.0) is Verdict.FINE
    assert watch.judge(440 * MB, 0.0) is Verdict.STOP


def test_the_check_finds_all_well_and_says_what_to_do_about_an_older_server(installation, tmp_path):
    folder = installation.core.parent
    told = list(findings(str(folder)))
    assert [finding.what for finding in told if finding.remedy] == []
    assert "SBCL" in " ".join(finding.said for finding in told)
    for name in ("sbcl", "maxima.core", "share", "info"):
        (tmp_path / name).symlink_to(folder / name)
    (tmp_path / "maximalab.json").write_text('{"server": "0"}')
    remedies = [finding.remedy for finding in findings(str(tmp_path)) if finding.remedy]
    assert [("images/maxima/build" in remedy) for remedy in remedies] == [True]


def test_the_check_says_what_to_do_where_there_is_no_maxima(tmp_path):
    *_, last = findings(str(tmp_path / "none"))
    assert last.what == "Maxima"
    assert "images/maxima/build" in last.remedy


ARITHMETIC = """
(let ((*maximalab-most-words* {limit}) (dice (sb-ext:seed-random-state 7)) (faults 0) (old-product 0) (old-quotient 0))
  (setq old-product *maximalab-multiply* old-quotient *maximalab-truncate*)
  (flet ((number-of (words) (* (if (zerop (random 2 dice)) 1 -1) (+ (expt 2 70) (random (ash 1 (* 64 words)) dice))))
         (hold (true) (unless true (incf faults))))
    (loop repeat 400
          do (let ((a (number-of (1+ (random {words} dice)))) (b (number-of (1+ (random {words} dice)))))
               (hold (= (* a b) (funcall old-product a b)))
               (hold (= (gcd a b) (abs (funcall *maximalab-gcd* a b))))
               (hold (equal (multiple-value-list (truncate a b)) (multiple-value-list (funcall old-quotient a b))))
               (hold (equal (multiple-value-list (floor (* a b) b)) (list a 0))))))
  (format t "~d faults, GMP ~a" faults *maximalab-gmp*))
"""


@pytest.mark.parametrize(
    ("limit", "words"),
    [pytest.param(2**19, 60, id="by GMP"), pytest.param(64, 500, id="in pieces that GMP gets")],
)
def test_large_integers_are_what_sbcl_makes_of_them(maxima, limit, words):
    said = ask(maxima, ARITHMETIC.format(limit=limit, words=words), "lisp")
    assert said.printed.splitlines()[0] == "0 faults, GMP T", (said.printed, said.message)
