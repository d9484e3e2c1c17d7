"""One figure of a benchmark, and how a group of them is shown and kept."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

OUT = Path(__file__).parent / "out"


@dataclass(frozen=True)
class Figure:
    """Ours beside the peer's, measured in the same run on the same machine."""

    figure: str
    unit: str
    ours: float
    peer: float
    goal: str

    @property
    def ratio(self) -> float:
        """Ours over the peer's; below 1 is better where less is better."""
        return self.ours / self.peer


def publish(group: str, figures: Sequence[Figure]) -> Path:
    """Print the table and write `out/<group>.json`; where it is."""
    table = Table(title=f"benchmark: {group}")
    for heading in ("figure", "unit", "ours", "peer", "ratio", "goal"):
        table.add_column(heading, justify="left" if heading in {"figure", "unit", "goal"} else "right")
    for row in figures:
        table.add_row(
            row.figure, row.unit, f"{row.ours:.2f}", f"{row.peer:.2f}", f"{row.ratio:.2f}", row.goal
        )
    Console().print(table)
    OUT.mkdir(exist_ok=True)
    path = OUT / f"{group}.json"
    rows = [{**asdict(row), "ratio": row.ratio} for row in figures]
    path.write_text(json.dumps(rows, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return path
