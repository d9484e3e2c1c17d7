"""Progress through the materials: how many people have begun each by the end of each week. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import numpy as np

from maximalab_hub.zone_arrays import clocks_of, local_days

if TYPE_CHECKING:
    from collections.abc import Collection
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from maximalab_hub.comparison.work import Work

_EPOCH: Final = date(1970, 1, 1)
_TO_MONDAY: Final = 3
"""1970 began on a Thursday."""


@dataclass(frozen=True, slots=True)
class Begun:
    """One material at the end of one week."""

    material: str
    week: date
    """Its Monday, in the lab's time zone."""
    people: int | None
    """Who have run a cell of it by then; `None` for fewer than may be shown, 0 for nobody."""


def progress(work: Work, zone: ZoneInfo, least: int, unseen: Collection[str] = ()) -> tuple[Begun, ...]:
    """Count, for each material that anybody ran and each week from the first to the last with a run.

    Materials in `unseen` are left out: they hide, and their counts would tell why.
    """
    ran = work.only(work.ran)
    if not len(ran):
        return ()
    week = (local_days(ran.at, clocks_of(ran.at, zone)) + _TO_MONDAY) // 7
    first, last = int(week.min()), int(week.max())
    found = []
    for name in sorted(one for one in ran.materials if one and one not in unseen):
        those = ran.material == ran.materials.index(name)
        if those.any():
            counted = _by_week(ran.user[those], week[those] - first, last - first + 1)
            found += [
                Begun(name, _monday(first + n), people if people == 0 or people >= least else None)
                for n, people in enumerate(counted)
            ]
    return tuple(found)


def _by_week(user: NDArray[np.int32], week: NDArray[np.int64], weeks: int) -> list[int]:
    """Count people by the week of each one's first run, and all before."""
    begun = np.full(int(user.max()) + 1, weeks, np.int64)
    np.minimum.at(begun, user, week)
    counted: list[int] = np.bincount(begun, minlength=weeks + 1)[:weeks].cumsum().tolist()
    return counted


def _monday(week: int) -> date:
    return _EPOCH + timedelta(days=7 * week - _TO_MONDAY)
