"""Writes the kernelspec, so that Jupyter knows of the kernel."""

from __future__ import annotations

import compileall
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from maximalab_kernel.finder import VARIABLE, Installation, NoMaximaError, find
from maximalab_kernel.manual import open_manual
from maximalab_kernel.preparation import prepare

NAME = "maxima"
IMPORTED = ("maximalab_kernel", "zmq")
"""The packages that every start of the kernel loads."""
PATIENCE = 60
"""Seconds that a named program has to tell its version."""
LOGO = Path(__file__).parent / "logo-svg.svg"


def user_data() -> Path:
    """Where Jupyter looks for the kernels of one user."""
    told = os.environ.get("JUPYTER_DATA_DIR")
    if told:
        return Path(told)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Jupyter"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "jupyter"


def data_folders() -> list[Path]:
    """Where Jupyter looks for kernels and for extensions of JupyterLab, beside this Python and on this machine."""
    told = [Path(place) for place in os.environ.get("JUPYTER_PATH", "").split(os.pathsep) if place]
    shared = [Path(place, "share", "jupyter") for place in (sys.prefix, "/usr/local", "/usr")]
    return [*told, user_data(), *shared]


def target(*, user: bool, prefix: str | None) -> Path:
    """The kernelspec's folder: the user's, the prefix's, or that of this Python (`sys.prefix`)."""
    root = user_data() if user else Path(prefix or sys.prefix) / "share" / "jupyter"
    return root / "kernels" / NAME


def compile_packages() -> None:
    """Compile what the kernel loads, so that no start has to: a third of it where Python may keep no bytecode later.

    Folders that are not ours to write stay as they are.
    """
    for name in IMPORTED:
        spec = importlib.util.find_spec(name)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            compileall.compile_dir(folder, quiet=2, rx=re.compile(r"[/\\]tests[/\\]"))


def kernelspec(maxima: str | None) -> dict[str, Any]:
    """The content of `kernel.json`; `maxima` is the program to use, `None` to look for one at each start."""
    spec: dict[str, Any] = {
        # -P: a file json.py beside a notebook is none of Python's.
        "argv": [sys.executable, "-P", "-m", "maximalab_kernel", "-f", "{connection_file}"],
        "display_name": "Maxima",
        "language": "maxima",
        "interrupt_mode": "message",
        "metadata": {"debugger": False},
    }
    if maxima:
        spec["env"] = {VARIABLE: maxima}
    return spec


def installed_maxima() -> str | None:
    """The Maxima that the installed kernel was told to use, that of this Python before the user's; `None` for any."""
    for user in (False, True):
        file = target(user=user, prefix=None) / "kernel.json"
        try:
            spec = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        told = spec.get("env", {}).get(VARIABLE)
        return told if isinstance(told, str) else None
    return None


def refuse_others(installation: Installation) -> None:
    """Raise `NoMaximaError` where a program that was named says at `--version` that it is none, or says nothing."""
    if installation.core is not None or installation.wheel is not None:
        return
    program = installation.command[0]
    try:
        told = subprocess.run(
            [program, "--version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
        ).stdout
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoMaximaError(f"{program} is no Maxima: {error}") from None
    if b"maxima" not in told.lower():
        raise NoMaximaError(f"{program} is no Maxima: {program} --version does not say so")


def install(*, user: bool = False, prefix: str | None = None, maxima: str | None = None) -> Path:
    """Make Maxima ready and write the kernelspec; where it is.

    A Maxima that is named stands in it: `maxima`, else the environment's, which may be another when Jupyter starts.
    Raises `NoMaximaError` where there is no Maxima, and `OSError` where a folder cannot be written.
    """
    maxima = maxima or os.environ.get(VARIABLE)
    installation = find(maxima)
    if maxima:
        refuse_others(installation)
    if installation.wheel is not None:
        prepare(installation.wheel)
    compile_packages()
    open_manual(installation)
    folder = target(user=user, prefix=prefix)
    folder.mkdir(parents=True, exist_ok=True)
    named = str(Path(shutil.which(maxima) or maxima).expanduser().absolute()) if maxima else None
    (folder / "kernel.json").write_text(json.dumps(kernelspec(named), indent=1) + "\n", encoding="utf-8")
    shutil.copyfile(LOGO, folder / LOGO.name)
    return folder
