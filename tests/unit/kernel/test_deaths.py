"""A Maxima without memory: an error where Lisp can say so, else a death whose cause is told, without Lisp's tables."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel.lastwords import LastWords
from maximalab_kernel.maxima import MaximaProcess
from maximalab_kernel.oomkills import WHOLE_MACHINE, count_in, counters, kills
from maximalab_kernel.transport import MaximaDiedError, Printed
from maximas import FINDERS, NEEDS, ask

HEAP_MB = 192
ROOM = "(loop with all = nil do (push (make-array 1000000 :initial-element 1) all))"
NO_ROOM_AT_ALL = (
    "(sb-sys:without-interrupts (loop with all = nil do (push (make-array 1000 :initial-element 1) all)))"
)
"""What is alive has no room to be copied to: then SBCL's collector ends the process."""


@pytest.fixture(params=["ecl", "sbcl", "gcl"])
def unwatched(request, monkeypatch):
    """A Maxima with a small heap, and no guard that would stop it before that is full."""
    monkeypatch.setenv("MAXIMALAB_HEAP_MB", str(HEAP_MB))
    installation = FINDERS[request.param]()
    if installation is None:
        pytest.skip(NEEDS[request.param])
    process = MaximaProcess(installation)
    process._allowed = dataclasses.replace(process._allowed, heap_mb=10**6)
    yield process
    process.close()


def test_a_full_heap_is_an_error_in_our_words(unwatched):
    ask(unwatched, "kept: 42$")
    said = ask(unwatched, ROOM, "lisp")
    assert said.error == "MaximaOutOfMemory"
    assert f"more memory than {HEAP_MB} MB" in said.message
    assert said.printed == ""
    assert ask(unwatched, "kept;").results == ["42"]


@pytest.mark.parametrize("unwatched", ["sbcl"], indirect=True)
@pytest.mark.parametrize(("language", "how"), [
    ("en", f"memory: all {HEAP_MB} MB that it may have were full"),
    ("uk", f"пам'ять: усі {HEAP_MB} МБ, які вона може мати, зайнято"),
])  # fmt: skip
def test_a_lisp_that_ends_for_its_full_heap_is_told_as_that(unwatched, monkeypatch, language, how):
    monkeypatch.setenv("MAXIMALAB_LANG", language)
    events = unwatched.request("lisp", NO_ROOM_AT_ALL)
    printed = []
    with pytest.raises(MaximaDiedError, match=how):
        printed.extend(event.text for event in events if isinstance(event, Printed))
    assert printed == []
    assert ask(unwatched, "6*7;").results == ["42"]


@pytest.mark.parametrize("unwatched", ["sbcl"], indirect=True)
@pytest.mark.parametrize(
    ("language", "said"), [("en", "the recursion is too deep"), ("uk", "рекурсія надто глибока")]
)
def test_a_recursion_without_end_is_told_in_the_readers_language(unwatched, monkeypatch, language, said):
    monkeypatch.setenv("MAXIMALAB_LANG", language)
    ask(unwatched, "g(n):=1+g(n+1)$")
    assert said in ask(unwatched, "g(1);").message
    assert ask(unwatched, "6*7;").results == ["42"]


TABLE = """Heap exhausted during garbage collection: 704 bytes available, 8016 requested.
        Immobile Object Counts
 Gen layout fdefn symbol   code  Boxed   Cons    Raw
  1      0      0      0      0   1578     12      0
Tot    810  26902  27947  29614   5391    441    104
GC control variables:
   *GC-INHIBIT* = true
   *STOP-FOR-GC-PENDING* = false
fatal error encountered in SBCL pid 3656 tid 3656:
Heap exhausted, game over.

"""
FRAMES = '   0: fp=0x7fc2ef9178e8 pc=0x54182a1d (FLET "BODY")\n'


@given(st.lists(st.integers(1, len(TABLE) - 1)))
def test_the_tables_are_taken_out_however_they_arrive(places):
    words, cuts = LastWords(), [0, *sorted(places), len(TABLE)]
    assert words.of_errors("before\n") == "before\n"
    assert "".join(words.of_errors(TABLE[a:b]) for a, b in itertools.pairwise(cuts)) + words.rest() == ""
    assert words.of_output(FRAMES) == ""
    assert words.heap_full


@given(
    st.lists(st.text(st.sampled_from("Heap xhusted1 \n:*")) | st.sampled_from([FRAMES, "  1 2 3\n", "Heap"]))
)
def test_what_a_reader_prints_arrives(texts):
    words = LastWords()
    assert "".join(words.of_errors(text) for text in texts) + words.rest() == "".join(texts)
    assert words.of_output(FRAMES) == FRAMES
    assert not words.heap_full


GROUPS = [
    pytest.param("0::/user.slice\n", ["user.slice/memory.events", "memory.events"], id="version 2"),
    pytest.param("9:cpu:/\n4:memory:/docker/a1\n0::/\n",
                 ["memory/docker/a1/memory.oom_control", "memory/memory.oom_control", "memory.events",
                  "memory.events"], id="version 1 beside it"),
    pytest.param("", [], id="none"),
]  # fmt: skip


@pytest.mark.parametrize(("groups", "places"), GROUPS)
def test_the_narrowest_count_is_taken(groups, places):
    root = Path("/groups")
    assert list(counters(groups, root)) == [*(root / place for place in places), WHOLE_MACHINE]


@pytest.mark.parametrize(("text", "count"), [
    ("oom 7\noom_kill 3\noom_group_kill 1\n", 3), ("under_oom 0\noom_kill 0\n", 0), ("oom_kill many\n", None),
    ("", None),
])  # fmt: skip
def test_the_count_is_read(text, count):
    assert count_in(text) == count


def test_this_system_counts():
    assert kills() >= 0
