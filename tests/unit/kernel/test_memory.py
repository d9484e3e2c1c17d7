"""A long day leaves the kernel as it was: memory, files, descriptors, history."""

from __future__ import annotations

from collections import deque
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from maximalab_kernel.history import History

CELLS = (
    "matrix([{n}, x], [3, y^2]);",
    "sum(i^2, i, 1, 20) + x*y;",
    "solve(x^2 - {n}*x + 6 = 0, x);",
    'print("cell", {n})$',
    "f(t) := t^2 - {n}$ f(7);",
    "1/0;",
)
HEAP_OF_GCL_KB = 512 * 1024
"""GCL fills what it was given before it clears up, and gives nothing back: no more than that is all it can promise."""
WARM_UP = 300
MORE = 600
MOST_GROWTH_KB = 10 * 1024
"""Maxima keeps each result under its label, and its heap breathes; a cell that leaks 20 KB is seen."""


def written_kb(pid):
    """Kilobytes that the process and its children have written themselves."""
    root = psutil.Process(pid)
    total = 0
    for process in (root, *root.children(recursive=True)):
        rollup = Path(f"/proc/{process.pid}/smaps_rollup").read_text()
        total += next(
            int(line.split()[1]) for line in rollup.splitlines() if line.startswith("Private_Dirty:")
        )
    return total


def settle(lab):
    """Have Maxima collect garbage, as it does by itself sooner or later."""
    lab.run(":lisp (progn (maximalab-collect nil) (values))")


def run_many(lab, count):
    for number in range(count):
        lab.run(CELLS[number % len(CELLS)].replace("{n}", str(number)))


def test_a_long_day_leaves_memory_and_descriptors_flat(fresh_lab, lisp, tmp_path):
    run_many(fresh_lab, WARM_UP)
    fresh_lab.run("plot2d(x, [x, 0, 1])$")
    settle(fresh_lab)
    before, opened = written_kb(fresh_lab.pid), psutil.Process(fresh_lab.pid).num_fds()
    run_many(fresh_lab, MORE)
    fresh_lab.run("plot2d(x, [x, 0, 1])$")
    settle(fresh_lab)
    assert written_kb(fresh_lab.pid) - before < (HEAP_OF_GCL_KB if lisp == "gcl" else MOST_GROWTH_KB)
    assert psutil.Process(fresh_lab.pid).num_fds() <= opened + 2  # clients come and go
    assert list(tmp_path.glob("maximalab-kernel-*/*.svg")) == []


@given(st.lists(st.text(max_size=30), max_size=40), st.integers(1, 10), st.integers(30, 100))
def test_the_history_holds_the_last_cells_that_fit(codes, cells, characters):
    history = History(cells, characters)
    for count, code in enumerate(codes, 1):
        history.add(count, code)
    kept = deque((0, count, code) for count, code in enumerate(codes, 1))
    while len(kept) > cells or sum(len(code) for _, _, code in kept) > characters:
        kept.popleft()
    assert history.answer({"hist_access_type": "tail"}) == list(kept)


@pytest.mark.parametrize("length", [101, 10_000])
def test_a_cell_larger_than_the_whole_history_is_not_remembered(length):
    history = History(5, 100)
    history.add(1, "x" * length)
    assert history.answer({}) == []
