"""A surface as numbers, so that a front end can let the reader turn it: what docs/surface.schema.json describes."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from maximalab_kernel.palettes import sampled

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from maximalab_kernel.plotscript import Axis, Curve, Script

MIME = "application/vnd.maximalab.surface+json"

MOST_POINTS = 10_000
"""Points of all surfaces of a drawing together; finer grids are thinned."""

MOST_SURFACES = 20
"""An implicit surface comes as hundreds of small ones: for that there is the picture."""

Row = list[tuple[float, ...]]
Numbers = list[float | None]
NAN = float("nan")


@dataclass(frozen=True)
class Block:
    """What was drawn as one curve: rows of points, each of three numbers or four."""

    rows: list[Row]

    @property
    def grid(self) -> bool:
        """Whether the rows make up a surface."""
        return len(self.rows) > 1 and len(self.rows[0]) > 1 and len({len(row) for row in self.rows}) == 1


def point(line: str) -> tuple[float, ...]:
    """The numbers in a line; what is none (`NaN`, `NIL`, an infinity) becomes not-a-number."""
    return tuple(value_of(word) for word in line.split())


def value_of(word: str) -> float:
    """One finite number, or not-a-number."""
    try:
        value = float(word)
    except ValueError:
        return NAN
    return value if math.isfinite(value) else NAN


def block(text: str) -> Block:
    """The rows in `text`, which blank lines separate.

    Raises `ValueError` where a point has not three or four numbers.
    """
    rows = [[point(line) for line in row.splitlines()] for row in re.split(r"\n\s*\n", text.strip("\n"))]
    rows = [row for row in rows if row]
    widths = {len(each) for row in rows for each in row}
    if len(widths) != 1 or not widths <= {3, 4}:
        raise ValueError("points of three numbers are wanted")
    return Block(rows)


def blocks(script: Script, data: Mapping[str, str]) -> list[Block]:
    """The numbers of each curve; `data` has the content of the files that the script names."""
    inline = re.split(r"^e[ \t]*$", script.inline, flags=re.MULTILINE)
    files = {source: re.split(r"\n[ \t]*\n[ \t]*\n", text.strip("\n")) for source, text in data.items()}
    return [
        block(inline.pop(0) if curve.source == "-" else files[curve.source][curve.index])
        for curve in script.curves
    ]


def short(value: float) -> float | None:
    """Six significant digits; `None` for not-a-number."""
    if math.isnan(value):
        return None
    rounded = float(f"{value:.6g}")
    return int(rounded) if rounded.is_integer() and abs(rounded) < 1e15 else rounded  # noqa: PLR2004  exact as both


def column(rows: Sequence[Row], place: int) -> Numbers:
    """One coordinate of all points, row by row."""
    return [short(each[place]) for row in rows for each in row]


def every(count: int, step: int) -> list[int]:
    """Each `step`-th of `count` places, the last one included."""
    places = list(range(0, count, step))
    return places if places[-1] == count - 1 else [*places, count - 1]


def thinned(block: Block, step: int) -> list[Row]:
    """The grid with each `step`-th row and column, its edges kept."""
    rows, columns = every(len(block.rows), step), every(len(block.rows[0]), step)
    return [[block.rows[row][place] for place in columns] for row in rows]


def stride(grids: Sequence[Block]) -> int:
    """How far the grids have to be thinned so that all their points together are not too many."""
    step = 1
    while sum(len(every(len(g.rows), step)) * len(every(len(g.rows[0]), step)) for g in grids) > MOST_POINTS:
        step += 1
    return step


def color_of(curve: Curve) -> str | None:
    """The curve's own colour, or `None` where the palette colours it."""
    if "pm3d" in curve.style:
        return None
    match = re.search(r"(?:lc|lt) rgb ['\"](#[0-9a-fA-F]{6})", curve.style)
    return match[1].lower() if match else "#0000ff"


def surface(curve: Curve, rows: Sequence[Row]) -> dict[str, Any]:
    """One surface; x and y are told once a column and a row where they do not change along them."""
    x, y, z = (column(rows, place) for place in range(3))
    count = len(rows[0])
    told: dict[str, Any] = {"name": curve.title, "rows": len(rows), "columns": count, "x": x, "y": y, "z": z}
    if x == x[:count] * len(rows) and y == [value for value in y[::count] for _ in range(count)]:
        told |= {"x": x[:count], "y": y[::count]}
    values = column(rows, 3) if len(rows[0][0]) > 3 else z  # noqa: PLR2004  a fourth number is the colour's
    if values != z:
        told["values"] = values
    return {**told, "color": color_of(curve)}


def series(curve: Curve, block: Block) -> dict[str, Any]:
    """A line, broken between rows, or points."""
    numbers: list[Numbers] = [[], [], []]
    for row in block.rows:
        for place in range(3):
            gap: Numbers = [None] if numbers[place] and "w l" in curve.style else []
            numbers[place] += [*gap, *column([row], place)]
    x, y, z = numbers
    return {"name": curve.title, "x": x, "y": y, "z": z, "color": color_of(curve) or "#000000"}


def axis(asked: Axis, values: Sequence[float | None]) -> dict[str, Any]:
    """Label and range of an axis: the range that was asked for, else that of the numbers."""
    known = [value for value in values if value is not None] or [0.0]
    low = min(known) if asked.low is None else short(asked.low)
    high = max(known) if asked.high is None else short(asked.high)
    if low is None or high is None or low >= high:
        middle = (low or 0.0) if low == high else 0.0
        low, high = middle - 1, middle + 1
    return {"label": asked.label, "range": [low, high]}


def drawable(script: Script) -> bool:
    """Whether the drawing can be told in numbers at all."""
    lines_and_points = all(
        re.search(r"\b(pm3d|w l|w p|with lines)\b", curve.style) for curve in script.curves
    )
    labels = any("labels" in curve.style for curve in script.curves)
    return (
        script.in_space
        and script.commands == 1
        and not script.logarithmic
        and lines_and_points
        and not labels
    )


def spread(told: Mapping[str, Sequence[Mapping[str, Any]]], name: str) -> list[float | None]:
    """All numbers of the coordinate `name`."""
    return [value for group in told.values() for each in group for value in each[name]]


def numbers_of(script: Script, data: Mapping[str, str]) -> dict[str, Any] | None:
    """The drawing as `MIME`, or `None` where it has no surface, or something that only a picture can show."""
    if not drawable(script):
        return None
    try:
        found = list(zip(script.curves, blocks(script, data), strict=True))
    except (ValueError, LookupError):
        return None
    grids = [each for _, each in found if each.grid]
    if not 0 < len(grids) <= MOST_SURFACES or sum(len(each.rows) for _, each in found) > MOST_POINTS:
        return None
    step = stride(grids)
    told = {
        "surfaces": [surface(curve, thinned(each, step)) for curve, each in found if each.grid],
        "lines": [series(c, each) for c, each in found if not each.grid and "w l" in c.style],
        "points": [series(c, each) for c, each in found if not each.grid and "w p" in c.style],
    }
    told = {name: group for name, group in told.items() if group}
    axes = {name: axis(script.axes[name], spread(told, name)) for name in ("x", "y", "z")}
    return {
        "version": 1, "title": script.title, "axes": axes, **told, "palette": sampled(script.palette),
        "view": {"elevation": short(script.elevation), "azimuth": short(script.azimuth)}, "equal": script.equal,
    }  # fmt: skip
