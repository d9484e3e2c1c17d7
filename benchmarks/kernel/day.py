"""A day's exercises: a notebook of operations research through nbclient, beside the same work in Python.

The Python cells are what a student of Python would write: SymPy where the result is exact or symbolic (and shown as
TeX, as the one of Maxima is), SciPy for linear programs, the same gnuplot for the pictures.
"""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import nbformat
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient

from benchmarks.kernel.plots import gnuplot
from benchmarks.kernel.sides import OURS, PEER, Side
from benchmarks.table import Figure, Goal
from benchmarks.turns import medians

if TYPE_CHECKING:
    from collections.abc import Sequence

PATIENCE = 120
PLOT_EVERY = 5
"""One exercise of so many has a picture."""

PREAMBLE = f"""
import subprocess
from fractions import Fraction
from math import sqrt
from IPython.display import SVG
from scipy.optimize import linprog
from sympy import *
init_printing(use_latex="mathjax")
x, y, t = symbols("x y t")

def curve(f, low, high):
    step = (high - low) / 100
    points = "\\n".join(f"{{low + i*step}} {{float(f(low + i*step))}}" for i in range(101))
    script = f"set term svg\\n$d << E\\n{{points}}\\nE\\nplot $d with lines\\n"
    return SVG(subprocess.run([{gnuplot()!r}], input=script.encode(), capture_output=True, check=True).stdout)
"""

EXERCISE: tuple[tuple[str, str], ...] = (
    ('print("Exercise", {k})$', 'print("Exercise", {k})'),
    ("a: matrix([{k}+1, 2], [3, {k}+4]);", "a = Matrix([[{k}+1, 2], [3, {k}+4]])\na"),
    ("determinant(a);", "a.det()"),
    ("invert(a);", "a.inv()"),
    ("a . a . transpose(a);", "a*a*a.T"),
    (
        "maximize_lp(3*x + {k}*y, [x + y <= 4 + {k}, x + 3*y <= 6*{k}, x <= 3, x >= 0, y >= 0]);",
        "linprog([-3, -{k}], A_ub=[[1, 1], [1, 3], [1, 0]], b_ub=[4 + {k}, 6*{k}, 3])",
    ),
    ("minimize_lp(2*x + 5*y, [x + y >= {k}, x + 2*y >= 3, x >= 0, y >= 0]);",
     "linprog([2, 5], A_ub=[[-1, -1], [-1, -2]], b_ub=[-{k}, -3])"),
    ("solve(x^2 - {k}*x - 6 = 0, x);", "solve(x**2 - {k}*x - 6, x)"),
    ("linsolve([x + y = {k}, x - y = 2], [x, y]);", "linsolve([x + y - {k}, x - y - 2], [x, y])"),
    ("diff(x^3*sin({k}*x), x);", "diff(x**3*sin({k}*x), x)"),
    ("integrate(x^2 + {k}*x, x, 0, 1);", "integrate(x**2 + {k}*x, (x, 0, 1))"),
    ("expand((x + y)^(3 + mod({k}, 5)));", "expand((x + y)**(3 + {k} % 5))"),
    ("factor(x^4 - {k}^4);", "factor(x**4 - {k}**4)"),
    ("f(t) := t^2 - {k}*t$", "f = lambda t: t**2 - {k}*t"),
    ("f(7);", "f(7)"),
    ("makelist(f(i), i, 1, 10);", "[f(i) for i in range(1, 11)]"),
    ("for i thru 5 do print(i, i^{k})$", "for i in range(1, 6):\n    print(i, i**{k})"),
    ("float(sqrt(2*1200*{k}/(3/2)));", "sqrt(2*1200*{k}/1.5)"),
    ("sum(1/i, i, 1, {k});", "sum(Fraction(1, i) for i in range(1, {k} + 1))"),
    ("ratsimp((x^2 - {k}^2)/(x - {k}));", "cancel((x**2 - {k}**2)/(x - {k}))"),
)  # fmt: skip
PICTURE = ("plot2d(x^2 - {k}*x, [x, 0, {k}])$", "curve(lambda t: t**2 - {k}*t, 0, {k})")


def cells(count: int, side: int) -> list[str]:
    """The first `count` cells of a day; `side` is 0 for Maxima, 1 for Python."""
    found: list[str] = []
    number = 0
    while len(found) < count:
        number += 1
        exercise: Sequence[tuple[str, str]] = EXERCISE
        if number % PLOT_EVERY == 0:
            exercise = (*EXERCISE[:-1], PICTURE)
        found += [pair[side].replace("{k}", str(number)) for pair in exercise]
    return found[:count]


class _Manager(AsyncKernelManager):
    """Starts the kernel of a side, which need not be installed."""

    side: Side

    @property
    def kernel_spec(self) -> KernelSpec:
        return KernelSpec(
            argv=list(self.side.argv),
            language=self.side.language,
            interrupt_mode=self.side.interrupt_mode,
        )


class OurManager(_Manager):
    """Starts ours."""

    side = OURS


class PeersManager(_Manager):
    """Starts ipykernel."""

    side = PEER


def run_day(codes: Sequence[str], manager: type[_Manager]) -> float:
    """Milliseconds for the whole notebook, from starting the kernel to its end."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code) for code in codes])
    client = NotebookClient(
        notebook, timeout=PATIENCE, kernel_manager_class=manager, kernel_name=manager.side.kernel_name
    )
    begin = time.perf_counter()
    client.execute(stderr=subprocess.DEVNULL)
    return (time.perf_counter() - begin) * 1000


def day(count: int, times: int) -> Figure:
    """The same exercises on both sides; the Python side has one more cell, its imports."""
    ours, peer = cells(count, 0), [PREAMBLE, *cells(count - 1, 1)]
    took = medians(times, lambda: run_day(ours, OurManager), lambda: run_day(peer, PeersManager))
    return Figure(
        f"a day's exercises, {count} cells through nbclient (peer: ipykernel, SymPy, SciPy)",
        "ms", *took, Goal(ratio=1.0),
    )  # fmt: skip
