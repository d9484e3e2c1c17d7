"""`python -m maximalab_kernel`: the kernel itself (`-f`), and what people type (see `commands`)."""

from __future__ import annotations

import contextlib
import os
import signal
import sys

AS_JUPYTER_CALLS = 2
"""Arguments: `-f` and the connection file. `jupyter run` puts the file that it reads behind them."""


def run_kernel(connection_file: str) -> int:
    """Serve a notebook until Jupyter ends it; the exit status.

    The ports are opened and Maxima is started before zmq is even loaded, so that a client need not try twice and
    both get ready at the same time. Raises `NoMaximaError` and `OSError` where the kernel cannot begin.
    """
    import json  # noqa: PLC0415  the commands need none of these

    from maximalab_kernel.listening import listen  # noqa: PLC0415

    with open(connection_file, encoding="utf-8") as file:  # noqa: PTH123  a path as Jupyter gives it
        connection = json.load(file)
    listening = listen(connection)
    from maximalab_kernel.finder import find  # noqa: PLC0415
    from maximalab_kernel.maxima import MaximaProcess  # noqa: PLC0415
    from maximalab_kernel.transport import MaximaDiedError  # noqa: PLC0415

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # interrupts come as messages
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    told = int(os.environ.get("JPY_PARENT_PID") or 0)
    parent = told if told == os.getppid() else 0  # asked at once: it may be gone when the rest is loaded
    installation = find()
    transport = MaximaProcess(installation)
    try:
        with contextlib.suppress(MaximaDiedError):  # the first cell tries again, and says what is wrong
            transport.start()
        from maximalab_kernel.channels import Channels  # noqa: PLC0415  Maxima is on its way meanwhile
        from maximalab_kernel.kernel import Kernel  # noqa: PLC0415
        from maximalab_kernel.lookup import Help  # noqa: PLC0415

        channels = Channels(connection, listening)
        Kernel(channels, transport, Help(installation), parent).serve()
    finally:
        transport.close()
    return 0


def main() -> int:
    """Do what the command line says; the exit status."""
    from maximalab_kernel.finder import NoMaximaError  # noqa: PLC0415

    arguments = sys.argv[1:]
    try:
        if len(arguments) >= AS_JUPYTER_CALLS and arguments[0] == "-f":
            return run_kernel(arguments[1])
        from maximalab_kernel.commands import run  # noqa: PLC0415  a kernel needs none of them

        return run(arguments)
    except (NoMaximaError, OSError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        return 1


if __name__ == "__main__":
    sys.exit(main())
