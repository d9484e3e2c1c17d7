"""A closed kernel's second wall: what gets by the lists ends at Landlock. Here they are switched off from inside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import PurePath

import pytest
from maximalab_kernel import landlock
from maximalab_kernel.carrying import Carrier, beside, copy
from maximalab_kernel.check import closed_mode
from maximalab_kernel.landlock import Access
from maximalab_kernel.maxima import MaximaProcess
from maximalab_kernel.rules import CLOSED, Rules
from maximalab_kernel.transport import Frame, Printed
from maximas import ask

needs_landlock = pytest.mark.skipif(landlock.version() == 0, reason="needs Landlock: Linux 5.13 or later")
SECRET = "told-to-nobody"
SIGNALS = 6
"""The version of Landlock that knows of signals."""


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    """The notebook's folder, and one beside it."""
    notebook = tmp_path_factory.mktemp("walled") / "nb"
    elsewhere = notebook.with_name("elsewhere")
    for folder in (notebook, notebook / "plots", elsewhere):
        folder.mkdir()
    (notebook / "mine.mac").write_text("answer: 42$\n")
    (elsewhere / "secret.mac").write_text(f'print("{SECRET}")$\n')
    return notebook, elsewhere


@pytest.fixture(scope="module")
def walled(maxima_ready, places):
    """A closed Maxima whose lists refuse nothing any more, as if they knew none of its functions."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(CLOSED, "1")
        patch.chdir(places[0])
        process = MaximaProcess(maxima_ready)
        ask(process, "(setq *maximalab-closed* nil)", "lisp")
        yield process
        process.close()


def contents(places):
    return {
        path: path.read_bytes() if path.is_file() else b"" for folder in places for path in folder.rglob("*")
    }


def write(path):
    return f'(with-open-file (out "{path}" :direction :output :if-exists :supersede) (print 1 out))'


OUT = [
    pytest.param(write("ELSEWHERE/got"), "lisp", id="a file elsewhere"),
    pytest.param(write("ELSEWHERE/secret.mac"), "lisp", id="a file that is there"),
    pytest.param(write("got"), "lisp", id="a file beside the notebook"),
    pytest.param(write("mine.mac"), "lisp", id="the reader's own file"),
    pytest.param(
        '(with-open-file (out "mine.mac" :direction :output :if-exists :append) (print 1 out))',
        "lisp",
        id="more of the reader's own file",
    ),
    pytest.param('(delete-file "mine.mac")', "lisp", id="an end to it"),
    pytest.param('(rename-file "mine.mac" "got.mac")', "lisp", id="another name for it"),
    pytest.param('(ensure-directories-exist "ELSEWHERE/got/")', "lisp", id="a folder"),
    pytest.param('stringout("ELSEWHERE/got", x)$', "eval", id="Maxima's own way"),
    pytest.param('printfile("ELSEWHERE/secret.mac")$', "eval", id="a file to be read"),
    pytest.param('load("ELSEWHERE/secret.mac")$', "eval", id="a file to be loaded"),
    pytest.param('system("/usr/bin/touch got")$', "eval", id="a program"),
    pytest.param('system("exec 3>got; exec 3>ELSEWHERE/got")$', "eval", id="the shell alone"),
    pytest.param('system("read -r line <ELSEWHERE/secret.mac; echo $line")$', "eval", id="the shell alone, reading"),
]  # fmt: skip


@needs_landlock
@pytest.mark.parametrize(("code", "operation"), OUT)
def test_what_no_list_knows_writes_and_reads_nothing_elsewhere(walled, places, code, operation):
    before = contents(places)
    said = ask(walled, code.replace("ELSEWHERE", str(places[1])), operation)
    assert contents(places) == before
    assert SECRET not in said.printed + str(said.results)
    assert ask(walled, "6*7;").results == ["42"]


@needs_landlock
def test_no_signal_leaves_it(walled):
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]) as other:
        ask(walled, f'system("kill -9 {other.pid}")$')
        there = other.poll() is None
        other.kill()
    assert there or landlock.version() < SIGNALS


@needs_landlock
@pytest.mark.parametrize(
    ("code", "results"),
    [
        pytest.param('load("mine.mac")$', [], id="a file beside the notebook"),
        pytest.param('block(load("mine.mac"), answer);', ["42"], id="what it defines"),
        pytest.param(
            "block(load(draw), load(simplex), maximize_lp(x, [x<=2]));", ["[2,[x = 2]]"], id="packages"
        ),
        pytest.param('slength(printfile("mine.mac"));', ["8"], id="its text"),
    ],
)
def test_what_the_notebook_needs_is_read(walled, code, results):
    said = ask(walled, code)
    assert (said.error, said.results) == (None, results)


def files(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.fixture
def carrier(tmp_path, monkeypatch):
    own, notebook = tmp_path / "own", tmp_path / "nb"
    for folder in (own, notebook, notebook / "plots", notebook / ".git"):
        folder.mkdir()
    (notebook / "trap").symlink_to(".git")
    (notebook / "away").symlink_to(tmp_path)
    monkeypatch.setenv("MAXIMALAB_OUTPUTS", str(tmp_path / "long"))
    return Carrier(own, notebook)


NAMES = [
    pytest.param("a.svg", "a.svg", id="a picture"),
    pytest.param("plots/a.png", "plots/a.png", id="a picture in a folder that is there"),
    pytest.param("new/a.png", None, id="a folder that is not there"),
    pytest.param("a.mac", None, id="no picture"),
    pytest.param(".a.svg", None, id="a hidden picture"),
    pytest.param(".git/a.svg", None, id="a hidden folder"),
    pytest.param("trap/a.svg", None, id="another name of a hidden folder"),
    pytest.param("away/a.svg", None, id="a link that leads away"),
    pytest.param("../a.svg", None, id="a way up"),
]


@pytest.mark.parametrize(("name", "place"), NAMES)
def test_a_picture_goes_beside_the_notebook_and_nothing_else_does(carrier, tmp_path, name, place):
    notebook = tmp_path / "nb"
    assert beside(PurePath(name), notebook) == (notebook / place if place else None)


def test_an_absolute_name_is_no_picture_of_the_notebooks(tmp_path):
    assert beside(PurePath(tmp_path / "a.svg"), tmp_path) is None


def carry(carrier, kind="done", **fields):
    return list(carrier.carry(Frame(kind, {"id": 1, **fields})))


def test_what_was_written_is_carried_before_its_frame_is_told(carrier, tmp_path):
    (tmp_path / "own/beside/a.svg").write_text("<svg/>")
    (tmp_path / "own/outputs/o1.txt").write_text("long")
    (told,) = carry(carrier, "plot", path=str(tmp_path / "own/beside/a.svg"))
    assert told.text("path") == str(tmp_path / "nb/a.svg")
    assert (tmp_path / "nb/a.svg").read_text() == "<svg/>"
    assert (tmp_path / "long/o1.txt").read_text() == "long"
    assert files(tmp_path / "own") == set()


@pytest.mark.parametrize("path", ["/etc/passwd", "OWN/../secret.svg", "secret.svg", "OWN-not/a.svg"])
def test_a_name_outside_the_kernels_own_folder_is_not_told(carrier, tmp_path, path):
    told = path.replace("OWN", str(tmp_path / "own"))
    (frame,) = carry(carrier, "plot", path=told, script=told)
    assert (frame.text("path"), frame.text("script")) == ("", "")


def test_a_link_is_not_followed(carrier, tmp_path):
    (tmp_path / "secret").write_text(SECRET)
    (tmp_path / "own/beside/a.txt").symlink_to(tmp_path / "secret")
    (tmp_path / "nb/b.txt").symlink_to(tmp_path / "secret")
    (tmp_path / "own/beside/b.txt").write_text("mine")
    carry(carrier)
    assert not (tmp_path / "nb/a.txt").exists()
    assert ((tmp_path / "nb/b.txt").read_text(), (tmp_path / "secret").read_text()) == ("mine", SECRET)


def test_what_cannot_be_carried_is_told_and_leaves_nothing(carrier, tmp_path):
    (tmp_path / "nb/a.svg").mkdir()
    (tmp_path / "own/beside/a.svg").write_text("<svg/>")
    said, done = carry(carrier)
    assert isinstance(said, Printed)
    assert "a.svg" in said.text
    assert done.kind == "done"
    assert files(tmp_path) == set()


def test_a_picture_that_may_not_lie_there_is_told_once(carrier, tmp_path):
    (tmp_path / "own/beside/away").mkdir()
    (tmp_path / "own/beside/away/evil.svg").write_text("<svg/>")
    said, done = carry(carrier)
    assert isinstance(said, Printed)
    assert "away/evil.svg was not written" in said.text
    assert done.kind == "done"
    assert len(carry(carrier)) == 1
    assert files(tmp_path) == set()


def test_a_pipe_in_place_of_a_picture_holds_nobody_up(tmp_path):
    os.mkfifo(tmp_path / "a.svg")
    copy(tmp_path / "a.svg", tmp_path / "b.svg")
    assert not (tmp_path / "b.svg").exists()


@pytest.mark.parametrize(
    ("version", "last", "network", "scopes"),
    [
        (1, Access.MAKE_SYM, False, False),
        (2, Access.REFER, False, False),
        (3, Access.TRUNCATE, False, False),
        (4, Access.TRUNCATE, True, False),
        (5, Access.IOCTL_DEV, True, False),
        (6, Access.IOCTL_DEV, True, True),
        (99, Access.IOCTL_DEV, True, True),
    ],
)
def test_each_version_forbids_what_it_knows(version, last, network, scopes):
    files, tcp, outside = landlock.handled(version)
    assert (max(files), bool(tcp), bool(outside)) == (last, network, scopes)
    assert Access.EXECUTE in files


def test_only_a_closed_kernel_has_a_wall(monkeypatch):
    monkeypatch.setattr(landlock, "version", lambda: 1)
    assert (Rules(closed=True).walled, Rules().walled) == (True, False)
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert not Rules(closed=True).walled


def test_the_check_says_what_closed_mode_rests_on():
    assert "Landlock (version 7)" in closed_mode(7).said
    assert "no Landlock" in closed_mode(0).said
    assert closed_mode(0).remedy == ""
