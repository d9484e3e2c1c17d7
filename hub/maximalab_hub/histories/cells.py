"""Which cell each made-up run is of: those of the course's notebooks, exercises the hardest, and a few of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from maximalab_hub.store.arrow import encoded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from numpy.typing import NDArray

CELLS: Final[Mapping[str, Sequence[str]]] = {
    "simplex": (
        "packages", "model", "corner-points", "corner-values", "region", "tableau-start", "rules-code",
        "iteration-1-code", "iteration-2-code", "simplex-loop", "optimum", "dual", "complementary-slackness-code",
        "shadow-price-code", "judge", "exercise-1-answer", "exercise-1-check", "exercise-2-answer",
        "exercise-2-check", "exercise-3-answer", "exercise-3-check", "exercise-4-answer", "exercise-4-check",
        "exercise-5-answer", "exercise-5-check",
    ),
    "transport": (
        "packages", "model", "north-west-code", "least-cost-code", "potentials-code", "cycle-code", "improve-code",
        "iteration-2-code", "optimal-code", "loop-code", "optimum", "dual-check-code", "judge", "exercise-1-answer",
        "exercise-1-check", "exercise-2-answer", "exercise-2-check", "exercise-3-answer", "exercise-3-check",
        "exercise-4-answer", "exercise-4-check",
    ),
}  # fmt: skip
"""Ids of the cells of code in the notebooks of the course that comes with the lab; a test compares them."""
_OF_OTHERS: Final = tuple(f"cell-{number:02}" for number in range(1, 31))
_OWN: Final = 0.04
"""Of runs: in a cell that the person added."""
_HARD: Final = 4.0
"""So many times as much as elsewhere goes wrong in the hardest exercise."""


def cells_of(
    materials: Sequence[str],
    students: int,
    runs: tuple[NDArray[np.bool_], NDArray[np.bool_], NDArray[np.int64], NDArray[np.int64]],
    chance: np.random.Generator,
) -> Any:  # noqa: ANN401  pyarrow has no types
    """Give the column of cells.

    `runs` says of each event whether it is a run, whether that failed, and of which material and whose, as places.
    """
    ran, failed, material, student = runs
    drawn, own = chance.random(len(ran)), chance.random(len(ran)) < _OWN
    values: list[str | None] = [None, *(_own(one) for one in range(students))]
    places = np.where(ran & own, 1 + student, 0)
    for number, name in enumerate(materials):
        cells = CELLS.get(name, _OF_OTHERS)
        for went_wrong in (False, True):
            those = ran & ~own & (material == number) & (failed == went_wrong)
            steps = np.cumsum(_weights(cells, went_wrong=went_wrong))
            places[those] = len(values) + np.searchsorted(steps / steps[-1], drawn[those], side="right")
        values += cells
    return encoded(places, values)


def _weights(cells: Sequence[str], *, went_wrong: bool) -> NDArray[np.float64]:
    """Say how often each cell runs; answers are tried again and again, and go wrong the more the later they come."""
    answers = np.array([one.endswith("-answer") for one in cells])
    often = np.where(answers, 2.5, 1.0)
    if not went_wrong:
        return often
    return often * np.where(answers, np.linspace(1.0, _HARD, len(cells)), 0.6)


def _own(student: int) -> str:
    return f"{(student + 1) * 0x9E3779B1 % 2**32:08x}"
