"""`./lab rtest [FILE…]`: Maxima's own test suite through the kernel, beside Maxima alone."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_kernel.finder import HEAP_VARIABLE, from_core
from maximas import TEST_CORE

from rtest.alonerun import HEAP, ThroughAlone
from rtest.comparing import Compared, Comparison
from rtest.kernelrun import ThroughKernel
from rtest.suite import suite

if TYPE_CHECKING:
    from collections.abc import Sequence

SECONDS = 5.0
"""Of processor time, for a problem."""


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="./lab rtest", description=__doc__)
    parser.add_argument("files", nargs="*", help="names such as rtest1; without any, the whole suite")
    parser.add_argument(
        "--core", default=os.environ.get(TEST_CORE), help="the folder of images/maxima/build --plain"
    )
    parser.add_argument(
        "--seconds", type=float, default=SECONDS, help=f"of processor time for a problem ({SECONDS:g})"
    )
    return parser.parse_args()


def report(comparison: Comparison) -> Compared:
    """Compare a file and tell what came of it."""
    start = time.monotonic()
    compared = comparison.compare()
    print(f"{compared} ({time.monotonic() - start:.0f} s)", flush=True)
    for difference in compared.unexplained:
        print(difference, flush=True)
    return compared


def summary(files: Sequence[Compared], seconds: float) -> str:
    """All files in one line."""
    counted = {
        "problems": sum(file.problems for file in files),
        "the same": sum(file.same for file in files),
        "explained": sum(file.explained for file in files),
        "unexplained": sum(len(file.unexplained) for file in files),
        "too slow on both sides": sum(len(file.slow) for file in files),
        "end Maxima alone": sum(len(file.ended) for file in files),
        "stopped for their memory": sum(len(file.stopped) for file in files),
    }
    told = ", ".join(f"{number:,} {what}" for what, number in counted.items())
    return f"{len(files)} files: {told} ({seconds:,.0f} s)"


def main() -> int:
    """Run, and tell each difference as it is found; 1 where one is not explained."""
    told = arguments()
    os.environ[HEAP_VARIABLE] = HEAP
    folder = Path(told.core or "~/.local/share/maximalab/maxima").expanduser().resolve()
    installation, plain = from_core(folder), folder / "plain.core"
    if installation is None or not plain.is_file():
        print(
            f"{folder} has no core with a plain.core beside it: images/maxima/build --plain --prefix {folder}"
        )
        return 2
    chosen = [file for file in suite(folder) if not told.files or file.stem in told.files]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):  # some problems write files
        kernel, alone = ThroughKernel(installation), ThroughAlone(plain, Path(scratch))
        files = [report(Comparison(file, kernel, alone, told.seconds)) for file in chosen]
    print(summary(files, time.monotonic() - began))
    return 1 if any(file.unexplained for file in files) else 0


if __name__ == "__main__":
    sys.exit(main())
