"""How long until the first result: Maxima alone, the kernel's process, the kernel through jupyter_client."""

from __future__ import annotations

import statistics
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager
from maximalab_kernel.maxima import MaximaProcess
from maximalab_kernel.transport import Frame

from benchmarks.kernel.bare import bare_kernel
from benchmarks.kernel.sides import OURS, PEER, Side, debians_maxima, named_peer, our_maxima
from benchmarks.table import Figure, Goal
from benchmarks.turns import medians

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_client.blocking.client import BlockingKernelClient

PATIENCE = 60.0


def our_start() -> float:
    """Milliseconds from starting our Maxima to its first result, as the kernel does it."""
    begin = time.perf_counter()
    maxima = MaximaProcess(our_maxima())
    try:
        told = [event for event in maxima.request("eval", "6*7;") if isinstance(event, Frame)]
        took = (time.perf_counter() - begin) * 1000
    finally:
        maxima.close()
    if [frame.text("text") for frame in told] != ["42"]:
        raise RuntimeError(f"6*7 gave {told}")
    return took


def debians_start(program: str) -> float:
    """The same for a Maxima that is spoken to as in a terminal."""
    begin = time.perf_counter()
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [program, "--very-quiet"], stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL
    ) as maxima:
        if maxima.stdin is None or maxima.stdout is None:
            raise RuntimeError("no pipes")
        maxima.stdin.write(b"6*7;\n")
        maxima.stdin.flush()
        said = b""
        while b"42" not in said:
            line = maxima.stdout.readline()
            if not line:
                raise RuntimeError(f"{program} ended")
            said += line
        took = (time.perf_counter() - begin) * 1000
        maxima.stdin.close()
    return took


def maxima_start(times: int) -> Figure:
    """Maxima without any kernel."""
    program = debians_maxima()
    if program is None:
        ours, peer = statistics.median(our_start() for _ in range(times)), None
    else:
        ours, peer = medians(times, our_start, lambda: debians_start(program))
    return Figure(f"Maxima start to first result {named_peer()}", "ms", ours, peer, Goal(ratio=0.15, most=15))


def process_start(side: Side) -> tuple[float, float]:
    """Milliseconds from starting the process to its readiness, and to its first result."""
    with bare_kernel(side) as kernel:
        ready = kernel.ready()
        kernel.run(side.trivial)
        return ready, kernel.since_start()


class _Manager(KernelManager):
    """Starts the kernel of a spec that is not installed."""

    def use(self, side: Side) -> None:
        self._kernel_spec = KernelSpec(
            argv=list(side.argv), language=side.language, interrupt_mode=side.interrupt_mode
        )


@contextmanager
def client_of(side: Side) -> Iterator[BlockingKernelClient]:
    """A running kernel's client, ready for cells, as Jupyter's own programs have it."""
    manager = _Manager()
    manager.use(side)
    manager.start_kernel(stderr=subprocess.DEVNULL)
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


def client_start(side: Side) -> float:
    """Milliseconds from starting a kernel to its first result, through jupyter_client."""
    begin = time.perf_counter()
    with client_of(side) as client:
        run_cell(client, side.trivial)
        return (time.perf_counter() - begin) * 1000


def kernel_start(times: int) -> list[Figure]:
    """The kernel's start beside ipykernel's."""
    starts = [(process_start(OURS), process_start(PEER)) for _ in range(times)]
    ready, first = (
        tuple(statistics.median(pair[side][which] for pair in starts) for side in (0, 1)) for which in (0, 1)
    )
    waited = medians(times, lambda: client_start(OURS), lambda: client_start(PEER))
    return [
        Figure("kernel start to first result (peer: ipykernel)", "ms", *first, Goal(ratio=0.5)),
        Figure(
            "… through jupyter_client, which itself waits 200 ms and more on both sides (peer: ipykernel)",
            "ms", *waited, Goal(ratio=0.5),
        ),
        Figure("the kernel's own process ready (peer: ipykernel)", "ms", *ready, Goal(most=150)),
    ]  # fmt: skip


def round_trip(times: int) -> list[Figure]:
    """A trivial cell with its TeX."""
    with bare_kernel(OURS) as ours, bare_kernel(PEER) as peer:
        for side, kernel in ((OURS, ours), (PEER, peer)):
            kernel.ready()
            kernel.run(side.before or side.trivial)
        bare = medians(times, lambda: ours.timed(OURS.with_tex), lambda: peer.timed(PEER.with_tex))
    with client_of(OURS) as mine, client_of(PEER) as theirs:
        run_cell(theirs, PEER.before)
        waited = medians(
            times, lambda: run_cell(mine, OURS.with_tex), lambda: run_cell(theirs, PEER.with_tex)
        )
    goal = Goal(ratio=0.5, most=2)
    return [
        Figure("round trip of a trivial cell, with TeX (peer: ipykernel)", "ms", *bare, goal),
        Figure("… through jupyter_client, its own time included (peer: ipykernel)", "ms", *waited, goal),
    ]
