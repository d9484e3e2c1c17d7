"""Differences that are known, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtest.outcomes import Difference

KNOWN: dict[str, dict[str, tuple[int, ...]]] = {
    "tex1() gives what MathJax and LaTeX take, not plain TeX's \\over": {"rtest6b": (25, 26, 27, 28)},
}
"""By reason: for each file the problems that differ for it."""


def unexplained(found: Iterable[Difference]) -> list[Difference]:
    """Those that `KNOWN` does not explain."""
    explained = {
        (file, number) for files in KNOWN.values() for file, numbers in files.items() for number in numbers
    }
    return [difference for difference in found if (difference.file, difference.number) not in explained]
