"""A process of its own that keeps programs alive by `Supervisor`, until its standard input is closed.

A supervisor collects every child of its process, so it must not live in the tests' own process.
Arguments: a folder, then for each program a name and the text of a Python program.
"""

from __future__ import annotations

import os
import select
import sys
from pathlib import Path

from maximalab_hub.lab.processes import GivenUpError, Program, Supervisor


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(folder: Path, words: list[str]) -> int:
    pairs = zip(words[::2], words[1::2], strict=True)
    programs = [
        Program(name, [sys.executable, "-c", text], dict(os.environ), folder, folder / f"{name}.log")
        for name, text in pairs
    ]
    supervisor = Supervisor(programs, folder / "processes.json", say)
    supervisor.start()
    code = 0
    try:
        while not select.select([sys.stdin], [], [], 0.05)[0]:
            supervisor.step()
    except GivenUpError as error:
        say(str(error))
        code = 3
    finally:
        supervisor.stop()
    return code


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
