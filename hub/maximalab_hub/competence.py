"""Levels of competence (low, medium, high …), before and after or of several groups, compared by Pearson's χ². Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from maximalab_hub.stats import ChiSquare, chi_square
from maximalab_hub.typed import Fault, TypedError

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ROWS: Final = 20
MOST_LEVELS: Final = 10
MOST_COUNT: Final = 1_000_000
_LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class Levels:
    """How many people have which level: a row for each group or moment, a column for each level."""

    levels: tuple[str, ...]
    rows: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    def shares(self) -> tuple[tuple[float, ...], ...]:
        """Give each row as shares of its people, 0 to 1."""
        return tuple(tuple(n / sum(row) for n in row) for row in self.counts)


def read_levels(text: str) -> Levels:
    """Read a table as a spreadsheet copies it: columns by tabs or semicolons, levels in the first line.

    Raises `TypedError`.
    """
    lines = [_cells(line) for line in text.splitlines() if line.strip()]
    if not _LEAST < len(lines) <= MOST_ROWS + 1:
        raise TypedError(Fault.LINES)
    levels = tuple(lines[0][1:])
    if not _LEAST <= len(levels) <= MOST_LEVELS or not all(levels):
        raise TypedError(Fault.LEVELS)
    rows = [_row(cells, len(levels)) for cells in lines[1:]]
    if not all(map(sum, zip(*(counts for _, counts in rows), strict=True))):
        raise TypedError(Fault.NOBODY)
    return Levels(levels, tuple(name for name, _ in rows), tuple(counts for _, counts in rows))


def compared(table: Levels) -> ChiSquare:
    """Ask whether the rows differ in their levels (Pearson 1900), with Cramér's V."""
    return chi_square(table.counts)


def _cells(line: str) -> list[str]:
    return [cell.strip()[:80] for cell in line.split("\t" if "\t" in line else ";")]


def _row(cells: Sequence[str], levels: int) -> tuple[str, tuple[int, ...]]:
    name, counts = cells[0], cells[1:]
    if not name or len(counts) != levels:
        raise TypedError(Fault.COUNTS, ";".join(cells))
    if not all(one.isascii() and one.isdigit() and int(one) <= MOST_COUNT for one in counts):
        raise TypedError(Fault.WHOLE, ";".join(cells))
    found = tuple(map(int, counts))
    if not sum(found):
        raise TypedError(Fault.NOBODY, name)
    return name, found
