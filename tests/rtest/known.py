"""Differences that are known, each with its reason."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtest.outcomes import Difference

KNOWN: dict[str, dict[str, tuple[int, ...]]] = {
    "tex1() gives what MathJax and LaTeX take, not plain TeX's \\over": {"rtest6b": (25, 26, 27, 28)},
}
"""By reason: for each file the problems that differ for it."""

PLOTS = "a plot is drawn at once, into a file that is shown: Maxima alone pipes it to a window and answers `false`"
OWN_PLOT = re.compile(r'\["[^"]*/maximalab-\d+\.gnuplot","[^"]*/maximalab-\d+\.(?:svg|png)"\]')
SCRIPT = re.compile(r'"[^"]*\.gnuplot",')
FOLDER = re.compile(r'(?<=")/[^"]*/')


def of_a_plot(difference: Difference) -> bool:
    """Whether the results differ only in the files that a plot is made of."""
    if (
        difference.kernel is None
        or difference.alone is None
        or difference.kernel.kind != difference.alone.kind
    ):
        return False
    ours = SCRIPT.sub("", OWN_PLOT.sub("false", difference.kernel.text))
    return FOLDER.sub("", ours) == FOLDER.sub("", difference.alone.text)


def reason_of(difference: Difference) -> str | None:
    """Why a problem differs, where that is known."""
    for reason, files in KNOWN.items():
        if difference.number in files.get(difference.file, ()):
            return reason
    return PLOTS if of_a_plot(difference) else None
