"""`./lab rtest [FILE…]`: Maxima's own test suite through the kernel, beside Maxima alone."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
import time
from pathlib import Path

from maximalab_kernel.finder import HEAP_VARIABLE, from_core
from maximas import TEST_CORE

from rtest.known import unexplained
from rtest.outcomes import differences
from rtest.runs import HEAP, suite, through_alone, through_kernel


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="./lab rtest", description=__doc__)
    parser.add_argument("files", nargs="*", help="names such as rtest1; without any, the whole suite")
    parser.add_argument(
        "--core", default=os.environ.get(TEST_CORE), help="the folder of images/maxima/build --plain"
    )
    return parser.parse_args()


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
    total, found, began = 0, [], time.monotonic()
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):  # some problems write files
        for file in suite(folder):
            if told.files and file.stem not in told.files:
                continue
            start = time.monotonic()
            kernel, alone = through_kernel(installation, file), through_alone(plain, file, Path(scratch))
            differing = differences(file.stem, kernel, alone)
            new = unexplained(differing)
            total, found = total + len(alone), found + new
            print(
                f"{file.stem}: {len(alone)} problems, {len(differing)} different, {len(new)} of them unexplained"
                f" ({time.monotonic() - start:.0f} s)",
                flush=True,
            )
            for difference in new:
                print(difference, flush=True)
    print(f"{total} problems in {time.monotonic() - began:.0f} s; {len(found)} differ and are not explained")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
