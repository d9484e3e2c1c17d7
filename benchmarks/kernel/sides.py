"""The two kernels that are measured, and the Maxima of Debian beside ours."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ipykernel.kernelspec import make_ipkernel_cmd
from maximalab_kernel.finder import Installation, find
from maximalab_kernel.install import kernelspec
from maximalab_kernel.preparation import prepare


@dataclass(frozen=True)
class Side:
    """A kernel: how it is started, and a trivial cell with its TeX."""

    argv: tuple[str, ...]
    kernel_name: str
    language: str
    trivial: str
    with_tex: str
    interrupt_mode: str = "signal"
    before: str = ""
    """A cell to run once, so that `with_tex` works."""


OURS = Side(
    (sys.executable, *kernelspec(None)["argv"][1:]),
    "maxima",
    "maxima",
    "6*7;",
    "6*7;",
    interrupt_mode="message",
)
PEER = Side(
    tuple(make_ipkernel_cmd()),
    "python3",
    "python",
    "6*7",
    "Latex(str(6*7))",
    before="from IPython.display import Latex",
)
"""As ipykernel installs itself."""

NOTHING = Side(
    (sys.executable, "-P", str(Path(__file__).with_name("nothing.py")), "{connection_file}"),
    "nothing", "nothing", "6*7", "6*7", interrupt_mode="message",
)  # fmt: skip
"""No kernel in Python can start sooner than one that does nothing."""


@cache
def our_maxima() -> Installation:
    """The Maxima that our kernel uses here, made ready."""
    installation = find()
    if installation.wheel is not None:
        prepare(installation.wheel)
    return installation


@cache
def debians_maxima() -> str | None:
    """The program `maxima` in PATH, where it is one on GCL, as Debian's package is."""
    program = shutil.which("maxima")
    if program is None:
        return None
    asked = [program, "--very-quiet", "--batch-string=build_info();"]
    said = subprocess.run(asked, capture_output=True, text=True, check=False, timeout=60).stdout
    return program if "GCL" in said else None


def named_peer() -> str:
    """How a figure's name tells of Debian's Maxima."""
    there = "" if debians_maxima() else ", which is not here: apt install maxima"
    return f"(peer: Debian's Maxima on GCL{there})"
