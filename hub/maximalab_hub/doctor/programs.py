"""Checks of what is installed: Python, Maxima, gnuplot, Node and the proxy, the kernelspec."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from maximalab_hub.doctor.finding import Finding, ok, wrong
from maximalab_hub.lab import node

OLDEST_PYTHON = (3, 11)
LONGEST = 60.0
"""Seconds that a program may take to answer."""
SET_UP = "Run: ./lab setup"


def python() -> Finding:
    """Is Python new enough."""
    found = ".".join(map(str, sys.version_info[:3]))
    if sys.version_info < OLDEST_PYTHON:
        return wrong(found, "Install Python 3.11 or newer, then run: PYTHON=python3.13 ./lab setup")
    return ok(found)


def maxima() -> Finding:
    """Check that Maxima starts and computes 6*7."""
    code, said = answer([sys.executable, "-m", "maximalab_kernel", "check"])
    if code == 0:
        return ok(said.removeprefix("ok").strip())
    return wrong(said, "See all of it: python -m maximalab_kernel check. It may help to run: ./lab setup")


def gnuplot() -> Finding:
    """Is there a gnuplot, for plots."""
    beside = Path(sys.executable).with_name("gnuplot")
    program = shutil.which("gnuplot") or (str(beside) if beside.exists() else None)
    if program is None:
        return wrong("none found", f"{SET_UP}, or install your system's package gnuplot-nox")
    code, said = answer([program, "--version"])
    return ok(said) if code == 0 else wrong(said, SET_UP)


def proxy() -> Finding:
    """Are Node and the entrances' proxy there, and do they start."""
    venv = Path(sys.prefix)
    found, program = node.find(venv), venv / "proxy" / node.CHP
    if found is None:
        return wrong("no Node of version 20 or newer", SET_UP)
    if not program.is_file():
        return wrong("the proxy is not installed", SET_UP)
    code, said = answer([found.node, str(program), "--version"])
    return ok(f"configurable-http-proxy {said} on {found.node}") if code == 0 else wrong(said, SET_UP)


def kernelspec() -> Finding:
    """Is the kernel `maxima` known to Jupyter, and its Python there."""
    file = Path(sys.prefix) / "share" / "jupyter" / "kernels" / "maxima" / "kernel.json"
    try:
        program = Path(json.loads(file.read_text(encoding="utf-8"))["argv"][0])
    except (OSError, ValueError, LookupError, TypeError):
        return wrong(f"{file} is missing or unreadable", SET_UP)
    if shutil.which(program) is None:
        return wrong(f"{file} names {program}, which is not there", SET_UP)
    return ok(str(file))


def answer(command: list[str]) -> tuple[int, str]:
    """Run a program; give its exit code and the first line that it says, cut to 120 characters."""
    try:
        ran = subprocess.run(command, capture_output=True, text=True, timeout=LONGEST, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return 1, str(error)[:120]
    lines = [line.strip() for line in (ran.stdout + "\n" + ran.stderr).splitlines() if line.strip()]
    # A program that fails says why at the end.
    said = (lines[-1] if ran.returncode else lines[0]) if lines else "(no word)"
    return ran.returncode, said[:120]
