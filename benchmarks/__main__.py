"""`python -m benchmarks GROUP`: measure ours and the peer in the same run, print the table, keep it as JSON."""

from __future__ import annotations

import importlib
import importlib.util
import sys

from benchmarks.table import publish

GROUPS = ("kernel", "spawn", "usage", "grading", "orlab")


def main(arguments: list[str]) -> int:
    """Run the group that is named; 2 where there is none, or where it is not there yet."""
    if len(arguments) != 1 or arguments[0] not in GROUPS:
        print(f"usage: python -m benchmarks GROUP, with GROUP one of: {' '.join(GROUPS)}")
        return 2
    group = arguments[0]
    if importlib.util.find_spec(f"benchmarks.{group}") is None:
        print(f"the group {group} has no measurements yet")
        return 2
    publish(group, importlib.import_module(f"benchmarks.{group}").run())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
