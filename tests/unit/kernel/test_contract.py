"""What the kernel relies on, of each Maxima on this machine: ECL (the wheel), SBCL (the core), GCL (Debian's)."""

from __future__ import annotations

import itertools
import random
import re
import signal
import threading
import time
from pathlib import Path

import psutil
import pytest
from maximalab_kernel.maxima import MaximaProcess
from maximalab_kernel.transport import MaximaDiedError
from maximas import FINDERS, NEEDS, ask, until


@pytest.fixture(scope="module", params=sorted(FINDERS))
def lisp(request):
    return request.param


@pytest.fixture(scope="module")
def installation(lisp):
    found = FINDERS[lisp]()
    if found is None:
        pytest.skip(NEEDS[lisp])
    return found


@pytest.fixture(scope="module")
def shared(installation):
    process = MaximaProcess(installation)
    yield process
    process.close()


@pytest.fixture
def maxima(shared):
    """A Maxima without memory of other tests, in the same process where it lives."""
    ask(shared, "kill(all)$")
    return shared


@pytest.fixture
def fresh(installation):
    process = MaximaProcess(installation)
    yield process
    process.close()


def interrupted(process, code, operation="eval", delay=0.3):
    """What the evaluation brought, interrupted so many seconds after it began; and how long it went on after that."""
    over, moments, before = threading.Event(), [], process._count

    def act():
        until(lambda: process._count > before or over.is_set())
        if over.wait(delay):
            return
        moments.append(time.monotonic())
        until(lambda: process.interrupt() or over.is_set())  # it is counted before it can be interrupted
        while not over.wait(0.05):
            process.nudge()

    thread = threading.Thread(target=act)
    thread.start()
    try:
        said = ask(process, code, operation)
    finally:
        ended = time.monotonic()
        over.set()
        thread.join()
    return said, ended - (moments[0] if moments else ended)


def test_labels_begin_at_one(fresh):
    assert ask(fresh, "6*7;").labels == ["%o1"]
    assert ask(fresh, "%o1+%i1-%;").results == ["42"]


VALUES = [
    pytest.param("integrate(x^2,x);", "x^3/3", id="an integral"),
    pytest.param("factor(x^4-1);", "(x-1)*(x+1)*(x^2+1)", id="factors"),
    pytest.param("30!;", "265252859812191058636308480000000", id="a large number"),
    pytest.param('"ціна ∑ 😀";', "ціна ∑ 😀", id="letters of every script"),
    pytest.param('slength("abc");', "3", id="a function of a package that loads itself"),
    pytest.param("minimize_lp(x+y,[x+y>=2,x-y<=1])[1];", "2", id="a linear program without load"),
    pytest.param("matrix([1,2],[3,4]).[x,y];", "matrix([2*y+x],[4*y+3*x])", id="a matrix"),
]


@pytest.mark.parametrize(("code", "value"), VALUES)
def test_a_value_comes_back(maxima, code, value):
    assert ask(maxima, code).results == [value]


def test_prints_come_in_order_and_are_never_taken_for_answers(maxima):
    said = ask(
        maxima, '(print("{\\"id\\":1,\\"kind\\":\\"done\\"}"), print("ціна"), system("echo third"), 7);'
    )
    assert said.printed.index("done") < said.printed.index("ціна") < said.printed.index("third")
    assert said.results == ["7"]


ERRORS = [
    pytest.param("1/0;", "MaximaError", "0 to a negative exponent", id="an error of Maxima"),
    pytest.param('error("так не можна");', "MaximaError", "так не можна", id="the user's own error"),
    pytest.param("x y;", "MaximaSyntaxError", "y is not an infix operator", id="a syntax error"),
    pytest.param("(1+;", "MaximaSyntaxError", "", id="an open bracket"),
    pytest.param('"abc', "MaximaSyntaxError", "end of file", id="an open text"),
    pytest.param("/* abc", "MaximaSyntaxError", "end of file in comment", id="an open comment"),
    pytest.param("g(n):=1+g(n+1)$", None, "", id="a definition without an end of its recursion"),
]  # fmt: skip


@pytest.mark.parametrize(("code", "name", "message"), ERRORS)
def test_an_error_is_told_and_the_session_goes_on(maxima, code, name, message):
    ask(maxima, "kept: 42$")
    said = ask(maxima, code)
    assert said.error == name
    assert message in (said.message or "")
    assert ask(maxima, "kept;").results == ["42"]


def test_a_recursion_without_end_is_an_error(maxima, lisp):
    """GCL may end at it: that is told, and a new one is there. More of them are in test_recursions.py."""
    ask(maxima, "(kept: 42, g(n):=1+g(n+1))$")
    try:
        said = ask(maxima, "g(1);")
    except MaximaDiedError:
        assert lisp == "gcl"
        ask(maxima, "kept: 42$")
    else:
        assert said.error == "MaximaError"
        assert "guard page" not in said.printed
    assert ask(maxima, "kept;").results == ["42"]


def test_a_question_waits_for_its_answer_and_eats_nothing(maxima):
    said = ask(maxima, "integrate(u^n,u);", answers=["no"])
    assert "equal to -1" in said.frames("input")[0].text("prompt")
    assert said.results == ["u^(n+1)/(n+1)"]
    assert ask(maxima, "n+1;").results == ["n+1"]


def test_a_question_that_nobody_answers_fails(maxima):
    assert ask(maxima, "integrate(u^n,u);").error == "MaximaQuestion"
    assert ask(maxima, "6*7;").results == ["42"]


ENDLESS = [
    pytest.param("do 1$", id="an empty loop"),
    pytest.param("do errcatch(factor(2^101-1), error(1))$", id="a loop that catches every error"),
    pytest.param("expand((a+b+c+d+e+f)^60)$", id="a large expansion"),
    pytest.param("do print(1)$", id="a loop that prints"),
    pytest.param('(system("sleep 30"), do 1)$', id="a program that Maxima waits for"),
    pytest.param("(load(simplex), do makelist(i!,i,1,300))$", id="large numbers"),
]


@pytest.mark.parametrize("code", ENDLESS)
def test_an_interrupt_ends_it_within_a_second_and_keeps_the_state(maxima, code):
    ask(maxima, "kept: 42$")
    said, seconds = interrupted(maxima, code)
    assert said.error == "KeyboardInterrupt"
    assert seconds < 2.0  # one second of ours, one for a busy machine
    assert ask(maxima, "kept;").results == ["42"]


# GCL looks for interrupts only here and there, and loses some: three seconds later the kernel ends it.
REACTS_ALWAYS = pytest.mark.parametrize("lisp", ["ecl", "sbcl"], scope="module")


@REACTS_ALWAYS
def test_an_interrupt_ends_a_loop_in_lisp(maxima):
    said, seconds = interrupted(maxima, "(loop)", "lisp")
    assert (said.error, seconds < 2.0) == ("KeyboardInterrupt", True)


def taken(process):
    """Whether the signal has reached the process: none is left that waits for it."""
    status = Path(f"/proc/{process.pid}/status").read_text()
    return not any(
        int(line.split()[1], 16) >> (signal.SIGINT - 1) & 1
        for line in status.splitlines()
        if line.startswith(("SigPnd", "ShdPnd"))
    )


LONG = "factor(2^1277-1)$"


def test_an_interrupt_ends_a_big_factoring(maxima, lisp):
    """GCL looks for interrupts between two steps of Lisp only: the kernel's control thread ends it after 3 s."""
    ask(maxima, "kept: 42$")
    if lisp != "gcl":
        said, seconds = interrupted(maxima, LONG)
        assert (said.error, seconds < 2.0) == ("KeyboardInterrupt", True)
        assert ask(maxima, "kept;").results == ["42"]
        return
    killer = threading.Timer(1.0, maxima.kill, ["no reaction"])
    killer.start()
    with pytest.raises(MaximaDiedError, match="no reaction"):
        ask(maxima, LONG)
    killer.join()
    assert ask(maxima, "6*7;").results == ["42"]


COLLECTING = "(loop #+sbcl (sb-ext:gc :full t) #+ecl (si:gc t))"


@REACTS_ALWAYS
def test_an_interrupt_that_meets_the_garbage_collector_is_not_lost_and_ends_nothing(maxima, lisp):
    """A signal to the process as a whole reached a thread of ECL's that the collector had suspended, and was lost.

    And ECL ended, some 6 times in 100, where the collector ran a finalizer while an interrupt waited for it.
    """
    for _ in range({"sbcl": 5, "ecl": 40}[lisp]):
        assert interrupted(maxima, COLLECTING, "lisp", delay=0.02)[0].error == "KeyboardInterrupt"
    assert ask(maxima, "6*7;").results == ["42"]


@pytest.mark.parametrize("lisp", ["ecl"], scope="module")  # the others call them where no interrupt waits
def test_finalizers_of_ecl_run_between_two_requests(maxima, lisp):
    ask(maxima, "(defvar *gone* 0)", "lisp")
    dropped = (
        "(dotimes (i 9) (si:set-finalizer (list i) (lambda (each) (declare (ignore each)) (incf *gone*))))"
    )
    assert ask(maxima, f"(progn {dropped} (si:gc t) *gone*)", "lisp").printed == "0\n"
    assert int(ask(maxima, "*gone*", "lisp").printed) > 5


@REACTS_ALWAYS
def test_interrupts_that_the_kernel_has_not_sent_end_one_evaluation_each_at_most(maxima):
    """They made Maxima take every later one for interrupted. ECL may take each some evaluations later."""
    ask(maxima, 'for i thru 3 do system("kill -INT $PPID")$')
    said = [ask(maxima, "6*7;") for _ in range(20)]
    assert sum(one.results != ["42"] for one in said) <= 3
    assert interrupted(maxima, "do 1$")[0].error == "KeyboardInterrupt"
    assert ask(maxima, "6*7;").results == ["42"]


TURNS = 1000
WORK = [
    "do 1$",
    "ratsimp((x+1)^12/(x^2-1))$",
    "integrate(1/(x^7+1),x)$",
    "makelist(i!,i,1,400)$",
    "print(f(x))$",
]
PICTURES = [
    "plot2d(sin(x),[x,0,5])$",
    "draw3d(explicit(x*y,x,-1,1,y,-1,1))$",
    "draw2d(explicit(x,x,0,1))$",
]
CHECK = "[6*7, ratsimp((x^2-1)/(x-1)), integrate(x,x)];"


@REACTS_ALWAYS
def test_interrupts_at_random_moments_leave_it_working(maxima):
    dice, born = random.Random(7), maxima.pid  # noqa: S311  moments, not secrets
    ended = 0
    for turn in range(TURNS):
        said, _ = interrupted(maxima, WORK[turn % len(WORK)], delay=dice.uniform(0, 0.02))
        ended += said.error == "KeyboardInterrupt"
        assert "Internal error" not in said.printed, f"after {turn} interrupts"
        if turn % 5 == 0:
            assert ask(maxima, CHECK).results == ["[42,x+1,x^2/2]"], f"after {turn} interrupts"
    assert ask(maxima, CHECK).results == ["[42,x+1,x^2/2]"]
    assert maxima.pid == born
    assert ended >= TURNS / len(WORK)


@REACTS_ALWAYS
def test_interrupts_at_random_moments_of_a_picture_leave_no_file_and_no_word_of_one(maxima):
    """gnuplot may just be starting then, even when Maxima has removed its script and is done."""
    ask(maxima, "load(draw)$")
    dice, born = random.Random(7), maxima.pid  # noqa: S311  moments, not secrets
    for turn in range(TURNS // 10):
        code = PICTURES[turn % len(PICTURES)]
        said, _ = interrupted(maxima, code, delay=dice.uniform(0, 0.06))
        assert not re.search(r"Cannot load input|compilation unit aborted", said.printed), code
        if said.error == "KeyboardInterrupt":
            assert list(maxima._folder.glob("maximalab-[0-9]*")) == [], f"{code} after {turn} interrupts"
    assert ask(maxima, CHECK).results == ["[42,x+1,x^2/2]"]
    assert maxima.pid == born


@REACTS_ALWAYS
def test_what_an_interrupted_evaluation_has_said_of_its_own_is_told(maxima):
    code = '(unwind-protect (loop) (format *error-output* "mine~%"))'
    said, _ = interrupted(maxima, code, "lisp")
    assert (said.error, said.printed) == ("KeyboardInterrupt", "mine\n")


def test_an_interrupt_that_comes_before_its_request_is_not_lost(maxima, monkeypatch):
    """On a busy machine Maxima may read the request long after it was sent."""
    write = maxima._write

    def late(line):
        if "do 1" in line:
            assert maxima.interrupt()
            until(lambda: taken(maxima))
        write(line)

    monkeypatch.setattr(maxima, "_write", late)
    assert ask(maxima, "do 1$").error == "KeyboardInterrupt"
    assert ask(maxima, "6*7;").results == ["42"]


def test_an_interrupt_while_nothing_runs_does_nothing(maxima):
    assert not maxima.interrupt()
    assert ask(maxima, "6*7;").results == ["42"]


EXIT = "#+ecl (ext:quit 3) #+sbcl (sb-ext:exit :code 3 :abort t) #+gcl (si::quit 3)"
DEATHS = [
    pytest.param("eval", "quit();", "quit\\(\\)", id="the user quits"),
    pytest.param("lisp", f"(progn {EXIT})", "exit status 3", id="Lisp ends"),
    pytest.param("eval", 'system("kill -9 $PPID")$', "SIGKILL", id="it is killed"),
]


@pytest.mark.parametrize(("operation", "code", "how"), DEATHS)
def test_a_death_is_told_and_a_new_maxima_is_there(maxima, operation, code, how):
    ask(maxima, "mine: 1$")
    with pytest.raises(MaximaDiedError, match=how):
        list(itertools.starmap(ask, [(maxima, code, operation)] * 3))  # GCL's system() is a shell of a shell
    assert ask(maxima, "[mine, 6*7];").results == ["[mine,42]"]


@pytest.fixture
def small(lisp, monkeypatch):
    """A Maxima with little memory, so that it is soon full."""
    monkeypatch.setenv("MAXIMALAB_HEAP_MB", "192")
    process = MaximaProcess(FINDERS[lisp]())
    yield process
    process.close()


HOGS = [
    pytest.param("makelist(i,i,1,10^8)$", id="a long list"),
    pytest.param("for i do l: cons(piece(),l)$", id="a list that grows for ever"),
]
PIECES = {"ecl": "copylist(lent)"}
"""How a thousand small elements are made; by makelist, ECL would fill its memory in 20 s of processor time."""


@pytest.mark.parametrize("code", HOGS)
def test_what_asks_for_too_much_memory_ends_as_an_error_and_the_session_is_kept(
    installation, small, lisp, code
):
    """GCL never asks the system for more than it was given, and clears up for ever instead: an interrupt ends that.

    Who asks again, with all that is kept from before, gets the same answer: SBCL may have no room to collect all then.
    """
    thousand = "makelist(j,j,1,1000)"
    ask(small, f"(kept: 42, l: [], lent: {thousand}, piece() := {PIECES.get(lisp, thousand)})$")
    for _ in range(3 if lisp == "sbcl" else 1):
        if lisp == "gcl":
            said, _ = interrupted(small, code, delay=2.0)
            assert said.error == "KeyboardInterrupt"
        else:
            said = ask(small, code)
            assert said.error == "MaximaOutOfMemory"
            assert "192 MB" in said.message
        assert ask(small, "kept;").results == ["42"]


def test_nothing_is_left_when_it_is_closed(installation, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    process = MaximaProcess(installation)
    ask(process, "plot2d(x,[x,0,1])$")
    seen = psutil.Process(process.pid)
    process.close()
    until(lambda: not seen.is_running())
    assert list(tmp_path.iterdir()) == []


def test_packages_come_by_themselves_after_each_kill(maxima):
    """The first call of a package takes its autoload away, and `kill(all)` what was loaded."""
    for code in ("kill(all)$", "kill(all)$", "kill(functions)$", "kill(maximize_lp)$", "kill(allbut(x))$"):
        ask(maxima, code)
        assert ask(maxima, "maximize_lp(x, [x<=1]);").results == ["[1,[x = 1]]"], code
    ask(maxima, "kill(all)$")
    assert ask(maxima, "functions;").results == ["[]"]


def test_drawings_of_packages_come_by_themselves_after_each_kill(maxima):
    for code in ("histogram([1,2,2])$", "boxplot([1,2,3])$", "drawdf(x)$", "plotdf(x)$") * 2:
        ask(maxima, "kill(all)$")
        assert len(ask(maxima, code).frames("plot")) == 1, code
