"""What people type: `install`, `prepare`, `check`."""

from __future__ import annotations

import argparse
import os
from typing import TYPE_CHECKING

from maximalab_kernel.finder import CORE_FOLDERS, VARIABLE, find

if TYPE_CHECKING:
    from collections.abc import Sequence


def parser() -> argparse.ArgumentParser:
    """The words that are known, and their options."""
    words = argparse.ArgumentParser(prog="maximalab_kernel", description="Maxima for Jupyter")
    words.add_argument("-f", dest="connection_file", help="run the kernel on this connection file")
    commands = words.add_subparsers(dest="command")
    install = commands.add_parser("install", help="make the kernel known to Jupyter")
    place = install.add_mutually_exclusive_group()
    place.add_argument("--user", action="store_true", help="for this user only")
    place.add_argument("--sys-prefix", action="store_true", help="for this Python (the default)")
    place.add_argument("--prefix", help="under PREFIX/share/jupyter/kernels")
    for command in (
        install,
        commands.add_parser("prepare", help="make a Maxima from a wheel ready (install does it, too)"),
        commands.add_parser("check", help="see whether Maxima, its packages and plots work"),
    ):
        command.add_argument(
            "--maxima",
            help="a maxima program, or the folder of a saved core"
            f" (default: MAXIMALAB_MAXIMA, a saved core in {' or '.join(CORE_FOLDERS)}, wheel, PATH)",
        )
    return words


def _install(options: argparse.Namespace) -> int:
    from maximalab_kernel.install import install  # noqa: PLC0415

    print(f"installed: {install(user=options.user, prefix=options.prefix, maxima=options.maxima)}")  # noqa: T201
    return 0


def _prepare(options: argparse.Namespace) -> int:
    from maximalab_kernel.preparation import prepare  # noqa: PLC0415

    wheel = find(options.maxima).wheel
    print(f"prepared: {prepare(wheel) if wheel else 0} files")  # noqa: T201
    return 0


def _check(options: argparse.Namespace) -> int:
    from maximalab_kernel.check import findings  # noqa: PLC0415
    from maximalab_kernel.install import installed_maxima  # noqa: PLC0415

    sick = 0
    told = options.maxima or os.environ.get(VARIABLE) or installed_maxima()
    for finding in findings(told):
        sick += bool(finding.remedy) and finding.needed
        mark = "ok" if not finding.remedy else "!!" if finding.needed else "! "
        print(f"{mark}  {finding.what}: {finding.said}")  # noqa: T201
        if finding.remedy:
            print(f"    -> {finding.remedy}")  # noqa: T201
    return 1 if sick else 0


def run(arguments: Sequence[str]) -> int:
    """Do what `arguments` say; the exit status. Raises `NoMaximaError`, and `OSError` where a folder is closed."""
    words = parser()
    options = words.parse_args(arguments)
    if options.connection_file:
        from maximalab_kernel.__main__ import run_kernel  # noqa: PLC0415  it loads nothing of this

        return run_kernel(options.connection_file)
    if options.command:
        return {"install": _install, "prepare": _prepare, "check": _check}[options.command](options)
    words.print_help()
    return 2
