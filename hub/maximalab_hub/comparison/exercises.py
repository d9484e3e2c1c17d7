"""Which exercise of a material people get stuck at: runs, errors and last runs of each cell of its notebook. Pure.

A cell that was handed out with the notebook has the same id for everybody. Cells that people added themselves have
ids of their own; all of those together are one row. What tells of fewer people than may be shown hides, and so does
what would tell of it (`suppression`).
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from maximalab_hub.comparison.suppression import covered, hidden, hidden_across
from maximalab_hub.setting_arrays import CODES, Coded, ScheduleArrays

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from numpy.typing import NDArray

    from maximalab_hub.compare import Timetables
    from maximalab_hub.comparison.cells import CellRuns
    from maximalab_hub.setting import Setting

NAMES: Final = 3
"""So many names of errors are told of an exercise, the commonest first."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many people ran something, how often, and how it ended."""

    people: int
    runs: int
    errors: int

    @property
    def error_share(self) -> float | None:
        """Share of the runs that ended with an error; `None` without runs."""
        return self.errors / self.runs if self.runs else None


@dataclass(frozen=True, slots=True)
class Exercise:
    """One cell of a material's notebook, or all cells that people added themselves."""

    material: str
    cell: str | None
    """The cell's id; `None` for people's own cells."""
    whole: Tally | None
    """`None` where fewer people ran it than may be shown, or it would tell of such a cell."""
    stuck: int | None
    """People whose last run of it ended with an error; `None` where they or the others are fewer than may be shown."""
    error_names: tuple[str, ...]
    """The commonest errors, of those that as many people met as may be shown."""
    by_setting: Mapping[Setting, Tally | None]


def exercises(
    runs: CellRuns, timetables: Timetables, known: Mapping[str, Sequence[str]], least: int
) -> tuple[Exercise, ...]:
    """Say how each cell of each material went.

    `known` are the cells of materials whose notebook is known, in its order: they are listed though nobody ran them,
    others where at least `least` people did, in the order of first runs. Materials that hide have no exercises.
    """
    unseen = hidden(runs.there, least)
    numbers = _settings(runs, timetables)
    found: list[Exercise] = []
    for material in sorted(runs.there.keys() - unseen):
        those = np.flatnonzero(runs.material == _place(runs.materials, material))
        found += _of_material(_Lines(runs, those, numbers[those], known.get(material, ()), least), material)
    return tuple(found)


def _place(values: Sequence[str | None], value: str) -> int:
    return values.index(value) if value in values else -1


def _settings(runs: CellRuns, timetables: Timetables) -> NDArray[np.int8]:
    schedules = ScheduleArrays(timetables)
    numbers = schedules.schedules(Coded(runs.user, runs.users), Coded(runs.course, runs.courses))
    return schedules.settings(numbers, runs.at) if len(runs) else np.empty(0, np.int8)


class _Lines:
    """The runs of one material, each with the row that it counts for."""

    def __init__(
        self,
        runs: CellRuns,
        those: NDArray[np.int64],
        settings: NDArray[np.int8],
        known: Sequence[str],
        least: int,
    ) -> None:
        self.users, self.errors, self.least = runs.users, runs.errors, least
        self.user, self.at, self.setting = runs.user[those], runs.at[those], settings
        self.error, self.failed = runs.error[those], runs.failed[those]
        self.cells, place = _rows(runs, those, known, least)
        self.row = place[runs.cell[those]]

    def who(self, of: NDArray[Any], count: int) -> list[set[str]]:
        """Give the people of each of so many numbers; `of` is a number a run."""
        pairs = np.unique(of.astype(np.int64) * len(self.users) + self.user) if len(of) else of
        found: list[set[str]] = [set() for _ in range(count)]
        for one in pairs.tolist():
            found[one // len(self.users)].add(self.users[one % len(self.users)])
        return found

    def stuck(self) -> list[set[str]]:
        """Give the people of each row whose last run ended with an error; of runs at one moment, errors are last."""
        order = np.lexsort((self.failed, self.at, self.user, self.row))
        row, user, failed = self.row[order], self.user[order], self.failed[order]
        last = np.ones(len(row), bool)
        last[:-1] = (row[1:] != row[:-1]) | (user[1:] != user[:-1])
        found: list[set[str]] = [set() for _ in self.cells]
        for place, one in zip(row[last & failed].tolist(), user[last & failed].tolist(), strict=True):
            found[place].add(self.users[one])
        return found

    def names(self) -> list[tuple[str, ...]]:
        """Give the commonest errors of each row."""
        failed, width = np.flatnonzero(self.failed), len(self.errors)
        both = self.row[failed].astype(np.int64) * width + self.error[failed]
        counted = np.bincount(both, minlength=len(self.cells) * width)
        pairs = np.unique(both * len(self.users) + self.user[failed])
        people = np.bincount(pairs // max(len(self.users), 1), minlength=len(self.cells) * width)
        met: list[list[tuple[int, str]]] = [[] for _ in self.cells]
        for one in np.flatnonzero(people >= self.least).tolist():
            if name := self.errors[one % width]:
                met[one // width].append((-int(counted[one]), name))
        return [tuple(name for _, name in sorted(each)[:NAMES]) for each in met]


def _rows(
    runs: CellRuns, those: NDArray[np.int64], known: Sequence[str], least: int
) -> tuple[list[str | None], NDArray[np.int64]]:
    """Name the rows, own cells last, and say of each place in `CellRuns.cells` in which row it counts."""
    cell, user = runs.cell[those], runs.user[those].astype(np.int64)
    each = np.unique(cell * max(len(runs.users), 1) + user) // max(len(runs.users), 1)
    shared = np.flatnonzero(np.bincount(each, minlength=len(runs.cells)) >= least)
    first = np.full(len(runs.cells), np.iinfo(np.int64).max)
    np.minimum.at(first, cell, runs.at[those])
    ordered = sorted(shared.tolist(), key=lambda one: (first[one], runs.cells[one]))
    names = list(dict.fromkeys([*known, *(name for one in ordered if (name := runs.cells[one]))]))
    number = {name: place for place, name in enumerate(names)}
    places = np.array([number.get(name or "", len(names)) for name in runs.cells] or [0], np.int64)
    others = len(those) and bool((places[cell] == len(names)).any())
    return [*names, None] if others else [*names], places


def _of_material(lines: _Lines, material: str) -> list[Exercise]:
    count, settings = len(lines.cells), len(CODES)
    people = lines.who(lines.row, count)
    side = lines.row * settings + lines.setting
    sides = lines.who(side, count * settings)
    unseen = hidden(dict(enumerate(people)), lines.least)
    unseen_sides = _unseen_sides(sides, unseen, lines.least)
    wholes = _tallies(lines, lines.row, people)
    parts = _tallies(lines, side, sides)
    names, stuck = lines.names(), lines.stuck()
    return [
        Exercise(
            material=material,
            cell=cell,
            whole=None if row in unseen else wholes[row],
            stuck=None if row in unseen else _told(people[row], stuck[row], lines.least),
            error_names=() if row in unseen else names[row],
            by_setting={
                setting: None if (row, n) in unseen_sides else parts[row * settings + n]
                for n, setting in enumerate(CODES)
            },
        )
        for row, cell in enumerate(lines.cells)
    ]


def _unseen_sides(
    sides: Sequence[AbstractSet[str]], rows: AbstractSet[int], least: int
) -> AbstractSet[tuple[int, int]]:
    """Say which sides hide, as row and setting; `rows` hide altogether.

    What all did in one setting is the whole, which is shown: it hides nothing, and covers nothing. Where what hides
    could then be worked out from a setting's sum, no side is shown.
    """
    table = {divmod(place, len(CODES)): who for place, who in enumerate(sides)}
    filled = Counter(row for (row, _), who in table.items() if who)
    apart = {one: who for one, who in table.items() if filled[one[0]] > 1 or one[0] in rows}
    unseen = hidden_across(apart, least, {one for one in apart if one[0] in rows})
    settings = ({one: who for one, who in table.items() if one[1] == n} for n in range(len(CODES)))
    return unseen if all(covered(one, unseen, least) for one in settings) else table.keys()


def _tallies(lines: _Lines, of: NDArray[np.int64], people: Sequence[AbstractSet[str]]) -> list[Tally]:
    runs = np.bincount(of, minlength=len(people)).tolist()
    errors = np.bincount(of[lines.failed], minlength=len(people)).tolist()
    return [Tally(len(who), n, failed) for who, n, failed in zip(people, runs, errors, strict=True)]


def _told(people: AbstractSet[str], stuck: AbstractSet[str], least: int) -> int | None:
    parts = {"stuck": stuck, "others": people - stuck}
    return None if hidden(parts, least) else len(stuck)
