"""What the notebook is shown of a result: text, LaTeX, a table where a matrix is too large for that."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from maximalab_kernel.words import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from maximalab_kernel.transport import Frame

PERCENT = r"$\%$"
"""The sign in a tag, which is text: there, MathJax 2, and 3 without its text macros, would show the backslash, too."""


def result_bundle(frame: Frame) -> tuple[dict[str, Any], dict[str, Any]]:
    """Data and metadata of a result: `(%o1) 2` as text, and LaTeX with the label as its tag where there is any."""
    label, text, latex = frame.text("label"), frame.text("text"), frame.text("latex")
    text += cut_notice(frame)
    separator = "\n" if "\n" in text else " "
    data = {"text/plain": f"({label}){separator}{text}" if label else text}
    if latex:
        tag = "\\tag{" + label.replace("%", PERCENT) + "}" if label else ""
        data["text/latex"] = f"\\begin{{equation*}}{latex}{tag}\\end{{equation*}}"
    cells, columns = frame.fields.get("cells") or [], int(frame.fields.get("columns") or 0)
    if cells and columns > 0:
        data["text/html"] = table(label, cells, columns)
    return data, {"maximalab": {"label": label}}


def cut_notice(frame: Frame) -> str:
    """What is said below a result of which only the beginning was sent; empty where it is all there."""
    size, shown = int(frame.fields.get("size") or 0), len(frame.text("text"))
    path = frame.text("path")
    if size <= shown:
        return ""
    if not path:
        return "\n" + say("result_cut", size=size, shown=shown)
    return "\n" + say(
        "result_kept" if frame.fields.get("whole") else "result_begun", size=size, shown=shown, path=path
    )


def table(label: str, cells: Sequence[str], columns: int) -> str:
    """A matrix as a table with numbers of rows and columns, which a browser can scroll."""
    from html import escape  # noqa: PLC0415  its table of all characters is not for every start

    head = "".join(f"<th>{column}</th>" for column in range(1, columns + 1))
    rows = "".join(
        f"<tr><th>{row}</th>"
        + "".join(f"<td>{escape(cell)}</td>" for cell in cells[start : start + columns])
        + "</tr>"
        for row, start in enumerate(range(0, len(cells), columns), 1)
    )
    return (
        '<div style="overflow-x: auto"><table>'
        f"<thead><tr><th>{escape(label)}</th>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
