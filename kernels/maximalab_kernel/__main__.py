"""`python -m maximalab_kernel`: the kernel itself (`-f`), and `install`, `prepare`, `check`."""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import signal
import sys
from pathlib import Path

from maximalab_kernel.finder import NoMaximaError, find


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="maximalab_kernel", description="Maxima for Jupyter")
    parser.add_argument(
        "-f", dest="connection_file", type=Path, help="run the kernel on this connection file"
    )
    commands = parser.add_subparsers(dest="command")
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
            "--maxima", help="the maxima program to use (default: MAXIMALAB_MAXIMA, wheel, PATH)"
        )
    return parser


def _run_kernel(connection_file: Path) -> int:
    from maximalab_kernel.channels import Channels  # noqa: PLC0415  the commands need no sockets
    from maximalab_kernel.kernel import Kernel  # noqa: PLC0415
    from maximalab_kernel.maxima import MaximaProcess  # noqa: PLC0415
    from maximalab_kernel.transport import MaximaDiedError  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # interrupts come as messages
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    parent = int(os.environ.get("JPY_PARENT_PID") or 0)
    transport = MaximaProcess(find())
    try:
        with contextlib.suppress(MaximaDiedError):  # the first cell tries again, and says what is wrong
            transport.start()
        kernel = Kernel(
            Channels.from_file(connection_file), transport, parent if parent == os.getppid() else 0
        )
        kernel.serve()
    finally:
        transport.close()
    return 0


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

    sick = 0
    for finding in findings(options.maxima):
        sick += bool(finding.remedy)
        print(f"{'!!' if finding.remedy else 'ok'}  {finding.what}: {finding.said}")  # noqa: T201
        if finding.remedy:
            print(f"    -> {finding.remedy}")  # noqa: T201
    return 1 if sick else 0


def main() -> int:
    """Do what the command line says; the exit status."""
    logging.basicConfig(level=logging.WARNING, format="maximalab_kernel: %(levelname)s: %(message)s")
    parser = _parser()
    options = parser.parse_args()
    try:
        if options.connection_file:
            return _run_kernel(options.connection_file)
        if options.command:
            return {"install": _install, "prepare": _prepare, "check": _check}[options.command](options)
    except (NoMaximaError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1
    parser.print_help()
    return 2


if __name__ == "__main__":
    sys.exit(main())
