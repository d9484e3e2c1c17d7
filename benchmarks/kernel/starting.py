"""How long until the first result: Maxima alone, the kernel's process, the kernel through jupyter_client."""

from __future__ import annotations

import os
import statistics
import subprocess
import tempfile
import time
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import KernelManager

from benchmarks.kernel.bare import bare_kernel
from benchmarks.kernel.sides import NOTHING, OURS, PEER, Side, debians_maxima, named_peer, our_maxima
from benchmarks.table import Figure, Goal
from benchmarks.turns import in_turns, medians

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jupyter_client.blocking.client import BlockingKernelClient

PATIENCE = 60.0


def our_start() -> float:
    """Milliseconds from starting our Maxima to its first result, on the pipes that the kernel speaks to it by."""
    requests, ours = os.pipe()
    answers, frames = os.pipe()
    with (
        tempfile.TemporaryDirectory() as folder,
        os.fdopen(ours, "wb", 0) as ask,
        os.fdopen(answers, "rb") as told,
    ):
        pipes = {
            "MAXIMALAB_REQUESTS": str(requests),
            "MAXIMALAB_FRAMES": str(frames),
            "MAXIMA_TEMPDIR": folder,
        }
        environment = {**os.environ, **our_maxima().environment, **pipes, "LC_ALL": "C.UTF-8"}
        silent = subprocess.DEVNULL
        begin = time.perf_counter()
        maxima = subprocess.Popen(
            our_maxima().command, env=environment, pass_fds=(requests, frames),
            stdin=silent, stdout=silent, stderr=silent,
        )  # fmt: skip
        os.close(requests)
        os.close(frames)
        ask.write(b'(1 :eval "6*7;")\n')
        found = any(b'"text":"42"' in line for line in told)
        took = (time.perf_counter() - begin) * 1000
        maxima.kill()
        maxima.wait()
    if not found:
        raise RuntimeError("6*7 gave no 42")
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
    """The kernel's start beside ipykernel's, and beside that of a kernel that does nothing."""
    sides = (OURS, PEER, NOTHING)
    starts = [[process_start(side) for side in sides] for _ in range(times)]
    (ready, their_ready, least_ready), (first, their_first, _) = (
        [statistics.median(each[which][moment] for each in starts) for which in range(len(sides))]
        for moment in (0, 1)
    )
    waited, they_waited, least = in_turns(times, *(partial(client_start, side) for side in sides))
    return [
        Figure("kernel start to first result (peer: ipykernel)", "ms", first, their_first, Goal(ratio=0.5)),
        Figure(
            "… through jupyter_client, which itself waits 200 ms and more on both sides (peer: ipykernel)",
            "ms", waited, they_waited, Goal(ratio=0.5),
        ),
        Figure(
            "… of a kernel that does nothing, through jupyter_client (peer: ipykernel)", "ms", least, they_waited,
            Goal(),
        ),
        Figure(
            "… ours above that kernel, through jupyter_client (peer: it)", "ms", waited, least, Goal(),
        ),
        Figure("the kernel's own process ready (peer: ipykernel)", "ms", ready, their_ready, Goal(most=150)),
        Figure("… ours above its process (peer: the kernel that does nothing)", "ms", ready, least_ready, Goal()),
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
