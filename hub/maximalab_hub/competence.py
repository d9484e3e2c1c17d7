"""Levels of competence (low, medium, high …), compared. Pure.

Groups, or moments of people who are not known one by one, by Pearson's χ²; the same people before and after, each with
both levels, by Stuart and Maxwell's test.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from maximalab_hub.stats import ChiSquare, MarginalHomogeneity, chi_square, stuart_maxwell
from maximalab_hub.typed import Fault, TypedError, refuse_twice

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST_ROWS: Final = 20
MOST_LEVELS: Final = 10
MOST_COUNT: Final = 1_000_000
MOST_PAIRED: Final = 100_000
"""People of a table of before and after; each is ranked."""
_LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class Levels:
    """How many people have which level: a row for each group or moment, a column for each level.

    Or of the same people: a row for each level before, a column for each level after.
    """

    levels: tuple[str, ...]
    rows: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]

    @property
    def square(self) -> bool:
        """Whether the rows are the levels themselves."""
        return self.rows == self.levels

    def shares(self) -> tuple[tuple[float, ...], ...]:
        """Give each row as shares of its people, 0 to 1."""
        return tuple(tuple(n / (sum(row) or 1) for n in row) for row in self.counts)


def read_levels(text: str, *, same_people: bool = False) -> Levels:
    """Read a table as a spreadsheet copies or saves it: columns by tabs, semicolons or commas, levels at the top.

    Where `same_people` have lines named as the levels, each line is a level before and each column one after; then
    nobody needs to have every level. Raises `TypedError`.
    """
    mark = next((one for one in "\t;" if one in text), ",")
    lines = [_cells(line, mark) for line in text.splitlines() if line.strip()]
    if not _LEAST < len(lines) <= MOST_ROWS + 1:
        raise TypedError(Fault.ROWS)
    levels = tuple(lines[0][1:])
    if not _LEAST <= len(levels) <= MOST_LEVELS or not all(levels):
        raise TypedError(Fault.LEVELS)
    rows = [_row(cells, len(levels)) for cells in lines[1:]]
    found = Levels(levels, tuple(name for name, _ in rows), tuple(counts for _, counts in rows))
    refuse_twice(found.levels)
    refuse_twice(found.rows)
    people = sum(map(sum, found.counts))
    if same_people and found.square:
        if not people:
            raise TypedError(Fault.NOBODY)
        if people > MOST_PAIRED:
            raise TypedError(Fault.MANY)
        return found
    for name, counts in rows:
        if not sum(counts):
            raise TypedError(Fault.NOBODY, name)
    for level, column in zip(found.levels, zip(*found.counts, strict=True), strict=True):
        if not sum(column):
            raise TypedError(Fault.NOBODY, level)
    return found


def compared(table: Levels, *, same_people: bool = False) -> ChiSquare | MarginalHomogeneity:
    """Ask whether the rows differ in their levels (Pearson 1900), with Cramér's V.

    Of the same people before and after: whether the levels' shares differ (Stuart 1955, Maxwell 1970).
    """
    if same_people and table.square:
        return stuart_maxwell(table.counts)
    return chi_square(table.counts)


def _cells(line: str, mark: str) -> list[str]:
    return [cell.strip()[:80] for cell in line.split(mark)]


def _row(cells: Sequence[str], levels: int) -> tuple[str, tuple[int, ...]]:
    name, counts = cells[0], cells[1:]
    if not name or len(counts) != levels:
        raise TypedError(Fault.COUNTS, ";".join(cells))
    if not all(one.isascii() and one.isdigit() and int(one) <= MOST_COUNT for one in counts):
        raise TypedError(Fault.WHOLE, ";".join(cells))
    return name, tuple(map(int, counts))
