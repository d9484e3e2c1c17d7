"""`python -m benchmarks GROUP`: measure ours and the peer in the same run, print the table, keep it as JSON."""

from __future__ import annotations

import importlib
import importlib.util
import sys

from benchmarks.table import publish

GROUPS = ("kernel", "spawn", "usage", "grading", "orlab")
QUICK = "--quick"
USAGE = f"""usage: python -m benchmarks GROUP [{QUICK}] [STEP...], with GROUP one of: {" ".join(GROUPS)}
{QUICK}: few rounds, to see that it runs; the figures say little, and go to a file of their own
STEP: of the kernel, measure only what has this word in its name, as in `kernel start exact`; of usage, only these of
its parts: ingest, large, pages, as in `usage pages`; into a file of its own"""
STEPS: dict[str, tuple[str, ...] | None] = {"kernel": None, "usage": ("ingest", "large", "pages")}
"""Groups of which some can be measured alone, and by which words; None: by any."""


def main(arguments: list[str]) -> int:
    """Run the group that is named; 2 where there is none, or where it is not there yet."""
    quick, words = QUICK in arguments, [word for word in arguments if word != QUICK]
    group, steps = words[:1], tuple(words[1:])
    if (
        not group
        or group[0] not in GROUPS
        or any(word.startswith("-") or not _is_step(group[0], word) for word in steps)
    ):
        print(USAGE)
        return 2
    if importlib.util.find_spec(f"benchmarks.{group[0]}") is None:
        print(f"the group {group[0]} has no measurements yet")
        return 2
    only = {"steps": steps} if steps else {}
    figures = importlib.import_module(f"benchmarks.{group[0]}").run(quick=quick, **only)
    publish("-".join((*group, *steps, *(["quick"] if quick else []))), figures)
    return 0


def _is_step(group: str, word: str) -> bool:
    known = STEPS.get(group, ())
    return known is None or word in known


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
