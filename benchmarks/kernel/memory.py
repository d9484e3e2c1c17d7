"""What kernels cost in memory: many at once, and one over a long day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from benchmarks.kernel.bare import Bare, bare_kernel, bare_kernels
from benchmarks.kernel.sides import OURS, PEER, Side
from benchmarks.table import Figure, Goal

if TYPE_CHECKING:
    from collections.abc import Callable

MB = 1024.0


def tree(pid: int) -> list[int]:
    """The process and all that it has started."""
    root = psutil.Process(pid)
    return [pid, *(child.pid for child in root.children(recursive=True))]


def pss(pid: int) -> float:
    """MB of a process: what it has alone, and its share of what it shares with others."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / MB


def own(pid: int) -> float:
    """MB that a process has written itself; what is mapped from files costs nothing that grows."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Private_Dirty:")) / MB


def total(kernels: list[Bare]) -> float:
    """MB of all kernels with what they have started, each shared page counted once."""
    return sum(pss(pid) for kernel in kernels for pid in tree(kernel.process.pid))


def of_many(side: Side, count: int) -> float:
    """MB of `count` kernels that have each run a cell."""
    with bare_kernels([side] * count) as kernels:
        for kernel in kernels:
            kernel.run(side.trivial)
        return total(kernels)


def at_once(count: int) -> list[Figure]:
    """Our kernels with their Maxima beside as many ipykernels alone."""
    ours, peer = of_many(OURS, count), of_many(PEER, count)
    return [
        Figure(
            f"{count} kernels with their Maxima, sum of PSS (peer: {count} ipykernels alone)",
            "MB", ours, peer, Goal(ratio=0.7),
        ),
        Figure("… of one of them (peer: ipykernel alone)", "MB", ours / count, peer / count, Goal(most=38)),
    ]  # fmt: skip


def growth(side: Side, cells: int, cell: Callable[[int], str]) -> list[float]:
    """MB that kernel and Maxima have written, after a tenth of the cells, two tenths, and so on."""
    curve = []
    with bare_kernel(side) as kernel:
        kernel.ready()
        for number in range(1, cells + 1):
            kernel.run(cell(number))
            if number % (cells // 10) == 0:
                curve.append(sum(own(pid) for pid in tree(kernel.process.pid)))
    return curve


def our_cell(number: int) -> str:
    """A cell of a day: a small matrix, a sum, an equation, a text."""
    return (
        f"matrix([{number}, x], [3, y^2]);",
        f"sum(i^2, i, 1, {number % 50}) + x*y;",
        f"solve(x^2 - {number}*x + 6 = 0, x);",
        f'print("cell", {number})$',
        f"f(t) := t^2 - {number}$ f(7);",
    )[number % 5]


def python_cell(number: int) -> str:
    """The same in plain Python."""
    return (
        f"[[{number}, 'x'], [3, 'y']]",
        f"sum(i**2 for i in range({number % 50}))",
        f"[({number} + ({number}**2 - 24)**0.5) / 2]",
        f"print('cell', {number})",
        f"f = lambda t: t**2 - {number}\nf(7)",
    )[number % 5]


def long_day(cells: int) -> Figure:
    """How much a day's notebook adds to a kernel's memory, once it has warmed up."""
    ours, peer = growth(OURS, cells, our_cell), growth(PEER, cells, python_cell)
    print(
        "ours:", *(f"{each:.1f}" for each in ours), "MB; ipykernel:", *(f"{each:.1f}" for each in peer), "MB"
    )
    return Figure(
        f"memory that the last nine tenths of {cells} cells add (peer: ipykernel)",
        "MB", ours[-1] - ours[0], peer[-1] - peer[0], Goal(most=8),
    )  # fmt: skip
