"""Who ran which cell of which material, and how it ended, as arrays: what exercises are reckoned from. Pure.

One pass over what shows people at work gives the runs, and of every material who was at work in it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from maximalab_hub.at_once import at_once
from maximalab_hub.compare import AT_WORK, FAILED
from maximalab_hub.comparison.parts import People
from maximalab_hub.events import Kind, Outcome
from maximalab_hub.setting_arrays import Coded, coded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

READ_OF_CELLS: Final = ("user", "kind", "at", "course", "outcome", "material", "cell_id", "error_name")
"""The store's columns that exercises need."""
_TEXTS: Final = ("course", "material", "cell_id", "error_name")


@dataclass(frozen=True, slots=True)
class CellRuns:
    """Runs of cells, one place an array each; the lists say what the places in them mean."""

    users: Sequence[str]
    courses: Sequence[str | None]
    materials: Sequence[str | None]
    cells: Sequence[str | None]
    errors: Sequence[str | None]
    user: NDArray[np.int32]
    at: NDArray[np.int64]
    """Microseconds since 1970."""
    course: NDArray[np.int32]
    material: NDArray[np.int32]
    cell: NDArray[np.int32]
    error: NDArray[np.int32]
    failed: NDArray[np.bool_]
    there: Mapping[str, frozenset[str]]
    """Of each material, who was at work in it; that takes no run of a cell."""

    def __len__(self) -> int:
        """How many runs there are."""
        return len(self.user)


class _Part(NamedTuple):
    """The runs of one table, and who (places of people) was at work in which material (places in its list)."""

    user: NDArray[np.int32]
    at: NDArray[np.int64]
    failed: NDArray[np.bool_]
    texts: Mapping[str, Coded]
    there: Collection[tuple[str | None, int]]


def cells_in(tables: Iterable[Any], people: Collection[str]) -> CellRuns:
    """Read tables with the columns `READ_OF_CELLS`, or what gives one when called, on another thread.

    Of these people alone. Runs of which no browser told the cell are none of an exercise. The order does not matter.
    """
    everyone = People(people)
    parts = list(at_once(lambda one: _part_of(one() if callable(one) else one, everyone), tables))
    numbers: dict[str, dict[str | None, int]] = {name: {} for name in _TEXTS}
    joined = {name: _joined([one.texts[name] for one in parts], numbers[name]) for name in _TEXTS}
    lists = {name: list(numbers[name]) for name in _TEXTS}
    return CellRuns(
        everyone.names, lists["course"], lists["material"], lists["cell_id"], lists["error_name"],
        _whole([one.user for one in parts], np.int32), _whole([one.at for one in parts], np.int64),
        joined["course"], joined["material"], joined["cell_id"], joined["error_name"],
        _whole([one.failed for one in parts], np.bool_), _there(parts, everyone.names),
    )  # fmt: skip


def _part_of(table: Any, people: People) -> _Part:  # noqa: ANN401  pyarrow has no types
    kind, outcome, material = (
        coded(table.column(name), np.int32) for name in ("kind", "outcome", "material")
    )
    user = people.places(table.column("user"))
    at_work = _marks(kind, AT_WORK) & (user.places >= 0)
    cell = coded(table.column("cell_id"), np.int32)
    ran = at_work & _marks(kind, {Kind.RUN}) & ~_marks(outcome, {Outcome.ABORTED})
    those = np.flatnonzero(ran & ~_marks(cell, {None, ""}) & ~_marks(material, {None, ""}))
    texts = {name: coded(table.column(name), np.int32) for name in ("course", "error_name")}
    texts |= {"material": material, "cell_id": cell}
    return _Part(
        user.places[those].astype(np.int32),
        table.column("at").cast("int64").to_numpy()[those],
        _marks(outcome, FAILED)[those],
        {name: Coded(one.places[those], one.values) for name, one in texts.items()},
        _pairs(material, user, at_work, len(people.names)),
    )


def _marks(column: Coded, those: Collection[str | None]) -> NDArray[np.bool_]:
    return np.asarray(np.array([value in those for value in column.values] or [False])[column.places])


def _pairs(
    material: Coded, user: Coded, those: NDArray[np.bool_], people: int
) -> set[tuple[str | None, int]]:
    each = np.unique(material.places[those].astype(np.int64) * people + user.places[those])
    return {(material.values[one // people], one % people) for one in each.tolist()}


def _joined(columns: Sequence[Coded], numbers: dict[str | None, int]) -> NDArray[np.int32]:
    """Number the texts of all parts as they come, the same in every part."""
    made = []
    for one in columns:
        mine = [numbers.setdefault(value, len(numbers)) for value in one.values] or [0]
        made.append(np.array(mine, np.int32)[one.places])
    return _whole(made, np.int32)


def _whole(parts: Sequence[NDArray[Any]], kind: type[Any]) -> NDArray[Any]:
    return np.concatenate([np.empty(0, kind), *parts])


def _there(parts: Iterable[_Part], users: Sequence[str]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for part in parts:
        for material, user in part.there:
            if material:
                found[material].add(users[user])
    return {material: frozenset(who) for material, who in sorted(found.items())}
