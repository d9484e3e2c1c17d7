"""`./lab classroom`: a class of simulated students while the usage service hangs, is killed and has a full disk."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from classroom.lesson import Lesson, hold


def arguments() -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="./lab classroom", description=__doc__)
    parser.add_argument(
        "--students", type=int, default=30, help="how many; each takes some 200 MB (default: 30)"
    )
    parser.add_argument(
        "--outage", type=float, default=600.0, help="seconds that the service hangs (default: 600)"
    )
    parser.add_argument("--pause", type=float, default=10.0, help="seconds between two cells (default: 10)")
    return parser.parse_args()


def main() -> int:
    """Hold the lesson and tell each step; 1 where a run was lost or counted twice."""
    told = arguments()
    if os.geteuid() != 0:
        print("Only root may mount the small disk that this fills. Run it as root.", file=sys.stderr)
        return 2
    began = time.monotonic()

    def say(step: str) -> None:
        print(f"{time.monotonic() - began:6.0f} s  {step}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        verdict = hold(Lesson(told.students, told.outage, told.pause), Path(folder), say)
    for fault in verdict.faults:
        say(fault)
    whole = verdict.completeness
    say(
        f"{verdict.answered} runs were answered, {len(verdict.faults)} faults; {whole.starts} starts of senders,"
        f" {whole.received} events received, {whole.missing} missing"
    )
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    sys.exit(main())
