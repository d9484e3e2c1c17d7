"""Work in class beside work out of class, reckoned with arrays: what `compare.compare` says, for millions of events.

Tests hold both to the same answers.
"""

from __future__ import annotations

from datetime import timedelta
from statistics import median
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

from maximalab_hub.compare import LEAST_RUNS, Comparison, Figures, paired_errors
from maximalab_hub.comparison.reckoning import Reckoning
from maximalab_hub.setting import Setting
from maximalab_hub.setting_arrays import CODES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from maximalab_hub.compare import Parameters, Timetables
    from maximalab_hub.comparison.work import Work

_MICRO: Final = timedelta(microseconds=1)
_MINUTE: Final = timedelta(minutes=1)
_TO_MS: Final = 1000


def compare_work(work: Work, timetables: Timetables, parameters: Parameters) -> Comparison:
    """Compare the settings."""
    timetables = timetables.under(parameters.rule)
    # No day plays a part here, so that any zone will do.
    reckoning = Reckoning(work, timetables, ZoneInfo("UTC"))
    settings, active = reckoning.settings(parameters), reckoning.active(parameters)
    figures = {
        setting: _figures(work, work.ran & (settings == place), active[:, place], parameters.smallest_group)
        for place, setting in enumerate(CODES)
    }
    shares = {
        setting: _error_shares(work, settings == CODES.index(setting))
        for setting in (Setting.IN_CLASS, Setting.OUT_OF_CLASS)
    }
    errors = paired_errors(shares[Setting.IN_CLASS], shares[Setting.OUT_OF_CLASS])
    shown = errors if errors.n >= parameters.smallest_group else None
    return Comparison(figures, shown, parameters, timetables.version)


def _figures(work: Work, runs: NDArray[np.bool_], active: NDArray[np.int64], smallest: int) -> Figures | None:
    ran = np.bincount(work.user[runs], minlength=len(work.users)) > 0
    people = int((ran | (active > 0)).sum())
    if people < smallest:
        return None
    count = int(runs.sum())
    return Figures(
        people=people,
        runs=count,
        error_share=int((runs & work.failed).sum()) / count if count else None,
        median_run_ms=_median_ms(work.lasted[runs]) if count else None,
        active_minutes=int(active.sum()) * _MICRO / _MINUTE,
    )


def _median_ms(lasted: NDArray[np.int64]) -> float:
    """Give the median of some lengths, in milliseconds."""
    places = ((len(lasted) - 1) // 2, len(lasted) // 2)
    ordered = np.partition(lasted, places)
    return median(int(ordered[place]) / _TO_MS for place in places)


def _error_shares(work: Work, inside: NDArray[np.bool_]) -> Mapping[str, float]:
    """Give the share of errors of everybody with enough runs in a setting."""
    runs, errors = (
        np.bincount(work.user[those & inside], minlength=len(work.users)).tolist()
        for those in (work.ran, work.failed)
    )
    each = zip(work.users, runs, errors, strict=True)
    return {user: failed / count for user, count, failed in each if count >= LEAST_RUNS}
