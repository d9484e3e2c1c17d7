"""What an interrupted picture leaves behind, and what programs say when they find it gone."""

from __future__ import annotations

import contextlib
import re
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GONE_WITHIN = 5.0
"""Seconds that the programs of an interrupted evaluation may take to end, once they are killed."""
LOOK_AGAIN = 0.005
"""Seconds between two looks at them."""

PICTURE = "maximalab-"
"""What the names of our pictures' files begin with, as lisp/plots.lisp gives them."""
FILES = re.compile(r"maximalab-\d+\.(?:svg|gnuplot|data|log|png)")
"""Their whole names."""

NOISE = re.compile(
    r"(?:^\s*\n)?^line 0: Cannot load input from '[^'\n]*/maximalab-\d+\.gnuplot'\n+"
    r"|(?:^; ?\n)?^; compilation unit aborted\n(?:^;   caught \d+ .*\n)*"
    r"|\n?^;;;\n;;; Internal error:\n;;; Detected write access to the environment while interrupts [^\n]*\n;;;\n\n?",
    re.MULTILINE,
)
"""A gnuplot that was started while its script was being removed; an SBCL that compiled when the interrupt came; an ECL
that has given the evaluation up, see lisp/interrupts.lisp."""


def without_noise(said: str) -> str:
    """What an interrupted evaluation has printed on descriptor 2, without what comes of the interrupt alone."""
    return NOISE.sub("", said)


def end_all(programs: Callable[[], list[int]], end: Callable[[list[int]], None]) -> None:
    """End the `programs` that an interrupted evaluation has started, and wait until they are gone and write no more."""
    until = time.monotonic() + GONE_WITHIN
    while (there := programs()) and time.monotonic() < until:
        end(there)
        time.sleep(LOOK_AGAIN)


def remove_pictures(folder: Path) -> None:
    """Remove every file of a picture that is not shown; none is needed between two evaluations."""
    for path in folder.glob(PICTURE + "*"):
        if FILES.fullmatch(path.name):
            with contextlib.suppress(OSError):  # the folder goes with the kernel
                path.unlink()
