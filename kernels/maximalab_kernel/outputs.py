"""What the notebook is shown: results as text and LaTeX, printed text up to a limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maximalab_kernel.words import say

if TYPE_CHECKING:
    from maximalab_kernel.transport import Frame

STREAM_LIMIT = 1_000_000
"""Characters that one cell may print."""

RESULT_LIMIT = 100_000
"""Characters of one result that Maxima's server sends (see lisp/display.lisp)."""


def result_bundle(frame: Frame) -> tuple[dict[str, Any], dict[str, Any]]:
    """Data and metadata of a result: `(%o1) 2` as text, and LaTeX with the label as its tag where there is any."""
    label, text, latex = frame.text("label"), frame.text("text"), frame.text("latex")
    size = int(frame.fields.get("size") or 0)
    if size > RESULT_LIMIT:
        text += "\n" + say("result_cut", size=size, limit=RESULT_LIMIT)
    separator = "\n" if "\n" in text else " "
    data = {"text/plain": f"({label}){separator}{text}" if label else text}
    if latex:
        tag = "\\tag{" + label.replace("%", "\\%") + "}" if label else ""
        data["text/latex"] = f"\\begin{{equation*}}{latex}{tag}\\end{{equation*}}"
    return data, {"maximalab": {"label": label}}


class PrintedText:
    """Counts what one cell prints, and cuts it off with a notice at the limit."""

    def __init__(self, limit: int = STREAM_LIMIT) -> None:
        """`limit` is in characters."""
        self._limit = limit
        self._seen = 0

    def admit(self, text: str) -> str:
        """As much of `text` as may still be shown; at the limit with a notice, beyond it nothing."""
        room = self._limit - self._seen
        self._seen += len(text)
        if len(text) <= room:
            return text
        return text[:room] + say("output_cut", limit=self._limit) if room >= 0 else ""
