"""A closed kernel's second wall, below Maxima: what its process, and what that starts, may do to files, by Landlock.

The first are the lists of lisp/closed.lisp, which refuse by name and say so. What gets by them ends here.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from maximalab_kernel import landlock
from maximalab_kernel.finder import SERVER, find_gnuplot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from maximalab_kernel.finder import Installation

FURTHER = "MAXIMALAB_CLOSED_FOLDERS"
"""Folders, with colons between, that a Maxima in an unusual place needs to read, and to start programs from."""

SYSTEM = (
    "/usr", "/bin", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/fonts", "/var/cache/fontconfig", "/etc/localtime",
    "/sys/devices/system/cpu", "/proc/cpuinfo", "/proc/meminfo", "/proc/stat",
    "/dev/urandom", "/dev/random", "/dev/zero",
)  # fmt: skip
"""Programs, libraries, fonts, the time zone: nothing of anybody's own."""
SHELL = "/bin/sh"
"""By which Maxima starts gnuplot."""
PROGRAMS = ("/usr", "/bin", "/lib")
"""For a Maxima behind a script, and for GCL, which compiles packages with gcc."""
OF_A_PROGRAM = ("lib", "lib64", "libexec", "share")
NOTHING = "/dev/null"


@dataclass(frozen=True)
class Wall:
    """Files and folders by what may be done to them; everything else is barred."""

    read: tuple[str, ...]
    run: tuple[str, ...]
    write: tuple[str, ...]

    def ruleset(self) -> landlock.Ruleset:
        """As the system has it; raises `OSError`."""
        rules = landlock.Ruleset()
        rules.grant(landlock.READ, self.read)
        rules.grant(landlock.RUN, self.run)
        rules.grant(landlock.WRITE, self.write)
        return rules


def loaders() -> tuple[str, ...]:
    """What the system starts every program by that has shared libraries."""
    return tuple(
        f"{folder}/{name}"
        for folder in ("/lib64", "/lib")
        if os.path.isdir(folder)  # noqa: PTH112  a start waits for it
        for name in os.listdir(folder)  # noqa: PTH208
        if name.startswith("ld-")
    )


def belongings(program: str) -> tuple[str, ...]:
    """Where a program outside the system's folders has its libraries and data; a wheel's lie beside it."""
    prefix = Path(program).resolve().parent.parent
    return (*(f"{prefix}/{name}" for name in OF_A_PROGRAM), f"{prefix}.libs")


def around_maxima(installation: Installation, folder: Path, notebook: str, further: str = "") -> Wall:
    """What Maxima needs, whose `folder` for plots is the only place that it may write to."""
    program, gnuplot = installation.command[0], find_gnuplot() or ""
    own = [folder for folder in further.split(os.pathsep) if folder]
    read = [*SYSTEM, str(SERVER.parent), notebook, *own, *(belongings(gnuplot) if gnuplot else ())]
    run = [program, gnuplot, SHELL, *loaders(), *own]
    if installation.core is not None:
        read.append(str(installation.core.parent))
    elif installation.wheel is not None:
        root = installation.wheel
        read += [str(root), *(f"{root.parent}/passagemath_{name}.libs" for name in ("ecl", "maxima"))]
    else:
        read += belongings(program)
        run += PROGRAMS
    return Wall(tuple(read), tuple(run), (str(folder), NOTHING))


def around_gnuplot(gnuplot: str, folder: Path) -> Wall:
    """What gnuplot needs that the kernel starts itself on a script in `folder`."""
    return Wall((*SYSTEM, *belongings(gnuplot)), (gnuplot, *loaders()), (str(folder), NOTHING))


@contextmanager
def built(wall: Wall) -> Iterator[Callable[[], None]]:
    """What a child does to get behind the wall, before it becomes another program."""
    rules = wall.ruleset()

    def enter() -> None:
        rules.grant(landlock.READ, ["/proc/self"])  # ECL's collector looks there for its own memory
        rules.enter()

    try:
        yield enter
    finally:
        rules.close()
