"""What each person did, in each setting, reckoned with arrays: the figures of `figures`, for millions of events.

What several choices of gap, idle limit and grace share is reckoned once. Tests hold it to `figures.figures`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from maximalab_hub.comparison.figures import Part, PersonFigures, groups_of
from maximalab_hub.session_arrays import active_spans, session_starts
from maximalab_hub.setting_arrays import CODES, Coded, ScheduleArrays
from maximalab_hub.zone_arrays import local_days

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from numpy.typing import NDArray

    from maximalab_hub.compare import Parameters, Timetables
    from maximalab_hub.comparison.work import Work
    from maximalab_hub.setting import Rule

_MICRO: Final = timedelta(microseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_WHOLE: Final = len(CODES)
"""The place of all settings together, behind those of each."""


class Counts(NamedTuple):
    """Numbers by person and by setting, the last column of all settings together."""

    runs: NDArray[np.int64]
    errors: NDArray[np.int64]
    days: NDArray[np.int64]


@dataclass(slots=True)
class _Ruled:
    """What follows from one rule of settings."""

    schedules: ScheduleArrays
    numbers: NDArray[np.int64]
    settings: NDArray[np.int8]
    counts: Counts


class Reckoning:
    """The figures of some work, under whichever choices are asked for."""

    def __init__(self, work: Work, timetables: Timetables, zone: ZoneInfo) -> None:
        self._work, self._timetables, self._zone = work, timetables, zone
        self._ruled: dict[Rule, _Ruled] = {}
        self._active: dict[tuple[Rule, timedelta], NDArray[np.int64]] = {}

    def people(self, parameters: Parameters) -> list[PersonFigures]:
        """Say what each person did, ordered by name, as `figures.figures` does."""
        counts = self._under(parameters).counts
        columns = (
            counts.runs,
            counts.errors,
            self._active_of(parameters),
            self._sessions_of(parameters),
            counts.days,
        )
        made = [
            PersonFigures(
                self._work.users[user],
                self._groups[user],
                _part(columns, user, _WHOLE),
                {one: _part(columns, user, place) for place, one in enumerate(CODES)},
            )
            for user in np.unique(self._work.user).tolist()
        ]
        return sorted(made, key=lambda one: one.user)

    def settings(self, parameters: Parameters) -> NDArray[np.int8]:
        """Give each event's setting, as a place in `setting_arrays.CODES`."""
        return self._under(parameters).settings

    def active(self, parameters: Parameters) -> NDArray[np.int64]:
        """Give everybody's time on task in each setting, and in all, in microseconds."""
        return self._active_of(parameters)

    def _under(self, parameters: Parameters) -> _Ruled:
        rule = parameters.rule
        if rule not in self._ruled:
            schedules = ScheduleArrays(self._timetables.under(rule))
            numbers = schedules.schedules(
                Coded(self._work.user, self._work.users), Coded(self._work.course, self._work.courses)
            )
            settings = schedules.settings(numbers, self._work.at)
            self._ruled[rule] = _Ruled(schedules, numbers, settings, self._counts(settings))
        return self._ruled[rule]

    def _counts(self, settings: NDArray[np.int8]) -> Counts:
        work = self._work
        cell = work.user.astype(np.int64) * _WHOLE + settings
        runs, errors = (
            self._by_cell(np.bincount(cell[those], minlength=self._cells))
            for those in (work.ran, work.failed)
        )
        return Counts(runs, errors, self._days(cell))

    def _days(self, cell: NDArray[np.int64]) -> NDArray[np.int64]:
        """Count different days, of each setting and of all."""
        first, days = self._local_days
        seen = np.zeros((self._cells, days), bool)
        seen[cell, first] = True
        by_setting = seen.reshape(-1, _WHOLE, days)
        return np.concatenate([by_setting.sum(2), by_setting.any(1).sum(1)[:, None]], axis=1)

    @cached_property
    def _local_days(self) -> tuple[NDArray[np.int64], int]:
        """Give each event's day in the lab's time zone, from the first one, and how many days there are."""
        days = local_days(self._work.at, self._zone)
        if not len(days):
            return days, 1
        return days - days.min(), int(days.max() - days.min()) + 1

    @cached_property
    def _groups(self) -> Mapping[int, tuple[str, ...]]:
        """Name the groups of each person, as `figures` does."""
        work, found = self._work, {}
        users, begins = np.unique(work.user, return_index=True)
        ends = np.append(begins[1:], len(work)) - 1
        worked = np.zeros((len(work.users), len(work.courses)), bool)
        worked[work.user, work.course] = True
        for user, begin, end in zip(users.tolist(), begins.tolist(), ends.tolist(), strict=True):
            courses = {work.courses[place] for place in np.flatnonzero(worked[user]).tolist()}
            first, last = (_EPOCH + int(work.at[place]) * _MICRO for place in (begin, end))
            enrolments = self._timetables.enrolments.get(work.users[user], ())
            found[user] = groups_of(enrolments, courses, first, last)
        return found

    def _sessions_of(self, parameters: Parameters) -> NDArray[np.int64]:
        """Count sessions of each setting's events alone, and of all."""
        work, settings = self._work, self._under(parameters).settings
        gap, idle = parameters.gap // _MICRO, parameters.idle_after // _MICRO
        columns = []
        for place in range(_WHOLE):
            mine = np.flatnonzero(settings == place)
            user = work.user[mine]
            starts = session_starts(user, work.at[mine], work.lasted[mine], gap, idle)
            columns.append(np.bincount(user[starts], minlength=len(work.users)))
        starts = session_starts(work.user, work.at, work.lasted, gap, idle)
        columns.append(np.bincount(work.user[starts], minlength=len(work.users)))
        return np.stack(columns, axis=1)

    def _active_of(self, parameters: Parameters) -> NDArray[np.int64]:
        """Share out time on task, in microseconds; a minute spent on two courses counts for the later one."""
        key = (parameters.rule, parameters.idle_after)
        if key not in self._active:
            work, ruled = self._work, self._under(parameters)
            stretch, following = self._stretches
            spans = active_spans(stretch, work.at, work.lasted, parameters.idle_after // _MICRO)
            ends = np.maximum(spans.starts, np.minimum(spans.ends, following[stretch[spans.first]]))
            shares = ruled.schedules.split(ruled.numbers[spans.first], spans.starts, ends)
            user = work.user[spans.first]
            columns = [self._summed(user, shares[one]) for one in CODES]
            self._active[key] = np.stack([*columns, np.sum(columns, axis=0)], axis=1)
        return self._active[key]

    @cached_property
    def _stretches(self) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Number the stretches of one person's work in one course; say when the person's next one begins."""
        work = self._work
        begins = np.ones(len(work), bool)
        begins[1:] = (work.user[1:] != work.user[:-1]) | (work.course[1:] != work.course[:-1])
        first = np.flatnonzero(begins)
        following = np.full(len(first), np.iinfo(np.int64).max)
        goes_on = work.user[first[1:]] == work.user[first[:-1]]
        following[:-1][goes_on] = work.at[first[1:]][goes_on]
        return (np.cumsum(begins) - 1).astype(np.int32), following

    def _summed(self, user: NDArray[np.int32], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
        """Add up whole numbers by person, exactly: sums of floats below 2**53 are."""
        return np.bincount(user, lengths, len(self._work.users)).astype(np.int64)

    @property
    def _cells(self) -> int:
        return len(self._work.users) * _WHOLE

    def _by_cell(self, counted: NDArray[np.int64]) -> NDArray[np.int64]:
        by_setting = counted.reshape(-1, _WHOLE)
        return np.concatenate([by_setting, by_setting.sum(1)[:, None]], axis=1)


def figures_of(
    work: Work, timetables: Timetables, parameters: Parameters, zone: ZoneInfo
) -> list[PersonFigures]:
    """Say what each person did under these choices alone."""
    return Reckoning(work, timetables, zone).people(parameters)


def _part(columns: tuple[NDArray[np.int64], ...], user: int, place: int) -> Part:
    runs, errors, active, sessions, days = (int(column[user, place]) for column in columns)
    return Part(runs, errors, active * _MICRO, sessions, days)
