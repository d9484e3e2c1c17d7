"""What one person did, in each setting: the figures that everything else compares. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from maximalab_hub.compare import FAILED, LEAST_RUNS, Happening, Timetables, active_time, by_person, ran
from maximalab_hub.sessions import Activity, sessions
from maximalab_hub.setting import FOREVER, Enrolment, Setting

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from maximalab_hub.compare import Parameters

KNOWN = (Setting.IN_CLASS, Setting.OUT_OF_CLASS)


@dataclass(frozen=True, slots=True)
class Part:
    """What one person did in one setting, or in all of them."""

    runs: int = 0
    errors: int = 0
    """Runs that ended with an error."""
    active: timedelta = timedelta(0)
    """Time on task."""
    sessions: int = 0
    """Sessions cut from the events of this setting alone; so the settings' sessions may add up to more."""
    days: int = 0
    """Different days, in the lab's time zone."""

    @property
    def minutes(self) -> float:
        """Time on task in minutes."""
        return self.active / timedelta(minutes=1)

    @property
    def error_share(self) -> float | None:
        """Share of runs with an error; `None` where fewer runs than say anything about a person."""
        return self.errors / self.runs if self.runs >= LEAST_RUNS else None


@dataclass(frozen=True, slots=True)
class PersonFigures:
    """All about one person that is compared."""

    user: str
    groups: tuple[str, ...]
    whole: Part
    by_setting: Mapping[Setting, Part]

    @property
    def placed(self) -> bool:
        """Whether the timetable speaks about any of this person's work."""
        return any(self.by_setting[one] != Part() for one in KNOWN)

    @property
    def share_out(self) -> float | None:
        """Share of the time on task that was out of class, where the timetable speaks; `None` without any."""
        inside, outside = (self.by_setting[one].active for one in KNOWN)
        return outside / (inside + outside) if inside + outside else None


def figures(
    happenings: Iterable[Happening], timetables: Timetables, parameters: Parameters, zone: ZoneInfo
) -> list[PersonFigures]:
    """Say what each person did, ordered by name. `zone` says where a day ends."""
    people = by_person(happenings)
    ruled = timetables.under(parameters.rule)
    return [_person(user, people[user], ruled, parameters, zone) for user in sorted(people)]


def _person(
    user: str, mine: Sequence[Happening], timetables: Timetables, parameters: Parameters, zone: ZoneInfo
) -> PersonFigures:
    settings = [timetables.setting_of(user, one.course, one.at) for one in mine]
    active = active_time(mine, timetables, parameters.idle_after)
    by_setting = {
        setting: _part(
            [one for one, found in zip(mine, settings, strict=True) if found is setting],
            active[setting],
            parameters,
            zone,
        )
        for setting in Setting
    }
    courses = {one.course for one in mine}
    groups = groups_of(timetables.enrolments.get(user, ()), courses, mine[0].at, mine[-1].at)
    return PersonFigures(
        user, groups, _part(mine, sum(active.values(), timedelta(0)), parameters, zone), by_setting
    )


def _part(mine: Sequence[Happening], active: timedelta, parameters: Parameters, zone: ZoneInfo) -> Part:
    runs = [one for one in mine if ran(one)]
    moments = [Activity(one.at, one.lasted) for one in mine]
    return Part(
        runs=len(runs),
        errors=sum(one.outcome in FAILED for one in runs),
        active=active,
        sessions=len(sessions(moments, parameters.gap, parameters.idle_after)),
        days=len({one.at.astimezone(zone).date() for one in mine}),
    )


def groups_of(
    enrolments: Iterable[Enrolment], courses: set[str | None], first: datetime, last: datetime
) -> tuple[str, ...]:
    """Name the groups, of the courses worked in, in which the person was while at work."""
    return tuple(
        sorted(
            {
                f"{one.course}/{one.group}"
                for one in enrolments
                if one.course in courses and one.since <= last and first < (one.until or FOREVER)
            }
        )
    )
