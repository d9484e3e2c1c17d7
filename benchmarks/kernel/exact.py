"""Exact arithmetic: how long a 30 x 30 linear program and a rational inverse take, and the memory they need."""

from __future__ import annotations

import re
import statistics
import subprocess
from dataclasses import dataclass
from pathlib import Path

from maximalab_kernel.maxima import MaximaProcess
from maximalab_kernel.statements import split
from maximalab_kernel.transport import Frame, Printed

from benchmarks.kernel.sides import debians_maxima, named_peer, our_maxima
from benchmarks.table import Figure, Goal

SIZE = 30
NUMBERS = "s: 1$ r(n) := (s: mod(16807*s, 2147483647), mod(s, n) + 1)$ "
"""The same numbers in every Maxima: the generator of Lewis, Goodman and Miller (1969)."""
CHECK = "check(l) := block([c: 0], for x in l do c: mod(31*c + num(x) + 7*denom(x), 2147483647), c)$ "
"""Two lists of fractions with the same number are the same."""

PROGRAM = (
    NUMBERS
    + 'load("simplex")$ nonnegative_lp: true$ v(j) := concat(x, j)$ '
    + "cost: sum(r(50)*v(j), j, 1, {size})$ "
    + "bounds: makelist(sum(r(50)*v(j), j, 1, {size}) <= 1000 + r(1000), i, 1, {size})$ "
    + "t: elapsed_real_time()$ found: maximize_lp(cost, bounds)$ t: elapsed_real_time() - t$ "
    + CHECK
    + "numbers: cons(first(found), map(rhs, second(found)))$ "
    + 'print("took", t, "found", is(subst(second(found), cost) = first(found)), check(numbers))$'
)
INVERSE = (
    NUMBERS
    + "m: genmatrix(lambda([i, j], r(99)/r(20)), {size}, {size})$ "
    + "t: elapsed_real_time()$ n: invert(m)$ t: elapsed_real_time() - t$ "
    + CHECK
    + 'print("took", t, "found", is(m . n = ident({size})), check(xreduce(append, args(n))))$'
)
ANSWER = re.compile(r"took\s+([0-9.eEdb+-]+)\s+found\s+(true|false)\s+(\d+)")


@dataclass(frozen=True)
class Effort:
    """Milliseconds, and the most memory (MB) that the process ever had."""

    took: float
    peak: float
    check: str
    """Tells one result from another."""


def peak_memory(pid: int) -> float:
    """MB, as the operating system counts (`VmHWM`)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    if found is None:
        raise RuntimeError("no VmHWM: this needs Linux")
    return int(found[1]) / 1024


def effort(said: str, pid: int) -> Effort:
    """What a program that has printed its time needed; raises where its answer was wrong."""
    found = ANSWER.search(said)
    if found is None or found[2] != "true":
        raise RuntimeError(f"a wrong answer: {said[-500:]}")
    return Effort(float(found[1]) * 1000, peak_memory(pid), found[3])


def in_ours(program: str) -> Effort:
    """Run it in a fresh Maxima of the kernel's."""
    maxima = MaximaProcess(our_maxima())
    said = ""
    try:
        for statement in split(program):
            for event in maxima.request("eval", statement.source):
                if isinstance(event, Printed):
                    said += event.text
                elif isinstance(event, Frame) and event.kind == "error":
                    raise RuntimeError(f"{statement.text}: {event.text('message')}")
        if maxima.pid is None:
            raise RuntimeError("Maxima ended")
        return effort(said, maxima.pid)
    finally:
        maxima.close()


def in_debians(maxima: str, program: str) -> Effort:
    """Run it in a fresh Maxima of Debian's."""
    with subprocess.Popen([maxima, "--very-quiet"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("no pipes")
        process.stdin.write(program.encode() + b"\n")
        process.stdin.flush()
        said = ""
        while not ANSWER.search(said):
            line = process.stdout.readline().decode(errors="replace")
            if not line:
                raise RuntimeError(f"{maxima} ended: {said[-500:]}")
            said += line
        found = effort(said, process.pid)
        process.stdin.close()
        return found


def middle(efforts: list[Effort]) -> tuple[float, float]:
    """The medians of time and memory."""
    return (
        statistics.median(each.took for each in efforts), statistics.median(each.peak for each in efforts)
    )  # fmt: skip


def compared(name: str, program: str, times: int, quicker: float) -> list[Figure]:
    """Time and memory of one program, in turns; raises where the results are not all the same."""
    program_there = debians_maxima()
    mine, theirs = [], []
    for _ in range(times):
        mine.append(in_ours(program))
        if program_there:
            theirs.append(in_debians(program_there, program))
    if len({each.check for each in (*mine, *theirs)}) != 1:
        raise RuntimeError(f"{name}: not all results are the same")
    (took, peak), (peers_took, peers_peak) = middle(mine), middle(theirs) if theirs else (None, None)
    return [
        Figure(f"{name} {named_peer()}", "ms", took, peers_took, Goal(ratio=quicker)),
        Figure("… its peak memory", "MB", peak, peers_peak, Goal(ratio=0.2)),
    ]


def exact(times: int, size: int = SIZE) -> list[Figure]:
    """Both programs."""
    name = f"{size} × {size}"
    return [
        *compared(f"{name} exact LP", PROGRAM.replace("{size}", str(size)), times, 0.7),
        *compared(f"{name} rational inverse", INVERSE.replace("{size}", str(size)), times, 0.2),
    ]
