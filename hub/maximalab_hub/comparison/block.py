"""Some people's work, no more than a processor's cache holds, and what is reckoned of it under each choice.

Over millions of events every step would fetch them from memory anew; block by block they are fetched once, and several
processors reckon at once.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from maximalab_hub.session_arrays import active_spans, session_starts
from maximalab_hub.setting_arrays import CODES
from maximalab_hub.zone_arrays import local_days

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from numpy.typing import NDArray

    from maximalab_hub.comparison.work import Work
    from maximalab_hub.setting_arrays import ScheduleArrays
    from maximalab_hub.zone_arrays import Clocks

WHOLE: Final = len(CODES)
"""The place of all settings together, behind those of each."""
EVENTS: Final = 1 << 17
"""In a block, and those of its last person."""


class Block:
    """The people from one place in `Work.users` up to, without, another, whose events are these.

    Every answer has a row for each of them, and a column for each setting and for all.
    """

    def __init__(self, work: Work, people: slice, events: slice, clocks: Clocks) -> None:
        self.people, self.count = people, people.stop - people.start
        self.user = work.user[events] - np.int32(people.start)
        self.at, self.lasted = work.at[events], work.lasted[events]
        self._course = work.course[events]
        self._ran, self._failed, self._clocks = work.ran[events], work.failed[events], clocks

    @cached_property
    def stretches(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Say where stretches of one person's work in one course begin, and when the person's next one does."""
        begins = np.ones(len(self.user), bool)
        begins[1:] = (self.user[1:] != self.user[:-1]) | (self._course[1:] != self._course[:-1])
        first = np.flatnonzero(begins)
        following = np.full(len(first), np.iinfo(np.int64).max)
        goes_on = self.user[first[1:]] == self.user[first[:-1]]
        following[:-1][goes_on] = self.at[first[1:]][goes_on]
        return first, following

    @cached_property
    def owners(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Give the person, as a place in `Work.users`, and the course of each stretch."""
        first, _ = self.stretches
        return self.user[first] + np.int32(self.people.start), self._course[first]

    def settings(self, schedules: ScheduleArrays, numbers: NDArray[np.int64]) -> NDArray[np.int8]:
        """Give each event's setting; `numbers` are the schedules of the stretches."""
        return schedules.settings(np.repeat(numbers, self._lengths), self.at)

    def counts(self, settings: NDArray[np.int8]) -> NDArray[np.int64]:
        """Count runs, errors and different days."""
        cell = self.user * WHOLE
        cell += settings
        each = cell * 3  # neither, a run, a run that failed
        each += self._ran
        each += self._failed
        counted = np.bincount(each, minlength=3 * WHOLE * self.count).reshape(self.count, WHOLE, 3)
        runs, errors = counted[:, :, 1:].sum(2), counted[:, :, 2]
        return np.stack([_with_sum(runs), _with_sum(errors), self._different_days(cell)], axis=2)

    def sessions(self, settings: NDArray[np.int8], gap: int, idle: int) -> NDArray[np.int64]:
        """Count sessions of each setting's events alone, and of all."""
        columns = []
        for user, at, lasted in (*self._by_setting(settings), (self.user, self.at, self.lasted)):
            starts = session_starts(user, at, lasted, gap, idle)
            columns.append(np.bincount(user[starts], minlength=self.count))
        return np.stack(columns, axis=1)

    def active(self, schedules: ScheduleArrays, numbers: NDArray[np.int64], idle: int) -> NDArray[np.int64]:
        """Share out time on task, in microseconds; a minute spent on two courses counts for the later one."""
        first, following = self.stretches
        stretch = np.repeat(np.arange(len(first), dtype=np.int32), self._lengths)
        spans = active_spans(stretch, self.at, self.lasted, idle)
        mine = stretch[spans.first]
        ends = np.maximum(spans.starts, np.minimum(spans.ends, following[mine]))
        shares = schedules.split(numbers[mine], spans.starts, ends)
        user = self.user[spans.first]
        # Whole numbers add up exactly: sums of floats below 2**53 are exact.
        columns = [np.bincount(user, shares[one], self.count).astype(np.int64) for one in CODES]
        return _with_sum(np.stack(columns, axis=1))

    @property
    def _lengths(self) -> NDArray[np.int64]:
        first, _ = self.stretches
        return np.diff(first, append=len(self.user))

    def _by_setting(
        self, settings: NDArray[np.int8]
    ) -> Iterator[tuple[NDArray[np.int32], NDArray[np.int64], NDArray[np.int64]]]:
        for place in range(WHOLE):
            mine = np.flatnonzero(settings == place)
            yield self.user[mine], self.at[mine], self.lasted[mine]

    def _different_days(self, cell: NDArray[np.int32]) -> NDArray[np.int64]:
        day, days = self._days
        seen = np.zeros((self.count * WHOLE, days), bool)
        seen[cell, day] = True
        by_setting = seen.reshape(-1, WHOLE, days)
        return np.concatenate([by_setting.sum(2), by_setting.any(1).sum(1)[:, None]], axis=1)

    @cached_property
    def _days(self) -> tuple[NDArray[np.int32], int]:
        """Give each event's day in the lab's time zone, from the first one, and how many days there are."""
        days = local_days(self.at, self._clocks)
        first = days.min()
        return (days - first).astype(np.int32), int(days.max() - first) + 1


def blocks_of(work: Work, begins: NDArray[np.int64], clocks: Clocks, events: int) -> list[Block]:
    """Divide work into blocks of whole people, with so many events where one person has not more.

    `begins` says where each person's events do.
    """
    cuts = np.unique(np.searchsorted(begins, np.arange(0, len(work), events)))
    firsts = begins[cuts[cuts < len(begins)]].tolist()
    users = [0, *work.user[firsts[1:]].tolist(), len(work.users)]
    borders = [*firsts, len(work)]
    return [
        Block(work, slice(*users[n : n + 2]), slice(*borders[n : n + 2]), clocks) for n in range(len(firsts))
    ]


def _with_sum(by_setting: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.concatenate([by_setting, by_setting.sum(1)[:, None]], axis=1)
