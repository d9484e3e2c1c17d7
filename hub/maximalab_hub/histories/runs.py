"""What happens within sittings, moment by moment: runs with their outcomes, saves, dead kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from maximalab_hub.events import Kind, Outcome
from maximalab_hub.histories.sittings import MICRO, Sittings

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from maximalab_hub.histories.cast import Faults

KINDS: Final = (
    Kind.SERVER_START, Kind.KERNEL_START, Kind.NOTEBOOK_OPEN, Kind.RUN, Kind.KERNEL_DEAD, Kind.KERNEL_RESTART,
    Kind.NOTEBOOK_SAVE, Kind.SERVER_STOP,
)  # fmt: skip
OUTCOMES: Final = (Outcome.OK, Outcome.ERROR, Outcome.ABORTED, Outcome.INTERRUPTED, Outcome.DEAD)
_OK, _ERROR, _ABORTED, _INTERRUPTED, _DEAD = range(5)
_START, _KERNEL, _OPEN, _RUN, _KERNEL_DEAD, _RESTART, _SAVE, _STOP = range(8)
_QUEUED: Final = 0.06
"""Of runs behind a failed one: queued together with it, so that they never run."""
_RUNS_TO_A_SAVE: Final = 10


@dataclass(frozen=True, slots=True)
class Happenings:
    """Events, in order of sitting and time."""

    sitting: NDArray[np.int64]
    at: NDArray[np.int64]
    """Microseconds since 1970."""
    kind: NDArray[np.int64]
    """Places in `KINDS`."""
    outcome: NDArray[np.int64]
    """Of runs: places in `OUTCOMES`."""
    duration_ms: NDArray[np.int64]


def runs_of(some: Sittings, faults: Faults, chance: np.random.Generator) -> Happenings:
    """Tell all sittings."""
    opened = some.begins + (chance.uniform(4, 20, len(some)) * MICRO).astype(np.int64)
    at, outcome, took, there = _grid(some, opened, faults, chance)
    sitting, place = np.nonzero(there)
    runs = Happenings(sitting, at[there], np.full(len(sitting), _RUN), outcome[there], took[there])
    saved = (place % _RUNS_TO_A_SAVE) == _RUNS_TO_A_SAVE - 1
    died = runs.outcome == _DEAD
    last = np.maximum.reduceat(np.append(runs.at, 0), np.searchsorted(sitting, np.arange(len(some))))
    end = np.maximum(some.ends, np.where(there.any(axis=1), last[: len(some)], 0)) + 20 * MICRO
    every = np.arange(len(some))
    after = runs.at + runs.duration_ms * 1000
    return _ordered(
        [
            runs,
            _plain(every, some.begins, _START),
            _plain(every, opened - MICRO, _KERNEL),
            _plain(every, opened, _OPEN),
            _plain(sitting[saved], after[saved] + 2 * MICRO, _SAVE),
            _plain(sitting[died], after[died] + MICRO // 2, _KERNEL_DEAD),
            _plain(sitting[died], after[died] + 2 * MICRO, _RESTART),
            _plain(every, end, _SAVE),
            _plain(every, end + 60 * MICRO, _STOP),
        ]
    )


def _grid(
    some: Sittings, opened: NDArray[np.int64], faults: Faults, chance: np.random.Generator
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    """Draw runs one row a sitting: when, how they ended, how long they took, and which happen before its end."""
    longest = float((some.ends - some.begins).max()) / MICRO
    shape = (len(some), int(longest / 120) + 8)
    outcome = _outcomes(some.error_share, shape, faults, chance)
    pause = np.exp(chance.normal(5.2, 0.7, shape)) * some.pace[:, None]
    pause[:, 1:] *= np.where(outcome[:, :-1] == _ERROR, 0.45, 1.0)  # whoever failed tries again soon
    pause = np.where(outcome == _ABORTED, 0.02, pause)
    took = np.exp(chance.normal(4.2, 1.3, shape)).clip(1, 600_000).astype(np.int64)
    took[outcome == _ABORTED] = 0
    at = opened[:, None] + np.cumsum((pause * MICRO).astype(np.int64) + took * 1000, axis=1) - took * 1000
    return at, outcome, took, at < some.ends[:, None]


def _outcomes(
    share: NDArray[np.float64], shape: tuple[int, int], faults: Faults, chance: np.random.Generator
) -> NDArray[np.int64]:
    drawn = chance.random(shape)
    found = np.where(drawn < share[:, None], _ERROR, _OK)
    found = np.where(drawn > 1 - faults.interrupted, _INTERRUPTED, found)
    found = np.where(chance.random(shape) < faults.dead, _DEAD, found)
    behind = np.zeros(shape, bool)
    behind[:, 1:] = found[:, :-1] == _ERROR
    return np.where(behind & (chance.random(shape) < _QUEUED), _ABORTED, found)


def _plain(sitting: NDArray[np.int64], at: NDArray[np.int64], kind: int) -> Happenings:
    nothing = np.zeros(len(at), np.int64)
    return Happenings(sitting, at, np.full(len(at), kind), nothing, nothing)


def _ordered(parts: list[Happenings]) -> Happenings:
    sitting, at, kind, outcome, took = (
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("sitting", "at", "kind", "outcome", "duration_ms")
    )
    order = np.lexsort((kind, at, sitting))
    return Happenings(sitting[order], at[order], kind[order], outcome[order], took[order])
