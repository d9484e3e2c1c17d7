"""The Maxima kernel beside ipykernel, its Maxima beside Debian's, and a plot beside bare gnuplot."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from benchmarks.kernel.bare import bare_kernel
from benchmarks.kernel.day import day
from benchmarks.kernel.exact import exact
from benchmarks.kernel.memory import at_once, long_day
from benchmarks.kernel.plots import plots
from benchmarks.kernel.sides import OURS, PEER, our_maxima
from benchmarks.kernel.starting import kernel_start, maxima_start, round_trip

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.table import Figure


@dataclass(frozen=True)
class Rounds:
    """How often each thing is measured, and how large it is."""

    starts: int = 11
    cells: int = 200
    kernels: int = 20
    day: int = 500
    days: int = 3
    long_day: int = 10_000
    plots: int = 41
    whole: int = 1000
    exact: int = 3
    size: int = 30


QUICK = Rounds(starts=1, cells=5, kernels=1, day=20, days=1, long_day=20, plots=1, whole=2, exact=1, size=6)
"""Enough to see that everything runs."""


def warm_up() -> None:
    """Let both sides keep their bytecode, as they do after the first start on any machine of a user's."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    for side in (OURS, PEER):
        with bare_kernel(side) as kernel:
            kernel.ready()
            kernel.run(side.trivial)


def run(*, quick: bool = False, steps: Sequence[str] = ()) -> list[Figure]:
    """Measure everything: some minutes; `quick` in some seconds, for what that is worth. `steps` are words in names."""
    rounds = QUICK if quick else Rounds()
    every: dict[str, Callable[[], list[Figure]]] = {
        "Maxima's start": lambda: [maxima_start(rounds.starts)],
        "the kernel's start": lambda: kernel_start(rounds.starts),
        "round trips": lambda: round_trip(rounds.cells),
        "memory of many": lambda: at_once(rounds.kernels),
        "a day's exercises": lambda: [day(rounds.day, rounds.days)],
        "a long day's memory": lambda: [long_day(rounds.long_day)],
        "plots": lambda: plots(rounds.plots, rounds.whole),
        "exact arithmetic": lambda: exact(rounds.exact, rounds.size),
    }
    maxima = our_maxima()
    print(f"Maxima: {maxima.origin} ({maxima.command[0]})")
    warm_up()
    figures = []
    with Console(stderr=True).status("") as status:
        for name, measure in every.items():
            if steps and not any(word in name for word in steps):
                continue
            status.update(name)
            figures += measure()
    return figures
