"""One figure of a benchmark with its goal, and how a group of them is shown and kept."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

OUT = Path(__file__).parent / "out"
HEADINGS = ("figure", "unit", "ours", "peer", "ratio", "goal", "met")
NUMBERS = {"ours", "peer", "ratio"}


@dataclass(frozen=True)
class Goal:
    """What a figure is to be; each part that is given must hold. Without any, the figure is there to compare with."""

    ratio: float | None = None
    """At most so many times the peer's."""
    most: float | None = None
    """At most this, in the figure's unit."""
    above: float | None = None
    """At most so much more than the peer's."""
    least: float | None = None
    """At least this."""

    def __str__(self) -> str:
        """All parts, as the table and the JSON show them."""
        parts = (
            ("≤ {:g} ×", self.ratio),
            ("≤ {:g}", self.most),
            ("≤ peer + {:g}", self.above),
            ("≥ {:g}", self.least),
        )
        return ", ".join(form.format(value) for form, value in parts if value is not None)

    def met(self, ours: float, peer: float | None) -> bool | None:
        """Whether it holds; `None` where there is none, or it hangs on a peer that was not there."""
        if self == Goal():
            return None
        alone = (self.most is None or ours <= self.most) and (self.least is None or ours >= self.least)
        if not alone or (self.ratio is None and self.above is None):
            return alone
        if peer is None:
            return None
        near = self.ratio is None or ours <= self.ratio * peer
        return near and (self.above is None or ours <= peer + self.above)


@dataclass(frozen=True)
class Figure:
    """Ours beside the peer's, measured in the same run on the same machine; `figure` names the peer, too."""

    figure: str
    unit: str
    ours: float
    peer: float | None
    goal: Goal

    @property
    def ratio(self) -> float | None:
        """Ours over the peer's; below 1 is better where less is better."""
        return self.ours / self.peer if self.peer else None

    @property
    def met(self) -> bool | None:
        """Whether the goal holds."""
        return self.goal.met(self.ours, self.peer)

    def row(self) -> dict[str, Any]:
        """The figure as it is kept."""
        return {
            "figure": self.figure, "unit": self.unit, "ours": self.ours, "peer": self.peer,
            "ratio": self.ratio, "goal": str(self.goal), "met": self.met,
        }  # fmt: skip


def shown(value: object) -> str:
    """One cell of the printed table."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "NO"
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def publish(group: str, figures: Sequence[Figure]) -> Path:
    """Print the table and write `out/<group>.json`; where it is."""
    table = Table(title=f"benchmark: {group}")
    for heading in HEADINGS:
        table.add_column(heading, justify="right" if heading in NUMBERS else "left")
    for figure in figures:
        table.add_row(*(shown(figure.row()[heading]) for heading in HEADINGS))
    Console().print(table)
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{group}.json"
    rows = [figure.row() for figure in figures]
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
