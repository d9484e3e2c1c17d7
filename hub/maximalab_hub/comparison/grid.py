"""How the result moves with the choices: gap, idle limit and grace. Pure.

No choice of the three is right; a result that holds in one corner only is a result about the choice.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product
from statistics import median
from typing import TYPE_CHECKING

from maximalab_hub.comparison.findings import Measure, in_and_out
from maximalab_hub.comparison.reckoning import Reckoning
from maximalab_hub.comparison.work import work_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from zoneinfo import ZoneInfo

    from maximalab_hub.compare import Happening, Parameters, Timetables
    from maximalab_hub.comparison.figures import PersonFigures
    from maximalab_hub.comparison.work import Work

GAPS = (15, 30, 60)
IDLE_LIMITS = (5, 10, 30)
GRACES = (0, 5, 10, 15)
"""Minutes. The values that published studies compare (Drlík and Munk 2012; Kovanović et al. 2015)."""


@dataclass(frozen=True, slots=True)
class Corner:
    """The result under one choice of the three, all in minutes."""

    gap: int
    idle_after: int
    grace: int
    people: int | None
    """`None`, as all that follows, where there are too few to show."""
    share_out: float | None
    """Median share of the time on task out of class."""
    minutes_effect: float | None
    minutes_p: float | None
    """Of the paired test of time on task, not adjusted: these are one test under many choices, not many tests."""
    sessions_effect: float | None
    sessions_p: float | None


def grid(
    happenings: Iterable[Happening] | Work, timetables: Timetables, parameters: Parameters, zone: ZoneInfo
) -> Iterator[Corner]:
    """Reckon the figures under each choice, one after another."""
    reckoning = Reckoning(work_of(happenings), timetables, zone)
    for gap, idle, grace in product(GAPS, IDLE_LIMITS, GRACES):
        chosen = replace(
            parameters,
            gap=timedelta(minutes=gap),
            idle_after=timedelta(minutes=idle),
            rule=replace(parameters.rule, grace=timedelta(minutes=grace)),
        )
        yield _corner(reckoning.people(chosen), chosen)


SIZE = len(GAPS) * len(IDLE_LIMITS) * len(GRACES)


def _corner(people: Sequence[PersonFigures], chosen: Parameters) -> Corner:
    shares = [one.share_out for one in people if one.share_out is not None]
    enough = len(shares) >= chosen.smallest_group
    tests = {
        one.measure: one.result for one in in_and_out(people, chosen.smallest_group, seed=0, resamples=0)
    }
    minutes, visits = (tests[one] if enough else None for one in (Measure.MINUTES, Measure.SESSIONS))
    minute = timedelta(minutes=1)
    return Corner(
        gap=int(chosen.gap / minute),
        idle_after=int(chosen.idle_after / minute),
        grace=int(chosen.rule.grace / minute),
        people=len(shares) if enough else None,
        share_out=median(shares) if enough else None,
        minutes_effect=minutes.effect if minutes else None,
        minutes_p=minutes.p_value if minutes else None,
        sessions_effect=visits.effect if visits else None,
        sessions_p=visits.p_value if visits else None,
    )
